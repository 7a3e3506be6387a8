"""Statements of other files that belong together: by patient and code, and only where no other could be meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.renderers import text

KEY = Path(__file__).parent.parent.parent / "examples" / "demo.key"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "gender": "female",
    "birthDate": "1970-03-01",
    "identifier": [{"system": "urn:oid:2.999.1", "value": "7"}],
}
SNOMED, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
UCUM = "http://unitsofmeasure.org"
WEIGHTS = """\
twinmap: 1
id: w
version: 1.0.0
source: {format: csv, files: "*.csv"}
patient: {id: $(p), system: mrn, identifiers: [{id: $(p), system: mrn}]}
time: $(t)
systems: {mrn: "urn:oid:2.999.1"}
observe: {result: {code: loinc:29463-7, value: $(v), unit: kg, status: final}}
"""
Compare = Callable[..., Any]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """The diff of two lists of resources of one patient, each in a file of its own."""

    def side(name: str, resources: list[dict[str, Any]]) -> Path:
        data = tmp_path / f"{name}-data"
        data.mkdir()
        if PATIENT["id"] not in {item.get("id") for item in resources}:
            resources = [PATIENT, *resources]
        entries = [{"resource": {"subject": {"reference": "Patient/p"}, **item}} for item in resources]
        (data / f"{name}.json").write_text(
            json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
        )
        api.run("builtin:fhir-r4", data=[str(data)], out=tmp_path / name, key_file=KEY, engine="none", jobs=1)
        return tmp_path / name

    def run(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Any:
        return api.diff(side("a", a), side("b", b))

    return run


def _condition(
    code: str, system: str = SNOMED, onset: str | None = "2020-05-01", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"c-{code}-{onset}",
        "code": {"coding": [{"system": system, "code": code}, *more.pop("also", ())]},
        **({"onsetDateTime": onset} if onset else {}),
        **more,
    }


def _told(found: Any) -> set[tuple[str, str, Any, Any, str]]:
    return {
        (row["what"], row["by"], row.get("before"), row.get("after"), row.get("only", ""))
        for row in found.report.difference["changes"]
    }


def test_another_word_in_another_file_is_told(compare: Compare) -> None:
    done = {
        "resourceType": "Procedure",
        "id": "x",
        "code": {"coding": [{"system": SNOMED, "code": "416940007"}]},
    }
    found = compare(
        [{**done, "status": "completed", "performedDateTime": "2020-05-01"}],
        [{**done, "status": "in-progress"}],
    )
    assert _told(found) == {
        ("status", "the code", "completed", "in-progress", ""),
        ("start_us", "the code", None, None, "A"),
    }
    assert not found.equal


def test_a_time_of_day_that_one_side_adds_is_told_as_a_shift(compare: Compare) -> None:
    found = compare([_condition("233604007")], [_condition("233604007", onset="2020-05-01T12:00:00Z")])
    (shift,) = (row for row in found.report.difference["changes"] if row["what"] == "start_us")
    assert shift["shift_us"] == 12 * 3_600_000_000
    (place,) = shift["places"]
    assert (place["a"]["record"], place["b"]["record"]) == (2, 2)
    assert place["a"]["file"] == place["b"]["file"] == 1
    page = text.render(found.report)
    assert "+12 h" in page
    assert "day -> second" in page


def test_a_system_by_another_name_is_told_and_an_oid_is_none(compare: Compare) -> None:
    odd = compare([_condition("233604007")], [_condition("233604007", system="http://www.snomed.org/")])
    by = "the code, by another name of its system"
    assert _told(odd) == {("code", by, f"{SNOMED}|233604007", "http://www.snomed.org/|233604007", "")}
    assert "snomed:233604007 -> http://www.snomed.org/|233604007" in text.render(odd.report)


def test_the_oid_of_a_system_is_the_system(compare: Compare) -> None:
    oid = "urn:oid:2.16.840.1.113883.6.96"
    assert compare([_condition("233604007")], [_condition("233604007", system=oid)]).equal


def test_the_same_codings_in_another_order_belong_together(compare: Compare) -> None:
    """Systems that are not known leave the first coding first."""
    one, other = {"system": "urn:x:one", "code": "1"}, {"system": "urn:x:two", "code": "2"}
    found = compare(
        [_condition("1", system="urn:x:one", also=[other])], [_condition("2", system="urn:x:two", also=[one])]
    )
    assert _told(found) == {("code", "another coding", "urn:x:one|1", "urn:x:two|2", "")}


def test_a_further_coding_that_one_side_drops_is_told(compare: Compare) -> None:
    found = compare(
        [_condition("233604007", also=[{"system": ICD, "code": "J18.9"}])], [_condition("233604007")]
    )
    assert _told(found) == {("raw_code", "the code and the time", f"{ICD}|J18.9", None, "A")}


def test_further_codings_of_both_sides_are_no_difference(compare: Compare) -> None:
    more = [{"system": ICD, "code": "J18.9"}, {"system": "urn:oid:2.999.2", "code": "P"}]
    found = compare([_condition("233604007", also=more)], [_condition("233604007", also=more[::-1])])
    assert _told(found) == set()
    assert all(row["a"] == row["b"] == row["same"] for row in found.report.difference["statements"])


def test_where_two_could_be_meant_none_is(compare: Compare) -> None:
    twice = [_condition("233604007", onset=None), _condition("233604007", onset="2019")]
    found = compare([_condition("233604007", clinicalStatus={"text": "x"})], twice)
    assert _told(found) == set()
    (row,) = (row for row in found.report.difference["statements"] if row["kind"] == "condition")
    assert (row["a"], row["b"], row["same"]) == (1, 2, 0)


def test_what_a_patient_is_said_to_be_is_compared(compare: Compare) -> None:
    found = compare([PATIENT], [{**PATIENT, "gender": None}])
    assert _told(found) == {("sex", "the patient", None, None, "A")}


def test_a_patient_without_observations_counts(compare: Compare) -> None:
    found = compare([_condition("233604007")], [_condition("233604007")])
    (row,) = found.report.difference["patients"]
    assert (row["a"], row["b"]) == (2, 2)
    assert found.equal


WHOLE = {"system": UCUM, "code": "kg"}


def _weight(unit: dict[str, str], value: float, time: str = "2026-03-01T08:00:00Z") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "w",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "effectiveDateTime": time,
        "valueQuantity": {"value": value, **unit},
    }


def test_a_unit_that_one_side_lacks_is_told_as_it_is_stated(compare: Compare) -> None:
    """Not as the canonical one; and the number is the same."""
    grams = {"system": "http://unitsofmeasure.org", "code": "g", "unit": "g"}
    found = compare([_weight({}, 70000)], [_weight(grams, 70000.0)])
    assert _told(found) == {("unit", "the code and the time", None, "g", "B")}


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({"system": UCUM, "code": "kg"}, {"unit": "kg"}, (UCUM, None, "A")),
        ({"unit": "kg"}, {"system": UCUM, "unit": "kg"}, (None, f"{UCUM} (no code)", "B")),
        ({"system": UCUM, "unit": "kg"}, {"system": UCUM, "code": "kg"}, (f"{UCUM} (no code)", UCUM, "")),
    ],
)
def test_a_unit_whose_system_one_side_drops_is_told(
    one: dict[str, str], other: dict[str, str], told: tuple[Any, ...], compare: Compare
) -> None:
    found = compare([_weight(one, 70)], [_weight(other, 70)])
    assert _told(found) == {("unit_system_raw", "the code and the time", *told)}
    assert not found.equal
    assert told[0] is None or f"{told[0]}" in text.render(found.report)


def test_the_oid_of_ucum_is_ucum(compare: Compare) -> None:
    oid = {"system": "urn:oid:2.16.840.1.113883.6.8", "code": "kg"}
    assert compare([_weight(oid, 70)], [_weight({"system": UCUM, "code": "kg"}, 70)]).equal


def test_a_format_without_unit_systems_drops_none(compare: Compare, tmp_path: Path) -> None:
    """The same weight in CSV: no column says whether its unit is a code."""
    (tmp_path / "w.csv").write_text("p,t,v\n7,2026-03-01T08:00:00Z,70\n")
    (tmp_path / "w.yaml").write_text(WEIGHTS)
    sides = {"fhir": [_weight({"system": UCUM, "code": "kg"}, 70)], "none": [_weight({"unit": "kg"}, 70)]}
    compare(sides["fhir"], sides["none"])
    for side in ("a", "b"):
        found = api.diff(tmp_path / side, f"{tmp_path / 'w.yaml'}={tmp_path / 'w.csv'}", key_file=KEY)
        (row,) = (row for row in found.report.difference["statements"] if row["kind"] == "observation")
        assert (row["a"], row["b"], row["same"]) == (1, 1, 1)


EVENING, MORNING = "2024-03-01T23:30:00-05:00", "2024-03-02T04:30:00Z"
DAY = ("offset_min", "the code and the time", "-05:00", "+00:00", "")


def test_the_same_instant_on_another_calendar_day_is_told(compare: Compare) -> None:
    found = compare([_weight(WHOLE, 70, EVENING)], [_weight(WHOLE, 70, MORNING)])
    assert _told(found) == {DAY}
    assert not found.equal
    assert "-05:00 -> +00:00, another calendar day" in text.render(found.report)


def test_another_calendar_day_of_another_value_is_told_too(compare: Compare) -> None:
    found = compare([_weight(WHOLE, 70, EVENING)], [_weight(WHOLE, 71, MORNING)])
    assert {row[0] for row in _told(found)} == {"offset_min", "value_text"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EVENING, "2024-03-01T22:30:00-06:00"),
        ("2024-03-01T12:00:00-05:00", "2024-03-01T17:00:00Z"),
        ("1960-03-01T12:00:00-05:00", "1960-03-01T17:00:00Z"),
    ],
)
def test_the_same_instant_on_the_same_calendar_day_is_the_same(
    one: str, other: str, compare: Compare
) -> None:
    assert compare([_weight(WHOLE, 70, one)], [_weight(WHOLE, 70, other)]).equal


def test_another_time_is_no_other_calendar_day(compare: Compare) -> None:
    found = compare([_weight(WHOLE, 70, EVENING)], [_weight(WHOLE, 70, "2024-03-02T04:31:00Z")])
    assert {row[0] for row in _told(found)} == {"start_us"}


def test_of_equal_statements_those_of_one_calendar_day_are_the_same(compare: Compare) -> None:
    """One of two that are the same but for the day is lacking: it is the one of the other day."""
    twice = [{**_weight(WHOLE, 70, time), "id": time[8:10]} for time in (EVENING, MORNING)]
    kept = [{**item, "component": [{"code": {"text": str(n)}}]} for n, item in enumerate(twice)]
    found = compare(kept, [_weight(WHOLE, 70, MORNING)])
    (row,) = (row for row in found.report.difference["statements"] if row["code"] == "29463-7")
    assert (row["a"], row["b"], row["same"]) == (2, 1, 1)


def test_a_zone_of_the_mapping_is_no_offset_of_the_source(compare: Compare, tmp_path: Path) -> None:
    """The day at the offset is compared only where both sources state it; so with runs that kept none."""
    (tmp_path / "w.csv").write_text("p,t,v\n7,2024-03-01T23:30:00,70\n")
    (tmp_path / "w.yaml").write_text(WEIGHTS.replace("csv,", "csv, timezone: America/New_York,"))
    compare([_weight(WHOLE, 70, EVENING)], [_weight(WHOLE, 70, MORNING)])
    without = tmp_path / "a" / "tables" / "observation.parquet"
    sides = [f"{tmp_path / 'w.yaml'}={tmp_path / 'w.csv'}", tmp_path / "b"]
    assert _same(api.diff(*sides, key_file=KEY)) == (1, 1, 1)
    assert _same(api.diff(tmp_path / "a", tmp_path / "b")) == (1, 1, 0)
    pq.write_table(pq.read_table(without).drop_columns(["offset_min"]), without)
    assert _same(api.diff(tmp_path / "a", tmp_path / "b")) == (1, 1, 1)
    assert _same(api.diff(tmp_path / "a", tmp_path / "a")) == (1, 1, 1)


def _same(found: Any) -> tuple[int, int, int]:
    (row,) = (row for row in found.report.difference["statements"] if row["kind"] == "observation")
    return row["a"], row["b"], row["same"]
