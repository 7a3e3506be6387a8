"""Rows of HL7 v2 messages to record batches, column by column.

What belongs to what is found once for each sequence of segment names, and remembered. A field of the
record's own segment is taken from every row; a field of another segment is read once for each scope
(message, patient, order) and taken for the rows in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from twinmap.formats import arrays, hl7path
from twinmap.formats.batches import BATCH_ROWS, schema
from twinmap.formats.hl7path import Pick, Reference
from twinmap.formats.hl7text import FIELD
from twinmap.model import AROUND, Issue, Request
from twinmap.privacy import shape
from twinmap.readers._hl7_columns import SEVERAL, Column, Filled, column, fill, segment_fits, zone_column
from twinmap.readers._hl7_fields import Fields, Raws
from twinmap.readers._hl7_message import Message
from twinmap.readers._hl7_scope import BOUND, KNOWN, Grouping, Row, Scope, opens

#: Rows are turned into a batch when there are this many of them, or so much text.
_ROWS = BATCH_ROWS
_CHARACTERS = 32_000_000
_MOST_LAYOUTS = 2_000
#: The fields with the encoding characters are no cells.
_FIRST_CELL = {"MSH": 3}

Positions = Sequence[int]
Indices = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in messages of one sequence of segment names.

    ``rows`` are the positions of the records, ``others`` of all other segments;
    ``scopes`` says for each row which of the message's scopes it is in, ``first_rows`` the first row of
    each. ``shared`` holds for each slot the positions for each scope, ``detail`` those for each row, None
    where no row has any.
    """

    rows: Positions
    others: Positions
    #: The rows as a slice, where they stand together.
    run: slice | None
    scopes: tuple[int, ...]
    first_rows: tuple[int, ...]
    shared: tuple[tuple[Positions, ...], ...]
    detail: tuple[tuple[Positions, ...] | None, ...]


class _Slot:
    """The segments that some columns read, one line for each scope or row; the same line is kept once."""

    def __init__(self, segment: str, pick: Pick) -> None:
        self.segment = segment
        self.pick = pick
        self.clear()

    def clear(self) -> None:
        self.lines: list[str] = []
        #: For each scope or row its line; for each line the first row.
        self.index: list[int] = []
        self.first_row: list[int] = []
        self._last: str | None = None

    def add(self, lines: list[str], positions: Positions, row: int) -> None:
        """Take the segments at these positions; several are put together, field by field."""
        pick = self.pick
        if isinstance(pick, int):
            positions = positions[pick - 1 : pick]
        elif pick is not None:
            positions = [
                at for at in positions if all(segment_fits(lines[at].split(FIELD), test) for test in pick)
            ]
        line = lines[positions[0]] if len(positions) == 1 else _together([lines[at] for at in positions])
        if line is not self._last:
            self.lines.append(line)
            self.first_row.append(row)
            self._last = line
        self.index.append(len(self.lines) - 1)

    def add_none(self, rows: int, row: int) -> None:
        """Take no segment for so many rows."""
        if self._last != "":
            self.lines.append("")
            self.first_row.append(row)
            self._last = ""
        self.index += [len(self.lines) - 1] * rows


def _run(positions: Positions) -> slice | None:
    if not positions or positions[-1] - positions[0] != len(positions) - 1:
        return None
    return slice(positions[0], positions[-1] + 1)


def _together(lines: list[str]) -> str:
    fields = [line.split(FIELD) for line in lines]
    width = max(map(len, fields), default=0)
    return FIELD.join(
        SEVERAL.join(field[at] if len(field) > at else "" for field in fields) for at in range(width)
    )


