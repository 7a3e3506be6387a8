"""Turtle and TriG, streamed by pyoxigraph; literals keep their lexical form."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from twinmap.writers._files import sink

FORMATS = ("ttl", "trig")

#: Prefixes of the terms that every graph uses.
PREFIXES = {
    "loinc": "http://loinc.org/rdf/",
    "prov": "http://www.w3.org/ns/prov#",
    "sct": "http://snomed.info/id/",
    "sosa": "http://www.w3.org/ns/sosa/",
    "tm": "https://w3id.org/twinmap/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def write(blocks: Iterable[bytes], path: Path) -> None:
    """Write N-Quads to ``graph.ttl`` (triples) or ``graph.trig``, each also ``.gz``."""
    import pyoxigraph as ox

    turtle = ".ttl" in path.suffixes
    source = cast("IO[bytes]", _Blocks(blocks))
    statements = ox.parse(source, format=ox.RdfFormat.N_QUADS)
    wanted: Iterator[Any] = (quad.triple for quad in statements) if turtle else iter(statements)
    chosen = ox.RdfFormat.TURTLE if turtle else ox.RdfFormat.TRIG
    with sink(path) as file:
        ox.serialize(wanted, file, format=chosen, prefixes=PREFIXES)


class _Blocks(io.RawIOBase):
    """Blocks as a stream to read from."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks, self._left = iter(blocks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._blocks, b"")
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
