"""JSON-LD does not depend on the order in which quads come, nor on that of rdflib's sets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap.writers.jsonld import write

QUADS = [
    f'<https://x/s{node}> <https://x/p{number}> "{value}" <https://x/g{node % 2}> .\n'.encode()
    for node in range(4)
    for number in range(3)
    for value in ("a", "é", "10")
]


@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")  # rdflib's own
def test_the_same_quads_are_the_same_bytes(tmp_path: Path) -> None:
    write(QUADS, tmp_path / "a.jsonld")
    write(reversed(QUADS), tmp_path / "b.jsonld")
    written = (tmp_path / "a.jsonld").read_bytes()
    assert written == (tmp_path / "b.jsonld").read_bytes()
    assert "é".encode() in written
    graphs = json.loads(written)
    assert sum(
        len(values)
        for graph in graphs
        for node in graph["@graph"]
        for values in node.values()
        if isinstance(values, list)
    ) == len(QUADS)
