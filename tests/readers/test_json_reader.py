"""JSON and NDJSON as records: slots, places, cells, and books that balance."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import reading

from twinmap import registry
from twinmap.errors import InputOutputError
from twinmap.limits import Limits
from twinmap.model import (
    AROUND,
    Field,
    FileCounts,
    Shape,
)
from twinmap.readers import _json_documents

READER = registry.load("readers", "json").READER
SHAPES = tuple(Field(shape.value, "v", shape) for shape in Shape)

SCALE = """
{"status": 0, "body": {"zone": "UTC", "groups": [
  {"id": 7, "date": 10, "measures": [
    {"value": 8010, "unit": -2, "type": 1}, {"value": 65, "unit": 0, "type": 11}]},
  {"id": 8, "date": 20, "measures": [{"value": 120, "unit": 0, "type": 10}]}]}}
"""


def read(
    path: Path, *fields: str | Field, each: str | None = None, reader: Any = READER, **options: Any
) -> reading.Result:
    return reading.read(reader, path, *fields, each=each, number=3, **{"format": "json", **options})


def write(folder: Path, text: str, name: str = "a.json") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_items_with_what_is_around_them(tmp_path: Path) -> None:
    found = read(
        write(tmp_path, SCALE),
        "value",
        "^id",
        "/body.zone",
        "^^status",
        "record:index",
        each="body.groups.measures",
    )
    assert [tuple(row.values())[:9] for row in found.rows] == [
        (3, 1, 2, "/body/groups/0/measures/0", "8010", "7", "UTC", "0", "1"),
        (3, 1, 2, "/body/groups/0/measures/1", "65", "7", "UTC", "0", "2"),
        (3, 1, 2, "/body/groups/1/measures/0", "120", "8", "UTC", "0", "1"),
    ]
    assert found.counts == FileCounts(3, 1, items=3)
    measure = [f"body.groups.measures.{name}" for name in ("value", "unit", "type")]
    around = ["status", "body.zone", *["body.groups.id", "body.groups.date"] * 2]
    marked = [AROUND + name for name in around]
    assert [row["_cells"] for row in found.rows] == [marked + measure, measure, measure]


def test_documents_of_an_array_and_members(tmp_path: Path) -> None:
    path = write(tmp_path, '[{"by": {"10": {"n": 1}, "20": {"n": 2}}},\n{"by": {"30": {"n": 3}}}, {"x": 1}]')
    found = read(path, "record:key", "record:index", "n", each="by.*")
    assert [(row["_record"], row["_line"], row["record:key"], row["n"]) for row in found.rows] == [
        (1, 1, "10", "1"),
        (1, 1, "20", "2"),
        (2, 2, "30", "3"),
    ]
    assert (found.counts.records, found.counts.filtered, found.counts.cells) == (3, 1, {"x": 1})
    (note,) = found.notes
    assert (note.code, note.message) == ("TM-Q09", '1 of 3 documents have nothing at "by.*"')


def test_the_first_alternative_that_leads_somewhere(tmp_path: Path) -> None:
    path = write(tmp_path, '{"header": {"id": "h"}, "body": {"n": 1}}\n{"n": 2}\n', "a.ndjson")
    found = read(path, "n", "/header.id", each="body | .")
    assert [(row["_record"], row["_part"], row["n"], row["/header.id"]) for row in found.rows] == [
        (1, "/body", "1", "h"),
        (2, "", "2", None),
    ]
    assert found.counts.second == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2.50", "2.50"),
        ("123456789012345678", "123456789012345678"),
        ("true", "true"),
        ("false", "false"),
        ('" x "', "x"),
        ('"\\u00b5g"', "µg"),
        ('["a", "a"]', "a"),
        ('[null, "a"]', "a"),
        ("null", None),
        ('""', None),
        ('" "', None),
        ("[]", None),
        ("{}", None),
    ],
)
def test_a_slot_takes_one_scalar(tmp_path: Path, value: str, text: str | None) -> None:
    found = read(write(tmp_path, f'{{"v": {value}, "w": 1}}'), "v")
    assert [row["v"] for row in found.rows] == [text]
    assert bool(found.issues) == (value == "{}")


def test_composite_shapes_hold_the_text_alone(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, '{"v": 2.50}'), *SHAPES).rows
    value = dict.fromkeys(
        ("kind", "text", "comparator", "low", "high", "unit", "unit_system", "system", "code", "display")
    )
    assert {name: row[name] for name in list(row)[4:-1]} == {
        "text": "2.50",
        "key": "2.50",
        "code": [{"system": None, "code": "2.50", "display": None}],
        "value": [value | {"text": "2.50"}],
        "identifier": [{"id": "2.50", "system": None, "type": None}],
        "time": {"start": "2.50", "end": None},
        "range": {"low": None, "high": None, "text": "2.50"},
    }


def test_several_values(tmp_path: Path) -> None:
    found = read(write(tmp_path, '{"v": ["12.7", {"x": "Ada"}]}'), *SHAPES)
    (row,) = found.rows
    assert row["key"] == '12.7\x1f{"x":"Ada"}'
    assert all(row[shape.value] is None for shape in Shape if shape is not Shape.KEY)
    found = read(write(tmp_path, '{"v": ["12.7", "13.1"]}'), *SHAPES)
    (row,) = found.rows
    assert [item["text"] for item in row["value"]] == ["12.7", "13.1"]
    assert [item["code"] for item in row["code"]] == ["12.7", "13.1"]
    assert (row["text"], row["time"], row["range"]) == (None, None, None)
    assert {(issue.code, issue.path, issue.shape) for issue in found.issues} == {("TM-Q16", "v", "99.9")}
    assert "12.7" not in str(found.issues)


def test_text_is_kept_as_it_is_without_trim(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, '{"v": " x "}'), "v", trim=False).rows
    assert row["v"] == " x "


def test_a_value_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json_documents, "LIMITS", Limits(field_bytes=5))
    found = read(write(tmp_path, '{"v": "123456", "w": 1}'), "v", "w")
    assert [(row["v"], row["w"]) for row in found.rows] == [(None, "1")]
    assert [issue.code for issue in found.issues] == ["TM-Q15"]


def test_lines_that_cannot_be_read_are_set_aside(tmp_path: Path) -> None:
    path = write(tmp_path, '{"v": 1}\n\n{"v": 1, "v": 2}\n{"v": \n{"v": 4}\n', "a.jsonl")
    found = read(path, "v")
    assert [(row["_record"], row["_line"], row["v"]) for row in found.rows] == [(1, 1, "1"), (4, 5, "4")]
    assert [(item.record, item.line, item.code, item.raw) for item in found.aside] == [
        (2, 3, "TM-Q05", '{"v": 1, "v": 2}'),
        (3, 4, "TM-Q04", '{"v": '),
    ]
    assert found.counts == FileCounts(3, 4, second=4, items=2)


def test_two_values_in_one_file(tmp_path: Path) -> None:
    found = read(write(tmp_path, '{"v": 1}\n{"v": 2}'), "v")
    assert [row["v"] for row in found.rows] == ["1"]
    assert [(item.code, item.line) for item in found.aside] == [("TM-Q04", 2)]
    assert ".ndjson" in found.aside[0].message
    ndjson = registry.load("readers", "ndjson").READER
    assert [row["v"] for row in read(tmp_path / "a.json", "v", reader=ndjson).rows] == ["1", "2"]


@pytest.mark.parametrize("text", ["", "\n \n", "[]"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    found = read(write(tmp_path, text), "v")
    assert [note.code for note in found.notes] == ["TM-O05"]
    assert found.counts.records == 0


def test_another_format_is_set_aside(tmp_path: Path) -> None:
    found = read(write(tmp_path, "<ClinicalDocument/>"), "v")
    assert [item.code for item in found.aside] == ["TM-O04"]


def test_encodings_are_tried_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes('{"v": "µg"}'.encode("cp1252"))
    assert [item.code for item in read(path, "v").aside] == ["TM-Q03"]
    found = read(path, "v", encoding=("utf-8", "cp1252"))
    assert [row["v"] for row in found.rows] == ["µg"]
    assert [(note.code, note.message) for note in found.notes] == [
        ("TM-Q03", "read as cp1252: utf-8 does not fit")
    ]


def test_compressed_files(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    data = gzip.compress(b'{"v": 1}\n{"v": 2}\n')
    path.write_bytes(data)
    assert [row["v"] for row in read(path, "v").rows] == ["1", "2"]
    path.write_bytes(data[:-9])
    with pytest.raises(InputOutputError) as caught:
        read(path, "v")
    assert [finding.code for finding in caught.value.findings] == ["TM-O02"]
    with pytest.raises(InputOutputError):
        read(tmp_path / "none.json", "v")


@pytest.mark.parametrize(
    ("path", "each", "words"),
    [
        ("a.b(1).c", None, None),
        ("record:key", "a.*", None),
        ("^x", "a", None),
        ("^x", None, "above the document"),
        ("^^x", "a", "above the document"),
        ("a..b", None, "any depth"),
        ("a(0)", None, "1 is the first (character 3)"),
    ],
)
def test_references_are_checked(path: str, each: str | None, words: str | None) -> None:
    problem = READER.parse(path, each=each)
    assert problem is None if words is None else words in str(problem)


def test_each_is_checked() -> None:
    assert READER.parse_each("body.*.x | ..y | .") is None
    assert "name is missing" in READER.parse_each("body.")


def test_names_in_cells_are_those_that_references_read(tmp_path: Path) -> None:
    pattern = READER.fields_read("^id", each="body.groups.measures")
    found = read(write(tmp_path, SCALE), "^id", each="body.groups.measures")
    assert pc.match_substring_regex(pa.array(sorted(found.cells)), f"^{pattern}$").to_pylist() == [
        name == "body.groups.id" for name in sorted(found.cells)
    ]


@pytest.mark.corpus
@pytest.mark.parametrize("each", [None, "body | .", "*.*", "..value"])
def test_wearables_balance(corpus: Path, each: str | None) -> None:
    """Every leaf of every file is one cell, wherever the records are."""
    files = sorted((corpus / "wearable").rglob("*.json"))
    assert files
    for path in files:
        found = read(path, "value", "id", Field("v", "value", Shape.VALUE), each=each)
        assert not found.aside, path.name
        document = json.loads(path.read_text("utf-8-sig"))
        if isinstance(document, dict | list):
            assert sum(found.cells.values()) == _leaves(document), path.name


@pytest.mark.corpus
def test_hostile_files_are_read_or_set_aside(corpus: Path) -> None:
    folder = corpus / "security"
    for path in [*(folder / "jsontestsuite").rglob("*.json"), *(folder / "made-hostile" / "json").iterdir()]:
        for reader in (READER, registry.load("readers", "ndjson").READER):
            read(path, "a", "record:key", each="* | .", reader=reader)


@pytest.mark.corpus
def test_scales_and_bands(corpus: Path) -> None:
    folder = corpus / "wearable" / "shimmer" / "withings" / "mapper"
    names = ("value", "unit", "type", "^date")
    found = read(folder / "withings-body-measures.json", *names, each="body.measuregrps.measures")
    assert len(found.rows) > 5
    assert all(row[name] is not None for row in found.rows for name in names)
    found = read(folder / "withings-intraday-activity.json", "record:key", "steps", each="body.series.*")
    assert {row["record:key"].isdigit() for row in found.rows} == {True}


def _leaves(node: Any) -> int:
    if isinstance(node, dict | list):
        return sum(map(_leaves, node.values() if isinstance(node, dict) else node))
    return 1
