"""Lines read in columns and lines read one by one: the same batches, findings and books."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap import registry
from twinmap.model import Field, InputFile, Request, Shape, SourceOptions
from twinmap.readers import _fhir_columns

READER = registry.load("readers", "fhir").READER
OBSERVATION = (
    Field("id", "id", Shape.KEY),
    Field("code", "code", Shape.CODE),
    Field("status", "status", Shape.TEXT),
    Field("patient", "subject.reference", Shape.IDENTIFIER),
    Field("mr", "Patient.identifier(system=urn:x)", Shape.IDENTIFIER),
    Field("encounter", "Encounter.id", Shape.IDENTIFIER),
    Field("specimen", "Specimen.type", Shape.CODE),
    Field("time", "effective", Shape.TIME),
    Field("range", "referenceRange", Shape.RANGE),
    Field("value", "value", Shape.VALUE),
    Field("text", "value", Shape.TEXT),
)
REQUESTS = (
    Request(
        "Patient", (Field("id", "id", Shape.KEY), Field("sex", "gender", Shape.TEXT)), SourceOptions("fhir")
    ),
    Request("Observation", OBSERVATION, SourceOptions("fhir")),
    Request("Observation.component", (Field("id", "^id", Shape.KEY),), SourceOptions("fhir")),
    Request("Condition | Procedure", (Field("code", "code", Shape.CODE),), SourceOptions("fhir")),
)


def events(path: Path, requests: Sequence[Request] = REQUESTS) -> list[Any]:
    """All that the reader says, batches as their sizes and rows."""
    file = InputFile(1, path, path.name, (path,))
    found = []
    for at, event in READER.read_many(file, requests):
        if isinstance(event, pa.RecordBatch):
            event.validate(full=True)
            found.append((at, event.schema, event.to_pylist()))
        else:
            found.append((at, event))
    return found


@contextmanager
def columns(*, block: int = 8_000_000, left: float = 1.0) -> Iterator[list[Any]]:
    """Blocks of so many bytes, read in columns however much is left over; gives what was read of each."""
    seen: list[Any] = []
    read = _fhir_columns.Columns.read

    def noted(self: Any, lines: Any) -> Any:
        seen.append(read(self, lines))
        return seen[-1]

    with (
        mock.patch.object(_fhir_columns, "_BLOCK", block),
        mock.patch.object(_fhir_columns, "_MOST_LEFT", left),
        mock.patch.object(_fhir_columns, "_PATIENCE", 1_000_000),
        mock.patch.object(_fhir_columns.Columns, "read", noted),
    ):
        yield seen


def line_by_line(path: Path, requests: Sequence[Request] = REQUESTS) -> list[Any]:
    with mock.patch.object(_fhir_columns.Columns, "read", return_value=None):
        return events(path, requests)


def mixed(*choices: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(choices)


CODING = {"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}
ODD: tuple[Any, ...] = (
    None,
    True,
    7,
    2.5,
    "",
    "x",
    [],
    {},
    ["a", "b"],
    {"reference": "#1"},
    [{"value": "1"}],
    [[]],
)
ELEMENTS = {
    "id": mixed("a", "b", "ä\\b", 'a"b', 5),
    "status": mixed("final", "amended", "", ["x", "y"]),
    "code": mixed({"coding": [CODING]}, {"coding": [CODING, {"code": "x"}], "text": "é"}, {"text": "words"}),
    "subject": mixed(
        {"reference": "Patient/p"},
        {"reference": "#1"},
        {"reference": "urn:uuid:9"},
        {"identifier": {"value": "4"}},
    ),
    "encounter": mixed({"reference": "Encounter/e"}, {"reference": "https://a.example/b/Encounter/e"}),
    "specimen": mixed({"reference": "Specimen/s"}, {"reference": "Specimen/none"}),
    "effectiveDateTime": mixed("2026-03-01", "2026-03-01T08:15:00Z", "x"),
    "effectivePeriod": mixed({"start": "2026-03-01", "end": "2026-03-02"}),
    "valueQuantity": mixed({"value": 62, "unit": "/min"}, {"value": 62.0, "code": "/min"}, {"unit": "kg"}),
    "valueString": mixed("text", "two\nlines"),
    "_valueString": mixed({"extension": [{"url": "http://x/data-absent-reason", "valueCode": "unknown"}]}),
    "dataAbsentReason": mixed({"coding": [{"code": "unknown"}]}),
    "referenceRange": mixed([{"low": {"value": 60}}], [{"low": {"value": 60}}, {"high": {"value": 9}}]),
    "component": mixed([{"code": {"text": "a"}}], [], None),
    "contained": mixed([{"resourceType": "Patient", "id": "1"}]),
    "context": mixed({"reference": "Encounter/e"}),
    "identifier": mixed([{"system": "urn:x", "value": "1"}]),
    "gender": mixed("female"),
    "type": mixed({"text": "blood"}),
}
RESOURCES = st.builds(
    lambda kind, rest, keys: {"resourceType": kind, **{key: rest[key] for key in keys if key in rest}},
    mixed(
        "Observation", "Observation", "Observation", "Patient", "Condition", "Specimen", "Claim", "Odd", 3, {}
    ),
    st.fixed_dictionaries({}, optional={name: one | mixed(*ODD) for name, one in ELEMENTS.items()}),
    st.permutations([*ELEMENTS]),
)
BROKEN = mixed(
    "",
    "[]",
    "{}",
    "7",
    '{"resourceType": "Observation", "status": "a", "status": "b"}',
    '{"resourceType": "Observation", "code": {"text": "a", "text": "b"}}',
    '{"resourceType": "Observation", "status": "a',
    '{"resourceType": "Observation", "valueInteger": 01}',
    '{"resourceType": "Observation", "valueDecimal": NaN}',
    '{"resourceType": "Observation", "code": [1}, "status": "a"}',
    '{"resourceType": "Observation", "status": "\\ud800"}',
    '{"resourceType": "Observation", "\\u0073tatus": "final"}',
    '{"resourceType" : "Observation",  "status":"final"} ',
    '{"resourceType":"Observation","status":"final","code":{"text":"a"}}\r',
    '\t{"resourceType": "Observation", "status": "a\tb"}',
    '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation", "status": "x"}}]}',
    '{"resourceType": "Observation"} {"resourceType": "Observation"}',
    '{"resourceType": "Observation", "status": ' + "[" * 70 + "]" * 70 + "}",
)
LINES = st.lists(RESOURCES.map(lambda one: json.dumps(one, ensure_ascii=False)) | BROKEN, max_size=12)


@settings(deadline=None, max_examples=200)
@given(LINES, mixed(1, 200, 8_000_000))
def test_both_ways_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], block: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.ndjson"
    path.write_text("\n".join(lines), "utf-8")
    with columns(block=block):
        found = events(path)
    assert found == line_by_line(path)


def test_bytes_that_are_no_utf_8_spoil_their_own_line_only(tmp_path: Path) -> None:
    good = b'{"resourceType": "Observation", "status": "final"}\n'
    path = tmp_path / "a.ndjson"
    path.write_bytes(good * 3 + b'{"resourceType": "Observation", "status": "\xff"}\n' + good)
    with columns():
        found = events(path)
    assert found == line_by_line(path)


def test_a_usual_feed_is_read_in_columns(tmp_path: Path) -> None:
    lines = [
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "text": {"div": '<div xmlns="http://www.w3.org/1999/xhtml">é</div>'},
            "code": {"coding": [CODING]},
            "subject": {"reference": "Patient/p"},
            "effectiveDateTime": "2026-03-01",
            "valueQuantity": {"value": number / 4},
        }
        for number in range(40)
    ]
    lines[7]["status"] = ["two", "values"]
    path = tmp_path / "a.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    fields = tuple(item for item in OBSERVATION if item.path != "Patient.identifier(system=urn:x)")
    asked = (Request("Observation", fields, SourceOptions("fhir")), REQUESTS[2])
    with columns(left=0.2) as seen:
        found = events(path, asked)
    assert [read.left for read in seen] == [[7]]
    assert found == line_by_line(path, asked)
    assert [len(rows) for at, *rest in found if len(rest) == 2 for rows in rest[1:]] == [40]


def test_a_feed_that_is_not_usual_is_not_tried_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"resourceType": "Observation", "contained": []}\n' * 30, "utf-8")
    with (
        mock.patch.object(_fhir_columns, "_BLOCK", 1),
        mock.patch.object(_fhir_columns.jsonmembers, "cut", return_value=None) as cut,
    ):
        events(path)
    assert cut.call_count == _fhir_columns._PATIENCE
