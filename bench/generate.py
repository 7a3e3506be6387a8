"""Makes the inputs of the benchmarks: ``python bench/generate.py WORKLOAD N FOLDER [--seed S]``.

The same arguments give the same bytes. The data is hostile on purpose, for real exports are: quotes,
backslashes, commas and line feeds within cells, letters beyond ASCII, ids that no IRI takes as they are,
two units in a hundred missing. All of it is made up; the codes are LOINC's and those of the concept files.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEED = 20260101

#: Columns of a Synthea ``observations.csv``, and an id of its own for each row.
COLUMNS = (
    "ID",
    "DATE",
    "PATIENT",
    "ENCOUNTER",
    "CATEGORY",
    "CODE",
    "DESCRIPTION",
    "VALUE",
    "UNITS",
    "TYPE",
)

#: Rows of one patient, and of one encounter.
PER_PATIENT, PER_ENCOUNTER = 100, 5

#: One row in so many lacks its unit.
_NO_UNIT = 50


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: its LOINC code and names, the UCUM unit, and how its values are spread."""

    code: str
    text: str
    unit: str
    mean: float
    deviation: float
    digits: int = 1
    category: str = "vital-signs"


MEASURES = (
    Measure("8480-6", "Systolic Blood Pressure", "mm[Hg]", 124, 16, 0),
    Measure("8462-4", "Diastolic Blood Pressure", "mm[Hg]", 79, 10, 0),
    Measure("8867-4", 'Heart rate, "apical"', "/min", 74, 12, 0),
    Measure("9279-1", "Respiratory rate", "/min", 15, 2.5, 0),
    Measure("8310-5", "Körpertemperatur – Kern", "Cel", 36.8, 0.5, 1),
    Measure("29463-7", "Body Weight", "kg", 76, 14, 1),
    Measure("8302-2", "Body Height", "cm", 171, 9, 1),
    Measure("2345-7", "Glucose [Mass/volume]\nin Serum or Plasma", "mg/dL", 104, 21, 1, "laboratory"),
    Measure("2160-0", "Créatinine, µ-assay \\ enzymatic", "mg/dL", 0.9, 0.2, 2, "laboratory"),
    Measure("6298-4", "Potassium [Moles/volume] in Blood", "mmol/L", 4.2, 0.4, 2, "laboratory"),
    Measure("2947-0", "Sodium [Moles/volume] in Blood", "mmol/L", 140, 2.5, 0, "laboratory"),
    Measure("718-7", "Hemoglobin – ọgbọn", "g/dL", 13.9, 1.4, 1, "laboratory"),
)

#: Values that are drawn per measure: enough that no cache of them is small, few enough to be drawn fast.
_POOL = 4096
_CHUNK = 10_000


def observations(count: int, folder: Path, seed: int = SEED) -> Path:
    """Write ``observations-COUNT.csv``: one observation a row, a hundred rows a patient."""
    path = folder / f"observations-{count}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for rows in _rows(count, seed):
            writer.writerows(rows)
    return path


