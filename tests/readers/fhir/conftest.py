"""What the tests of the FHIR reader share: two resources, and a way to read what is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from reading import Result, read

from twinmap import registry
from twinmap.model import Field, Shape

LOINC = "http://loinc.org"


class Fhir:
    """Writes resources to files of a folder and reads them."""

    reader = registry.load("readers", "fhir").READER
    patient: ClassVar[dict[str, Any]] = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [
            {"system": "urn:oid:1.2.3", "value": "0042", "type": {"coding": [{"code": "MR"}]}},
            {"system": "urn:other", "value": "7"},
        ],
        "birthDate": "1971-03",
    }
    pressure: ClassVar[dict[str, Any]] = {
        "resourceType": "Observation",
        "id": "bp1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}], "text": "Blood pressure"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-03-01T08:15:00+01:00",
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "8480-6"}]},
                "valueQuantity": {"value": 128, "unit": "mmHg"},
            },
            {
                "code": {"coding": [{"system": LOINC, "code": "8462-4"}]},
                "dataAbsentReason": {"coding": [{"code": "not-performed"}]},
            },
        ],
    }

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, *resources: Any, name: str = "a.json") -> Path:
        """One resource a file, or one a line of NDJSON."""
        path = self.folder / name
        path.write_text("\n".join(json.dumps(resource) for resource in resources), "utf-8")
        return path

    def read(
        self, path: Path, *fields: str | Field, each: str | None = None, siblings: Sequence[Path] = ()
    ) -> Result:
        return read(self.reader, path, *fields, each=each, siblings=siblings, format="fhir")

    def one(self, resource: dict[str, Any], path: str, shape: Shape) -> Any:
        """The value of one field of one resource."""
        (row,) = self.read(self.write(resource), Field("v", path, shape)).rows
        return row["v"]

    def bundle(self, *entries: Any, **more: Any) -> dict[str, Any]:
        return {"resourceType": "Bundle", "type": "collection", **more, "entry": list(entries)}

    def observation(self, **elements: Any) -> dict[str, Any]:
        return {"resourceType": "Observation", "id": "o", **elements}

    def leaves(self, node: Any) -> int:
        """How many scalars stand in decoded JSON."""
        if isinstance(node, dict | list):
            return sum(map(self.leaves, node.values() if isinstance(node, dict) else node))
        return 1


@pytest.fixture
def fhir(tmp_path: Path) -> Fhir:
    return Fhir(tmp_path)
