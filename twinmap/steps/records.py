"""Write findings, ledger, quarantine, the report, the provenance and the manifest."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

from twinmap.diagnostics import merge
from twinmap.errors import InputOutputError
from twinmap.limits import LIMITS
from twinmap.renderers import load_report
from twinmap.renderers.html import render
from twinmap.steps.manifest import manifest, written
from twinmap.steps.provenance import provenance
from twinmap.steps.state import Run


def write_records(state: Run) -> None:
    """Write findings, ledger, quarantine, the report, the provenance and the manifest."""
    publish = state.publish
    (publish / "ledger.json").write_text(_json(state.ledger.to_json()), encoding="utf-8")
    findings = [finding.to_json() for finding in state.findings]
    rows = {"findings": findings, "relations": state.relations, "agreement": state.agreement}
    for name, found in rows.items():
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in found)
        (publish / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    _quarantine(state)
    ended = datetime.now(UTC)
    outputs = written(state, sorted(path for path in publish.rglob("*") if path.is_file()))
    manifest_file, page, run = (publish / name for name in ("manifest.json", "report.html", "run.ttl"))
    manifest_file.write_text(_json(manifest(state, outputs, ended)), encoding="utf-8")
    page.write_text(render(load_report(publish)), encoding="utf-8")
    outputs |= written(state, [page])
    run.write_bytes(provenance(state, outputs, ended))
    outputs |= written(state, [run])
    manifest_file.write_text(_json(manifest(state, outputs, ended)), encoding="utf-8")


def _quarantine(state: Run) -> None:
    path = state.publish / "quarantine.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    written = size = 0
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        for made in state.made:
            for item in made.quarantined:
                line = json.dumps(
                    {
                        "source": made.applied.plan.source,
                        "file": item.file,
                        "record": item.record,
                        "line": item.line,
                        "part": item.part,
                        "code": item.code,
                        "raw": item.raw,
                    },
                    ensure_ascii=False,
                )
                written, size = written + 1, size + len(line)
                if written > LIMITS.quarantine_records or size > LIMITS.quarantine_bytes:
                    raise InputOutputError(
                        f"more than {LIMITS.quarantine_records:,} records are set aside: the mapping may not fit the data",
                        findings=merge(state.findings),
                    )
                file.write(line + "\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
