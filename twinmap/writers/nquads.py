"""N-Quads and N-Triples: the lines as they are made, for ``nt`` without the graph name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from twinmap.writers._files import sink

FORMATS = ("nq", "nt")

#: The graph name at the end of a line; IRIs hold neither blanks nor angle brackets.
_GRAPH = re.compile(rb" <[^<> ]*> \.\n")


def write(blocks: Iterable[bytes], path: Path) -> None:
    """Write N-Quads to ``graph.nq`` or ``graph.nt``, each also ``.gz``."""
    if ".nt" in path.suffixes:
        blocks = (_GRAPH.sub(b" .\n", lines) for lines in _whole_lines(blocks))
    with sink(path) as file:
        for block in blocks:
            file.write(block)


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks that end with a line."""
    left = b""
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield left + block[:end]
            left = block[end:]
        else:
            left += block
    if left:
        yield left
