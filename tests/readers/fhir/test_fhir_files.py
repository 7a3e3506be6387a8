"""Resources, Bundles, arrays and lines as records."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from twinmap.model import Field, Shape
from twinmap.readers import _fhir_source


def test_a_resource(fhir: Any) -> None:
    found = fhir.read(fhir.write(fhir.pressure), "id", "status", "subject.reference", "effective")
    (row,) = found.rows
    assert (row["_record"], row["_line"], row["_part"]) == (1, 1, "")
    assert (row["id"], row["status"], row["subject.reference"]) == ("bp1", "final", "Patient/p1")
    assert row["effective"] == "2026-03-01T08:15:00+01:00"
    assert Counter(row["_cells"])["Observation.component.code.coding.code"] == 2
    assert not found.counts.cells


def test_the_entries_of_a_bundle_are_records(fhir: Any) -> None:
    path = fhir.folder / "a.json"
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": fhir.patient},
        {"resource": fhir.pressure},
        {"request": {"method": "DELETE"}},
    ]
    path.write_text(json.dumps(fhir.bundle(*entries, total=3), indent=1), "utf-8")
    found = fhir.read(path, "id", each="Observation")
    (row,) = found.rows
    assert (row["_record"], row["_part"], row["id"]) == (2, "/entry/1/resource", "bp1")
    assert path.read_text("utf-8").splitlines()[row["_line"] - 1].strip() == "{"
    assert (found.counts.records, found.counts.filtered) == (2, 1)
    (note,) = found.notes
    assert (note.code, note.details) == ("TM-Q09", {"type": "Patient", "resources": 1})
    assert sum(found.cells.values()) == fhir.leaves(fhir.bundle(*entries, total=3))
    assert found.counts.cells["Bundle.entry.request.method"] == 1
    assert found.counts.cells["Patient.identifier.value"] == 2


def test_components_know_their_observation(fhir: Any) -> None:
    fields = ("^id", "/status", "record:index", Field("code", "code", Shape.CODE), "Patient.id")
    found = fhir.read(
        fhir.write(fhir.bundle({"resource": fhir.pressure})), *fields, each="Observation.component"
    )
    assert [
        (row["_part"], row["^id"], row["/status"], row["record:index"], row["Patient.id"])
        for row in found.rows
    ] == [
        ("/entry/0/resource/component/0", "bp1", "final", "1", "p1"),
        ("/entry/0/resource/component/1", "bp1", "final", "2", "p1"),
    ]
    assert [row["code"][0]["code"] for row in found.rows] == ["8480-6", "8462-4"]
    assert sum(found.cells.values()) == fhir.leaves(fhir.bundle({"resource": fhir.pressure}))


def test_alternatives_are_taken_each_for_its_type(fhir: Any) -> None:
    claim = {"resource": {"resourceType": "Claim"}}
    path = fhir.write(fhir.bundle({"resource": fhir.patient}, {"resource": fhir.pressure}, claim))
    found = fhir.read(path, "id", each="Patient | Observation.component | Observation")
    assert [row["_part"] for row in found.rows] == [
        "/entry/0/resource",
        "/entry/1/resource/component/0",
        "/entry/1/resource/component/1",
    ]
    assert [note.details["type"] for note in found.notes] == ["Claim"]
    assert len(fhir.read(path, "id").rows) == 3


def test_bundles_in_bundles_arrays_and_lines(fhir: Any) -> None:
    inner = fhir.bundle({"resource": fhir.pressure})
    path = fhir.write(fhir.bundle({"resource": inner}, {"resource": fhir.patient}))
    found = fhir.read(path, "id")
    assert [row["_part"] for row in found.rows] == ["/entry/0/resource/entry/0/resource", "/entry/1/resource"]
    path.write_text(json.dumps([inner, fhir.patient]), "utf-8")
    assert [row["_part"] for row in fhir.read(path, "id").rows] == ["/entry/0/resource", ""]
    path = fhir.write(inner, fhir.patient, name="a.ndjson")
    found = fhir.read(path, "id")
    assert [(row["_line"], row["_part"]) for row in found.rows] == [(1, "/entry/0/resource"), (2, "")]
    assert found.counts.second is None
    assert fhir.read(fhir.write(fhir.pressure, fhir.patient, name="b.ndjson"), "id").counts.second == 2


def test_a_large_bundle_is_the_same(fhir: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        {"fullUrl": f"urn:uuid:{n}", "resource": {**fhir.pressure, "subject": {"reference": "urn:uuid:p"}}}
        for n in range(3)
    ]
    path = fhir.write(fhir.bundle(*entries, {"fullUrl": "urn:uuid:p", "resource": fhir.patient}))
    fields = (Field("who", "Patient.id", Shape.IDENTIFIER), "Patient.birthDate")
    held = fhir.read(path, *fields).rows
    assert {row["Patient.birthDate"] for row in held} == {"1971-03"}
    assert [row["who"][0]["id"] for row in held] == ["p1"] * 4
    monkeypatch.setattr(_fhir_source, "HELD", 0)
    assert fhir.read(path, *fields).rows == held


def test_what_is_no_resource_is_set_aside(fhir: Any) -> None:
    path = fhir.write(fhir.bundle({"resource": {"id": "x"}}, {"resource": fhir.pressure}, {"resource": [1]}))
    found = fhir.read(path, "id")
    assert [(item.record, item.code, item.part) for item in found.aside] == [
        (1, "TM-O04", "/entry/0/resource"),
        (3, "TM-O04", "/entry/2/resource"),
    ]
    assert '{"id": "x"}' in found.aside[0].raw
    assert [item.code for item in fhir.read(fhir.write({"heart": 1}), "id").aside] == ["TM-O04"]
    path.write_text("<Observation/>", "utf-8")
    assert [item.code for item in fhir.read(path, "id").aside] == ["TM-O04"]


def test_one_bad_entry_spoils_no_other(fhir: Any) -> None:
    path = fhir.folder / "a.json"
    bad = '{"resource": {"resourceType": "Patient", "id": "1", "id": "2"}}'
    good = json.dumps({"resource": fhir.pressure})
    path.write_text(f'{{"resourceType": "Bundle", "entry": [{bad}, {good}]}}', "utf-8")
    found = fhir.read(path, "id")
    assert [row["id"] for row in found.rows] == ["bp1"]
    assert [(item.code, item.part, item.raw) for item in found.aside] == [("TM-Q05", "/entry/0", bad)]


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(
    "entry",
    ["x", 3, None, [], {}, {"fullUrl": "urn:x"}, {"resource": None}, {"resource": None, "request": {}}],
)
def test_an_entry_that_holds_no_resource_is_set_aside(
    fhir: Any, monkeypatch: pytest.MonkeyPatch, entry: Any, held: bool
) -> None:
    monkeypatch.setattr(_fhir_source, "HELD", 10**9 if held else 0)
    path = fhir.folder / "a.json"
    path.write_text(
        json.dumps(fhir.bundle({"resource": fhir.patient}, entry, {"resource": fhir.pressure}), indent=1)
    )
    found = fhir.read(path, "id")
    (aside,) = found.aside
    assert (aside.code, aside.record, aside.part) == ("TM-O04", 2, "/entry/1")
    assert "has no resource" in aside.message if type(entry) is dict else "is not an object" in aside.message
    assert json.loads(aside.raw) == entry
    line = path.read_text().splitlines()[aside.line - 1].strip()
    assert json.dumps(entry).startswith(line.rstrip(","))
    assert [row["_record"] for row in found.rows] == [1, 3]
    assert found.counts.records == 3


@pytest.mark.parametrize("entry", ["x", 3, None, {}, {"resource": {"resourceType": "Patient"}}])
def test_an_entry_that_is_no_array_is_set_aside(fhir: Any, entry: Any) -> None:
    broken = {"resourceType": "Bundle", "type": "collection", "entry": entry}
    found = fhir.read(fhir.write(broken), "id")
    (aside,) = found.aside
    assert (aside.code, aside.record, aside.line, aside.part) == ("TM-O04", 1, 1, "/entry")
    assert (aside.message, json.loads(aside.raw)) == (
        "not FHIR: the entry of a Bundle is not an array",
        entry,
    )
    assert (found.counts.records, found.rows, found.notes) == (1, [], [])
    assert found.counts.cells == {"Bundle.resourceType": 1, "Bundle.type": 1}


def test_lines_are_no_second_count_where_one_is_a_bundle(fhir: Any) -> None:
    """A Bundle is no record, and holds as many as it does: none at all, or such as cannot be read."""
    for bundle in (fhir.bundle(), fhir.bundle("x", "y"), {"resourceType": "Bundle"}):
        counts = fhir.read(fhir.write(bundle, fhir.patient, name="a.ndjson"), "id").counts
        assert (counts.records, counts.second) == (1 + len(bundle.get("entry", ())), None)
    assert fhir.read(fhir.write(fhir.patient, fhir.pressure, name="a.ndjson"), "id").counts.second == 2


def test_other_lists_are_no_bundles(fhir: Any) -> None:
    resource = {
        "resourceType": "List",
        "note": [{"text": '"resourceType":"Bundle"'}],
        "entry": [{"item": {}}],
    }
    (row,) = fhir.read(fhir.write(resource), "resourceType").rows
    assert row["resourceType"] == "List"
    path = fhir.write({"entry": [{"resource": fhir.pressure}], "resourceType": "Bundle"})
    assert [row["_part"] for row in fhir.read(path, "id").rows] == ["/entry/0/resource"]


def test_an_empty_file(fhir: Any) -> None:
    assert [note.code for note in fhir.read(fhir.write(name="a.ndjson"), "id").notes] == ["TM-O05"]