class Block:
    """Collects rows and gives batches.

    Args:
        file: The number of the file.
        request: What is asked for; its references are well formed.
    """

    def __init__(self, file: int, request: Request) -> None:
        self._file = file
        self._each = request.each
        self._schema = schema(request.fields)
        self._slots: dict[str, list[_Slot]] = {"shared": [], "detail": []}
        #: For each field its column and slot; the record's own segment has no slot, the index no column.
        self._columns: list[tuple[Column | None, _Slot | None]] = []
        for item in request.fields:
            if item.path == "record:index":
                self._columns.append((None, None))
                continue
            made = zone_column(item) if item.path == "record:zone" else column(item, hl7path.parse(item.path))
            kind = self._kind(made.reference)
            self._columns.append((made, None if kind == "own" else self._slot(kind, made.reference)))
        self._layouts: dict[str, _Layout] = {}
        #: The cells of skipped messages, once flushed.
        self.skipped: Counter[str] = Counter()
        #: The records made so far.
        self.items = 0
        self._start()

    def _kind(self, reference: Reference) -> str:
        name = reference.segment
        if self._each is None:
            return "shared"
        if name == self._each and reference.segment_pick is None:
            return "own"
        return "detail" if name in BOUND or name not in KNOWN else "shared"

    def _slot(self, kind: str, reference: Reference) -> _Slot:
        for slot in self._slots[kind]:
            if (slot.segment, slot.pick) == (reference.segment, reference.segment_pick):
                return slot
        slot = _Slot(reference.segment, reference.segment_pick)
        self._slots[kind].append(slot)
        return slot

    def _start(self) -> None:
        self._own: list[str] = []
        self._record: list[int] = []
        self._line: list[int] = []
        self._index: list[int] = []
        self._scope_of_row: list[int] = []
        self._scopes = 0
        self._others: list[str] = []
        #: The first row of each message, and the end of its other segments.
        self._first: list[int] = []
        self._others_end: list[int] = []
        self._skipped: list[str] = []
        self._size = 0
        for slot in (*self._slots["shared"], *self._slots["detail"]):
            slot.clear()

    @property
    def full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._own) >= _ROWS or self._size >= _CHARACTERS

    # --- messages to rows

    def add(self, message: Message) -> bool:
        """Take one message; False where it has no record."""
        layout = self._layouts.get(message.heads)
        if layout is None:
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            layout = self._layouts[message.heads] = self._layout(message.heads)
        rows, count = layout.rows, len(layout.rows)
        if not count:
            return False
        self.items += count
        lines, numbers, start = message.lines, message.numbers, len(self._own)
        run = layout.run
        self._own += lines[run] if run else [lines[at] for at in rows]
        self._line += numbers[run] if run else [numbers[at] for at in rows]
        self._record += [message.number] * count
        self._index += range(1, count + 1) if self._each else (message.number,)
        first = self._scopes
        scopes = len(layout.first_rows)
        self._scope_of_row += [first] * count if scopes == 1 else [first + scope for scope in layout.scopes]
        self._scopes += scopes
        for slot, of_scope in zip(self._slots["shared"], layout.shared, strict=True):
            for positions, row in zip(of_scope, layout.first_rows, strict=True):
                slot.add(lines, positions, start + row)
        for slot, all_rows in zip(self._slots["detail"], layout.detail, strict=True):
            if all_rows is None:
                slot.add_none(count, start)
                continue
            for row, positions in enumerate(all_rows, start):
                slot.add(lines, positions, row)
        self._others += [lines[at] for at in layout.others]
        self._first.append(start)
        self._others_end.append(len(self._others))
        self._size += message.size
        return True

    def skip(self, message: Message) -> None:
        """Take a message that gives no record: only its cells are counted."""
        self._skipped += message.lines
        self._size += message.size

    def _layout(self, heads: str) -> _Layout:
        names = [head[:3] for head in heads.split(",")]
        grouping = Grouping(names, self._each)
        rows = grouping.rows if self._each else [Row(0, grouping.root)]
        positions = [row.position for row in rows]
        taken = set(positions) if self._each else set()
        numbers: dict[Scope, int] = {}
        first_rows: list[int] = []
        for at, row in enumerate(rows):
            if row.scope not in numbers:
                numbers[row.scope] = len(numbers)
                first_rows.append(at)
        down = self._each is None or opens(self._each)
        return _Layout(
            positions,
            [at for at in range(len(names)) if at not in taken],
            _run(positions),
            tuple(numbers[row.scope] for row in rows),
            tuple(first_rows),
            tuple(
                tuple(grouping.shared(scope, slot.segment, down=down) for scope in numbers)
                for slot in self._slots["shared"]
            ),
            tuple(
                tuple(found) if any(found := [grouping.bound(row, slot.segment) for row in rows]) else None
                for slot in self._slots["detail"]
            ),
        )

    # --- rows to batches

    def flush(self) -> Iterator[pa.RecordBatch | Issue]:
        """Give what is collected, what is wrong with it before."""
        self._count_skipped()
        shared: list[tuple[Filled, Indices] | None] = []
        fields = {slot: Fields(slot.lines) for slots in self._slots.values() for slot in slots}
        of_row = np.array(self._scope_of_row, np.int32)
        for made, slot in self._columns:
            if made is None or slot is None:
                shared.append(None)
                continue
            filled = fill(made, _raws(made, fields[slot]))
            for at, problem, raw in filled.problems:
                yield self._issue(made, slot.first_row[at], problem, raw)
            index = np.array(slot.index, np.int32)
            shared.append((filled, index if slot in self._slots["detail"] else index[of_row]))
        others = _cells_by_line(self._others)
        for start in range(0, len(self._own), BATCH_ROWS):
            yield from self._batch(slice(start, start + BATCH_ROWS), shared, others)
        self._start()

    def _batch(
        self, rows: slice, shared: Sequence[tuple[Filled, Indices] | None], others: CellSets
    ) -> Iterator[pa.RecordBatch | Issue]:
        own = Fields(self._own[rows])
        columns = self._places(rows)
        for (made, _), found in zip(self._columns, shared, strict=True):
            if made is None:
                columns.append(arrays.texts(list(map(str, self._index[rows]))))
            elif found is not None:
                columns.append(arrays.spread(found[0].array, arrays.integers(found[1][rows], pa.int32())))
            else:
                filled = fill(made, _raws(made, own))
                for at, problem, raw in filled.problems:
                    yield self._issue(made, rows.start + at, problem, raw)
                columns.append(filled.array)
        columns.append(self._cells(rows, own, others))
        yield pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _places(self, rows: slice) -> list[pa.Array]:
        index = np.array(self._index[rows], np.int64)
        if self._each:
            low = int(index.min())
            names = arrays.texts([f"{self._each}[{number}]" for number in range(low, int(index.max()) + 1)])
            parts = names.take(arrays.integers(index - low, pa.int64()))
        else:
            parts = arrays.texts([""] * len(index))
        return [
            arrays.integers(np.full(len(index), self._file, np.int32), pa.int32()),
            arrays.integers(np.array(self._record[rows], np.int64), pa.int64()),
            arrays.integers(np.array(self._line[rows], np.int64), pa.int64()),
            parts,
        ]

    def _issue(self, made: Column, row: int, problem: tuple[str, str], raw: str) -> Issue:
        part = f"{self._each}[{self._index[row]}]" if self._each else ""
        content = raw.partition("|")[2] if made.typed else raw
        place = (self._file, self._record[row], self._line[row], part)
        return Issue(*place, *problem, made.item.path, shape(content))

    def _cells(self, rows: slice, own: Fields, others: CellSets) -> pa.Array:
        """The cells of each row; those of segments that are no record go with the message's first, marked."""
        found = own.patterns()
        names = [_cell_names(self._each or "", pattern) for pattern in found.patterns]
        index = found.index.copy()
        mark = AROUND if self._each else ""
        # Messages with the same segments, present in the same fields, share one set.
        known: dict[tuple[int, bytes], int] = {}
        for at in range(bisect_left(self._first, rows.start), bisect_left(self._first, rows.stop)):
            start = self._others_end[at - 1] if at else 0
            members = others.of_line[start : self._others_end[at]]
            first = self._first[at] - rows.start
            key = int(index[first]), members.tobytes()
            if key not in known:
                known[key] = len(names)
                mine = names[key[0]] if self._each else []
                names.append([*(mark + cell for member in members for cell in others.sets[member]), *mine])
            index[first] = known[key]
        sets = arrays.lists(names, arrays.texts([cell for cells in names for cell in cells]))
        return sets.take(arrays.integers(index, pa.int32()))

    def _count_skipped(self) -> None:
        found = _cells_by_line(self._skipped)
        counts = np.bincount(found.of_line, minlength=len(found.sets)).tolist()
        for names, count in zip(found.sets, counts, strict=True):
            for name in names:
                self.skipped[name] += count


