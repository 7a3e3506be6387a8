"""builtin:fhir-r4: every Observation and component that has a value is a statement, or is explained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.corpus

FOLDERS = ["synthea-r4", "us-core-examples", "r4-examples-observation"]


def resources(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of a file, each with its JSON pointer, in Bundles too."""
    document = json.loads(path.read_text("utf-8-sig"))
    if document["resourceType"] != "Bundle":
        yield "", document
        return
    for index, entry in enumerate(document.get("entry", [])):
        if "resource" in entry:
            yield f"/entry/{index}/resource", entry["resource"]


def has_value(element: dict[str, Any]) -> bool:
    return any(name.startswith("value") for name in element)


def places(path: Path) -> Iterator[tuple[str, str]]:
    """Where a value stands: the pointer of its resource, and of the Observation or component."""
    for pointer, resource in resources(path):
        if resource["resourceType"] == "Observation":
            if has_value(resource):
                yield pointer, pointer
            for index, component in enumerate(resource.get("component", [])):
                if has_value(component):
                    yield pointer, f"{pointer}/component/{index}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_value_is_stated_or_explained(corpus, make, show, folder):
    data = corpus / "fhir" / folder
    made = make("builtin:fhir-r4", data)
    stated = {
        (made.files[row["file"]], row["part"])
        for row in made.table("observation")
        if row["value_kind"] != "absent"
    }
    aside = {
        (made.files[item["file"]], part.get("_part", "").partition("/component/")[0]): item["code"]
        for item in made.quarantine
        for part in json.loads(item["raw"])
    }
    known = {finding.code for finding in made.outcome.findings}
    counts: Counter[str] = Counter()
    for path in sorted(data.glob("*.json")):
        for resource, place in places(path):
            if (path.name, place) in stated:
                counts["stated"] += 1
            else:
                counts[f"set aside, {aside.get((path.name, resource), 'NOT EXPLAINED')}"] += 1
    total = sum(counts.values())
    show([("values", total), *sorted(counts.items())])
    assert total > 30
    assert counts["set aside, NOT EXPLAINED"] == 0
    assert counts["stated"] / total > 0.95
    assert set(aside.values()) <= known
    assert made.balanced()


def test_the_numbers_are_those_of_the_bundle(corpus, make, show):
    """Value to the letter and UCUM code of every valueQuantity of the Synthea bundles."""
    data = corpus / "fhir" / "synthea-r4"
    made = make("builtin:fhir-r4", data)
    stated = {
        (made.files[row["file"]], row["part"]): (row["value_text"], row["unit"], row["code"])
        for row in made.table("observation")
    }
    wanted = {}
    for path in sorted(data.glob("*.json")):
        document = json.loads(path.read_text("utf-8"), parse_float=str, parse_int=str)
        for index, entry in enumerate(document["entry"]):
            resource, pointer = entry["resource"], f"/entry/{index}/resource"
            if resource["resourceType"] == "Observation":
                elements = [(pointer, resource)]
                for number, component in enumerate(resource.get("component", [])):
                    elements.append((f"{pointer}/component/{number}", component))
                for place, element in elements:
                    if quantity := element.get("valueQuantity"):
                        code = element["code"]["coding"][0]["code"]
                        wanted[path.name, place] = (quantity["value"], quantity["code"], code)
    differ = {
        place: (found, stated.get(place)) for place, found in wanted.items() if found != stated.get(place)
    }
    show([("quantities", len(wanted)), ("equal", len(wanted) - len(differ))])
    assert len(wanted) > 300
    assert not differ


def test_the_other_kinds_are_stated(corpus, make, show):
    """One statement or more for every resource of the kinds that FHIR defines and the model holds."""
    kinds = {
        "Patient": "patient", "Encounter": "encounter", "Condition": "condition",
        "MedicationRequest": "medication", "Procedure": "procedure", "Immunization": "immunization",
        "AllergyIntolerance": "allergy",
    }  # fmt: skip
    data = corpus / "fhir" / "synthea-r4"
    made = make("builtin:fhir-r4", data)
    count = Counter(
        resource["resourceType"] for path in data.glob("*.json") for _, resource in resources(path)
    )
    table = [
        (name, count[name], len({(row["file"], row["record"]) for row in made.table(kind)}))
        for name, kind in kinds.items()
    ]
    show([("resource", "in the bundles", "stated"), *table])
    assert all(wanted == found for _, wanted, found in table)
