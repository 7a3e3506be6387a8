"""Put the parts together to the published tables and graph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from twinmap import registry
from twinmap.mapping.sql import quoted
from twinmap.model import KINDS
from twinmap.steps.state import Run


def put_together(state: Run) -> None:
    """Put the parts together to the published tables and graph."""
    from twinmap.writers import shared

    (state.publish / "tables").mkdir()
    kinds = [kind for kind in KINDS if state.identifiers or kind != "identifier"]
    for kind in kinds:
        pieces = [result.tables[kind] for result in state.results if kind in result.tables]
        if pieces:
            path = state.publish / "tables" / f"{kind}.parquet"
            listed = ", ".join(quoted(str(piece)) for piece in pieces)
            state.duck.to_parquet(f"SELECT * FROM read_parquet([{listed}])", path, "zstd")
            state.tables[kind] = path
            if kind == "identifier":
                path.chmod(0o600)
    head = state.parts / "shared.nq"
    sources = [source.name for source in state.sources]
    head.write_text(
        shared.dataset(state.project.base, sources) + shared.links(state.project.base, state.twins),
        encoding="utf-8",
    )
    pieces = [head, *(piece for result in state.results for piece in result.graph)]
    writer = registry.load("writers", FORMATS.get(state.format.removesuffix(".gz"), state.format))
    path = state.publish / f"graph.{state.format}"
    digest = Digest()
    writer.write(digest.blocks(pieces), path)
    state.triples, state.graph_sha256 = digest.count, digest.hex


#: Formats that one writer makes.
FORMATS = {"nt": "nquads", "nq": "nquads", "ttl": "turtle", "trig": "turtle"}


class Digest:
    """Hands on N-Quads in blocks, counts the lines and hashes them on the way."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.count = 0

    @property
    def hex(self) -> str:
        """The SHA-256 of the N-Quads, whatever format they are written in."""
        return self._sha.hexdigest()

    def blocks(self, pieces: Iterable[Path]) -> Iterator[bytes]:
        """The content of the files in order; blocks end anywhere."""
        for piece in pieces:
            with piece.open("rb", buffering=0) as file:
                while block := file.read(1 << 22):
                    self._sha.update(block)
                    self.count += block.count(b"\n")
                    yield block
            piece.unlink()
