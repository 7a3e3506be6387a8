"""Rows of Python values to Arrow record batches of a fixed size, with the types of the shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from twinmap.formats import arrays
from twinmap.model import REPEATING, SHAPE_FIELDS, Field, Shape

#: Rows of a batch, and cells where there are many columns: 100 MB of texts. They are fixed, so that the unit of
#: work does not depend on the machine.
BATCH_ROWS = 50_000
BATCH_CELLS = 2_000_000


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
    """Collects rows and gives batches of ``rows`` rows, fewer of wide ones; call :meth:`finish` for the rest.

    A row has the values of the schema's columns in order: text for TEXT and KEY, tuples in the order of
    ``SHAPE_FIELDS`` for the composite shapes (a list of tuples where they repeat), None where missing.
    """

    def __init__(self, fields: Sequence[Field], *, cells: bool = True, rows: int = BATCH_ROWS) -> None:
        self.schema = schema(fields, cells=cells)
        self._shapes = [Shape.TEXT] * 4 + [item.shape for item in fields] + [Shape.TEXT] * cells
        self._rows = min(rows, max(1, BATCH_CELLS // len(self.schema)))
        self._buffer: list[Sequence[Any]] = []
        #: Batches that wait to be put together, and their rows.
        self._ready: list[pa.RecordBatch] = []
        self._held = 0

    def add(self, row: Sequence[Any]) -> Iterator[pa.RecordBatch]:
        """Take one row; yields a batch when one is full."""
        self._buffer.append(row)
        if self._held + len(self._buffer) >= self._rows:
            yield from self._full()

    def add_batch(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Take rows that are in columns already; yields batches as they are full."""
        self._close()
        self._ready.append(batch)
        self._held += len(batch)
        if self._held >= self._rows:
            yield from self._full()

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Yield what is left."""
        if self._held or self._buffer:
            yield from self._full(rest=True)

    def _full(self, *, rest: bool = False) -> Iterator[pa.RecordBatch]:
        self._close()
        whole = self._ready[0] if len(self._ready) == 1 else pa.concat_batches(self._ready)
        while len(whole) >= self._rows or (rest and len(whole)):
            yield whole.slice(0, self._rows)
            whole = whole.slice(self._rows)
        self._ready, self._held = [whole] if len(whole) else [], len(whole)

    def _close(self) -> None:
        if self._buffer:
            self._held += len(self._buffer)
            self._ready.append(self._flush())

    def _flush(self) -> pa.RecordBatch:
        columns = zip(*self._buffer, strict=True)
        made = [
            _column(values, shape, column.type)
            for values, shape, column in zip(columns, self._shapes, self.schema, strict=True)
        ]
        self._buffer = []
        return pa.RecordBatch.from_arrays(made, schema=self.schema)


def _column(values: Sequence[Any], shape: Shape, kind: pa.DataType) -> pa.Array:
    """One column of a batch, by its Arrow type."""
    if pa.types.is_integer(kind):
        return arrays.integers(values, kind)
    if shape is Shape.TEXT and pa.types.is_list(kind):
        return arrays.lists(values, arrays.texts([item for value in values for item in value]))
    return of_shape(values, shape)


def of_shape(values: Sequence[Any], shape: Shape) -> pa.Array:
    """An Arrow array of values of one shape: text, tuples, or lists of tuples; None is null."""
    members = SHAPE_FIELDS.get(shape)
    if members is None:
        return arrays.texts(values)
    if shape not in REPEATING:
        return arrays.structs(values, members)
    items = [item for value in values for item in value or ()]
    return arrays.lists(values, arrays.structs(items, members))
