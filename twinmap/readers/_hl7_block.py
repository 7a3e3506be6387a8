"""Rows of HL7 v2 messages to record batches, column by column.

A field of the record's own segment is taken from every row; a field of another segment is read once for
each scope (message, patient, order) and taken for the rows in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa

from twinmap.formats import hl7path
from twinmap.formats.batches import BATCH_ROWS, schema
from twinmap.formats.hl7path import Reference
from twinmap.formats.hl7text import REPETITION
from twinmap.model import Issue, Request
from twinmap.privacy import shape
from twinmap.readers._hl7_columns import (
    SEVERAL,
    Column,
    Filled,
    column,
    fill,
    segment_fits,
    typed,
    zone_column,
)
from twinmap.readers._hl7_message import Message
from twinmap.readers._hl7_scope import BOUND, KNOWN, Grouping, Row, Scope, Segment, find, opens

#: Rows are turned into a batch when there are this many of them, or so much text.
_ROWS = BATCH_ROWS
_BYTES = 32_000_000
#: The fields with the encoding characters are no cells.
_FIRST_CELL = {"MSH": 3}


class Block:
    """Collects rows and gives batches.

    Args:
        file: The number of the file.
        request: What is asked for; its references are well formed.
    """

    def __init__(self, file: int, request: Request) -> None:
        self._file = file
        self._each = request.each
        self._down = request.each is None or opens(request.each)
        self._schema = schema(request.fields)
        self._columns: list[tuple[str, Column | None]] = []
        for item in request.fields:
            if item.path == "record:index":
                self._columns.append(("index", None))
                continue
            made = zone_column(item) if item.path == "record:zone" else column(item, hl7path.parse(item.path))
            self._columns.append((self._kind(made.reference), made))
        self._shared = [made for kind, made in self._columns if kind == "shared" and made]
        self._detail = [made for kind, made in self._columns if kind == "detail" and made]
        self._start()

    def _kind(self, reference: Reference) -> str:
        name = reference.segment
        if self._each is None:
            return "shared"
        if name == self._each and reference.segment_pick is None:
            return "own"
        return "detail" if name in BOUND or name not in KNOWN else "shared"

    def _start(self) -> None:
        self._own: list[Segment] = []
        self._record: list[int] = []
        self._line: list[int] = []
        self._index: list[int] = []
        self._cells: list[int] = []
        self._details: list[list[str]] = []
        #: For each scope the raw texts of the shared columns, and its first row; for each row its scope.
        self._scopes: list[list[str]] = []
        self._scope_row: list[int] = []
        self._scope_of_row: list[int] = []
        self._cell_sets: dict[object, int] = {}
        self._cell_names: list[list[str]] = []
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._own) >= _ROWS or self._size >= _BYTES

    # --- messages to rows

    def add(self, message: Message) -> bool:
        """Take one message; False where it has no record."""
        grouping = Grouping(message.segments, self._each)
        rows = grouping.rows
        if self._each is None:
            rows = [Row(message.segments[0], grouping.root, 0)]
        if not rows:
            return False
        for position, row in enumerate(rows, len(self._own)):
            scope = row.scope
            if scope.values is None:
                scope.values = len(self._scopes)
                self._scopes.append([self._raw(made, scope) for made in self._shared])
                self._scope_row.append(position)
            self._scope_of_row.append(scope.values)
        self._own += [row.segment for row in rows]
        self._record += [message.number] * len(rows)
        self._line += [message.lines[row.index] for row in rows]
        self._index += range(1, len(rows) + 1) if self._each else (message.number,)
        if self._detail:
            self._details += [
                [_raw(made, row.bound(made.reference.segment)) for made in self._detail] for row in rows
            ]
        self._cells += self._cells_of(message, rows)
        self._size += message.size
        return True

    def _raw(self, made: Column, scope: Scope) -> str:
        return _raw(made, find(scope, made.reference.segment, down=self._down))

    def _cells_of(self, message: Message, rows: list[Row]) -> list[int]:
        """The set of cells of each row; what belongs to no other record is in the first one's."""
        each, known = self._each, self._cell_sets
        chosen = rows[0].segment
        first = tuple(
            (segment[0], bytes(map(bool, segment)))
            for segment in message.segments
            if each is None or segment[0] != each or segment is chosen
        )
        found = []
        for key in (first, *(bytes(map(bool, row.segment)) for row in rows[1:])):
            number = known.get(key)
            if number is None:
                number = known[key] = len(self._cell_names)
                patterns = key if isinstance(key, tuple) else ((each or "", key),)
                self._cell_names.append([name for pattern in patterns for name in _cell_names(*pattern)])
            found.append(number)
        return found

    # --- rows to batches

    def flush(self) -> Iterator[pa.RecordBatch | Issue]:
        """Give what is collected, what is wrong with it first."""
        if not self._own:
            return
        arrays = self._places()
        scope_of_row = pa.array(self._scope_of_row, pa.int32())
        number = {"own": 0, "shared": 0, "detail": 0}
        for kind, made in self._columns:
            if made is None:
                arrays.append(pa.array([str(index) for index in self._index], pa.string()))
                continue
            filled = fill(made, self._raws(kind, made, number[kind]))
            number[kind] += 1
            first_rows = self._scope_row if kind == "shared" else None
            yield from self._issues(made, filled, first_rows)
            arrays.append(filled.array.take(scope_of_row) if kind == "shared" else filled.array)
        names = pa.array(self._cell_names, pa.list_(pa.string()))
        arrays.append(names.take(pa.array(self._cells, pa.int32())))
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._start()
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)

    def _places(self) -> list[pa.Array]:
        rows = len(self._own)
        parts = [f"{self._each}[{index}]" for index in self._index] if self._each else [""] * rows
        return [
            pa.array([self._file] * rows, pa.int32()),
            pa.array(self._record, pa.int64()),
            pa.array(self._line, pa.int64()),
            pa.array(parts, pa.string()),
        ]

    def _raws(self, kind: str, made: Column, number: int) -> list[str]:
        if kind == "shared":
            return [values[number] for values in self._scopes]
        if kind == "detail":
            return [values[number] for values in self._details]
        at = made.reference.field
        if made.typed:
            return [typed(own[2], own[5]) if len(own) > 5 and own[5] else "" for own in self._own]
        return [own[at] if len(own) > at else "" for own in self._own]

    def _issues(self, made: Column, filled: Filled, first_rows: list[int] | None) -> Iterator[Issue]:
        for position, (code, message), raw in filled.problems:
            row = first_rows[position] if first_rows is not None else position
            part = f"{self._each}[{self._index[row]}]" if self._each else ""
            place = (self._file, self._record[row], self._line[row], part)
            yield Issue(
                *place, code, message, made.item.path, shape(raw.partition("|")[2] if made.typed else raw)
            )


def _raw(made: Column, segments: Sequence[Segment]) -> str:
    """The field of all these segments as one raw text; a segment more is a repetition more."""
    reference = made.reference
    pick, at = reference.segment_pick, reference.field
    if isinstance(pick, int):
        segments = segments[pick - 1 : pick]
    elif pick is not None:
        segments = [segment for segment in segments if all(segment_fits(segment, test) for test in pick)]
    if made.typed:
        return SEVERAL.join(
            typed(segment[2], segment[5]) for segment in segments if len(segment) > 5 and segment[5]
        )
    return REPETITION.join(segment[at] for segment in segments if len(segment) > at and segment[at])


def _cell_names(segment: str, pattern: bytes) -> list[str]:
    first = _FIRST_CELL.get(segment, 1)
    return [f"{segment}-{number}" for number, present in enumerate(pattern) if present and number >= first]


def cell_counts(message: Message) -> Counter[str]:
    """The cells of a message that gives no record."""
    counts: Counter[str] = Counter()
    for segment in message.segments:
        counts.update(_cell_names(segment[0], bytes(map(bool, segment))))
    return counts
