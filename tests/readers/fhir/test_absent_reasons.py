"""Why a value is absent: FHIR's own codes as they are, those of other systems as CURIEs that no shape refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinmap import api

KEY = Path(__file__).parent.parent.parent.parent / "examples" / "demo.key"
FHIR = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
SNOMED = {"system": "http://snomed.info/sct", "code": "125154007"}


def run(folder: Path, reason: Any, engine: str = "auto") -> tuple[str | None, set[str]]:
    """The absent reason in the table, and the codes of the findings."""
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "effectiveDateTime": "2026-03-01T08:00:00Z",
        "dataAbsentReason": reason,
    }
    (folder / "o.json").write_text(json.dumps(observation))
    outcome = api.run(
        "builtin:fhir-r4", out=folder / "out", data=[str(folder)], key_file=KEY, engine=engine, jobs=1
    )
    (row,) = pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist()
    assert row["value_kind"] == "absent"
    return row["absent_reason"], {item.code for item in outcome.findings}


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize(
    ("coding", "expected"),
    [
        ([{"system": FHIR, "code": "not-performed"}], "not-performed"),
        ([{"system": "http://hl7.org/fhir/data-absent-reason", "code": "masked"}], "masked"),
        ([SNOMED], "snomed:125154007"),
        ([SNOMED, {"system": FHIR, "code": "error"}], "error"),
        ([{"system": "urn:example:lab", "code": "X1"}], "urn:example:lab|X1"),
    ],
)
def test_a_reason_of_any_system(
    tmp_path: Path, coding: list[dict[str, str]], expected: str, engine: str
) -> None:
    reason, codes = run(tmp_path, {"coding": coding}, engine)
    assert reason == expected
    assert "TM-H01" not in codes


def test_a_word_that_is_no_reason_of_fhir_is_still_refused(tmp_path: Path) -> None:
    reason, codes = run(tmp_path, {"coding": [{"system": FHIR, "code": "leaked"}]})
    assert reason == "leaked"
    assert "TM-H01" in codes
