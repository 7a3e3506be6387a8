"""A script that calls us needs no ``if __name__ == "__main__":``; workers do not run it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """\
from twinmap.engine.workers import Workers

print("the script runs", flush=True)
with Workers(2) as workers:
    workers.start(3)
    print(list(workers.map(abs, [-1, -2, -3])), __name__ in __import__("sys").modules)
"""


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("the script runs\n[1, 2, 3] True\n", "", 0)
