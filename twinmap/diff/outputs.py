"""Write what a diff found, as a run writes its records: every report is made of these files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twinmap import __version__
from twinmap.diff.run import Difference
from twinmap.renderers import load_report
from twinmap.renderers.html import render


def write(diff: Difference, folder: Path, view: str) -> None:
    """``findings.jsonl``, ``relations.jsonl``, ``agreement.jsonl``, ``diff.json``, ``manifest.json`` and ``report.html``."""
    between = (finding for finding in diff.findings if len(finding.sources) > 1)
    within = (finding for side in diff.sides for finding in side.findings)
    told, left_out = diff.selection.apply([*between, *within])
    _lines(folder / "findings.jsonl", (finding.to_json() for finding in told))
    _lines(folder / "relations.jsonl", diff.relations)
    _lines(folder / "agreement.jsonl", diff.agreement)
    _document(folder / "diff.json", {"by": view, **diff.to_json()})
    inputs = [
        {"source": side.label, "number": number, "name": name, "sha256": sha}
        for side in diff.sides
        for number, (name, sha) in side.files.items()
    ]
    outputs = ["findings.jsonl", "relations.jsonl", "agreement.jsonl", "diff.json", "report.html"]
    manifest = {
        "twinmap": __version__,
        "inputs": inputs,
        "summary": {
            "concepts": diff.concepts,
            "selection": diff.selection.to_json() | {"left_out": left_out},
        },
        "outputs": outputs,
    }
    if diff.terminology:
        manifest["terminology"] = diff.terminology
    _document(folder / "manifest.json", manifest)
    (folder / "report.html").write_text(render(load_report(folder)), encoding="utf-8")


def _lines(path: Path, rows: Iterable[Any]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _document(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
