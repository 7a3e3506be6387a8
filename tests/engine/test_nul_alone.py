"""A text of one NUL, which JSON can hold, is missing or kept as a code; it is no bug."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap import api

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: nul
version: 1.0.0
source: {format: json, files: data.json, timezone: UTC}
patient: {id: $(p), system: x}
device: {id: $(d), type: monitor}
encounter: {id: $(e), system: y}
time: $(t)
key: [p, t]
observe:
  result: {code: $(c), value: $(v), unit: $(u)}
"""
RECORD = {
    "p": "1",
    "d": "M1",
    "e": "E1",
    "t": "2026-03-01T08:00:00",
    "c": "loinc:8480-6",
    "v": "120",
    "u": "mm[Hg]",
}


@pytest.mark.parametrize("name", RECORD)
def test_a_nul_alone_is_no_bug(tmp_path: Path, name: str) -> None:
    records = [RECORD, {**RECORD, "t": "2026-03-01T09:00:00", name: "\0"}]
    (tmp_path / "data.json").write_text(json.dumps(records))
    (tmp_path / "map.yaml").write_text(MAPPING)
    outcome = api.run(
        tmp_path / "map.yaml",
        out=tmp_path / "out",
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=1,
    )
    book = outcome.ledger.records["nul"]
    assert (book["read"], book["lost"]) == (2, 0)
    assert book["set_aside"] == (name in ("p", "v"))
