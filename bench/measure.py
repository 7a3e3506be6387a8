"""Runs a command and measures its whole process tree: seconds on the clock, CPU seconds, peak memory.

CPU seconds are those of the command and of all processes it waited for (``wait4``). Memory is the sum of
the proportional set sizes (PSS: a page shared by n processes counts 1/n in each) of the tree, sampled every
50 ms; where the kernel does not tell PSS, of the resident set sizes (RSS). Linux only, standard library only.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run of a command took; ``peak`` in bytes."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Command:
    """A contender: its arguments, and what must be done before each run (not measured)."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] | None = None
    before: Callable[[], object] | None = None


class CommandError(Exception):
    """A command that is to be measured failed: nothing can be said about it."""


def run(command: Command) -> Usage:
    """Run a command once.

    Raises:
        CommandError: It ended with another status than 0; with the end of what it said.
    """
    if command.before is not None:
        command.before()
    log = command.folder / "last-command.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(command.arguments),
            cwd=command.folder,
            env=None if command.environment is None else {**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with _Sampler(process.pid) as sampler:
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        told = log.read_text(errors="replace")[-2000:]
        raise CommandError(f"{' '.join(command.arguments)}: status {process.returncode}\n{told}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, sampler.peak)


def interleaved(commands: Mapping[str, Command], repeat: int) -> dict[str, Usage]:
    """The medians of some runs, one after the other in turn: A B A B …, so that noise meets all of them."""
    found: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            found[name].append(run(command))
    return {name: median(usages) for name, usages in found.items()}


def median(usages: Sequence[Usage]) -> Usage:
    """The median of each measure on its own; of memory the highest peak."""
    return Usage(
        statistics.median(usage.wall for usage in usages),
        statistics.median(usage.cpu for usage in usages),
        max(usage.peak for usage in usages),
    )


class _Sampler:
    """Watches the memory of a process tree from a thread of its own."""

    def __init__(self, root: int) -> None:
        self._root, self.peak = root, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, sum(memory(pid) for pid in tree(self._root)))
            if self._done.wait(SAMPLE_SECONDS):
                return


def tree(root: int) -> Iterator[int]:
    """The process and all its descendants that are alive."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text(errors="replace").rpartition(")")[2]
            except OSError:
                continue
            children.setdefault(int(after_name.split()[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


def memory(pid: int) -> int:
    """PSS (else RSS) of one process in bytes; 0 where it is gone."""
    for name, label in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            text = Path(f"/proc/{pid}/{name}").read_text(errors="replace")
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith(label):
                return int(line.split()[1]) * 1024
    return 0


def memory_name() -> str:
    """Which measure of memory this machine gives."""
    return "PSS" if Path("/proc/self/smaps_rollup").exists() else "RSS"
