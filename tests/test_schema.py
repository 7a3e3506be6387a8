"""The published form of a finding: it may grow, it never loses or changes a property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from twinmap import registry
from twinmap.diagnostics import Finding, Place, Severity, Span

SCHEMA = Path(__file__).parents[1] / "docs" / "findings.schema.json"

#: Every property that was ever published, with its type. Lines may be added, never changed or removed.
PUBLISHED = {
    "code": "string",
    "concept": "string",
    "count": "integer",
    "details": "object",
    "facet": "string",
    "help": "string",
    "id": "string",
    "message": "string",
    "patient": "string",
    "places": "array",
    "places[].field": "string",
    "places[].file": "string",
    "places[].line": "integer",
    "places[].part": "string",
    "places[].record": "integer",
    "places[].shape": "string",
    "places[].source": "string",
    "relation": "string",
    "rule": "string",
    "severity": "enum error info warning",
    "slug": "string",
    "sources": "array",
    "statement": "string",
    "where": "string",
}
#: Readers rely on these being there.
REQUIRED = {"id", "code", "slug", "severity", "message", "count"}

FULL = Finding(
    "TM-F02",
    "technique",
    Severity.WARNING,
    "techniques differ",
    where=Span("mappings/bp.yaml", 14, 5, 6, "  method: cuffless"),
    places=(Place("wristband", "watch.csv", 12, line=13, part="OBX[3]", field="sys", shape="999"),),
    sources=("ward-monitor", "wristband"),
    concept="systolic-blood-pressure",
    rule="icu#records/blood-pressure",
    statement="abcd",
    patient="efgh",
    facet="method",
    relation="related",
    details={"n": 3, "factor": "7.50062"},
    help="keep them apart",
    count=7,
)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(loaded)
    return loaded


def properties(schema: dict[str, Any], node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, about in node["properties"].items():
        kind = about.get("type") or f"enum {' '.join(sorted(about['enum']))}"
        yield prefix + name, kind
        item = about.get("items", {}).get("$ref")
        if item:
            yield from properties(
                schema, schema["$defs"][item.removeprefix("#/$defs/")], f"{prefix}{name}[]."
            )


def test_no_published_property_is_lost_or_changed(schema: dict[str, Any]) -> None:
    now = dict(properties(schema, schema))
    assert {name: now.get(name) for name in PUBLISHED} == PUBLISHED
    assert set(schema["required"]) == REQUIRED


def test_the_published_list_is_complete(schema: dict[str, Any]) -> None:
    assert set(dict(properties(schema, schema))) == set(PUBLISHED), "add what is new to PUBLISHED"


def test_a_full_finding_has_every_property_and_is_valid(schema: dict[str, Any]) -> None:
    record = json.loads(json.dumps(FULL.to_json()))
    jsonschema.Draft202012Validator(schema).validate(record)
    assert set(record) == set(schema["properties"])
    assert set(record["places"][0]) == set(schema["$defs"]["place"]["properties"])


@pytest.mark.parametrize("severity", list(Severity))
def test_a_small_finding_is_valid(schema: dict[str, Any], severity: Severity) -> None:
    record = Finding("TM-L01", "no-such-column", severity, "m").to_json()
    jsonschema.Draft202012Validator(schema).validate(record)
    assert set(record) == REQUIRED


def test_every_code_gives_a_valid_finding(schema: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    for code in registry.codes():
        validator.validate(registry.finding(code.code, "m").to_json())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "xyz"),
        ("code", "L01"),
        ("severity", "fatal"),
        ("count", 0),
        ("where", "bp.yaml"),
        ("places", [{}]),
    ],
)
def test_the_schema_refuses_what_is_not_a_finding(schema: dict[str, Any], name: str, value: object) -> None:
    record = FULL.to_json() | {name: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(record)


def test_the_id_does_not_change_with_what_may_change() -> None:
    """The ids of findings that were published stay the same."""
    from dataclasses import replace

    assert FULL.id == "cf569bc75e1c71fb"
    moved = replace(FULL, message="other", where=None, places=(), count=1, details={}, help=None)
    assert moved.id == FULL.id
    assert replace(FULL, facet="site").id != FULL.id