def _rows(count: int, seed: int) -> Iterator[list[tuple[str, ...]]]:
    """The rows in chunks; a patient's rows follow each other in time."""
    chance = random.Random(seed)
    values = _values(chance)
    days = [
        f"{year}-{month:02}-{day:02}"
        for year in range(2016, 2026)
        for month in range(1, 13)
        for day in range(1, 29)
    ]
    clocks = [f"T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(0, 86_400, 7)]
    numbers = range(len(MEASURES))
    for first in range(0, count, _CHUNK):
        size = min(_CHUNK, count - first)
        drawn = zip(
            range(first, first + size),
            chance.choices(numbers, k=size),
            chance.choices(range(_POOL), k=size),
            chance.choices(days, k=size),
            chance.choices(clocks, k=size),
            chance.choices(range(_NO_UNIT), k=size),
            strict=True,
        )
        yield [
            _row(number, MEASURES[which], values[which][value], day + clock, unit)
            for number, which, value, day, clock, unit in drawn
        ]


def _row(number: int, measure: Measure, value: str, when: str, unit: int) -> tuple[str, ...]:
    return (
        f"o{number}",
        when,
        patient(number // PER_PATIENT),
        f"enc {number // PER_ENCOUNTER}/ä",
        measure.category,
        measure.code,
        measure.text,
        value,
        measure.unit if unit else "",
        "numeric",
    )


def patient(number: int) -> str:
    """The local id of a patient: in the form of a UUID, as Synthea has them."""
    mixed = number * 0x9E3779B97F4A7C15 & (1 << 64) - 1
    digits = f"{mixed:016x}{number:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _values(chance: random.Random) -> list[list[str]]:
    return [
        [
            f"{max(0.1, chance.gauss(measure.mean, measure.deviation)):.{measure.digits}f}"
            for _ in range(_POOL)
        ]
        for measure in MEASURES
    ]


# --- FHIR -----------------------------------------------------------------------------------------


def fhir(count: int, folder: Path, seed: int = SEED) -> Path:
    """Write ``observations-COUNT.ndjson``: FHIR R4 Observations, one a line, as bulk exports have them."""
    path = folder / f"observations-{count}.ndjson"
    with path.open("w", encoding="utf-8", newline="") as file:
        for rows in _rows(count, seed):
            file.writelines(json.dumps(resource(row), ensure_ascii=False) + "\n" for row in rows)
    return path


def nested(lines: Path) -> Path:
    """The resources of an NDJSON file as one JSON array, for engines that read no NDJSON."""
    path = lines.with_suffix(".json")
    with lines.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, line in enumerate(source):
            file.write((",\n" if number else "\n") + line.rstrip("\n"))
        file.write("\n]\n")
    return path


def resource(row: tuple[str, ...]) -> dict[str, Any]:
    """A row of :data:`COLUMNS` as a FHIR R4 Observation."""
    ident, when, subject, encounter, category, code, text, value, unit, _ = row
    quantity: dict[str, Any] = {"value": json.loads(value)}
    if unit:
        quantity |= {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    coding = {"system": "http://loinc.org", "code": code, "display": text}
    kind = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "category": [{"coding": [kind]}],
        "code": {"coding": [coding], "text": text},
        "subject": {"reference": f"Patient/{subject}"},
        "encounter": {"identifier": {"value": encounter}},
        "effectiveDateTime": when,
        "valueQuantity": quantity,
    }


# --- HL7 v2 ---------------------------------------------------------------------------------------

#: Results of one message.
PER_MESSAGE = 30


def hl7v2(count: int, folder: Path, seed: int = SEED) -> Path:
    """Write ``messages-COUNT.hl7``: ORU^R01 messages of 30 results each, segments ended by CR."""
    path = folder / f"messages-{count}.hl7"
    rows = (row for chunk in _rows(count * PER_MESSAGE, seed) for row in chunk)
    with path.open("wb") as file:
        for number in range(count):
            results = [next(rows) for _ in range(PER_MESSAGE)]
            file.write(("\r".join(_message(number, results)) + "\r").encode())
    return path


def _message(number: int, results: list[tuple[str, ...]]) -> Iterator[str]:
    local = patient(number * PER_MESSAGE // PER_PATIENT)[:18]
    stamp = _stamp(results[0][1])
    yield f"MSH|^~\\&|LAB|HOSPITAL|TWIN|HOSPITAL|{stamp}||ORU^R01^ORU_R01|M{number}|P|2.5.1|||||||UNICODE UTF-8"
    yield f"PID|1||{local}^^^HOSPITAL&2.999.1&ISO^MR~N{number % 9973:05}^^^INSURER^NI||MÜLLER^ANNA||19700101|F"
    yield "PV1|1|I|ICU^1^2"
    yield f"ORC|RE|{number}^PLACER|{number}^FILLER"
    yield f"OBR|1|{number}^PLACER|{number}^FILLER|24323-8^Comprehensive metabolic panel^LN|||{stamp}"
    for index, (_, when, _, _, _, code, text, value, unit, _) in enumerate(results, 1):
        units = f"{unit}^{unit}^UCUM" if unit else ""
        yield f"OBX|{index}|NM|{code}^{_escaped(text)}^LN||{value}|{units}|||||F|||{_stamp(when)}"


def _stamp(when: str) -> str:
    """An ISO time in UTC as HL7 writes it."""
    return when.translate(_DIGITS) + "+0000"


_DIGITS = str.maketrans("", "", "-:TZ")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\E\\").replace("\n", "\\.br\\").replace("&", "\\T\\")


# --- two sources ------------------------------------------------------------------------------------

#: Observations of one patient in a table of two sources, half of them each.
PER_TWIN = 500


def two_sources(count: int, folder: Path, seed: int = SEED) -> Path:
    """Write ``two-sources-COUNT.parquet``: observations as a run publishes them, of a monitor and of a wearable.

    The monitor measures every ten minutes, one of the first ten measures after the other; the wearable tells
    each of them up to a minute later, with a bias of its own for every patient.
    """
    import duckdb

    from twinmap.kinds import KINDS
    from twinmap.terms.facets import facets

    path = folder / f"two-sources-{count}.parquet"
    measures = ", ".join(
        f"({number}, '{item.code}', '{item.unit}', {item.mean}, {item.deviation}, {item.digits})"
        for number, item in enumerate(MEASURES[:10])
    )
    columns = KINDS["observation"].columns(tuple(facets()))
    listed = ", ".join(
        f"{_TWO_SOURCES.get(item.name, 'NULL')}::{item.type} AS {item.name}" for item in columns
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"CREATE TABLE measure AS SELECT * FROM (VALUES {measures}) t(number, code, unit, mean, deviation, digits)"
        )
        # Draws are hashes: a value in [0, 1) by what is drawn, the event and the seed.
        connection.execute(f"CREATE MACRO draw(what, n) AS hash(what, n, {seed}) / 18446744073709551616.0")
        connection.execute(
            "CREATE MACRO bell(what, n) AS draw(what, n) + draw(what || 'x', n) + draw(what || 'y', n) - 1.5"
        )
        connection.execute(
            f"COPY (SELECT {listed} FROM (SELECT range AS k, range // 2 AS event, range % 2 = 1 AS is_wearable, "
            f"range // {PER_TWIN} AS patient, range // 2 % {PER_TWIN // 2} AS slot FROM range({count})) "
            f"JOIN measure m ON m.number = slot % 10 ORDER BY k) TO '{path}' (FORMAT parquet)"
        )
    return path


_VALUE = (
    "mean + 2 * deviation * bell('level', event) + CASE WHEN is_wearable "
    "THEN deviation * (0.3 * bell('twin', patient) + 0.3 * bell('noise', event)) ELSE 0 END"
)
#: SQL of the columns that are filled, over an event of a patient and what is measured.
_TWO_SOURCES = {
    "source": "CASE WHEN is_wearable THEN 'wearable' ELSE 'monitor' END",
    "rule": "'m#records/x'",
    "file": "1 + is_wearable::INTEGER",
    "record": "k",
    "part": "''",
    "ordinal": "1",
    "id": "md5('o' || k)",
    # The first letters tell parts of the patients apart, as keyed ids do.
    "twin": "'k' || array_to_string(list_transform([0, 5, 10], lambda i: "
    "substr('234567abcdefghijklmnopqrstuvwxyz', 1 + CAST((hash(patient) >> i) % 32 AS INTEGER), 1)), '') || patient",
    "status": "'final'",
    "code_system": "'http://loinc.org'",
    "code": "code",
    "value_kind": "'quantity'",
    "value_num": f"round({_VALUE}, digits)",
    "value_text": f"printf('%.*f', digits, round({_VALUE}, digits))",
    "canon_num": f"round({_VALUE}, digits)",
    "value_decimals": "digits",
    "unit": "unit",
    "unit_raw": "unit",
    "canon_unit": "unit",
    "start_us": "1772352000000000 + slot * 600000000 + CASE WHEN is_wearable "
    "THEN CAST(draw('lag', event) * 59 AS BIGINT) * 1000000 ELSE 0 END",
    "time_precision": "'second'",
}

WORKLOADS = {"observations": observations, "fhir": fhir, "hl7v2": hl7v2, "two-sources": two_sources}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", choices=sorted(WORKLOADS))
    parser.add_argument("count", type=int, help="rows, resources or messages")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = WORKLOADS[arguments.workload](arguments.count, arguments.folder, arguments.seed)
    print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
