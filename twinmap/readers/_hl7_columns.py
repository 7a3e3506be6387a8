"""Raw HL7 v2 fields to Arrow columns: each distinct raw text is read once, then taken for its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from twinmap.formats import arrays
from twinmap.formats.batches import of_shape
from twinmap.formats.hl7path import Equal, Pick, Reference
from twinmap.formats.hl7text import COMPONENT, FIELD, NULL, REPETITION, SUBCOMPONENT, escape_fault
from twinmap.limits import LIMITS
from twinmap.model import SHAPE_FIELDS, Field, Shape
from twinmap.readers import _hl7_types as types
from twinmap.readers._hl7_fields import Raws
from twinmap.readers._hl7_types import Problem

#: Joins the raw texts of several segments where a reference leads to more than one.
SEVERAL = "\r"
#: Raw texts of a column that are remembered, and their longest.
_MOST_KNOWN = 100_000
_SHORT = 200
_LINES_JOINED = "\n"
#: Free text in repetitions or repeated segments is one text of several lines.
_COMMENTS = frozenset({"NTE-3"})

Reading = tuple[Any, Problem | None]


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a request: which raw text it needs, and how that is read."""

    item: Field
    reference: Reference
    read: Callable[[str], Reading] = field(repr=False)
    #: What was read, for short raw texts: codes, units and patients come again in every batch.
    known: dict[str, Reading] = field(default_factory=dict, repr=False)
    #: Whether a raw text of plain characters is the value, so that it needs no reading.
    plain: bool = False

    @property
    def typed(self) -> bool:
        """Whether the raw text is OBX-2, ``|`` and OBX-5: the one says how to read the other."""
        return _typed(self.reference, self.item.shape)


def column(item: Field, reference: Reference) -> Column:
    """The column for a reference that is well formed."""
    whole = reference.field_pick in (None, 1) and reference.component < 2 and reference.sub < 2
    one = item.shape in (Shape.TEXT, Shape.KEY, Shape.TIME) and not _typed(reference, item.shape)
    return Column(item, reference, _reader(reference, item.shape), plain=whole and one)


def zone_column(item: Field) -> Column:
    """``record:zone``: the offset of MSH-7, such as ``-0600``; missing where it has none."""

    def read(raw: str) -> Reading:
        found = re.search(r"[+-]\d{4}$", types.first(raw))
        return (found[0] if found else None), None

    return Column(item, Reference("MSH", None, 7, None), read)


def _typed(reference: Reference, shape: Shape) -> bool:
    is_value = reference.segment == "OBX" and reference.field == 5 and not reference.component
    return is_value and shape in (Shape.VALUE, Shape.TEXT)


# --- one raw text ---------------------------------------------------------------------------------


def _reader(reference: Reference, shape: Shape) -> Callable[[str], Reading]:
    is_typed = _typed(reference, shape)
    shaped = _observation(reference, shape) if is_typed else _by_shape(reference, shape)

    def read(raw: str) -> Reading:
        if not is_typed and SEVERAL in raw:
            raw = REPETITION.join(filter(None, raw.split(SEVERAL)))
        if len(raw) > LIMITS.field_bytes and shape is not Shape.VALUE:
            return None, ("TM-Q15", f"{reference.cell} is longer than {LIMITS.field_bytes:,} characters")
        if raw.count(REPETITION) >= LIMITS.repetitions:
            return None, ("TM-Q15", f"{reference.cell} has more than {LIMITS.repetitions:,} repetitions")
        value, problem = shaped(raw)
        if problem is None and "\\" in raw and (fault := escape_fault(raw)):
            problem = ("TM-Q21", f"{reference.cell}: {fault}")
        return value, problem

    return read


def _observation(reference: Reference, shape: Shape) -> Callable[[str], Reading]:
    """OBX-5, by OBX-2."""

    def read(raw: str) -> Reading:
        values: list[types.Value] = []
        problem = None
        for kind, content in _each_typed(raw):
            picked = REPETITION.join(_picked(content.split(REPETITION), reference.field_pick))
            found, fault = types.observation(picked, kind) if picked else ([], None)
            if len(content) > LIMITS.field_bytes and types.first(kind) not in ("ED", "RP"):
                found, fault = [], ("TM-Q15", f"OBX-5 is longer than {LIMITS.field_bytes:,} characters")
            values += found
            problem = problem or fault
        return (values or None), problem

    def read_text(raw: str) -> Reading:
        texts = []
        for kind, content in _each_typed(raw):
            parts = _picked(content.split(REPETITION), reference.field_pick)
            name = types.first(kind).upper()
            if name in types.LINES:
                texts.append(_LINES_JOINED.join(types.whole(part) for part in parts).strip())
            else:
                texts += [types.whole(part) if name in types.PLAIN else types.first(part) for part in parts]
        return _one(texts, reference)

    return read if shape is Shape.VALUE else read_text


def _each_typed(raw: str) -> Iterator[tuple[str, str]]:
    kinds, _, contents = raw.partition(FIELD)
    return zip(kinds.split(SEVERAL), contents.split(SEVERAL), strict=True)


