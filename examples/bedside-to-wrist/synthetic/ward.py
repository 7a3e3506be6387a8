"""The ward monitors: one CSV file a ward, a row an hour and bed.

Ward A writes mmHg with a decimal point, ward B kPa with a decimal comma and semicolons. Neither says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from synthetic.people import HOURS, Course, Patient, World, local

COLUMNS = ["mrn", "charted_at", "monitor", "sbp", "dbp", "map", "hr", "rr", "spo2", "temp", "nurse_note"]
MMHG_PER_KPA = 7.50062
NOTES = ("asleep", "turned", "walked", "no pain")

Row = dict[str, str]


def write(world: World, folder: Path) -> None:
    """Write ``vitals-ward-a.csv`` and ``vitals-ward-b.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {ward: _rows(world, ward) for ward in "AB"}
    _spoil(world, rows["A"])
    world.plant("U01", "ward-monitor", "the mapping calls the unit of ward A mmHg, which is not UCUM")
    world.plant(
        "U03",
        "ward-monitor wristband",
        "blood pressure is in kPa in ward B and in mm[Hg] on the wrist",
        "vitals-ward-b.csv",
    )
    for ward, delimiter in (("A", ","), ("B", ";")):
        lines = [delimiter.join(COLUMNS)]
        lines += [delimiter.join(row.values()) for row in rows[ward]]
        path = folder / f"vitals-ward-{ward.lower()}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _rows(world: World, ward: str) -> list[Row]:
    """The rows of a ward, in the order in which they were charted."""
    rng = world.rng(f"ward/{ward}")
    rows: list[tuple[datetime, int, Row]] = []
    for patient in world.patients:
        if patient.ward == ward:
            course = world.course(patient)
            for hour in range(HOURS):
                when = local(hour) + timedelta(minutes=rng.randrange(5))
                rows.append((when, patient.number, _row(rng, patient, course, when)))
    return [row for _, _, row in sorted(rows, key=lambda item: item[:2])]


def _row(rng: Random, patient: Patient, course: Course, when: datetime) -> Row:
    """What a monitor shows: a cuff on the upper arm reads three quarters of its own error at random."""
    true = course.at(when)
    systolic = true.systolic + 1 + rng.gauss(0, 2)
    diastolic = min(true.diastolic + rng.gauss(0, 1.5), systolic - 15)
    mean = diastolic + (systolic - diastolic) / 3
    metric = patient.ward == "B"
    row = {
        "mrn": patient.mrn,
        "charted_at": f"{when:%d.%m.%Y %H:%M}",
        "monitor": patient.monitor,
        **{
            name: _maybe(rng, f"{value / MMHG_PER_KPA:.1f}" if metric else f"{value:.0f}")
            for name, value in (("sbp", systolic), ("dbp", diastolic), ("map", mean))
        },
        "hr": _maybe(rng, f"{true.pulse + rng.gauss(0, 1.5):.0f}"),
        "rr": _maybe(rng, f"{max(8, true.breaths):.0f}"),
        "spo2": _maybe(rng, f"{min(100, true.saturation + rng.gauss(0, 0.6)):.0f}", "-99"),
        "temp": _maybe(rng, f"{true.temperature + rng.gauss(0, 0.1):.1f}", "-99"),
        "nurse_note": rng.choice(NOTES) if rng.random() < 0.04 else "",
    }
    return {name: value.replace(".", ",") for name, value in row.items()} | _kept(row) if metric else row


def _kept(row: Row) -> Row:
    """What keeps its points in ward B: the date, and the note."""
    return {name: row[name] for name in ("charted_at", "nurse_note")}


def _maybe(rng: Random, text: str, missing: str = "NA") -> str:
    """The text, or how the monitor says that it has none."""
    return missing if rng.random() < 0.02 else text


def _spoil(world: World, rows: list[Row]) -> None:
    """Plant in ward A what goes wrong in single rows."""
    rng = world.rng("ward/spoil")
    file = "vitals-ward-a.csv"
    good = [index for index, row in enumerate(rows) if row["hr"] != "NA" and "NA" not in row["sbp"]]
    letter, fast, ragged, again = sorted(rng.sample(good, 4))
    rows[letter]["hr"] = f"{rows[letter]['hr'][:-1]}O"
    rows[fast]["hr"] = f"{rows[fast]['hr']}0"
    rows[ragged]["nurse_note"] = "turned, no pain"
    # The last reading of one patient is charted in the hour that the clocks skip.
    rows.append(rows[-1] | {"charted_at": "29.03.2026 02:30", "nurse_note": ""})
    rows.insert(again + 1, dict(rows[again]))

    def at(index: int) -> str:
        return f"{file}:{index + 1 + (index > again)}"

    world.plant("Q11", "ward-monitor", "a heart rate ends in the letter O", at(letter))
    world.plant("V01", "ward-monitor", "a heart rate of several hundred: a zero too many", at(fast))
    world.plant("H01", "ward-monitor", "neither is a heart rate", at(letter), at(fast), because="V01")
    world.plant(
        "Q01", "ward-monitor", "a comma in a note that is not quoted makes a twelfth cell", at(ragged)
    )
    world.plant("D01", "ward-monitor", "a row stands in the file twice", at(again), f"{file}:{again + 2}")
    world.plant(
        "Q13", "ward-monitor", "02:30 on 29 March does not exist in Europe/Zurich", f"{file}:{len(rows)}"
    )
