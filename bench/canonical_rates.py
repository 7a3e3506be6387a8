"""How fast two graphs are told equal up to blank nodes, beside rdflib: ``python bench/canonical_rates.py N RUNS``.

The graph has N observations, each with a node without a name for its result; the other one is the same with other
labels in another order. Ours hashes both files (RDFC-1.0), rdflib parses both and compares them. The same without such
nodes, a thousand times as large, is hashed alone: rdflib would need it in memory. Prints JSON: seconds (median) and
quads a contender.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import rdflib
from rdflib.compare import isomorphic

from twinmap.diff.canonical import digest
from twinmap.engine.duck import connect

#: How much larger the graph without blank nodes is.
LARGER = 1000
_TERMS = "http://a.example/"
_KEPT = 7


def lines(count: int, label: str, *, blank: bool) -> Iterator[str]:
    """The triples of so many observations; every result is another one, so that labels can be told apart."""
    for n in range(count):
        node = f"_:{label}{n}" if blank else f"<{_TERMS}result/{n}>"
        yield f"<{_TERMS}obs/{n}> <{_TERMS}result> {node} .\n"
        yield f'{node} <{_TERMS}value> "{n / 10}" .\n'
        for k in range(_KEPT):
            yield f'<{_TERMS}obs/{n}> <{_TERMS}said{k}> "{n % 100}" .\n'


def main(count: int, runs: int) -> dict[str, dict[str, float]]:
    """Measure both on graphs of so many observations, and ours on a large one."""
    with tempfile.TemporaryDirectory(prefix="twinmap-") as name:
        folder = Path(name)
        one, other, large = (folder / f"{stem}.nt" for stem in ("one", "other", "large"))
        one.write_text("".join(lines(count, "a", blank=True)))
        shuffled = list(lines(count, "z", blank=True))
        random.Random(2026).shuffle(shuffled)
        other.write_text("".join(shuffled))
        with large.open("w") as file:
            file.writelines(lines(count * LARGER, "", blank=False))

        def ours() -> bool:
            with connect(folder / "work", threads=2) as duck:
                return digest(one, folder / "made", duck) == digest(other, folder / "made", duck)

        def theirs() -> bool:
            return isomorphic(rdflib.Graph().parse(one), rdflib.Graph().parse(other))

        def alone() -> bool:
            with connect(folder / "work", threads=2) as duck:
                return digest(large, folder / "made", duck).quads == count * LARGER * (_KEPT + 2)

        quads = count * (_KEPT + 2)
        contenders = {"twinmap": (ours, quads), "rdflib": (theirs, quads), "large": (alone, quads * LARGER)}
        return {
            name: {"seconds": _median(run, runs), "quads": size} for name, (run, size) in contenders.items()
        }


def _median(run: Callable[[], bool], runs: int) -> float:
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        assert run(), "the graphs are equal"
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
