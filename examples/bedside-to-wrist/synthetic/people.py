"""The patients of the example, how they are over three days, and the list of what is planted.

Everything is drawn from generators that are seeded by the seed and a name, so that no feed depends on the
order in which the others were made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

#: The stay, in the local time of the hospital: Europe/Zurich, on winter time (+01:00) until 29 March, 02:00.
START = datetime(2026, 3, 26, 8, 0)
HOURS = 54
OFFSET = "+01:00"

#: Identifier systems: 2.999 is the arc of object identifiers for examples (ITU-T X.660).
MRN, NATIONAL = "2.999.1.1", "2.999.1.2"


@dataclass(frozen=True, slots=True)
class Band:
    """A wristband. ``clock``: ``right``, ``hour-late`` (local time taken for UTC) or ``no-zone``."""

    user: str
    serial: str
    firmware: str = "2.4.0"
    clock: str = "right"


@dataclass(frozen=True, slots=True)
class Patient:
    """Who somebody is, and where the body settles. Pressures in mm[Hg], rates in /min, kg, cm."""

    number: int
    mrn: str
    national: str
    sex: str
    born: date
    ward: str
    monitor: str
    systolic: float
    diastolic: float
    pulse: float
    weight: float
    height: int
    diabetic: bool
    smoking: str
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """The state of a body at one moment, before anybody measures it."""

    systolic: float
    diastolic: float
    pulse: float
    breaths: float
    saturation: float
    temperature: float


class Course:
    """How a patient does over the stay: a day's rhythm, and a slow drift that all devices see alike."""

    def __init__(self, seed: int, patient: Patient) -> None:
        rng = Random(f"{seed}/course/{patient.mrn}")
        self._patient = patient
        self._pressure, self._rate = _drift(rng), _drift(rng)
        self._saturation, self._fever = rng.uniform(94.5, 97.5), rng.uniform(36.4, 37.1)

    def at(self, when: datetime) -> Vitals:
        """The state at a local time; highest in the afternoon, lowest before dawn."""
        hour = when.hour + when.minute / 60
        day = math.cos((hour - 15) * math.tau / 24)
        pressure, rate = (self._between(drift, when) for drift in (self._pressure, self._rate))
        saturation = min(99.0, self._saturation + day * 0.4 - abs(rate) * 0.1)
        return Vitals(
            self._patient.systolic + day * 8 + pressure * 6,
            self._patient.diastolic + day * 4 + pressure * 3,
            self._patient.pulse + day * 5 + rate * 5,
            15 + day * 1.5 + rate,
            saturation,
            self._fever + day * 0.3 + rate * 0.1,
        )

    @staticmethod
    def _between(drift: list[float], when: datetime) -> float:
        hours = max(0.0, min((when - START).total_seconds() / 3600, len(drift) - 2))
        whole = int(hours)
        return drift[whole] + (drift[whole + 1] - drift[whole]) * (hours - whole)


def _drift(rng: Random) -> list[float]:
    """An hourly AR(1) series with unit variance."""
    found = [rng.gauss(0, 1)]
    while len(found) < HOURS + 24:
        found.append(0.8 * found[-1] + 0.6 * rng.gauss(0, 1))
    return found


@dataclass
class World:
    """The patients, who plays which part in what is planted, and the list of it."""

    seed: int
    patients: list[Patient]
    parts: dict[str, list[Patient]] = field(default_factory=dict)
    planted: list[dict[str, Any]] = field(default_factory=list)

    def rng(self, name: str) -> Random:
        """A generator of its own for everything that has a name."""
        return Random(f"{self.seed}/{name}")

    def course(self, patient: Patient) -> Course:
        """How a patient does."""
        return Course(self.seed, patient)

    def plant(self, code: str, sources: str, what: str, *where: str, because: str | None = None) -> None:
        """Note a mismatch: its finding code, the sources it lies in, what and where it is.

        ``because`` is the code of another planted mismatch that makes this one inevitable.
        """
        entry = {"code": f"TM-{code}", "sources": sources.split(), "what": what, "where": list(where)}
        if because is not None:
            entry["because"] = f"TM-{because}"
        self.planted.append(entry)

    def worn(self) -> Iterator[tuple[Patient, Band]]:
        """The patients with a wristband."""
        return ((patient, patient.band) for patient in self.patients if patient.band is not None)


def local(hours: float) -> datetime:
    """A local time so many hours after the start, to the minute."""
    return START + timedelta(minutes=round(hours * 60))


def world(seed: int, count: int = 20) -> World:
    """Draw the patients and give out the parts."""
    rng = Random(f"{seed}/people")
    numbers = rng.sample(range(10_000, 99_999), count)
    found = World(seed, [_patient(rng, index, number) for index, number in enumerate(numbers, 1)])
    _give_bands(found, rng)
    worn = [patient for patient, band in found.worn() if band.clock == "right"]
    bare = [patient for patient in found.patients if patient.band is None]
    rng.shuffle(worn)
    rng.shuffle(bare)
    found.parts = {
        "pressures-exported": worn[:3],
        "pulses-exported": [patient for patient, band in found.worn() if band.clock == "hour-late"],
        "retyped": worn[:1],
        "other-sex": bare[:1],
        "stood-up": [*worn[3:5], bare[1]],
    }
    return found


def _patient(rng: Random, index: int, number: int) -> Patient:
    sex = rng.choice(["female", "male"])
    ward = "A" if index <= 10 else "B"
    height = round(rng.gauss(166 if sex == "female" else 178, 7))
    systolic = rng.gauss(126, 11)
    return Patient(
        index,
        f"00{number}",
        f"{rng.randrange(10**9, 10**10)}",
        sex,
        date(1936, 1, 1) + timedelta(days=rng.randrange(19_000)),
        ward,
        f"MON-{ward}{(index - 1) % 10 // 2 + 1}",
        systolic,
        systolic * 0.45 + rng.gauss(19, 4),
        rng.gauss(73, 8),
        round((height / 100) ** 2 * rng.uniform(20, 32), 1),
        height,
        rng.random() < 0.4,
        rng.choice(["449868002", "8517006", "266919005", "266919005"]),
    )


def _give_bands(world_: World, rng: Random) -> None:
    """Twelve patients wear a band: three of them run an hour late, one has an old firmware."""
    worn = sorted(rng.sample(range(len(world_.patients)), 12))
    late, old = {"clock": "hour-late", "firmware": "2.3.1"}, {"clock": "no-zone", "firmware": "1.9.4"}
    kinds: list[dict[str, str]] = [late, late, late, old, *[{}] * 8]
    rng.shuffle(kinds)
    for index, kind in zip(worn, kinds, strict=True):
        band = Band(f"w-{rng.randrange(16**6):06x}", f"PB-{rng.randrange(10**6):06}", **kind)
        world_.patients[index] = replace(world_.patients[index], band=band)
