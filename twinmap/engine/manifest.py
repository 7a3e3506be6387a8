"""The manifest: what went in, what made it, what came out. Its times and host are exempt from same bytes."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from twinmap import safeio

#: Packages whose version can change the output.
_TOOLS = ("duckdb", "pyarrow", "pyoxigraph", "pyshacl", "rdflib", "tzdata", "ucumvert")


def manifest(state: Any, tool_version: str) -> dict[str, object]:
    """The content of ``manifest.json`` for a run's state; the files of ``publish`` are hashed here."""
    outputs = sorted(path for path in state.publish.rglob("*") if path.is_file())
    return {
        "twinmap": 1,
        "tool": {
            "name": "twinmap",
            "version": tool_version,
            "with": {name: version(name) for name in _TOOLS},
        },
        "key": state.key.id,
        "base": state.project.base,
        "target": state.project.target,
        "sources": [
            {
                "name": source.name,
                "mapping": source.document.id,
                "version": source.document.version,
                "sha256": source.document.sha256,
            }
            for source in state.sources
        ],
        "inputs": [
            {
                "number": file.number,
                "name": file.name,
                "sources": state.owners[file.number],
                "size": path.stat().st_size,
                "sha256": safeio.sha256(path),
            }
            for path, file in state.inputs.items()
        ],
        "graph": {"triples": state.triples, "sha256": state.graph_sha256},
        "patients": len(set(state.twins.of.values())),
        "outputs": {
            str(path.relative_to(state.publish)): {
                "size": path.stat().st_size,
                "sha256": state.graph_sha256 if path.name == "graph.nq" else safeio.sha256(path),
            }
            for path in outputs
        },
        "run": {
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
        },
    }


__all__ = ["Path", "manifest"]
