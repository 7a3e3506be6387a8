"""The JSON report holds everything and follows the published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from twinmap.renderers import Report
from twinmap.renderers.json import SCHEMA, render

PUBLISHED = Path(__file__).parents[2] / "docs" / "findings.schema.json"


def test_the_document_holds_the_report(report: Report) -> None:
    document = json.loads(render(report))
    assert document["findings"] == list(report.findings)
    assert document["relations"] == list(report.relations)
    assert document["ledger"] == report.ledger
    assert document["run"] == report.run
    assert document["summary"]["findings"] == {"error": 1, "warning": 4, "info": 2}
    assert document["summary"]["lost"] == 0


def test_the_document_follows_the_published_schema(report: Report) -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert schema["$id"] == SCHEMA
    whole = jsonschema.Draft202012Validator({"$ref": f"{SCHEMA}#/$defs/report"}, registry=_registry(schema))
    for made in (report, Report()):
        assert [error.message for error in whole.iter_errors(json.loads(render(made)))] == []
    broken = json.loads(render(report))
    broken["findings"][0]["severity"] = "fatal"
    assert [error.json_path for error in whole.iter_errors(broken)] == ["$.findings[0].severity"]


def _registry(schema: dict[str, object]) -> object:
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    return Registry().with_resource(SCHEMA, DRAFT202012.create_resource(schema))
