"""N-Quads and N-Triples: the lines as they are made, for ``nt`` without the graph name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from twinmap.writers._files import sink

#: The graph name at the end of a line; IRIs hold neither blanks nor angle brackets.
_GRAPH = re.compile(rb" <[^<> ]*> \.\n")


def write(blocks: Iterable[bytes], path: Path) -> None:
    """Write blocks of N-Quads lines to ``graph.nq`` or ``graph.nt``, each also ``.gz``."""
    triples = ".nt" in path.suffixes
    with sink(path) as file:
        for block in blocks:
            file.write(_GRAPH.sub(b" .\n", block) if triples else block)
