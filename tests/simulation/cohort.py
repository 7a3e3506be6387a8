"""A clean data set: five feeds of the same patients, every value of them plausible and rightly labelled.

The monitor and the nurse measure vital signs of one patient at nearly one moment, each with a device of its own;
two laboratories measure the same analytes of different samples, one in conventional units, the other in SI units and
with codes of its own; some patients wear a transmitter. Two more feeds tell who the patients are.
Reference values are those of healthy adults; what a patient's values scatter by is what such devices scatter by.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from pathlib import Path

LOINC = "http://loinc.org"
MRN = "urn:oid:2.999.1.1"  # 2.999 is the arc for examples
START = datetime(2026, 1, 12, 6)


@dataclass
class Row:
    """A line of a feed, which makes one statement."""

    id: str
    patient: str
    code: str
    value: str
    unit: str
    time: datetime
    device_type: str
    device: str
    site: str = ""
    method: str = ""
    specimen: str = ""
    system: str = LOINC
    code2: str = ""
    status: str = "final"
    patient_system: str = MRN


@dataclass(frozen=True)
class Person:
    """A patient, as two feeds may tell of one."""

    id: str
    birth: date
    sex: str


@dataclass
class Cohort:
    """All feeds by name, and who the patients are in each feed that says so."""

    feeds: dict[str, list[Row]]
    people: dict[str, list[Person]] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Every line with its feed."""
        for name, rows in self.feeds.items():
            for row in rows:
                yield name, row


@dataclass(frozen=True)
class Sign:
    """A vital sign: its code and unit, the mean and scatter between patients, of one patient, and of a device."""

    code: str
    unit: str
    mean: float
    between: float
    within: float
    noise: float
    digits: int
    site: str
    method: str
    low: float = 0
    high: float = 1e9


SIGNS = {
    "heart-rate": Sign("8867-4", "/min", 76, 9, 6, 1.5, 0, "", "", 40, 150),
    "respiratory-rate": Sign("9279-1", "/min", 16, 2, 1.5, 1, 0, "", "", 9, 30),
    "oxygen-saturation": Sign("59408-5", "%", 96.5, 1, 0.8, 0.7, 0, "", "pulse-oximetry", 90, 100),
    "body-temperature": Sign("8310-5", "Cel", 36.8, 0.2, 0.25, 0.12, 1, "axilla", "", 35, 39.5),
    "systolic-blood-pressure": Sign(
        "8480-6", "mm[Hg]", 124, 11, 7, 3, 0, "upper-arm", "oscillometry", 90, 190
    ),
    "diastolic-blood-pressure": Sign("8462-4", "mm[Hg]", 74, 6, 4, 3, 0, "upper-arm", "oscillometry", 45, 88),
}


@dataclass(frozen=True)
class Analyte:
    """A laboratory value: mean, scatter between patients and within one, and how each laboratory writes it."""

    mean: float
    between: float
    within: float
    conventional: tuple[str, str, float, int]
    si: tuple[str, str, float, int]
    specimen: str = "serum"


#: Code, unit, factor from the first unit, decimals. Molar masses: glucose 180.156, creatinine 113.12, urea nitrogen
#: as such (28.0134), calcium 40.078 g/mol.
ANALYTES = {
    "glucose": Analyte(98, 9, 7, ("2345-7", "mg/dL", 1, 0), ("GLU", "mmol/L", 10 / 180.156, 1)),
    "creatinine": Analyte(0.9, 0.13, 0.04, ("2160-0", "mg/dL", 1, 2), ("CREA", "umol/L", 1e4 / 113.12, 0)),
    "potassium": Analyte(4.2, 0.2, 0.15, ("2823-3", "mmol/L", 1, 1), ("K", "mmol/L", 1, 1)),
    "sodium": Analyte(140, 1.6, 1.0, ("2951-2", "mmol/L", 1, 0), ("NA", "mmol/L", 1, 0)),
    "hemoglobin": Analyte(14, 1.0, 0.25, ("718-7", "g/dL", 1, 1), ("HB", "g/L", 10, 0), "whole-blood"),
}

#: The clinic's laboratory has codes of its own, which a code map explains.
LOCAL, LOCAL_URI = "clinic", "https://clinic.example.org/codes"
LOCAL_CODES = {"GLU": "14749-6", "CREA": "14682-9", "K": "2823-3", "NA": "2951-2", "HB": "718-7"}

FEEDS = ("central-lab", "chart", "clinic-lab", "monitor", "telemetry")
#: Feeds that tell who the patients are.
PEOPLE = ("admissions", "registry")