class CellSets(NamedTuple):
    """The different sets of cells that segments have, and for each segment the number of its own."""

    sets: list[list[str]]
    of_line: Indices


def _cells_by_line(lines: list[str]) -> CellSets:
    fields = Fields(lines)
    segments = fields.raw(0).encoded()
    names = segments.dictionary.to_pylist()
    present = fields.patterns()
    both = present.index * np.int64(len(names)) + arrays.numbers(segments.indices)
    pairs = arrays.integers(both, pa.int64()).dictionary_encode()
    sets = []
    for pair in pairs.dictionary.to_pylist():
        pattern, segment = divmod(pair, len(names))
        sets.append(_cell_names(names[segment], present.patterns[pattern]))
    return CellSets(sets, arrays.numbers(pairs.indices))


def _raws(made: Column, fields: Fields) -> Raws:
    """The raw texts of a column; OBX-5 behind its OBX-2 where that decides."""
    raw = fields.raw(made.reference.field)
    if not made.typed:
        return raw
    empty, sign = arrays.texts(
        ["", FIELD]
    )  # scalars of Arrow: of a text pyarrow makes one, and imports pandas
    return Raws(pc.binary_join_element_wise(pc.coalesce(fields.raw(2).array, empty), raw.array, sign))


def _cell_names(segment: str, present: Sequence[int]) -> list[str]:
    first = _FIRST_CELL.get(segment, 1)
    return [f"{segment}-{number}" for number in present if number >= first]
