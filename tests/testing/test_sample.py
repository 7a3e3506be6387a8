"""``check --against`` tries the first records: what fits none of them is a fault of the mapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap import lint
from twinmap.diagnostics import Finding, Severity
from twinmap.errors import InputOutputError

MAPPING = """\
twinmap: 1
id: watch
version: 1.0.0
source: {format: csv, files: "watch*.csv", timezone: Europe/Zurich}
patient: {id: $(p), system: s}
time: {from: $(at), format: dd.MM.yyyy HH:mm}
key: [p, at]
observe:
  - heart-rate: {value: $(hr), unit: $(unit)}
  - body-weight: {value: $(weight), unit: kg}
"""
ROW = "42,{day:02}.03.2026 08:15,72,/min,70.5\n"


def _check(folder: Path, mapping: str = MAPPING, *, rows: int = 20, **changes: str) -> list[Finding]:
    (folder / "m.yaml").write_text(mapping)
    text = "".join(ROW.format(day=day + 1) for day in range(rows))
    for change in changes.values():
        text = text.replace(*change.split(">"))
    (folder / "watch1.csv").write_text(f"p,at,hr,unit,weight\n{text}")
    return list(lint.check([folder / "m.yaml"], against=folder).findings)


def test_what_fits_is_not_told(tmp_path: Path) -> None:
    assert _check(tmp_path) == []


def test_a_format_that_fits_no_time_is_an_error(tmp_path: Path) -> None:
    (finding,) = _check(tmp_path, MAPPING.replace("dd.MM.yyyy", "yyyy-MM-dd"))
    assert (finding.code, finding.severity) == ("TM-Q12", Severity.ERROR)
    assert finding.message == "none of the first 20 times fits yyyy-MM-dd HH:mm: 99.99.9999 99:99"
    assert (finding.details["share"], finding.where and finding.where.line) == (1.0, 6)


def test_numbers_written_otherwise_are_an_error(tmp_path: Path) -> None:
    (finding,) = _check(tmp_path, decimal="70.5>70.5 kg")
    assert (finding.code, finding.severity) == ("TM-Q11", Severity.ERROR)
    assert finding.message == "none of the first 20 values of body-weight is a number: 99.9 xx"


def test_texts_that_are_no_units_are_an_error(tmp_path: Path) -> None:
    (finding,) = _check(tmp_path, unit="/min>furlongs")
    assert (finding.code, finding.severity) == ("TM-U01", Severity.ERROR)
    assert finding.message == "none of the first 20 units of heart-rate is known: xxxxxxxx"


def test_an_alias_is_a_unit(tmp_path: Path) -> None:
    assert _check(tmp_path, unit="/min>bpm") == []


def test_one_that_fits_is_enough(tmp_path: Path) -> None:
    assert _check(tmp_path, MAPPING, day="01.03.2026>1 March") == []


def test_few_records_are_a_warning(tmp_path: Path) -> None:
    (finding,) = _check(tmp_path, rows=2, decimal="70.5>many")
    assert finding.severity is Severity.WARNING


def test_of_a_large_file_the_start_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING)
    row = ROW.format(day=1)
    lines = (3 << 20) // len(row)
    (tmp_path / "watch1.csv").write_text("p,at,hr,unit,weight\n" + row.replace("70.5", "x") * lines)
    (finding,) = lint.check([tmp_path / "m.yaml"], against=tmp_path).findings
    assert 0 < finding.details["failed"] < lines / 2


def test_data_where_no_file_fits_is_a_fault(tmp_path: Path) -> None:
    _check(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputOutputError, match="watch: no file fits watch"):
        lint.check([tmp_path / "m.yaml"], against=tmp_path / "empty")