def _by_shape(reference: Reference, shape: Shape) -> Callable[[str], Reading]:
    parts = _parts(reference, inner=shape is not Shape.KEY)
    cell = reference.cell

    def text(raw: str) -> Reading:
        return _one([types.first(part) for part in parts(raw)], reference)

    def comment(raw: str) -> Reading:
        return (_LINES_JOINED.join(types.whole(part) for part in parts(raw)).strip() or None), None

    def key(raw: str) -> Reading:
        return ("\x1f".join(parts(raw)) or None), None

    def code(raw: str) -> Reading:
        return [coding for part in parts(raw) for coding in types.codings(part)] or None, None

    def value(raw: str) -> Reading:
        return [found for part in parts(raw) if any((found := types.guessed(part))[1:])] or None, None

    def identifier(raw: str) -> Reading:
        return [found for part in parts(raw) if (found := types.identifier(part, cell))] or None, None

    def time(raw: str) -> Reading:
        return _one([found for part in parts(raw) if any(found := types.span(part))], reference)

    def limits(raw: str) -> Reading:
        return _one([found for part in parts(raw) if (found := types.reference_range(part))], reference)

    if shape is Shape.TEXT and cell in _COMMENTS and not reference.component:
        return comment
    return {
        Shape.TEXT: text,
        Shape.KEY: key,
        Shape.CODE: code,
        Shape.VALUE: value,
        Shape.IDENTIFIER: identifier,
        Shape.TIME: time,
        Shape.RANGE: limits,
    }[shape]


def _one(found: Sequence[Any], reference: Reference) -> Reading:
    """The one value of a slot that takes one; several that differ are none."""
    different = dict.fromkeys(value for value in found if value)
    if len(different) > 1:
        return None, ("TM-Q16", f"{reference.cell} has several values where one is needed")
    return next(iter(different), None), None


def _parts(reference: Reference, *, inner: bool) -> Callable[[str], list[str]]:
    """The raw texts that a reference leads to; the subcomponents of a component read as components."""
    pick, component, sub = reference.field_pick, reference.component, reference.sub

    def parts(raw: str) -> list[str]:
        found = raw.split(REPETITION) if REPETITION in raw else [raw]
        if pick is not None:
            found = _picked(found, pick)
        if component:
            found = [_piece(part, COMPONENT, component) for part in found]
            if sub:
                found = [_piece(part, SUBCOMPONENT, sub) for part in found]
            elif inner:
                found = [part.replace(SUBCOMPONENT, COMPONENT) for part in found]
        return [part for part in found if part]

    return parts


def _piece(raw: str, separator: str, number: int) -> str:
    pieces = raw.split(separator, number)
    return pieces[number - 1] if len(pieces) >= number else ""


def _picked(repetitions: list[str], pick: Pick) -> list[str]:
    if pick is None:
        return repetitions
    if isinstance(pick, int):
        return repetitions[pick - 1 : pick]
    return [part for part in repetitions if all(_fits(part, test) for test in pick)]


def _fits(repetition: str, test: Equal) -> bool:
    number, *sub = test.path
    piece = _piece(repetition, COMPONENT, number)
    return types.first(_piece(piece, SUBCOMPONENT, sub[0]) if sub else piece) == test.word


def segment_fits(segment: Sequence[str], test: Equal) -> bool:
    """Whether a segment meets a test of a pick; a repetition that does is enough."""
    number, *inner = test.path
    raw = segment[number] if len(segment) > number else ""
    if not inner:
        return any(types.first(part) == test.word for part in raw.split(REPETITION))
    inside = Equal(tuple(inner), test.word)
    return any(_fits(part, inside) for part in raw.split(REPETITION) if part != NULL)


# --- many raw texts -------------------------------------------------------------------------------


@dataclass(slots=True)
class Filled:
    """A column read: its array, and the rows (positions) with what is wrong and the raw text."""

    array: pa.Array
    problems: list[tuple[int, Problem, str]]


def fill(what: Column, texts: Raws) -> Filled:
    """Read one raw text a row; null and empty are missing."""
    raws = texts.array
    if not what.plain:
        return _read_distinct(what, texts.encoded())
    data, cuts = arrays.characters(raws)
    marks = np.flatnonzero(_NOT_PLAIN[data])
    if len(marks) > len(raws) // 4:
        return _read_distinct(what, texts.encoded())
    odd = np.searchsorted(cuts, marks, "right") - 1
    odd = np.union1d(odd, np.flatnonzero(np.diff(cuts) > LIMITS.field_bytes))
    found = arrays.filled(raws)
    if what.item.shape is Shape.TIME:
        found = arrays.struct([found, pa.nulls(len(raws), pa.string())], SHAPE_FIELDS[Shape.TIME])
    if not len(odd):
        return Filled(found, [])
    rest = _read_distinct(what, raws.take(arrays.integers(odd, pa.int64())).dictionary_encode())
    order = np.arange(len(raws))
    order[odd] = len(raws) + np.arange(len(odd))
    both = pa.concat_arrays([found, rest.array]).take(arrays.integers(order, pa.int64()))
    return Filled(both, [(int(odd[row]), problem, raw) for row, problem, raw in rest.problems])


#: The bytes that a raw text may hold besides being just what it says: separators, escapes, HL7's null, what
#: joins segments, blanks and control characters, and all beyond ASCII, for there are blanks as well.
_NOT_PLAIN = np.array([byte <= 32 or byte >= 127 or chr(byte) in '^~&\\"' for byte in range(256)])


def _read_distinct(what: Column, encoded: pa.DictionaryArray) -> Filled:
    distinct = encoded.dictionary.to_pylist()
    values: list[Any] = []
    faults: dict[int, Problem] = {}
    known = what.known
    if len(known) > _MOST_KNOWN:
        known.clear()
    for number, raw in enumerate(distinct):
        if not raw:
            values.append(None)
            continue
        reading = known.get(raw)
        if reading is None:
            reading = what.read(raw)
            if len(raw) <= _SHORT:
                known[raw] = reading
        value, problem = reading
        values.append(value)
        if problem is not None:
            faults[number] = problem
    problems = []
    if faults:
        for row, number in enumerate(encoded.indices.to_pylist()):
            if number in faults:
                problems.append((row, faults[number], distinct[number]))
    return Filled(arrays.spread(of_shape(values, what.item.shape), encoded.indices), problems)
