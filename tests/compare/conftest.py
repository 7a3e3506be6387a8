"""Tables of observations of several sources, as a run publishes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twinmap.compare.run import Compared, run
from twinmap.engine.duck import Duck, connect
from twinmap.kinds import KINDS
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets

_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "SMALLINT": pa.int16(),
    "TINYINT": pa.int8(),
    "DOUBLE": pa.float64(),
}

Compare = Callable[[Sequence[dict[str, Any]]], Compared]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Duck]:
    with connect(tmp_path / "work", threads=2) as connection:
        yield connection


@pytest.fixture
def compare(database: Duck, tmp_path: Path) -> Compare:
    """Compares the sources of some observations; what is not said is a systolic pressure of twin ``k2`` in mm[Hg]."""

    def compared(rows: Sequence[dict[str, Any]]) -> Compared:
        whole = [_observation(number, row) for number, row in enumerate(rows)]
        columns = KINDS["observation"].columns(tuple(facets()))
        table = {
            item.name: pa.array([row.get(item.name) for row in whole], _TYPES[item.type]) for item in columns
        }
        path = tmp_path / "observation.parquet"
        pq.write_table(pa.table(table), path)
        return run(database, {"observation": path}, catalogue())

    return compared


def _observation(number: int, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": "a",
        "rule": "m#records/x",
        "file": 1,
        "record": number,
        "part": "",
        "id": f"o{number:05}",
        "twin": "k2",
        "status": "final",
        "code_system": "http://loinc.org",
        "code": "8480-6",
        "value_kind": "quantity",
        "value_num": 120.0,
        "value_decimals": 0,
        "unit": "mm[Hg]",
        "unit_raw": "mm[Hg]",
        "canon_unit": "mm[Hg]",
        "start_us": 1_772_352_000_000_000,
        "time_precision": "second",
    } | said
