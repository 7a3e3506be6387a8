"""What ``twinmap.run`` gives back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import twinmap

MAPPING = """\
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: a.csv}
patient: {id: $(mrn), system: s, sex: $(sex)}
key: [mrn]
time: $(at)
observe: {heart-rate: {value: $(hr), unit: /min}}
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> twinmap.Outcome:
    folder = tmp_path_factory.mktemp("outcome")
    (folder / "m.yaml").write_text(MAPPING)
    (folder / "a.csv").write_text("mrn,sex,at,hr\np1,male,2026-03-01T08:15:00+01:00,72\np2,,,fast\n")
    key = folder / "key"
    key.write_text("ab" * 32)
    return twinmap.run(folder / "m.yaml", out=folder / "out", key_file=key, engine="none", jobs=1)


def test_it_is_shown_in_a_line(outcome: twinmap.Outcome) -> None:
    found = len(outcome.findings)
    assert found
    assert repr(outcome) == (
        f"<Outcome in {outcome.out}: triples {outcome.triples:,}, patients {outcome.patients}, "
        f"findings {found}, lost 0>"
    )


def test_a_table_that_was_not_made_is_refused_with_those_that_were(outcome: twinmap.Outcome) -> None:
    assert outcome.kinds == ("observation", "patient")
    for kind in ("observatoin", "allergy", "../manifest"):
        with pytest.raises(twinmap.UsageError, match="made no table") as raised:
            outcome.frame(kind)
        assert raised.value.help == "there are: observation, patient"


def test_times_are_microseconds_in_utc(outcome: twinmap.Outcome) -> None:
    """As the docstring of ``frame`` says."""
    frame = outcome.frame()
    (start,) = pd.to_datetime(frame["start_us"], unit="us", utc=True)
    assert start == pd.Timestamp("2026-03-01T07:15Z")


# --- what stands beside run -------------------------------------------------------------------------


def test_a_mapping_is_checked_alone_and_against_data(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING)
    (tmp_path / "a.csv").write_text("mrn,sex,at\n")
    assert twinmap.check(path) == twinmap.check([str(path)])
    assert twinmap.check(path).findings == ()
    assert [item.code for item in twinmap.check(path, against=str(tmp_path)).findings] == ["TM-L01"]


def test_the_tests_beside_a_mapping_are_run(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING)
    given = "{mrn: p1, at: 2026-03-01T08:15Z, hr: 72}"
    (tmp_path / "m.test.yaml").write_text(
        f"tests:\n  - {{name: right, given: {given}, expect: [{{value: 72}}]}}\n"
        f"  - {{name: wrong, given: {given}, expect: [{{value: 73}}]}}\n"
    )
    assert [(item.name, item.passed) for item in twinmap.run_tests(path)] == [
        ("right", True),
        ("wrong", False),
    ]


def test_a_graph_is_validated(outcome: twinmap.Outcome) -> None:
    found = twinmap.validate_graph(outcome.out, engine="pyshacl")
    assert found.validation.conforms
    assert found.validation.triples == outcome.triples
    assert "TM-H01" not in {item.code for item in found.findings}
    with pytest.raises(twinmap.UsageError, match="holds no graph"):
        twinmap.validate_graph([outcome.out / "tables"])
