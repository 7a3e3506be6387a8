"""Put the parts together to the published tables and graph."""

from __future__ import annotations

import hashlib
from pathlib import Path

from twinmap.engine import parts
from twinmap.mapping.sql import quoted
from twinmap.model import KINDS
from twinmap.steps.state import Run


def put_together(state: Run) -> None:
    """Put the parts together to the published tables and graph."""
    from twinmap.writers import shared

    (state.publish / "tables").mkdir()
    for kind in KINDS:
        pieces = [result.tables[kind] for result in state.results if kind in result.tables]
        if pieces:
            path = state.publish / "tables" / f"{kind}.parquet"
            listed = ", ".join(quoted(str(piece)) for piece in pieces)
            state.duck.to_parquet(f"SELECT * FROM read_parquet([{listed}])", path)
            state.tables[kind] = path
            if kind == "identifier":
                path.chmod(0o600)
    graph = state.publish / "graph.nq"
    head = state.parts / "shared.nq"
    head.write_text(
        shared.dataset(state.project.base, [source.name for source in state.sources])
        + shared.links(state.project.base, state.twins),
        encoding="utf-8",
    )
    parts.join([head, *(result.graph for result in state.results if result.graph)], graph)
    state.triples, state.graph_sha256 = _count_lines(graph)


def _count_lines(path: Path) -> tuple[int, str]:
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return lines, digest.hexdigest()
