"""The shipped definition of ``auto`` for FHIR R4: it loads, and the reader knows every path of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from twinmap import registry
from twinmap.mapping.load import load
from twinmap.mapping.plan import Plan, compile_record_set


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    loaded = load(registry.shipped("mappings") / "auto" / "fhir-r4.yaml")
    assert loaded.document is not None
    assert not loaded.findings
    return {
        record_set.name: compile_record_set(
            loaded.document,
            record_set,
            source="s",
            columns=None,
            params={},
            facets=["site", "method", "specimen"],
        )
        for record_set in loaded.document.records
    }


def test_every_path_is_one_that_the_reader_knows(fhir: Any, plans: dict[str, Plan]) -> None:
    for plan in plans.values():
        assert plan.request.each is not None
        assert fhir.reader.parse_each(plan.request.each) is None
        for field in plan.request.fields:
            assert fhir.reader.parse(field.path, each=plan.request.each) is None, field.path


def test_no_resource_is_read_twice(plans: dict[str, Plan]) -> None:
    """Components are their own records; all else is one set a type."""
    assert max(Counter(plan.request.each for plan in plans.values()).values()) == 1


def test_what_it_reads(fhir: Any, plans: dict[str, Plan]) -> None:
    device = {
        "resourceType": "Device",
        "id": "d",
        "type": {"coding": [{"code": "cuff"}]},
        "serialNumber": "S1",
    }
    entries = [
        {"resource": {**fhir.pressure, "device": {"reference": "Device/d"}}},
        {"resource": fhir.patient},
        {"resource": device},
    ]
    path = fhir.write(fhir.bundle(*entries))
    stated = {}
    for name, plan in plans.items():
        found = fhir.read(path, *plan.request.fields, each=plan.request.each)
        assert not found.issues
        paths = {field.name: f"{field.path}:{field.shape}" for field in plan.request.fields}
        stated[name] = [
            {paths[key]: value for key, value in row.items() if key in paths} for row in found.rows
        ]
    assert {name for name, rows in stated.items() if rows} == {
        "patient",
        "observation",
        "component",
        "device",
    }
    systolic, diastolic = stated["component"]
    assert systolic["value:value"][0]["text"] == "128"
    assert systolic["^id:text"] == "bp1"
    assert systolic["^effective:time"]["start"] == "2026-03-01T08:15:00+01:00"
    assert diastolic["value:value"][0]["kind"] == "absent"
    assert {row["Patient.id:identifier"][0]["id"] for row in stated["component"]} == {"p1"}
    parts = ("Device.type:text", "Device.serialNumber:text")
    assert (
        [systolic[part] for part in parts] == [stated["device"][0][part] for part in parts] == ["cuff", "S1"]
    )
    assert stated["patient"][0]["birthDate:text"] == "1971-03"


@pytest.mark.corpus
def test_real_resources_have_patient_code_and_time(corpus: Path, fhir: Any, plans: dict[str, Plan]) -> None:
    files = sorted((corpus / "fhir" / "synthea-r4").glob("*.json"))
    times = {"observation": "effective:time", "encounter": "period:time", "procedure": "performed:time"}
    for name, time in times.items():
        plan = plans[name]
        paths = {f"{field.path}:{field.shape}": field.name for field in plan.request.fields}
        rows = [
            row
            for path in files
            for row in fhir.read(path, *plan.request.fields, each=plan.request.each).rows
        ]
        assert len(rows) > 10
        for part in ("Patient.id:identifier", "id:key", time):
            assert all(row[paths[part]] for row in rows), part
