"""Workers end with the main process, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MAPPING = """
twinmap: 1
id: many
version: 1.0.0
source: {format: csv, files: many.csv, timezone: UTC}
patient: {id: $(p), system: mrn}
key: [p, t]
time: {from: $(t), format: epoch-s}
observe: {heart-rate: {value: 70, unit: /min}}
"""


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait(test: object, seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if test():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")
def test_no_worker_outlives_a_killed_run(tmp_path: Path) -> None:
    (tmp_path / "many.yaml").write_text(MAPPING)
    rows = "".join(f"p{n % 97},{n}\n" for n in range(60_000))
    (tmp_path / "many.csv").write_text(f"p,t\n{rows}")
    command = [sys.executable, "-m", "twinmap", "run", "many.yaml", "-o", "out", "--jobs", "2", "--quiet"]
    key = str(ROOT / "examples" / "demo.key")
    run = subprocess.Popen([*command, "--key-file", key], cwd=tmp_path)
    try:
        assert wait(lambda: run.poll() is not None or len(children(run.pid)) >= 2)
        assert run.poll() is None, "the run ended before it had workers"
        workers = children(run.pid)
        # A worker that is still starting up has no watch on its parent yet: it ends when it finds it gone.
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert wait(lambda: not any(map(alive, workers)), 20)
    finally:
        run.kill()
