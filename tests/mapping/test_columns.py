"""Which references a record set reads, and mappings against real headers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from twinmap.diagnostics import Severity
from twinmap.mapping.columns import Columns, check_columns
from twinmap.mapping.load import load, loads
from twinmap.mapping.uses import used

MAPPING = """
twinmap: 1
id: t
version: 1.0.0
source: {format: csv, timezone: $(tz)}
patient: {id: $(p), identifiers: [{id: $(x), system: $(y)}]}
specimen: $(unused)
time: {from: $(t), format: yyyy-MM-dd HH:mm}
key: [p, "k -> look.c"]
keep: {state: F}
lookups: {look: {files: l.csv, key: id}}
observe:
  - when: {bp: {parts: $(sys)/$(dia)}}
    blood-pressure: {systolic: $(sys), diastolic: = $(dia) * $(f), unit: "a $(u)"}
  - when: {c: d}
    result:
      code: {from: $(code), system: {from: $(system), map: {a: loinc}}, display: $(display)}
      value: $(v)
      specimen: blood
"""


def test_used() -> None:
    document = loads(MAPPING).document
    assert document is not None
    (record_set,) = document.records
    found = {(use.slot, use.ref.kind, use.ref.path, use.sole) for use in used(record_set)}
    assert found == {
        ("key", "path", "p", True),
        ("key", "path", "k", True),
        ("keep", "path", "state", True),
        ("source.timezone", "path", "tz", True),
        ("patient.id", "path", "p", True),
        ("identifiers.id", "path", "x", True),
        ("identifiers.system", "path", "y", True),
        ("when", "path", "bp", True),
        ("when", "path", "c", True),
        ("time.from", "path", "t", True),
        ("value", "part", "sys", True),
        ("value", "part", "dia", False),
        ("value", "path", "f", False),
        ("unit", "path", "u", False),
        ("code", "path", "code", True),
        ("code.system", "path", "system", True),
        ("code.display", "path", "display", True),
        ("value", "path", "v", True),
    }
    by_statement = {use.statement.name for use in used(record_set) if use.statement}
    assert by_statement == {"systolic-blood-pressure", "diastolic-blood-pressure", "result"}


def test_both_places_are_in_the_finding() -> None:
    document = loads(MAPPING, name="maps/m.yaml").document
    assert document is not None
    names = [
        use.ref.path for use in used(document.records[0]) if use.ref.kind == "path" and use.ref.path != "v"
    ]
    (finding,) = check_columns(
        document,
        {"records": Columns("data.csv", (*names, "V1"))},
        lookups={"look": Columns("l.csv", ("id", "c"))},
    )[:1]
    assert finding.code == "TM-L01"
    assert str(finding.where).startswith("maps/m.yaml:")
    (place,) = finding.places
    assert (place.source, place.file, place.line, place.field) == ("t", "data.csv", 1, "v")


def header(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> tuple[str, ...]:
    with path.open(encoding=encoding, newline="") as file:
        return tuple(name.strip() for name in next(csv.reader(file, delimiter=delimiter)))


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("trial", "files", "delimiter"),
    [
        (
            "02-omop.yaml",
            {
                "person": "csv/omop-synthea27nj/**/PERSON.csv",
                "measurement": "csv/omop-synthea27nj/**/MEASUREMENT.csv",
            },
            ",",
        ),
        ("03-bp-monitor.yaml", {"records": "csv/bp-monitor-app/**/v1.5.8.csv"}, ","),
        (
            "04-fitabase.yaml",
            {
                "activity": "csv/fitbit-fitabase/**/dailyActivity_merged.csv",
                "sleep": "csv/fitbit-fitabase/**/sleepDay_merged.csv",
            },
            ",",
        ),
        ("06-dexcom.yaml", {"records": "csv/derived-cgm-layouts/**/dexcom_clarity_de.csv"}, ";"),
        ("06b-omron.yaml", {"records": "csv/derived-omron-layouts/**/omron_us_2025.csv"}, ","),
    ],
)
def test_trials_against_real_headers(corpus: Path, trial: str, files: dict[str, str], delimiter: str) -> None:
    document = load(corpus.parent / "design" / "mapping-trials" / trial).document
    assert document is not None
    columns = {}
    for name, pattern in files.items():
        path = sorted(corpus.glob(pattern))[0]
        columns[name] = Columns(path.name, header(path, delimiter))
    found = check_columns(document, columns)
    assert [item.message for item in found if item.severity is Severity.ERROR] == []
    broken = {name: Columns(c.file, tuple(f"{n}x" for n in c.names)) for name, c in columns.items()}
    assert "TM-L01" in {item.code for item in check_columns(document, broken)}


def test_a_column_that_is_read_misspelt_is_not_to_be_ignored() -> None:
    """L01 takes it for what was meant; L09 advised to ignore it."""
    text = (
        "twinmap: 1\nid: t\nversion: 1.0.0\nsource: {format: csv, timezone: UTC}\nignore: [ward]\n"
        "patient: {id: $(p)}\nkey: [p]\nobserve:\n  body-weight: {value: $(wieght), unit: kg}\n"
    )
    document = loads(text).document
    assert document is not None
    (name,) = (record_set.name for record_set in document.records)
    columns = Columns("a.csv", ("p", "weight", "ward", "battery"))
    found = {finding.code: finding.help for finding in check_columns(document, {name: columns})}
    assert found == {
        "TM-L01": 'did you mean "weight"?',
        "TM-L09": '"weight" may be what is read as "wieght": do not ignore it; '
        "once you have looked at them: ignore: [ward, battery]",
    }
    alone = check_columns(document, {name: Columns("a.csv", ("p", "weight", "ward"))})
    (advice,) = (finding.help for finding in alone if finding.code == "TM-L09")
    assert advice == '"weight" may be what is read as "wieght": do not ignore it'
