"""The wristbands: one JSON file a wearer, with five-minute means of a blood pressure without a cuff."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from synthetic.people import HOURS, OFFSET, Band, Patient, World, local

#: Seconds since 1970 of a time that a right clock shows: local time is an hour ahead of UTC.
_EAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """A blood pressure at the wrist: the true start in local time, and what the band shows."""

    start: datetime
    systolic: int
    diastolic: int

    @property
    def end(self) -> datetime:
        """Five minutes later."""
        return self.start + timedelta(minutes=5)


def readings(world: World, patient: Patient) -> list[Reading]:
    """The blood pressures of a wearer: means over five minutes, about 4 mm[Hg] low, at odd moments."""
    rng, course = world.rng(f"band/{patient.mrn}"), world.course(patient)
    found = []
    for hour in range(HOURS):
        if rng.random() < 0.1:
            continue  # the arm moved
        start = local(hour) + timedelta(seconds=rng.randrange(55 * 60))
        true = course.at(start + timedelta(minutes=2))
        error = rng.gauss(-4, 3.5)
        found.append(Reading(start, round(true.systolic + error), round(true.diastolic + error / 2)))
    return found


def pulses(world: World, patient: Patient) -> list[tuple[datetime, int]]:
    """The heart rates of a wearer, every two hours or so: when in local time, and beats in a minute."""
    rng, course = world.rng(f"band/{patient.mrn}/optical"), world.course(patient)
    found = []
    for hour in range(0, HOURS, 2):
        when = local(hour) + timedelta(seconds=rng.randrange(7_200))
        found.append((when, round(course.at(when).pulse + rng.gauss(0.5, 2))))
    return found


def write(world: World, folder: Path) -> None:
    """Write ``wristband-NN.json`` for everybody who wears one, and plant what lies between the devices."""
    folder.mkdir(parents=True, exist_ok=True)
    for patient, band in world.worn():
        path = folder / f"wristband-{patient.number:02}.json"
        path.write_text(_document(world, patient, band), encoding="utf-8", newline="\n")
    _plant(world)


def _plant(world: World) -> None:
    def files(clock: str) -> list[str]:
        return [
            f"wristband-{patient.number:02}.json" for patient, band in world.worn() if band.clock == clock
        ]

    both = "ward-monitor wristband"
    world.plant("F01", both, "blood pressure at the upper arm and at the wrist")
    world.plant("F02", both, "blood pressure by a cuff (oscillometry) and without one")
    world.plant("G03", both, "a single reading of the cuff and a mean over five minutes")
    world.plant("U11", "wristband", "oxygen saturation is a fraction (0.97), and the app calls it %")
    world.plant("T01", "wristband", "firmware 1.9.4 writes local times and names no zone", *files("no-zone"))
    world.plant(
        "T02",
        "ehr wristband",
        "firmware 2.3.1 takes local time for UTC, so that its samples are an hour late; "
        "the EHR has the same heart rates from the phone, at the right time",
        *files("hour-late"),
    )


def _document(world: World, patient: Patient, band: Band) -> str:
    """The file of one wearer, a sample a line."""
    device = {"model": "Pulseband", "serial": band.serial, "firmware": band.firmware}
    if band.clock != "no-zone":
        device["timezone"] = "Europe/Zurich"
    lines = []
    for name, samples in _samples(world, patient, band).items():
        listed = ",\n  ".join(json.dumps(sample, separators=(",", ":")) for sample in samples)
        lines.append(f'"{name}":[\n  {listed}]')
    head = f'{{"user":"{band.user}","device":{json.dumps(device)},\n"samples":{{\n '
    return head + ",\n ".join(lines) + "}}\n"


def _samples(world: World, patient: Patient, band: Band) -> dict[str, list[dict[str, Any]]]:
    rng, course = world.rng(f"band/{patient.mrn}/rest"), world.course(patient)

    def period(start: datetime, end: datetime) -> dict[str, Any]:
        return {"start": _epoch(start, band), "end": _epoch(end, band)}

    def percent(when: datetime) -> int:
        return min(100, round(course.at(when).saturation + rng.gauss(-0.5, 1)))

    beats = pulses(world, patient)
    return {
        "bloodPressure": [
            period(one.start, one.end) | {"sys": one.systolic, "dia": one.diastolic}
            for one in readings(world, patient)
        ],
        "heartRate": [{"t": _iso(when, band), "bpm": rate} for when, rate in beats],
        "spo2": [{"t": _iso(when, band), "value": percent(when) / 100} for when, _ in beats[1::3]],
        "steps": [
            period(local(hour), local(hour + 12)) | {"count": rng.randrange(40, 900)}
            for hour in range(0, 48, 12)
        ],
    }


def _epoch(when: datetime, band: Band) -> int:
    """Milliseconds since 1970, by the clock of the band."""
    east = timedelta() if band.clock == "hour-late" else _EAST
    return int((when - east).replace(tzinfo=UTC).timestamp()) * 1000


def _iso(when: datetime, band: Band) -> str:
    """The time as text, by the clock of the band."""
    offset = {"right": OFFSET, "hour-late": "Z", "no-zone": ""}[band.clock]
    return f"{when:%Y-%m-%dT%H:%M:%S}{offset}"
