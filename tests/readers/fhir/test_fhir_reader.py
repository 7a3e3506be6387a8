"""Checks of paths, other releases, and all files of the corpus."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from twinmap.formats.fhirtypes import CHOICES, RESOURCE_TYPES, other_release
from twinmap.model import Field, Shape

LOINC = "http://loinc.org"
WHO = (
    Field("id", "Patient.id", Shape.IDENTIFIER),
    Field("text", "Patient.id"),
    Field("mrn", "Patient.identifier(type=v2-0203:MR)"),
    Field("other", "Patient.identifier(system=urn:other)"),
    Field("born", "Patient.birthDate"),
)


@pytest.mark.parametrize(
    ("path", "each", "words"),
    [
        ("Patient.identifier(type=v2-0203:MR)", "Observation", None),
        ("component(code=loinc:8480-6).value", "Observation", None),
        ("^status", "Observation.component", None),
        ("^^status", "Observation.component", "above the document"),
        ("^status", "Observation", "above the document"),
        ("Patients.id", None, 'did you mean "Patient"'),
        ("value.", None, "name is missing"),
    ],
)
def test_references_are_checked(fhir: Any, path: str, each: str | None, words: str | None) -> None:
    problem = fhir.reader.parse(path, each=each)
    assert problem is None if words is None else words in str(problem)


def test_each_is_checked(fhir: Any) -> None:
    assert fhir.reader.parse_each("Observation.component | Observation") is None
    assert 'did you mean "Observation"' in fhir.reader.parse_each("Observations")
    assert "no resource type" in fhir.reader.parse_each("Foo.bar")


@pytest.mark.parametrize(
    ("path", "each", "name", "reads"),
    [
        ("value", "Observation", "Observation.valueQuantity.value", True),
        ("value", "Observation", "Observation.status", False),
        ("status", "Observation", "Patient.status", False),
        ("^status", "Observation.component", "Observation.status", True),
        ("value", "Observation.component", "Observation.component.valueString", True),
        ("Patient.identifier(type=MR)", "Observation", "Patient.identifier.value", True),
        ("Patient.birthDate", "Observation", "Patient.deceasedBoolean", False),
        ("id", None, "Encounter.id", True),
        ("id", "Patient | Encounter", "Encounter.id", True),
    ],
)
def test_fields_read(fhir: Any, path: str, each: str | None, name: str, reads: bool) -> None:
    assert bool(re.fullmatch(fhir.reader.fields_read(path, each=each), name)) is reads


@pytest.mark.parametrize(
    ("resource", "release"),
    [
        ({"resourceType": "Observation", "context": {}}, "STU3"),
        ({"resourceType": "Condition", "clinicalStatus": "active"}, "STU3"),
        ({"resourceType": "ProcedureRequest"}, "STU3"),
        ({"resourceType": "Encounter", "class": [{}]}, "R5"),
        ({"resourceType": "MedicationRequest", "medication": {"concept": {}}}, "R5"),
        ({"resourceType": "DeviceUsage"}, "R5"),
        ({"resourceType": "Condition", "clinicalStatus": {}}, None),
        ({"resourceType": "MedicationStatement", "context": {}}, None),
    ],
)
def test_other_releases_are_told(fhir: Any, resource: dict[str, Any], release: str | None) -> None:
    assert other_release(resource) == release
    notes = [note for note in fhir.read(fhir.write(resource), "id").notes if note.code == "TM-O04"]
    assert [note.details["release"] for note in notes] == ([release] if release else [])


def test_facts() -> None:
    assert len(RESOURCE_TYPES) == 146
    assert CHOICES["effective"] == {
        "effectiveDateTime": "DateTime",
        "effectivePeriod": "Period",
        "effectiveTiming": "Timing",
        "effectiveInstant": "Instant",
    }
    assert len(CHOICES["value"]) == 50


MANY = tuple(
    Field(f"{path} {shape}", path, shape)
    for path in (
        "value",
        "code",
        "effective",
        "subject",
        "Patient.identifier(1)",
        "component(code=loinc:8480-6).value",
    )
    for shape in Shape
)


@pytest.mark.corpus
@pytest.mark.parametrize("each", [None, "Observation", "Observation.component", "Patient | Condition"])
def test_all_files_balance(fhir: Any, corpus: Path, each: str | None) -> None:
    """Every resource has one fate, every leaf is one cell, whatever the files hold."""
    folders = ("fhir", "fhir-invalid", "fhir-ndjson", "pairs", "security/jsontestsuite")
    files = [path for folder in folders for path in sorted((corpus / folder).rglob("*")) if path.is_file()]
    assert len(files) > 500
    for path in files:
        if path.suffix not in {".json", ".ndjson", ".fhir", ".jsonc", ".xml"}:
            continue
        found = fhir.read(path, *MANY, each=each)
        if found.aside:
            continue
        text = path.read_text("utf-8-sig")
        lines = text.split("\n") if path.suffix == ".ndjson" else [text]
        documents = [json.loads(line) for line in lines if line.strip()]
        assert sum(found.cells.values()) == fhir.leaves(documents), path.name


@pytest.mark.corpus
def test_synthea(fhir: Any, corpus: Path) -> None:
    for path in sorted((corpus / "fhir" / "synthea-r4").glob("*.json")):
        found = fhir.read(path, Field("code", "code", Shape.CODE), *WHO, each="Observation")
        entries = json.loads(path.read_text("utf-8"))["entry"]
        kinds = Counter(entry["resource"]["resourceType"] for entry in entries)
        assert len(found.rows) == kinds["Observation"]
        assert (found.counts.records, found.counts.filtered) == (len(entries), len(entries) - len(found.rows))
        assert {note.details["type"]: note.details["resources"] for note in found.notes} == {
            kind: count for kind, count in kinds.items() if kind != "Observation"
        }
        if not found.rows:
            continue
        patient = entries[0]["resource"]
        assert {(row["text"], row["born"]) for row in found.rows} == {(patient["id"], patient["birthDate"])}
        assert all(row["mrn"] and row["code"][0]["system"] == LOINC for row in found.rows)


@pytest.mark.corpus
def test_stu3_is_reported(fhir: Any, corpus: Path) -> None:
    for path in (corpus / "fhir" / "synthea-stu3").glob("*.json"):
        notes = [note for note in fhir.read(path, "id").notes if note.code == "TM-O04"]
        assert [note.details["release"] for note in notes] == ["STU3"]
