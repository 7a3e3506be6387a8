"""Tables of thousands of columns: DuckDB holds a buffer for each, the strict reader does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap import api
from twinmap.engine import stage

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: wide
version: 1.0.0
source: {format: csv, files: wide.csv, timezone: UTC}
patient: {id: $(pid), system: x}
time: $(at)
key: [pid, at]
observe:
  heart-rate: {value: $(c7), unit: /min}
"""


def test_what_is_too_wide_for_the_memory_is_read_strictly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["pid", "at", *(f"c{number}" for number in range(998))]
    rows = [[str(n), f"2026-03-01T08:{n:02}:00", *["70"] * 998] for n in range(10)]
    (tmp_path / "wide.csv").write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    (tmp_path / "map.yaml").write_text(MAPPING)
    fast = []

    def watched(*arguments: object) -> object:
        fast.append(read_by_duckdb(*arguments))  # type: ignore[arg-type]
        return fast[-1]

    read_by_duckdb = stage._fast_csv
    monkeypatch.setattr(stage, "_fast_csv", watched)
    outcome = api.run(
        tmp_path / "map.yaml",
        out=tmp_path / "out",
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=1,
        memory_mb=256,
    )
    assert fast == [None]
    assert outcome.ledger.records["wide"]["mapped"] == 10