def cohort(seed: int, patients: int = 100, readings: int = 14, samples: int = 3) -> Cohort:
    """The clean data set of a seed: the same seed gives the same data.

    Args:
        seed: Any number.
        patients: How many.
        readings: Moments at which both monitor and nurse measure.
        samples: Blood samples of each laboratory.
    """
    chance = random.Random(seed)
    made = Cohort({name: [] for name in FEEDS})
    for number in range(patients):
        person = _person(chance, number)
        for feed in PEOPLE:
            made.people.setdefault(feed, []).append(person)
        _vital_signs(chance, made, person.id, number, readings)
        _laboratory(chance, made, person.id, samples)
        _weight(chance, made, person.id, number)
        if number % 2:
            _telemetry(chance, made, person.id, number)
    for name, row in made.rows():
        row.id = f"{name[:2]}{row.id}"
    return made


def _person(chance: random.Random, number: int) -> Person:
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(365 * 60))
    return Person(f"{100_000 + number * 7}", born, chance.choice(("female", "male")))


def _vital_signs(chance: random.Random, made: Cohort, patient: str, number: int, readings: int) -> None:
    """Hours apart, and the state of the patient drifts slowly; the nurse comes half a minute later."""
    own = {name: chance.gauss(sign.mean, sign.between) for name, sign in SIGNS.items()}
    drift = dict.fromkeys(SIGNS, 0.0)
    moment = START + timedelta(minutes=chance.randrange(300))
    for turn in range(readings):
        moment += timedelta(seconds=chance.randrange(3000, 5400))
        beside = moment + timedelta(seconds=chance.randrange(15, 45))
        for name, sign in SIGNS.items():
            drift[name] = 0.6 * drift[name] + chance.gauss(0, 0.8 * sign.within)
            for feed, when, device in (
                ("monitor", moment, ("patient-monitor", f"M{number:04d}")),
                ("chart", beside, ("spot-check-monitor", f"S{number:04d}")),
            ):
                true = own[name] + drift[name] + chance.gauss(0, sign.noise)
                value = f"{min(max(true, sign.low), sign.high):.{sign.digits}f}"
                line = f"{number:04d}-{turn:02d}-{sign.code}"
                made.feeds[feed].append(
                    Row(line, patient, sign.code, value, sign.unit, when, *device, sign.site, sign.method)
                )


def _weight(chance: random.Random, made: Cohort, patient: str, number: int) -> None:
    """Every second day on the scales of the ward."""
    own = chance.gauss(78, 11)
    for turn in range(6):
        value = min(max(own + chance.gauss(0, 0.6), 42), 130)
        when = START + timedelta(days=2 * turn, minutes=chance.randrange(120))
        made.feeds["chart"].append(
            Row(
                f"{number:04d}-{turn:02d}-29463-7",
                patient,
                "29463-7",
                f"{value:.1f}",
                "kg",
                when,
                "scale",
                f"W{number:04d}",
            )
        )


def _telemetry(chance: random.Random, made: Cohort, patient: str, number: int) -> None:
    """Every five minutes of three hours, after the days on the ward."""
    own, drift, when = chance.gauss(74, 8), 0.0, START + timedelta(days=20, minutes=chance.randrange(600))
    for turn in range(36):
        when += timedelta(minutes=5)
        drift = 0.8 * drift + chance.gauss(0, 3)
        value = f"{own + drift:.0f}"
        made.feeds["telemetry"].append(
            Row(
                f"{number:04d}-{turn:02d}-8867-4",
                patient,
                "8867-4",
                value,
                "/min",
                when,
                "telemetry",
                f"T{number:04d}",
            )
        )


def _laboratory(chance: random.Random, made: Cohort, patient: str, samples: int) -> None:
    """The two laboratories take their samples an hour apart, of which both know the second."""
    own = {name: chance.gauss(each.mean, each.between) for name, each in ANALYTES.items()}
    for turn in range(samples):
        moment = START + timedelta(days=turn, seconds=chance.randrange(40_000))
        for feed, when in (
            ("central-lab", moment),
            ("clinic-lab", moment + timedelta(seconds=chance.randrange(300, 800))),
        ):
            for name, each in ANALYTES.items():
                code, unit, factor, digits = each.conventional if feed == "central-lab" else each.si
                true = chance.gauss(own[name], each.within) * factor
                made.feeds[feed].append(
                    Row(f"{patient}-{turn}-{code}", patient, code, f"{true:.{digits}f}", unit, when,
                        "analyser", f"{feed}-1", specimen=each.specimen)
                )  # fmt: skip


_COLUMNS = [each.name for each in fields(Row)]


