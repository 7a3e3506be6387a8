"""Which files a mapping reads, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap.errors import InputOutputError
from twinmap.formats import looks
from twinmap.mapping import inputs
from twinmap.mapping.ast import Document
from twinmap.mapping.load import loads

ONE = "source: {format: csv, files: ward.csv}\nkey: [a]\nobserve: {heart-rate: {value: $(hr), unit: /min}}\n"
TWO = (
    "source: {format: csv}\nkey: [a]\nrecords:\n"
    "  rates: {files: 'rate*.csv', observe: {heart-rate: {value: $(hr), unit: /min}}}\n"
    "  weights: {files: 'lab/weight*.csv', observe: {body-weight: {value: $(kg), unit: kg}}}\n"
)


def _document(text: str) -> Document:
    loaded = loads(f"twinmap: 1\nid: t\nversion: 1.0.0\npatient: {{id: $(p), system: s}}\n{text}")
    assert loaded.document is not None
    assert loaded.usable, loaded.findings
    return loaded.document


def _made(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")
    return paths


def _names(document: Document, root: Path, named: tuple[str, ...] = ()) -> list[list[str]]:
    return [
        [path.name for path in inputs.files(document, record_set, root, named)]
        for record_set in document.records
    ]


def test_the_only_record_set_reads_the_file_that_is_named(tmp_path: Path) -> None:
    (path,) = _made(tmp_path, "other.txt")
    assert _names(_document(ONE), path) == [["other.txt"]]


def test_one_of_several_record_sets_reads_the_file_that_fits_it(tmp_path: Path) -> None:
    rate, weight, other = _made(tmp_path, "rate1.CSV", "lab/weight1.csv", "other.csv")
    two = _document(TWO)
    assert _names(two, rate) == [["rate1.CSV"], []]
    assert _names(two, weight) == [[], ["weight1.csv"]]
    assert _names(two, other) == [[], []]
    assert _names(two, other, ("a.csv",)) == [["other.csv"], ["other.csv"]]


def test_an_ending_in_capitals_fits(tmp_path: Path) -> None:
    _made(tmp_path, "rate1.csv", "rate2.CSV", "RATE3.csv", "rate4.csv.gz")
    assert _names(_document(TWO), tmp_path)[0] == ["rate1.csv", "rate2.CSV"]
    assert _names(_document(TWO), tmp_path, ("*.csv.GZ",))[0] == ["rate4.csv.gz"]


def test_what_is_there_is_told_where_nothing_fits(tmp_path: Path) -> None:
    for name in ("a.hl7", "b.HL7", "deep/c.hl7"):
        _made(tmp_path, name)
        (tmp_path / name).write_bytes(b"MSH|^~\\&|LAB\r")
    _made(tmp_path, "notes.txt", "README", ".hidden.csv")
    error = inputs.nothing_fits("ward", tmp_path, ("omron*.csv", "v*.csv"), None)
    assert error.message == (
        f"ward: no file fits omron*.csv or v*.csv in {tmp_path}; "
        "it holds 3 *.hl7 (HL7 v2: builtin:hl7v2?), 1 *.txt, 1 without an ending"
    )
    assert [finding.code for finding in error.findings] == ["TM-O01"]


def test_an_empty_folder_and_a_file_of_another_name_are_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert inputs.nothing_fits("w", empty, ("*.csv",), None).message.endswith("; it holds no file at all")
    (path,) = _made(tmp_path, "other.csv")
    assert (
        inputs.nothing_fits("w", path, ("a.csv",), None).message == f"w: {path} fits none of its names, a.csv"
    )


def test_a_name_that_leads_to_nothing_is_refused(tmp_path: Path) -> None:
    _made(tmp_path, "a.csv")
    inputs.all_there(tmp_path, ["a.csv", "gone*.csv"])
    with pytest.raises(InputOutputError, match=r"b\.csv does not exist") as caught:
        inputs.all_there(tmp_path, ["a.csv", "b.csv"])
    assert caught.value.help == "the folder was looked into: it holds 1 *.csv"


def test_files_from_below_are_told(tmp_path: Path) -> None:
    below = _made(tmp_path, "one/a.csv", "two/b.csv")
    said = inputs.below(tmp_path, ["*.csv"], below)
    assert said == f"{tmp_path} itself holds no *.csv: 2 from below it (one, two)"
    assert inputs.below(tmp_path, ["*/*.csv"], below) is None
    assert inputs.below(tmp_path, ["*.csv"], [*below, *_made(tmp_path, "c.csv")]) is None


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xef\xbb\xbf\r\nMSH|^~\\&|", "HL7 v2"),
        (b'[ {"resourceType": "Patient"}]', "FHIR"),
        (b'{"body": {}}', "JSON"),
        (b"<?xml version='1.0'?>", "XML or HTML"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet"),
        (b"MSHX,b\n", None),
        (b"time,value\n", None),
        (b"", None),
    ],
)
def test_a_file_looks_like_what_it_begins_with(start: bytes, name: str | None) -> None:
    found = looks.like(start)
    assert (found and found.name) == name


def test_what_reads_a_file_of_another_format_is_told(tmp_path: Path) -> None:
    (path,) = _made(tmp_path, "a.json")
    path.write_bytes(b"MSH|^~\\&|LAB\r")
    assert inputs.advice([path], ["fhir"]) == "a.json looks like HL7 v2; builtin:hl7v2 reads it"
    assert inputs.advice([path], ["hl7v2"]) is None
    path.write_bytes(b'{"a": 1}')
    assert inputs.advice([path], ["ndjson"]) is None
