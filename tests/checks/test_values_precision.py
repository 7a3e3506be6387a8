"""Values of a ward, clean and with one in a hundred wrong: what the codes of values tell is what was planted."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from twinmap.api import run
from twinmap.diagnostics import Finding, Severity

RATE = 0.01
TURNS = 10
COLUMNS = ("patient", "birth", "time", "code", "value", "unit", "flag", "low", "high")
MAPPING = """
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: ward.csv, timezone: UTC}
patient: {id: $(patient), system: mrn, birth-date: $(birth)}
time: $(time)
observe:
  result:
    code: loinc:$(code)
    value: $(value)
    unit: $(unit)
    flag: $(flag)
    range: {low: $(low), high: $(high)}
"""
Row = dict[str, str]
START = datetime(2026, 1, 12, 6)
POTASSIUM, SODIUM, HEIGHT, WEIGHT = "2823-3", "2951-2", "8302-2", "29463-7"
SYSTOLIC, DIASTOLIC, HEART_RATE = "8480-6", "8462-4", "8867-4"


def clean(chance: random.Random) -> list[Row]:
    """Rows in which everything is as it should be."""
    rows: list[Row] = []

    def add(patient: int, when: datetime, code: str, value: str, unit: str, *judged: str) -> None:
        flag, low, high = judged or ("", "", "")
        cells = (f"{patient}", f"{1940 + patient % 50}-03-01", f"{when:%Y-%m-%dT%H:%M:%S}", code, value, unit)
        rows.append(dict(zip(COLUMNS, (*cells, flag, low, high), strict=True)))

    for patient in range(200):
        height, weight = chance.gauss(170, 8), chance.gauss(74, 10)
        for turn in range(TURNS):
            when = START + timedelta(days=30 * turn, minutes=patient)
            potassium = round(chance.gauss(4.3, 0.5), 1)
            flag = "H" if potassium > 5.3 else "L" if potassium < 3.5 else "N"
            add(patient, when, POTASSIUM, f"{potassium}", "mmol/L", flag, "3.5", "5.3")
            add(patient, when, SODIUM, f"{chance.gauss(140, 3):.0f}", "mmol/L")
            add(patient, when, HEIGHT, f"{height + chance.gauss(0, 0.5):.0f}", "cm")
            add(patient, when, WEIGHT, f"{weight + chance.gauss(0, 2):.1f}", "kg")
            diastolic = min(round(chance.gauss(76, 7)), 99)
            add(patient, when, SYSTOLIC, f"{diastolic + max(round(chance.gauss(48, 10)), 12)}", "mm[Hg]")
            add(patient, when, DIASTOLIC, f"{diastolic}", "mm[Hg]")
    for patient in range(20):
        state = chance.gauss(70, 6)
        for minute in range(8 * 60):
            state += 0.2 * (70 - state) + chance.gauss(0, 2)
            when = START + timedelta(days=400, minutes=minute)
            add(patient, when, HEART_RATE, f"{state:.0f}", "/min")
    return rows


class Plot:
    """Rows to plant into; nothing is hit twice."""

    def __init__(self, rows: list[Row], chance: random.Random) -> None:
        self.rows, self.chance = rows, chance
        self.touched: set[int] = set()

    def some(self, code: str, near: int = 0) -> list[int]:
        """A hundredth of the rows of a code; with ``near`` there is no other so near, and it has both neighbours."""
        able = [number for number, row in enumerate(self.rows) if row["code"] == code]
        able = [number for index, number in enumerate(able) if not near or 0 < index % TURNS < TURNS - 1]
        wanted = max(2, round(RATE * len(able)))
        found: list[int] = []
        for number in self.chance.sample(able, len(able)):
            if len(found) < wanted and not any(abs(number - other) <= near for other in self.touched):
                found.append(number)
                self.touched.add(number)
        return found


def _change(code: str, change: Callable[[Row], None], near: int = 0) -> Callable[[Plot], set[int]]:
    def plant(plot: Plot) -> set[int]:
        found = plot.some(code, near)
        for number in found:
            change(plot.rows[number])
        return set(found)

    return plant


def _swapped(plot: Plot) -> set[int]:
    found = plot.some(DIASTOLIC)
    for number in found:
        before, row = plot.rows[number - 1], plot.rows[number]
        before["value"], row["value"] = row["value"], before["value"]
    return set(found)


def _still(plot: Plot) -> set[int]:
    found: set[int] = set()
    first = [number for number, row in enumerate(plot.rows) if row["code"] == HEART_RATE]
    for start in plot.chance.sample(first[:: 8 * 60], 2):
        for number in range(start + 100, start + 250):
            plot.rows[number]["value"] = "64"
            found.add(number)
    return found


#: By code: what is done to the rows.
PLANTED: dict[str, Callable[[Plot], set[int]]] = {
    "TM-V02": _change(SODIUM, lambda row: row.update(value="82")),
    "TM-V03": _change(POTASSIUM, lambda row: row.update(value="-1", flag="")),
    "TM-V04": _swapped,
    "TM-V06": _change(HEIGHT, lambda row: row.update(value=f"{int(row['value']) - 30}"), near=12),
    "TM-V07": _still,
    "TM-R01": _change(POTASSIUM, lambda row: row.update(value="4.4", flag="H")),
    "TM-R03": _change(POTASSIUM, lambda row: row.update(flag="++")),
    "TM-K02": _change(WEIGHT, lambda row: row.update(value=f"{row['value']} kg")),
    "TM-K03": _change(WEIGHT, lambda row: row.update(value=row["value"].replace(".", ","))),
    "TM-K04": _change(SYSTOLIC, lambda row: row.update(value=f"{row['value']}/70")),
}
#: Every value that stands for none is impossible as well.
ENTAILED = {"TM-V01"}


def found_in(rows: list[Row], folder: Path) -> tuple[Finding, ...]:
    with (folder / "ward.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    (folder / "ward.yaml").write_text(MAPPING, "utf-8")
    (folder / "key").write_bytes(bytes(range(32)))
    done = run(folder / "ward.yaml", out=folder / "out", key_file=folder / "key", engine="none", jobs=1)
    return tuple(item for item in done.findings if item.code[3] in "VKRP")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_told_of_clean_values(seed: int, tmp_path: Path) -> None:
    found = found_in(clean(random.Random(seed)), tmp_path)
    assert [item.message for item in found if item.severity is not Severity.INFO] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_told_is_what_was_planted(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    plot = Plot(clean(chance), chance)
    truth = {code: plant(plot) for code, plant in PLANTED.items()}
    counts: dict[str, int] = defaultdict(int)
    for item in found_in(plot.rows, tmp_path):
        if item.severity is Severity.INFO or item.code in ENTAILED:
            continue
        counts[item.code] += item.count
        assert {place.record - 1 for place in item.places} <= truth[item.code], item.message
    claims = sum(counts.values())
    wrong = sum(max(0, count - len(truth[code])) for code, count in counts.items())
    assert wrong <= 0.02 * claims
    missed = {
        code: (counts[code], len(rows)) for code, rows in truth.items() if counts[code] < 0.9 * len(rows)
    }
    assert missed == {}
