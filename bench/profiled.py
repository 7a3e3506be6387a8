"""Times the steps of a run from outside: ``python bench/profiled.py MAPPING DATA OUT KEY ENGINE``, JSON on stdout.

Seconds on the clock and CPU seconds by step. The CPU of workers counts in the step that made them, for as long
as they work; they are seen through ``/proc`` since nobody waits for them before the end.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import measure

from twinmap import api

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_tree() -> float:
    """CPU seconds of this process, of those it waited for, and of those still alive below it."""
    ticks = 0
    for pid in measure.tree(os.getpid()):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        # Fields 14 to 17 of proc(5): own user and system time, then those of children that were waited for.
        ticks += sum(int(field) for field in stat[11:15])
    return ticks / _TICKS


def main() -> None:
    mapping, data, out, key, engine = sys.argv[1:]
    steps: list[dict[str, object]] = []

    def timed(step: Callable[[api.Run], None]) -> Callable[[api.Run], None]:
        def measured(state: api.Run) -> None:
            wall, cpu = time.perf_counter(), cpu_of_tree()
            step(state)
            steps.append(
                {
                    "step": step.__name__,
                    "wall": round(time.perf_counter() - wall, 3),
                    "cpu": round(max(0.0, cpu_of_tree() - cpu), 3),
                }
            )

        return measured

    api.RUN_STEPS = tuple(timed(step) for step in api.RUN_STEPS)
    outcome = api.run([mapping], out=out, data=[data], key_file=Path(key), engine=engine, force=True)
    print(json.dumps({"steps": steps, "triples": outcome.triples}))


if __name__ == "__main__":
    main()