def write(made: Cohort, folder: Path) -> Path:
    """Write the feeds as CSV files with their mappings and a project; gives the project's folder."""
    sources = []
    for name, rows in made.feeds.items():
        (folder / name).mkdir(parents=True)
        if name in MESSAGES:
            messages = "\r".join(map(_message, rows)) + "\r"
            (folder / name / "values.hl7").write_text(messages, encoding="utf-8", newline="")
            (folder / f"{name}.yaml").write_text(_MESSAGES.format(name=name), encoding="utf-8")
        else:
            _write_table(folder / name / "values.csv", rows)
            code = _LOCAL_CODE if name == "clinic-lab" else "{from: $(code), system: $(system)}"
            (folder / f"{name}.yaml").write_text(_TABLE.format(name=name, code=code), encoding="utf-8")
        sources.append(f"  - {{name: {name}, mapping: {name}.yaml, data: {name}}}\n")
    for name, people in made.people.items():
        (folder / name).mkdir()
        with (folder / name / "people.csv").open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            lines.writerow(["patient", "birth", "sex"])
            lines.writerows([each.id, each.birth.isoformat(), each.sex] for each in people)
        (folder / f"{name}.yaml").write_text(_PEOPLE.format(name=name), encoding="utf-8")
        sources.append(f"  - {{name: {name}, mapping: {name}.yaml, data: {name}}}\n")
    codes = "".join(
        f"{LOCAL}:{local}\tskos:exactMatch\tloinc:{code}\tsemapv:ManualMappingCuration\n"
        for local, code in LOCAL_CODES.items()
    )
    (folder / "codes.sssom.tsv").write_text(_CODES + codes, encoding="utf-8")
    project = f"twinmap: 1\nbase: https://twin.example.org/\nsources:\n{''.join(sources)}"
    (folder / "twinmap.yaml").write_text(project, encoding="utf-8")
    return folder


def _write_table(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(_COLUMNS)
        for row in rows:
            cells = [getattr(row, column) for column in _COLUMNS]
            lines.writerow(
                [f"{cell:%Y-%m-%dT%H:%M:%SZ}" if isinstance(cell, datetime) else cell for cell in cells]
            )


def _message(row: Row) -> str:
    """An ORU^R01 of one result, as an analyser sends it."""
    moment = f"{row.time:%Y%m%d%H%M%S}+0000"
    codings = [f"{row.code}^^{HL7_NAMES.get(row.system, row.system)}"]
    if row.code2:
        codings.append(f"{row.code2}^^LN")
    return "\r".join(
        (
            f"MSH|^~\\&|LAB|{row.device}|||{moment}||ORU^R01^ORU_R01|{row.id}|P|2.5.1",
            f"PID|1||{row.patient}^^^&{row.patient_system.removeprefix('urn:oid:')}&ISO^MR",
            f"OBR|1|||PANEL|||{moment}",
            f"OBX|1|NM|{'^'.join(codings)}||{row.value}|{row.unit}|||||{STATUS[row.status]}|||{moment}",
            f"SPM|1|||{row.specimen}",
        )
    )


#: The feeds that are HL7 v2; the others are CSV.
MESSAGES = ("central-lab",)
HL7_NAMES = {LOINC: "LN", "http://snomed.info/sct": "SCT"}
STATUS = {"final": "F", "entered-in-error": "W"}

_LOCAL_CODE = f"{{from: {LOCAL}:$(code), codes: codes.sssom.tsv, unmapped: report}}"

_TABLE = f"""twinmap: 1
id: {{name}}
version: 1.0.0
systems: {{{{{LOCAL}: "{LOCAL_URI}"}}}}
source: {{{{format: csv, timezone: UTC}}}}
records:
  values:
    files: values.csv
    key: id
    ignore: [code2]
    patient: {{{{id: $(patient), system: $(patient_system)}}}}
    time: $(time)
    device: {{{{type: $(device_type), serial: $(device)}}}}
    observe:
      result:
        code: {{code}}
        value: $(value)
        unit: $(unit)
        status: $(status)
        site: $(site)
        method: $(method)
        specimen: $(specimen)
"""

_CODES = f"""#mapping_set_id: https://clinic.example.org/maps/codes
#curie_map:
#  {LOCAL}: {LOCAL_URI}
#  loinc: http://loinc.org/rdf/
#  skos: http://www.w3.org/2004/02/skos/core#
#  semapv: https://w3id.org/semapv/vocab/
subject_id\tpredicate_id\tobject_id\tmapping_justification
"""

_PEOPLE = f"""twinmap: 1
id: {{name}}
version: 1.0.0
source: {{{{format: csv, files: people.csv, timezone: UTC}}}}
key: patient
patient: {{{{id: $(patient), system: "{MRN}", birth-date: $(birth), sex: $(sex)}}}}
"""

_MESSAGES = """twinmap: 1
id: {name}
version: 1.0.0
source: {{format: hl7v2, timezone: UTC}}
records:
  values:
    files: "*.hl7"
    source: {{messages: [ORU^R01]}}
    each: OBX
    key: [MSH-10]
    patient: {{id: $(PID-3)}}
    time: $(OBX-14)
    device: {{type: analyser, serial: $(MSH-4)}}
    observe:
      result:
        code: $(OBX-3)
        value: $(OBX-5)
        unit: $(OBX-6)
        status: {{from: $(OBX-11), map: {{F: final, W: entered-in-error}}, unmapped: report}}
        specimen: $(SPM-4)
"""
