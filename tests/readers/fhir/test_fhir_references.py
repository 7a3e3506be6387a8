"""The way from a record to the resources that it refers to."""

from __future__ import annotations

from typing import Any

import pytest

from twinmap.model import Field, Shape

WHO = (
    Field("id", "Patient.id", Shape.IDENTIFIER),
    Field("text", "Patient.id"),
    Field("mrn", "Patient.identifier(type=v2-0203:MR)"),
    Field("other", "Patient.identifier(system=urn:other)"),
    Field("born", "Patient.birthDate"),
)


def who(result: Any, number: int = -1) -> tuple[Any, ...]:
    row = result.rows[number]
    return (row["id"] and row["id"][0]["id"], row["text"], row["other"], row["born"])


@pytest.mark.parametrize(
    ("full_url", "ident", "reference"),
    [
        ("urn:uuid:abc", "p1", "urn:uuid:abc"),
        ("http://a.example/Patient/p1", "p1", "Patient/p1"),
        ("http://a.example/Patient/p1", "p1", "http://a.example/Patient/p1"),
        (None, "p1", "Patient/p1/_history/3"),
        ("urn:uuid:p1", None, "urn:uuid:p1"),
    ],
)
def test_references_inside_a_bundle(
    fhir: Any, full_url: str | None, ident: str | None, reference: str
) -> None:
    patient = {name: value for name, value in fhir.patient.items() if name != "id"} | (
        {"id": ident} if ident else {}
    )
    entries = [{"resource": {**fhir.pressure, "subject": {"reference": reference}}}, {"resource": patient}]
    if full_url:
        entries[1]["fullUrl"] = full_url
    found = fhir.read(fhir.write(fhir.bundle(*entries)), *WHO)
    assert who(found, 0) == who(found, 1) == ("p1", "p1", "7", "1971-03")
    assert sum(found.cells.values()) == fhir.leaves(fhir.bundle(*entries))
    assert not found.notes


def test_two_servers_have_patients_of_their_own(fhir: Any) -> None:
    entries = [
        {"resource": fhir.observation(subject={"reference": f"http://{server}.example/Patient/p1"})}
        for server in ("a", "b")
    ]
    entries.append({"fullUrl": "http://a.example/Patient/p1", "resource": fhir.patient})
    found = fhir.read(fhir.write(fhir.bundle(*entries)), *WHO, each="Observation")
    assert [row["born"] for row in found.rows] == ["1971-03", None]
    assert [row["id"][0]["system"] for row in found.rows] == [None, "http://b.example/Patient"]


def test_the_ids_of_two_bundles_are_kept_apart(fhir: Any) -> None:
    def case(born: str) -> dict[str, Any]:
        patient = {"fullUrl": "urn:uuid:1", "resource": {**fhir.patient, "birthDate": born}}
        return fhir.bundle({"resource": {**fhir.pressure, "subject": {"reference": "urn:uuid:1"}}}, patient)

    path = fhir.write(case("1950"), case("1960"), name="a.ndjson")
    assert [row["born"] for row in fhir.read(path, *WHO, each="Observation").rows] == ["1950", "1960"]


def test_references_across_files(fhir: Any) -> None:
    patients = fhir.write(
        fhir.patient, {**fhir.patient, "id": "p2", "birthDate": "1980"}, name="Patient.ndjson"
    )
    lines = [{**fhir.pressure, "subject": {"reference": f"Patient/p{number}"}} for number in (2, 1, 3)]
    path = fhir.write(*lines, name="Observation.ndjson")
    found = fhir.read(path, *WHO, siblings=[path, patients])
    assert [row["born"] for row in found.rows] == ["1980", "1971-03", None]
    assert [row["text"] for row in found.rows] == ["p2", "p1", "p3"]
    (note,) = found.notes
    assert (note.code, note.details) == ("TM-Q17", {"type": "Patient", "references": 1})


def test_contained_resources_and_their_ids(fhir: Any) -> None:
    resource = {**fhir.pressure, "subject": {"reference": "#me"}, "contained": [{**fhir.patient, "id": "me"}]}
    found = fhir.read(fhir.write(resource), *WHO)
    assert who(found) == ("0042", None, "7", "1971-03")
    assert found.counts.records == 1


def test_logical_references(fhir: Any) -> None:
    resource = {**fhir.pressure, "subject": {"type": "Patient", "identifier": fhir.patient["identifier"][1]}}
    assert who(fhir.read(fhir.write(resource), *WHO)) == ("7", None, "7", None)


@pytest.mark.parametrize(
    "elements",
    [
        {"subject": {"reference": "Group/p1"}},
        {"subject": {"reference": "Group/p1"}, "performer": [{"reference": "Patient/p1"}]},
        {"subject": {"display": "Ada"}},
        {"subject": {"type": "Device", "identifier": {"value": "p1"}}},
        {},
    ],
)
def test_who_is_not_the_patient(fhir: Any, elements: dict[str, Any]) -> None:
    path = fhir.write(fhir.bundle({"resource": fhir.observation(**elements)}, {"resource": fhir.patient}))
    assert who(fhir.read(path, *WHO), 0) == (None, None, None, None)


def test_other_references(fhir: Any) -> None:
    request = {
        "resourceType": "MedicationRequest",
        "medicationReference": {"reference": "#m"},
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"coding": [{"code": "c"}]}}],
        "requester": {"reference": "Practitioner/1"},
    }
    practitioner = {"resourceType": "Practitioner", "id": "1", "gender": "female"}
    path = fhir.write(fhir.bundle({"resource": request}, {"resource": practitioner}))
    fields = (Field("code", "Medication.code", Shape.CODE), Field("whole", "medication", Shape.CODE))
    found = fhir.read(
        path, *fields, "Practitioner.gender", "Encounter.period.start", each="MedicationRequest"
    )
    (row,) = found.rows
    assert (row["code"][0]["code"], row["whole"], row["Practitioner.gender"]) == ("c", None, "female")
    assert row["Encounter.period.start"] is None
