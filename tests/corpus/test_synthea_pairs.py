"""Synthea in three forms: who is in two of them, and what a conversion to OMOP keeps of its source.

The CSV, FHIR and OMOP exports of the corpus are of three runs of Synthea. OMOP keeps what it was made of beside the
standard concepts, so that it can be compared with its source all the same.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from twinmap import api

pytestmark = pytest.mark.corpus

KEY = Path(__file__).parent.parent.parent / "examples" / "demo.key"
CSV, FHIR, OMOP = "csv/synthea-dbt", "fhir/synthea-r4", "csv/omop-synthea27nj"

HEAD = """\
twinmap: 1
id: omop-{name}
version: 1.0.0
source: {{format: csv, timezone: UTC}}
lookups: {{concept: {{files: CONCEPT.csv, key: concept_id, missing: ["0"]}}}}
maps: {{vocabulary: {{LOINC: loinc, SNOMED: snomed, RxNorm: rxnorm}}}}
patient: {{id: $(person_id), system: omop-person}}
records:
"""
RECORDS = """\
  {stem}:
    files: {table}.csv
    key: [{key}]
    time: {{from: $({time}), format: yyyy-MM-dd HH:mm:ss}}
    {block}: {slots}
"""
#: Table, stem of its columns, key, column of the time, block, code system of the source.
TABLES = [
    ("MEASUREMENT", "measurement", "measurement_id", "measurement_datetime", "observe", "loinc"),
    ("CONDITION_OCCURRENCE", "condition", "condition_occurrence_id", "condition_start_datetime", "conditions", "snomed"),
    ("PROCEDURE_OCCURRENCE", "procedure", "procedure_occurrence_id", "procedure_datetime", "procedures", "snomed"),
    ("DRUG_EXPOSURE", "drug", "drug_exposure_id", "drug_exposure_start_datetime", "medications", "rxnorm"),
]  # fmt: skip
#: Value and unit, by the standard concepts and as the source had them.
VALUES = {
    "standard": "value: $(value_as_number), unit: $(unit_concept_id -> concept.concept_code)",
    "source": "value: $(value_source_value), unit: $(unit_source_value)",
}


def _mapping(name: str) -> str:
    """The same tables, by the standard concepts or by what the source said."""
    text = HEAD.format(name=name)
    for table, stem, key, time, block, system in TABLES:
        concept = f"$({stem}_concept_id -> concept"
        looked_up = (
            f"{{from: {concept}.concept_code), system: {{from: {concept}.vocabulary_id), map: vocabulary}}}}"
        )
        code = looked_up if name == "standard" else f"{system}:$({stem}_source_value)"
        slots = f"{{result: {{code: {code}, {VALUES[name]}}}}}" if block == "observe" else f"{{code: {code}}}"
        text += RECORDS.format(stem=stem, table=table, key=key, time=time, block=block, slots=slots)
    return text


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def omop(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The diff of both mappings over the same tables."""
    folder = tmp_path_factory.mktemp("omop")
    for name in VALUES:
        (folder / f"{name}.yaml").write_text(_mapping(name), "utf-8")
    one, other = (f"{folder / name}.yaml={corpus / OMOP}" for name in VALUES)
    return api.diff(one, other, key_file=KEY).report.difference


def test_the_standard_codes_are_those_of_the_source(omop: Any) -> None:
    """Every condition, procedure and drug is the same; no code of a measurement differs."""
    for kind, count in {"condition": 289, "procedure": 1140, "medication": 604}.items():
        rows = [row for row in omop["statements"] if row["kind"] == kind]
        assert {(row["a"], row["b"]) for row in rows} == {(row["same"], row["same"]) for row in rows}
        assert sum(row["same"] for row in rows) == count
    assert {row["what"] for row in omop["changes"]} == {"unit"}


def test_the_units_that_omop_lacks_are_told(corpus: Path, omop: Any, show: Any) -> None:
    """Counted from the tables alone: no concept for the unit, and a unit in the source."""
    wanted = Counter(
        (row["measurement_source_value"], row["unit_source_value"])
        for row in _rows(corpus / OMOP / "MEASUREMENT.csv")
        if row["unit_concept_id"] in {"", "0"} and row["unit_source_value"] and row["value_as_number"]
    )
    told = {(row["code"], row["after"]): row["n"] for row in omop["changes"] if row["before"] is None}
    show([("code", "unit of the source", "lacking"), *((*key, count) for key, count in sorted(told.items()))])
    assert told == wanted
    assert sum(told.values()) == 140


def test_the_values_that_omop_lacks_are_told(corpus: Path, omop: Any) -> None:
    wanted = Counter(
        row["measurement_source_value"]
        for row in _rows(corpus / OMOP / "MEASUREMENT.csv")
        if row["value_source_value"] and not row["value_as_number"]
    )
    told = {
        row["code"]: row["b"] - row["a"]
        for row in omop["statements"]
        if row["kind"] == "observation" and row["a"] != row["b"]
    }
    assert told == wanted == {"38265-5": 1, "65750-2": 1}


@pytest.fixture(scope="module")
def exports(corpus: Path) -> Any:
    """The diff of the CSV and the FHIR export."""
    return api.diff(
        f"builtin:synthea-csv={corpus / CSV}", f"builtin:fhir-r4={corpus / FHIR}", key_file=KEY
    ).report


def test_no_patient_is_in_two_exports(corpus: Path, exports: Any) -> None:
    ids = [
        {row["Id"] for row in _rows(corpus / CSV / "patients.csv")},
        {row["person_source_value"] for row in _rows(corpus / OMOP / "PERSON.csv")},
        {
            entry["resource"]["id"]
            for path in (corpus / FHIR).glob("*.json")
            for entry in json.loads(path.read_text("utf-8"))["entry"]
            if entry["resource"]["resourceType"] == "Patient"
        },
    ]
    assert [len(each) for each in ids] == [27, 18, 7]
    assert len(set.union(*ids)) == 27 + 18 + 7
    patients = exports.difference["patients"]
    assert (sum(bool(row["a"]) for row in patients), sum(bool(row["b"]) for row in patients)) == (27, 7)
    assert not [row for row in patients if row["a"] and row["b"]]
    assert exports.difference["changes"] == []


def test_what_the_exports_mean_otherwise_is_told_without_a_patient_of_both(exports: Any) -> None:
    """The estimated filtration rate is by body surface in FHIR alone; a temperature is oral in FHIR alone."""
    told = {(item["code"], item["concept"]) for item in exports.findings if item["severity"] == "warning"}
    assert {("TM-U12", "egfr"), ("TM-M01", "body-temperature")} <= told
