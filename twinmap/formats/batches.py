"""Rows of Python values to Arrow record batches of a fixed size, with the types of the shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from twinmap.model import REPEATING, SHAPE_FIELDS, Field, Shape

#: Rows of a batch; fixed, so that the unit of work does not depend on the machine.
BATCH_ROWS = 50_000


def arrow_type(shape: Shape) -> pa.DataType:
    """The Arrow type of a column of this shape, as :class:`twinmap.model.Shape` lists them."""
    members = SHAPE_FIELDS.get(shape)
    if members is None:
        return pa.string()
    struct = pa.struct([pa.field(name, pa.string()) for name in members])
    return pa.list_(struct) if shape in REPEATING else struct


def schema(fields: Sequence[Field], *, cells: bool = True) -> pa.Schema:
    """The schema of the batches that answer a request with these fields."""
    columns = [
        pa.field("_file", pa.int32(), nullable=False),
        pa.field("_record", pa.int64(), nullable=False),
        pa.field("_line", pa.int64()),
        pa.field("_part", pa.string(), nullable=False),
        *(pa.field(item.name, arrow_type(item.shape)) for item in fields),
    ]
    if cells:
        columns.append(pa.field("_cells", pa.list_(pa.string()), nullable=False))
    return pa.schema(columns)


class BatchBuilder:
    """Collects rows and gives batches of ``rows`` rows; call :meth:`finish` for the rest.

    A row has the values of the schema's columns in order: text for TEXT and KEY, tuples in the order of
    ``SHAPE_FIELDS`` for the composite shapes (a list of tuples where they repeat), None where missing.
    """

    def __init__(self, fields: Sequence[Field], *, cells: bool = True, rows: int = BATCH_ROWS) -> None:
        self.schema = schema(fields, cells=cells)
        self._shapes = [Shape.TEXT] * 4 + [item.shape for item in fields] + [Shape.TEXT] * cells
        self._rows = rows
        self._buffer: list[Sequence[Any]] = []

    def add(self, row: Sequence[Any]) -> Iterator[pa.RecordBatch]:
        """Take one row; yields a batch when one is full."""
        self._buffer.append(row)
        if len(self._buffer) >= self._rows:
            yield self._flush()

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Yield what is left."""
        if self._buffer:
            yield self._flush()

    def _flush(self) -> pa.RecordBatch:
        columns = zip(*self._buffer, strict=True)
        arrays = [
            _column(values, shape, column.type)
            for values, shape, column in zip(columns, self._shapes, self.schema, strict=True)
        ]
        self._buffer = []
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _column(values: Sequence[Any], shape: Shape, kind: pa.DataType) -> pa.Array:
    members = SHAPE_FIELDS.get(shape)
    if members is None:
        return pa.array(values, type=kind)
    if shape not in REPEATING:
        missing = pa.array([value is None for value in values])
        return _structs([value or (None,) * len(members) for value in values], members, missing)
    items = [item for value in values for item in value or ()]
    offsets: list[int | None] = []
    end = 0
    for value in values:
        offsets.append(None if value is None else end)
        end += len(value or ())
    offsets.append(end)
    return pa.ListArray.from_arrays(pa.array(offsets, type=pa.int32()), _structs(items, members, None))


def _structs(items: Sequence[Sequence[Any]], members: Sequence[str], missing: pa.Array | None) -> pa.Array:
    """Tuples as an Arrow struct column, member by member: half the time that dicts take."""
    columns = list(zip(*items, strict=True)) if items else [()] * len(members)
    arrays = [pa.array(column, type=pa.string()) for column in columns]
    return pa.StructArray.from_arrays(arrays, names=list(members), mask=missing)
