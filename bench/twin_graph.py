"""Makes a synthetic twin graph as N-Triples, in parts of whole patients: for the SHACL benchmark.

About 1 statement in 100 has a fault of one of eleven kinds. The same arguments give the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

BASE = "https://twin.invalid/"
TM = "https://w3id.org/twinmap/ns#"
SOSA = "http://www.w3.org/ns/sosa/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DERIVED = "http://www.w3.org/ns/prov#wasDerivedFrom"

#: Code, unit, low and high of what the patients are measured for; all LOINC.
MEASURES = (
    ("8480-6", "mm[Hg]", 90, 180),
    ("8462-4", "mm[Hg]", 50, 110),
    ("8867-4", "/min", 45, 140),
    ("9279-1", "/min", 10, 30),
    ("8310-5", "Cel", 35, 41),
    ("29463-7", "kg", 40, 140),
    ("8302-2", "cm", 140, 200),
)
#: Measurements of one patient.
PER_PATIENT = 42


def parts(triples: int, per_part: int = 100, seed: int = 20260301) -> Iterator[bytes]:
    """About so many triples, in parts of ``per_part`` patients each."""
    chance = random.Random(seed)
    patients = max(1, triples // (PER_PATIENT * 11))
    for first in range(0, patients, per_part):
        lines: list[str] = []
        for number in range(first, min(first + per_part, patients)):
            _patient(lines, number, chance)
        yield ("\n".join(lines) + "\n").encode()


def context(devices: int = 20) -> bytes:
    """The nodes that patients share: devices."""
    lines: list[str] = []
    for number in range(devices):
        node = f"<{BASE}device/{number}>"
        lines.append(f"{node} <{TYPE}> <{SOSA}Sensor> .")
        lines.append(f'{node} <{TM}deviceType> "patient-monitor" .')
    return ("\n".join(lines) + "\n").encode()


def _patient(lines: list[str], number: int, chance: random.Random) -> None:
    twin, record = f"<{BASE}patient/p{number}>", f"<{BASE}record/r{number}>"
    lines.append(f"{twin} <{TYPE}> <{TM}PatientTwin> .")
    lines.append(f"{twin} <{TM}hasRecord> {record} .")
    lines.append(f"{record} <{TYPE}> <{TM}PatientRecord> .")
    lines.append(f"{record} <{TM}source> <{BASE}source/ward> .")
    lines.append(f'{record} <{TM}birthDate> "19{chance.randint(30, 99)}-05-06"^^<{XSD}date> .')
    sex = "F" if chance.random() < 0.01 else "female"
    lines.append(f'{record} <{TM}sex> "{sex}" .')
    for index in range(PER_PATIENT):
        _observation(lines, number, index, chance)


def _observation(lines: list[str], number: int, index: int, chance: random.Random) -> None:
    code, unit, low, high = MEASURES[index % len(MEASURES)]
    node = f"<{BASE}obs/{number}-{index}>"
    about = {
        TYPE: f"<{SOSA}Observation>",
        f"{SOSA}hasFeatureOfInterest": f"<{BASE}patient/p{number}>",
        f"{TM}record": f"<{BASE}record/r{number}>",
        f"{SOSA}observedProperty": f"<http://loinc.org/rdf/{code}>",
        f"{SOSA}hasSimpleResult": f'"{chance.uniform(low, high):.1f}"^^<{XSD}decimal>',
        f"{TM}unit": f'"{unit}"',
        f"{SOSA}resultTime": f'"2026-{index % 12 + 1:02}-{number % 28 + 1:02}T08:00:00Z"^^<{XSD}dateTime>',
        f"{TM}status": '"final"',
        f"{SOSA}madeBySensor": f"<{BASE}device/{number % 20}>",
        f"{TM}site": f"<{TM}site-upper-arm>",
        DERIVED: f"<{BASE}file/1#record/{number * PER_PATIENT + index + 1}>",
    }
    if chance.random() < 0.01:
        predicate, term = chance.choice(_FAULTS)
        about[predicate] = term
    lines.extend(f"{node} <{predicate}> {term} ." for predicate, term in about.items() if term)


_FAULTS = (
    (f"{TM}unit", '"mmHg"'),
    (f"{TM}unit", ""),
    (f"{SOSA}hasSimpleResult", f'"-999.0"^^<{XSD}decimal>'),
    (f"{SOSA}hasSimpleResult", f'"1e400"^^<{XSD}decimal>'),
    (f"{SOSA}hasSimpleResult", ""),
    (f"{SOSA}resultTime", f'"2026-02-30T08:00:00"^^<{XSD}dateTime>'),
    (f"{SOSA}resultTime", f'"2026-03-04"^^<{XSD}dateTime>'),
    (f"{TM}status", '"done"'),
    (DERIVED, ""),
    (f"{TM}site", '"upper arm"'),
    (f"{SOSA}hasFeatureOfInterest", f"<{BASE}patient/nobody>"),
)
