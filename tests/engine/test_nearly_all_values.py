"""Where nearly all values of a slot cannot be used, the mapping does not fit: an error, with the share."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap import api
from twinmap.cli import main
from twinmap.diagnostics import Finding, Severity

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: "*.csv", timezone: Europe/Zurich}
patient: {id: $(pid), system: mrn, birth-date: {from: $(born), format: dd.MM.yyyy}}
key: [pid, at]
time: {from: $(at), format: [dd.MM.yyyy HH:mm]}
observe:
  heart-rate: {value: $(hr), unit: /min}
  body-weight: {value: $(kg), unit: kg}
"""


def rows(number: int, at: str = "01.03.2026 08:00", hr: str = "60", born: str = "01.02.1970") -> list[str]:
    return [f"p{n},{at},{hr},70,{born}" for n in range(number)]


def run(folder: Path, *files: list[str]) -> list[Finding]:
    (folder / "ward.yaml").write_text(MAPPING)
    (folder / "data").mkdir()
    for number, lines in enumerate(files):
        header = "pid,at,hr,kg,born" + ",more" * number  # another header is another group of files
        text = "\n".join([header, *(line + ",x" * number for line in lines)]) + "\n"
        (folder / "data" / f"{number}.csv").write_text(text)
    outcome = api.run(
        folder / "ward.yaml",
        out=folder / "out",
        data=[str(folder / "data")],
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=1,
    )
    return [found for found in outcome.findings if found.code in {"TM-Q11", "TM-Q12", "TM-Q13"}]


@pytest.mark.parametrize(
    ("wrong", "right", "severity"),
    [
        (20, 0, Severity.ERROR),
        (19, 0, Severity.WARNING),
        (19, 1, Severity.ERROR),
        (18, 1, Severity.WARNING),
        (38, 2, Severity.ERROR),
        (37, 3, Severity.WARNING),
    ],
)
def test_the_share_decides(tmp_path: Path, wrong: int, right: int, severity: Severity) -> None:
    lines = rows(wrong + right)
    lines[:wrong] = rows(wrong, at="2026-03-01 08:00")
    (found,) = run(tmp_path, lines)
    # The time is that of both rules: it is counted once a row.
    assert (found.code, found.severity, found.count) == ("TM-Q12", severity, wrong)
    assert found.details.get("values", wrong + right) == wrong + right
    assert ("share" in found.details) == (severity is Severity.ERROR)
    share = f"({wrong} of {wrong + right} values, {100 * wrong // (wrong + right)} %)"
    assert (share in found.message) == (severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("TM-Q11", {"hr": "leads off"}),
        ("TM-Q12", {"born": "1970-02-01"}),
        ("TM-Q13", {"at": "29.03.2026 02:30"}),
    ],
)
def test_values_births_and_hours_that_do_not_exist(
    tmp_path: Path, code: str, changed: dict[str, str]
) -> None:
    (found,) = run(tmp_path, rows(40, **changed))
    assert (found.code, found.severity, found.count, found.details["values"]) == (
        code,
        Severity.ERROR,
        40,
        40,
    )


def test_missing_values_are_no_values(tmp_path: Path) -> None:
    (found,) = run(tmp_path, rows(20, hr="leads off") + rows(60, hr=""))
    assert (found.severity, found.details["values"]) == (Severity.ERROR, 20)


def test_all_files_together_decide(tmp_path: Path) -> None:
    (found,) = run(tmp_path, rows(30, hr="leads off"), [f"q{line}" for line in rows(30)])
    assert (found.severity, found.count, found.details["values"]) == (Severity.WARNING, 30, 60)


def test_all_files_together_are_an_error(tmp_path: Path) -> None:
    (found,) = run(tmp_path, rows(15, hr="off"), [f"q{line}" for line in rows(15, hr="off")])
    assert (found.severity, found.count, found.details["values"]) == (Severity.ERROR, 30, 30)


def test_the_command_fails_where_it_is_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, rows(20, at="2026-03-01 08:00"))
    command = ["run", str(tmp_path / "ward.yaml"), "--source", str(tmp_path / "data"), "-o"]
    command += [
        str(tmp_path / "again"),
        "--key-file",
        str(ROOT / "examples" / "demo.key"),
        "--engine",
        "none",
    ]
    assert main(command) == 0
    assert main([*command[:-4], str(tmp_path / "third"), *command[-4:], "--fail-on", "error"]) in {1, 2}
    assert "20 of 20 values, 100 %" in capsys.readouterr().err
