"""The worker processes of a run: what they are given comes back in its order, whoever is ready first."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from types import ModuleType
from typing import Self, TypeVar

from twinmap.engine.graphfile import Turns

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """So many processes, started when there is something for two of them to do; one is this process itself.

    Args:
        count: How many; no result depends on it.
        prepare: Called in every process before its first task, with the turns that all of them take.
    """

    def __init__(self, count: int, prepare: Callable[[Turns], object] = id) -> None:
        self._count, self._prepare = count, prepare
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None and kind is not None:
            for worker in active_children():
                worker.terminate()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self.end()

    def map(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """The results in the order of the tasks, as they come; task and result are such as can be pickled."""
        if self._count == 1 or len(tasks) < 2:
            self._prepare(Turns())
            return map(work, tasks)
        with _interrupts_held(), main_hidden():
            return self._started().map(work, tasks)

    def start(self, tasks: int) -> None:
        """Start the processes now, since there will be so many tasks."""
        if self._count > 1 and tasks > 1:
            with _interrupts_held(), main_hidden():
                for _ in range(min(self._count, tasks)):
                    self._started().submit(os.getpid)

    def end(self) -> None:
        """Let the processes go, those too that still start; the next tasks start others."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = get_context("spawn")
            begin = (self._prepare, Turns(context))
            self._pool = ProcessPoolExecutor(self._count, context, _begin, begin)
        return self._pool


def _begin(prepare: Callable[[Turns], object], turns: Turns) -> None:
    """Begin a worker: it takes its turns, and ends when the main process is killed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare(turns)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def main_hidden() -> Iterator[None]:
    """Hide the main module while workers start: what they do stands in modules of ours.

    They would import it, and a script without ``if __name__ == "__main__":`` would run again in each of them.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while workers start: they inherit that, and it is the main process that ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
