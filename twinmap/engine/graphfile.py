"""The graph, one file that all workers append to in the order of the parts.

A part is written once, where it stays. Whoever is ready before its turn waits, with its lines in memory.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

#: Bytes that are written or read at a time: what fits a processor's cache is copied fastest.
_BLOCK = 1 << 20


class Turns:
    """Whose turn it is: places are taken in the order 0, 1, 2 …, over processes made by ``context``."""

    def __init__(self, context: BaseContext | None = None) -> None:
        self._changed: Any = threading.Condition() if context is None else context.Condition()
        self._next: Any = SimpleNamespace(value=0) if context is None else context.Value("i", 0, lock=False)

    def follow(self, other: Turns) -> None:
        """Take turns with the users of another."""
        self._changed, self._next = other._changed, other._next

    @contextmanager
    def at(self, place: int) -> Iterator[None]:
        """Wait for a turn, and give the next one away at the end; not after an exception."""
        with self._changed:
            self._changed.wait_for(lambda: self._next.value == place)
        yield
        with self._changed:
            self._next.value = place + 1
            self._changed.notify_all()


#: Bytes that a worker keeps while it waits for its turn; the lines of most parts are fewer.
_HELD = 96 << 20


def append(path: Path, lines: Iterable[memoryview], turns: Turns, place: int) -> tuple[int, int]:
    """Write lines at the end of a file when it is the turn of ``place``; where they begin and end there.

    They are made while others have their turn, as far as they fit in memory.
    """
    lines, held, size = iter(lines), [], 0
    for block in lines:
        held.append(block)
        size += len(block)
        if size > _HELD:
            break
    with turns.at(place), path.open("ab", buffering=0) as file:
        start = file.tell()
        while held:
            _write(file, held.pop(0))
        for block in lines:
            _write(file, block)
        return start, file.tell()


def _write(file: Any, block: memoryview) -> None:
    while block:
        block = block[file.write(block[:_BLOCK]) :]


def blocks(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The bytes of a file between two places; blocks end anywhere."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while block := file.read(_BLOCK if end is None else min(_BLOCK, end - file.tell())):
            yield block


class Digest:
    """Counts the lines and hashes the bytes of what it is given."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.lines = 0

    def update(self, blocks: Iterable[bytes]) -> None:
        """Take more bytes in."""
        import numpy as np

        for block in blocks:
            self._sha.update(block)
            # numpy counts twice as fast as bytes do
            self.lines += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))

    @property
    def hex(self) -> str:
        """The SHA-256 so far."""
        return self._sha.hexdigest()
