"""One JSON document that holds everything a run has to say; its schema is docs/findings.schema.json."""

from __future__ import annotations

from twinmap import __version__
from twinmap.renderers._common import by_severity
from twinmap.renderers._escape import dump
from twinmap.renderers._facts import facts
from twinmap.renderers._report import Report

#: The identifier of the published schema; a change of meaning would change it.
SCHEMA = "https://w3id.org/twinmap/schema/findings-1.json"


def render(report: Report) -> str:
    """The whole report as one document, keys in a fixed order."""
    known = facts(report)
    document = {
        "schema": SCHEMA,
        "tool": report.run.get("tool", {"name": "twinmap", "version": __version__}),
        "summary": {
            "findings": by_severity(report.findings),
            "records": dict(known.records),
            "concepts": known.concepts,
            "relations": dict(known.relations),
            "lost": known.lost,
        },
        "findings": list(report.findings),
        "relations": list(report.relations),
        "agreement": list(report.agreement),
        "concepts": list(report.concepts),
        "ledger": report.ledger,
        "validation": report.validation,
        "selection": report.selection,
        "run": report.run,
    }
    if report.difference is not None:
        document["difference"] = report.difference
    return dump(document)
