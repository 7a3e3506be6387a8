"""``check --against`` of a mapping that is wrong already: what is wrong is told, and that alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twinmap.errors import Exit

MAPPING = """\
twinmap: 1
id: t
version: 1.0.0
source: {format: csv, files: vitals.csv, timezone: Europe/Zurich}
patient: {id: $(mrn), system: s}
time: {from: $(at), format: dd.MM.yyyy HH:mm}
key: [mrn, at]
observe: {heart-rate: {value: $(hr), unit: /min}}
"""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("csv,", "klingon,", "TM-L06"),
        ("vitals.csv", "../vitals.csv", "TM-L15"),
        ("vitals.csv", "/etc/vitals.csv", "TM-L15"),
        ("vitals.csv", '"**x"', "TM-L06"),
        ("vitals.csv", "vitals.csv, encoding: rot13", "TM-L06"),
        ("vitals.csv", "vitals.csv, delimiter: '::'", "TM-L06"),
    ],
)
def test_what_is_wrong_is_a_finding(
    here: Path, cli: Callable[..., Any], old: str, new: str, code: str
) -> None:
    (here / "wrong.yaml").write_text(MAPPING.replace(old, new))
    done = cli("check", "wrong.yaml", "--against", ".")
    assert done.code == Exit.FINDINGS
    assert f"{code} error" in done.said


def test_a_column_is_missed_beside_another_mistake(here: Path, cli: Callable[..., Any]) -> None:
    (here / "wrong.yaml").write_text(MAPPING.replace("$(hr)", "$(pulse)").replace("/min", "furlong"))
    done = cli("check", "wrong.yaml", "--against", ".")
    assert 'TM-L01 error: column "pulse" is not in vitals.csv' in done.said
