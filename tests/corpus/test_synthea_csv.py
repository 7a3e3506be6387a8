"""builtin:synthea-csv against the export itself, read by the csv module alone."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.corpus

SYSTEMS = {True: "http://loinc.org", False: "https://synthetichealth.github.io/synthea/"}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_number_is_a_statement_as_it_stands(corpus, make, show):
    """At least 99.5 % of the numeric rows: the value to the letter, the code, the unit."""
    data = corpus / "csv" / "synthea-dbt"
    made = make("builtin:synthea-csv", data)
    stated = Counter(
        (row["record"], row["value_text"], row["code_system"], row["code"], row["unit_raw"], row["unit"])
        for row in made.table("observation")
        if row["value_kind"] == "quantity"
    )
    wanted = [
        (number, row["VALUE"], SYSTEMS["-" in row["CODE"]], row["CODE"], row["UNITS"], row["UNITS"])
        for number, row in enumerate(rows_of(data / "observations.csv"), 1)
        if row["TYPE"] == "numeric"
    ]
    same = sum(stated[item] == 1 for item in wanted)
    show([("numeric rows", "equal statements", "share"), (len(wanted), same, f"{same / len(wanted):.2%}")])
    assert len(wanted) > 500
    assert same / len(wanted) >= 0.995
    assert sum(stated.values()) == len(wanted)


def test_every_row_of_every_table_is_stated(corpus, make, show):
    data = corpus / "csv" / "synthea-dbt"
    made = make("builtin:synthea-csv", data)
    tables = {
        "patients": "patient", "encounters": "encounter", "observations": "observation",
        "conditions": "condition", "medications": "medication", "procedures": "procedure",
        "immunizations": "immunization", "allergies": "allergy",
    }  # fmt: skip
    counts = []
    for name, kind in tables.items():
        rows = rows_of(data / f"{name}.csv")
        stated = {row["record"] for row in made.table(kind)}
        counts.append((name, len(rows), len(stated), len(made.table(kind))))
        assert stated == set(range(1, len(rows) + 1)), name
    show([("file", "rows", "rows stated", "statements"), *counts])
    assert made.balanced()
    assert (made.books["filtered"], made.books["unclaimed"], made.books["set_aside"]) == (0, 0, 0)
    assert (made.statements["failed"], made.statements["duplicate"]) == (0, 0)


def test_the_answers_on_smoking_are_coded(corpus, make):
    data = corpus / "csv" / "synthea-dbt"
    codes = {"Never smoker": "266919005", "Former smoker": "8517006"}
    wanted = {
        number: codes[row["VALUE"]]
        for number, row in enumerate(rows_of(data / "observations.csv"), 1)
        if row["CODE"] == "72166-2"
    }
    stated = {
        row["record"]: row["value_code"]
        for row in make("builtin:synthea-csv", data).table("observation")
        if row["code"] == "72166-2"
    }
    assert len(wanted) > 20
    assert stated == wanted


def test_both_pressures_of_an_encounter_are_one_panel(corpus, make):
    data = corpus / "csv" / "synthea-dbt"
    panels = Counter(
        row["panel"]
        for row in make("builtin:synthea-csv", data).table("observation")
        if row["code"] in {"8480-6", "8462-4"}
    )
    assert len(panels) == 27
    assert set(panels.values()) == {2}
