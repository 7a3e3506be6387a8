"""What ``twinmap.run`` gives back."""

from __future__ import annotations

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
