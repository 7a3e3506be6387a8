"""JSON-LD by rdflib, which needs the whole graph in memory: refused for large ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twinmap.errors import UsageError
from twinmap.limits import LIMITS
from twinmap.writers._files import sink

FORMATS = ("jsonld",)


def write(blocks: Iterable[bytes], path: Path) -> None:
    """Write N-Quads to ``graph.jsonld``, also ``.gz``.

    Raises:
        UsageError: There are more quads than ``limits.jsonld_quads``.
    """
    from rdflib import Dataset

    whole, quads = [], 0
    for block in blocks:
        whole.append(block)
        quads += block.count(b"\n")
        if quads > LIMITS.jsonld_quads:
            raise UsageError(
                f"JSON-LD is written for up to {LIMITS.jsonld_quads:,} quads", help="use --format nq or trig"
            )
    data = Dataset()
    data.parse(data=b"".join(whole), format="nquads")
    document = _ordered(json.loads(data.serialize(format="json-ld")))
    with sink(path) as file:
        file.write(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode())


def _ordered(value: Any) -> Any:
    """The same document with its sets in order: rdflib writes them in another one on every run."""
    if isinstance(value, dict):
        return {key: _ordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(_ordered, value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
