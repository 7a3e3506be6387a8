"""A blood pressure CSV with one fault at a time: what others do in silence is said here, with its place.

Each case was put to another mapping engine, which answered with a stack trace, a wrong triple or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.diagnostics import Finding
from twinmap.errors import Exit, UsageError

ROOT = Path(__file__).parent.parent
MAPPING = """\
twinmap: 1
id: bp
version: 1.0.0
source: {format: csv, files: bp.csv, timezone: Europe/Zurich}
patient: {id: $(mrn), system: hospital-mrn}
time: {from: $(at), format: yyyy-MM-dd HH:mm}
key: [mrn, at]
observe:
  blood-pressure: {systolic: $(sbp), diastolic: $(dbp), unit: $(unit)}
"""
DATA = "mrn,at,sbp,dbp,unit\n0042,2024-02-01 12:00,120,80,mm[Hg]\n"


@dataclass
class Ran:
    """What came out of a run."""

    outcome: api.Outcome
    graph: str
    rows: list[dict[str, object]]

    def found(self, code: str) -> Finding:
        (finding,) = [finding for finding in self.outcome.findings if finding.code == code]
        return finding


def run(folder: Path, *, mapping: str = MAPPING, data: str = DATA) -> Ran:
    (folder / "bp.yaml").write_text(mapping)
    (folder / "bp.csv").write_text(data)
    outcome = api.run(folder / "bp.yaml", out=folder / "out", key_file=ROOT / "examples" / "demo.key", jobs=1)
    rows = pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist()
    return Ran(outcome, (folder / "out" / "graph.nq").read_text(), rows)


def refused(folder: Path, mapping: str) -> Finding:
    with pytest.raises(UsageError) as caught:
        run(folder, mapping=mapping)
    assert caught.value.exit_code == Exit.USAGE
    assert not (folder / "out" / "graph.nq").exists()
    (finding,) = [item for item in caught.value.findings if item.severity.value == "error"]
    return finding


def test_nothing_is_wrong(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert [(row["code"], row["value_text"], row["unit"]) for row in ran.rows] == [
        ("8480-6", "120", "mm[Hg]"),
        ("8462-4", "80", "mm[Hg]"),
    ]
    assert not [
        item
        for item in ran.outcome.findings
        if item.severity.value in {"error", "warning"} and item.code != "TM-Z01"
    ]


def test_a_column_is_misspelt(tmp_path: Path) -> None:
    finding = refused(tmp_path, MAPPING.replace("$(sbp)", "$(sbpp)"))
    assert finding.code == "TM-L01"
    assert (finding.where.line, finding.where.column) == (9, 30)  # type: ignore[union-attr]
    assert '"sbpp"' in finding.message
    assert '"sbp"' in (finding.help or "")


def test_a_prefix_is_not_declared(tmp_path: Path) -> None:
    mapping = (
        MAPPING.replace(
            "  blood-pressure: {systolic: $(sbp), diastolic: $(dbp), unit: $(unit)}",
            "  result: {code: lonic:8480-6, value: $(sbp), unit: $(unit)}",
        )
        + "ignore: [dbp]\n"
    )
    finding = refused(tmp_path, mapping)
    assert finding.code == "TM-L11"
    assert finding.where.line == 9  # type: ignore[union-attr]
    assert "loinc" in (finding.help or "")


def test_diastolic_is_coded_as_heart_rate(tmp_path: Path) -> None:
    """Millimetres of mercury are no rate: the code and the unit contradict each other."""
    mapping = MAPPING.replace(
        "  blood-pressure: {systolic: $(sbp), diastolic: $(dbp), unit: $(unit)}",
        "  - systolic-blood-pressure: {value: $(sbp), unit: $(unit)}\n"
        "  - result: {code: loinc:8867-4, value: $(dbp), unit: $(unit)}",
    )
    finding = run(tmp_path, mapping=mapping).found("TM-U06")
    assert finding.count == 1
    assert finding.sources == ("bp",)


def test_a_kilopascal_among_millimetres(tmp_path: Path) -> None:
    """Both are kept as received, and compared in one unit: 16.0 kPa are 120 mm[Hg]."""
    ran = run(tmp_path, data=DATA + "0043,2024-02-01 12:00,16.0,10.5,kPa\n")
    low, high = sorted((row for row in ran.rows if row["code"] == "8480-6"), key=lambda row: str(row["unit"]))
    assert (low["value_text"], low["unit"], low["canon_unit"]) == ("16.0", "kPa", "mm[Hg]")
    assert low["canon_num"] == pytest.approx(120.0102, abs=0.0001)
    assert (high["value_text"], high["canon_num"]) == ("120", 120.0)
    assert '"16.0"' in ran.graph
    assert '"120.0102' in ran.graph


def test_a_value_is_no_number(tmp_path: Path) -> None:
    ran = run(tmp_path, data=DATA + "0043,2024-02-01 12:00,abc,81,mm[Hg]\n")
    finding = ran.found("TM-Q11")
    assert (finding.count, finding.places[0].record, finding.places[0].shape) == (1, 2, "xxx")
    assert "abc" not in ran.graph
    assert "abc" not in (tmp_path / "out" / "findings.jsonl").read_text()
    assert [row["value_text"] for row in ran.rows if row["record"] == 2] == ["81"]


def test_a_date_is_written_another_way(tmp_path: Path) -> None:
    """01/02/2024 is a day in January or in February: it is not rewritten to either."""
    ran = run(tmp_path, data=DATA + "0043,01/02/2024 12:00,121,81,mm[Hg]\n")
    finding = ran.found("TM-Q12")
    assert (finding.places[0].record, finding.places[0].shape) == (2, "99/99/9999 99:99")
    assert {row["start_us"] for row in ran.rows if row["record"] == 2} == {None}
    assert "01/02" not in ran.graph
    assert ran.graph.count("resultTime") + ran.graph.count("phenomenonTime") == 2


def test_an_empty_value_makes_nothing(tmp_path: Path) -> None:
    """No node without a value: the diastolic of the second row is not there at all, and is counted."""
    ran = run(tmp_path, data=DATA + "0043,2024-02-01 12:00,121,,mm[Hg]\n")
    assert [row["code"] for row in ran.rows if row["record"] == 2] == ["8480-6"]
    assert ran.graph.count("sosa/Observation>") == 3
    assert ran.outcome.ledger.cells["bp"]["dbp"]["missing"] == 1
