"""builtin:openmhealth on every valid data point of the schemas: what has a concept is stated, the rest is told."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from twinmap.terms.concepts import catalogue

pytestmark = pytest.mark.corpus

#: The members of a body that measure something twinmap has a concept for.
MEASURES = {
    "systolic_blood_pressure": "systolic-blood-pressure",
    "diastolic_blood_pressure": "diastolic-blood-pressure",
    "blood_glucose": "glucose",
    "body_height": "body-height",
    "body_mass_index": "body-mass-index",
    "body_temperature": "body-temperature",
    "body_weight": "body-weight",
    "heart_rate": "heart-rate",
    "oxygen_saturation": "oxygen-saturation",
    "respiratory_rate": "respiratory-rate",
    "step_count": "steps",
    "total_sleep_time": "sleep-duration",
    "sleep_duration": "sleep-duration",
}


@pytest.fixture(scope="module")
def points(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The valid data points in one folder, each named after its schema and version."""
    root = corpus / "wearable" / "openmhealth-schemas"
    folder = tmp_path_factory.mktemp("points")
    for path in sorted(root.rglob("shouldPass/*.json")):
        shutil.copyfile(path, folder / "_".join(path.relative_to(root).parts))
    return folder


def body(path: Path) -> Any:
    document = json.loads(path.read_text("utf-8"), parse_float=str, parse_int=str)
    return document.get("body", document) if isinstance(document, dict) else document


def measures(path: Path) -> list[tuple[str, str, str]]:
    """Concept, value and unit of what a body measures, as they stand in the file."""
    found = body(path)
    return [
        (MEASURES[name], value["value"], value["unit"])
        if isinstance(value, dict)
        else (MEASURES[name], value, "{steps}")
        for name, value in (found.items() if isinstance(found, dict) else ())
        if name in MEASURES
    ]


def test_each_measure_is_stated_or_explained(points, make, show):
    made = make("builtin:openmhealth", points, patient="p-1")
    concepts = catalogue()
    stated: Counter[tuple[str, str, str]] = Counter()
    for row in made.table("observation"):
        concept = concepts.by_code(row["code_system"], row["code"])
        stated[made.files[row["file"]], concept.name, row["value_text"]] += 1
    wanted = [(path.name, *measure) for path in sorted(points.iterdir()) for measure in measures(path)]
    table: dict[str, Counter[str]] = {}
    for name, concept, value, _ in wanted:
        counts = table.setdefault(concept, Counter())
        counts["measured"] += 1
        counts["stated" if stated[name, concept, value] else "repeated (D01)"] += 1
    head = ("measured", "stated", "repeated (D01)")
    show(
        [("concept", *head), *((name, *(row[word] for word in head)) for name, row in sorted(table.items()))]
    )
    assert len(table) == len(set(MEASURES.values()))
    assert sum(stated.values()) == sum(row["stated"] for row in table.values())
    assert sum(row["repeated (D01)"] for row in table.values()) == made.statements["duplicate"]
    assert made.statements["planned"] == len(wanted)
    assert made.statements["failed"] == 0
    assert made.balanced()


def test_what_has_no_concept_is_told(points, make, show):
    made = make("builtin:openmhealth", points, patient="p-1")
    without = Counter(
        ", ".join(sorted(found)[:4]) if isinstance(found := body(path), dict) else "no object"
        for path in sorted(points.iterdir())
        if not measures(path)
    )
    show([("members of a body without a concept", "files"), *without.most_common(12)])
    told = sum(finding.count for finding in made.outcome.findings if finding.code == "TM-Q19")
    assert told == made.books["unclaimed"] > 50
    assert made.books["read"] == made.books["mapped"] + made.books["unclaimed"]


def test_units_are_read_as_the_schemas_mean_them(points, make):
    units = {
        (row["unit_raw"], row["unit"]) for row in make("builtin:openmhealth", points).table("observation")
    }
    assert ("F", "[degF]") in units  # the map of the mapping says what F is
    assert ("beats/min", "/min") in units
    assert all(unit is not None for _, unit in units)
