"""The manifest: what went in, what made it, what came out.

``run`` holds the times and the host, which are exempt from "the same bytes"; ``summary`` what a report
shows beside the findings, the relations and the ledger.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from twinmap import __version__, safeio
from twinmap.steps.state import Run

#: Packages whose version can change the output.
_TOOLS = ("duckdb", "pyarrow", "pyoxigraph", "pyshacl", "rdflib", "tzdata", "ucumvert")


def manifest(state: Run, outputs: dict[str, dict[str, object]], ended: datetime) -> dict[str, object]:
    """The content of ``manifest.json``; ``outputs`` as :func:`written` gives them."""
    return {
        "twinmap": __version__,
        "tool": {"name": "twinmap", "version": __version__},
        "packages": dict(_packages()),
        "terminology": [{"name": "UCUM", "version": _ucum_version()}, *state.terminology],
        "key": state.key.id,
        "base": state.project.base,
        "target": state.project.target,
        "format": state.format,
        "mappings": [
            {
                "source": source.name,
                "id": source.document.id,
                "version": source.document.version,
                "sha256": source.document.sha256,
            }
            for source in state.sources
        ],
        "inputs": [
            {
                "source": owner,
                "number": file.number,
                "name": file.name,
                "size": path.stat().st_size,
                "sha256": state.hashes[path],
            }
            for path, file in state.inputs.items()
            for owner in state.owners[file.number]
        ],
        "graph": {"triples": state.triples, "sha256": state.graph_sha256},
        "patients": len(set(state.twins.of.values())),
        "summary": summary(state),
        "outputs": outputs,
        "run": {
            "started": state.started.isoformat(timespec="seconds"),
            "ended": ended.isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "jobs": state.jobs,
        },
    }


def summary(state: Run) -> dict[str, object]:
    """Excerpts of the mapping lines that findings point at, the concepts, and how the validation went."""
    excerpts = {
        str(finding.where): [finding.where.text, finding.where.length]
        for finding in state.findings
        if finding.where is not None
    }
    chosen = state.project.selection.to_json() | {"left_out": state.left_out}
    found: dict[str, object] = {"concepts": state.concepts, "excerpts": excerpts, "selection": chosen}
    validation = state.validation
    if validation is not None:
        found["validation"] = {
            "conforms": validation.conforms,
            "engine": f"{validation.engine.name} {validation.engine.version}",
            "reason": validation.engine.reason,
            "focus_nodes": sum(count for count in validation.targets.values() if count > 0),
            "violations": validation.total,
        }
    return found


def written(state: Run, paths: Iterable[Path]) -> dict[str, dict[str, object]]:
    """Name to size and hash of files that will be published."""
    found: dict[str, dict[str, object]] = {}
    for path in paths:
        # The graph was hashed while it was written.
        known = state.graph_sha256 if path.name == "graph.nq" else safeio.sha256(path)
        name = path.relative_to(state.publish).as_posix()
        found[name] = {"size": path.stat().st_size, "sha256": known}
    return found


@cache  # the metadata of each is parsed whole
def _packages() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in _TOOLS)


def _ucum_version() -> str:
    from twinmap.terms.ucum_essence import essence

    return essence().version
