"""Batches of rows: as many as fit, fewer of wide ones."""

from __future__ import annotations

import pytest

from twinmap.formats import batches
from twinmap.formats.batches import BatchBuilder
from twinmap.model import Field


def _sizes(builder: BatchBuilder, rows: int) -> list[int]:
    width = len(builder.schema) - 4
    found = [batch.num_rows for n in range(rows) for batch in builder.add([1, n, n, "", *["x"] * width])]
    return [*found, *(batch.num_rows for batch in builder.finish())]


def test_a_batch_has_its_rows() -> None:
    fields = [Field(f"f{n}", "a") for n in range(3)]
    assert _sizes(BatchBuilder(fields, cells=False, rows=4), 10) == [4, 4, 2]


def test_a_batch_of_many_columns_has_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_CELLS", 100)
    fields = [Field(f"f{n}", "a") for n in range(46)]
    assert _sizes(BatchBuilder(fields, cells=False), 5) == [2, 2, 1]
    monkeypatch.setattr(batches, "BATCH_CELLS", 1)
    assert _sizes(BatchBuilder(fields, cells=False), 2) == [1, 1]
