"""A row that stands twice is one finding of its source, whatever the number of its statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap import api
from twinmap.diagnostics import Finding

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: NAME
version: 1.0.0
source: {format: csv, files: "NAME.csv", timezone: UTC}
patient: {id: $(pid), system: mrn}
device: {id: $(dev), type: monitor}
key: [pid, at]
time: $(at)
observe:
  blood-pressure: {systolic: $(sbp), diastolic: $(dbp), unit: "mm[Hg]"}
  heart-rate: {value: $(hr), unit: /min}
  oxygen-saturation: {value: $(spo2), unit: "%"}
  respiratory-rate: {value: $(rr), unit: /min}
"""
ROWS = [f"p{n},2026-03-01T08:{n:02}:00,M1,12{n},80,60,98,14" for n in range(5)]


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Finding]:
    again = {"ward": [*ROWS, ROWS[3], ROWS[1], ROWS[1]], "clinic": [*ROWS, ROWS[0]], "home": ROWS}
    for name, rows in again.items():
        (tmp_path / f"{name}.yaml").write_text(MAPPING.replace("NAME", name))
        (tmp_path / f"{name}.csv").write_text("pid,at,dev,sbp,dbp,hr,spo2,rr\n" + "\n".join(rows) + "\n")
    outcome = api.run(
        [str(tmp_path / f"{name}.yaml") for name in again],
        out=tmp_path / "out",
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=1,
    )
    assert {name: book["duplicate"] for name, book in outcome.ledger.statements.items()} == {
        "ward": 15,
        "clinic": 5,
        "home": 0,
    }
    said = [finding for finding in outcome.findings if finding.code == "TM-D01"]
    assert len(said) == 2
    return {finding.sources[0]: finding for finding in said}


def test_one_finding_a_source_counts_rows_and_statements(found: dict[str, Finding]) -> None:
    assert {name: (item.count, dict(item.details)) for name, item in found.items()} == {
        "ward": (3, {"records": 3, "statements": 15}),
        "clinic": (1, {"records": 1, "statements": 5}),
    }
    assert "15 statements" in found["ward"].message


def test_its_places_are_the_rows(found: dict[str, Finding]) -> None:
    assert [(place.file, place.record) for place in found["ward"].places] == [
        ("ward.csv", 6),
        ("ward.csv", 7),
        ("ward.csv", 8),
    ]
    assert [(place.file, place.record) for place in found["clinic"].places] == [("clinic.csv", 6)]


@pytest.mark.parametrize(("time", "again"), [("2026-03-02T04:30:00Z", True), ("2026-03-02T04:31:00Z", False)])
def test_the_same_instant_at_another_offset_is_stated_again(time: str, again: bool, tmp_path: Path) -> None:
    """The offset is how the time was received; the first statement keeps its own."""
    (tmp_path / "one.yaml").write_text(MAPPING.replace("NAME", "one").replace("[pid, at]", "[pid]"))
    rows = [f"p1,{at},M1,120,80,60,98,14" for at in ("2026-03-01T23:30:00-05:00", time)]
    (tmp_path / "one.csv").write_text("pid,at,dev,sbp,dbp,hr,spo2,rr\n" + "\n".join(rows) + "\n")
    key = ROOT / "examples" / "demo.key"
    done = api.run(tmp_path / "one.yaml", out=tmp_path / "out", key_file=key, engine="none", jobs=1)
    assert done.ledger.statements["one"]["duplicate"] == 5 * again
    kept = done.frame()["offset_min"].tolist()
    assert sorted(kept) == [-300] * 5 + [0] * 5 * (not again)
