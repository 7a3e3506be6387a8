"""Lines of FHIR resources read in columns: what a field reads is read once for each distinct text of it.

The lines are cut into the elements of their resources, and each distinct text of an element is decoded once, by
the decoder that reads single lines. The getters of :mod:`twinmap.readers._fhir_fields` then see each distinct
combination of the elements that a field reads, and nothing else of the resource. What they give holds for all
lines that have it; the names of the fields in a resource are found once for each form of one.

A line is left to the reader of single resources where anything about it is unusual: it is not cut, an element is
refused, it holds a Bundle or contained resources, something below it may be a record, or a getter reported
something or missed a reference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twinmap.formats import arrays, jsonmembers
from twinmap.formats.batches import arrow_type, of_shape
from twinmap.formats.fhirtypes import RESOURCE_TYPES, other_release
from twinmap.formats.jsonlex import JsonError, decode
from twinmap.formats.jsonstream import RawLine
from twinmap.formats.jsonwindow import Fault
from twinmap.formats.treepath import Path
from twinmap.formats.treewalk import Names
from twinmap.model import Field, Request
from twinmap.readers._fhir_fields import BESIDE, Getter, elements
from twinmap.readers._fhir_record import Record
from twinmap.readers._fhir_source import Scope

#: Bytes of lines that are looked at together; fixed, so that the unit of work does not depend on the machine.
_BLOCK = 8_000_000
#: Where more than this part of a block is left over, all of it is; after so many such blocks, the rest of the file.
_MOST_LEFT, _PATIENCE = 0.2, 3
#: Forms of elements that are remembered.
_MOST_FORMS = 100_000

Lines = npt.NDArray[np.int64]


class Outlook(NamedTuple):
    """What a request makes of resources of a type that have none of the elements ``unless``.

    ``taken``: each is a record. ``read``: the type is one that the request reads.
    """

    taken: bool
    read: bool
    unless: frozenset[str]


def outlook(kind: str, each: Sequence[tuple[str | None, Path]], fields: Sequence[Field]) -> Outlook | None:
    """What a request with these alternatives and fields makes of a type; None where each needs a look."""
    taken, read = False, False
    unless: set[str] = set()
    for wanted, below in each:
        if wanted in {None, kind} and not taken:
            read, taken = True, not below.steps
            if below.steps and below.steps[0].axis != "child":
                return None
            unless |= {step.name for step in below.steps[:1]}
    if taken and None in [elements(item, kind) for item in fields]:
        return None
    return Outlook(taken, read, frozenset(unless))


class Taker(Protocol):
    """One pass over a file for one request."""

    @property
    def request(self) -> Request:
        """What is asked for."""

    @property
    def getters(self) -> Sequence[Getter]:
        """What reads each of its fields."""

    def outlook(self, kind: str) -> Outlook | None:
        """What it makes of resources of a type; None where that needs a look at each."""

    def names(self, kind: str) -> Names:
        """The names of the fields in resources of a type."""


@dataclass(slots=True)
class Tally:
    """Lines of one type: how many, of which other releases, and an example of each form with their number."""

    kind: str
    count: int
    releases: Counter[str] = field(default_factory=Counter)
    forms: list[tuple[dict[str, Any], int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a block: which lines; for each taker the lines that are records, and their columns."""

    plain: npt.NDArray[np.bool_]
    taken: Sequence[tuple[Lines, list[pa.Array]]]
    tallies: Sequence[Tally]

    @property
    def left(self) -> list[int]:
        """The lines that are to be read one by one."""
        return np.flatnonzero(~self.plain).tolist()

    def batch(
        self, taker: int, lines: range, place: tuple[int, int, Sequence[int]], schema: pa.Schema
    ) -> pa.RecordBatch | None:
        """The records of a taker in consecutive lines, each of which is one resource; None where it has none.

        ``place`` is the number of the file, that of the resource before the first line, and those of the lines.
        """
        rows, columns = self.taken[taker]
        first, end = np.searchsorted(rows, (lines.start, lines.stop)).tolist()
        if first == end:
            return None
        file, before, numbers = place
        at = rows[first:end]
        made = [
            arrays.integers(np.full(len(at), file), pa.int32()),
            arrays.integers(at - lines.start + before + 1, pa.int64()),
            arrays.integers(np.array(numbers, np.int64)[at], pa.int64()),
            arrays.texts([""]).take(arrays.integers(np.zeros(len(at), np.int64), pa.int64())),
        ]
        made += [column.slice(first, end - first) for column in columns]
        return pa.RecordBatch.from_arrays(made, schema=schema)


def blocks(lines: Iterable[RawLine | Fault]) -> Iterator[list[RawLine | Fault]]:
    """Lines in blocks of a fixed size."""
    held: list[RawLine | Fault] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line.raw if isinstance(line, RawLine) else line.text)
        if size >= _BLOCK:
            yield held
            held, size = [], 0
    if held:
        yield held


class Columns:
    """Reads the blocks of one file for its takers."""

    def __init__(self, takers: Sequence[Taker], across: Callable[[], Scope]) -> None:
        self.takers = takers
        #: A number for each form that an element has had.
        self.forms: dict[Any, int] = {}
        self.probe = Record(0, across)
        self._in_vain = 0

    def read(self, lines: Sequence[RawLine | Fault]) -> Read | None:
        """What is read in columns; None where the lines are better read one by one."""
        if self._in_vain >= _PATIENCE:
            return None
        if len(self.forms) > _MOST_FORMS:
            self.forms.clear()
        cut = jsonmembers.cut(
            [line.raw.rstrip(b"\r\n") if isinstance(line, RawLine) else b"" for line in lines]
        )
        read = None if cut is None else _Making(self, cut).read()
        if read is None or np.count_nonzero(~read.plain) > _MOST_LEFT * len(lines):
            self._in_vain += 1
            return None
        return read


@dataclass(frozen=True, slots=True)
class _Element:
    """An element in the lines of a block.

    ``nodes`` are its distinct values, ``forms`` the numbers of their forms, behind them -1; ``code`` is for each line
    the number of its value, -1 where it has none.
    """

    nodes: list[Any]
    forms: Lines
    code: Lines


class _Distinct(NamedTuple):
    """For each distinct combination the first line with it, and for each line the number of its combination."""

    first: Lines
    which: Lines


@dataclass(frozen=True, slots=True)
class _Forms:
    """A resource of each form that those of one type have, and for each line the number of its form."""

    examples: list[dict[str, Any]]
    which: Lines


class _Making:
    """One block being read; ``plain`` says which lines still are."""

    def __init__(self, of: Columns, cut: jsonmembers.Members) -> None:
        self.takers, self.probe, self.known = of.takers, of.probe, of.forms
        self.plain = cut.whole
        self.elements = {
            name: self._element(cut.raws, at.astype(np.int64))
            for name, at in zip(cut.names, cut.at, strict=True)
        }
        #: The order of the elements in each line; which there are, their codes say.
        self.order = np.ascontiguousarray(np.argsort(cut.at, axis=0, kind="stable").astype(np.uint16).T)
        whole = self.order.view(np.dtype((np.void, self.order.itemsize * len(cut.names)))).ravel()
        self.layout: Lines = np.unique(whole, return_inverse=True)[1].ravel().astype(np.int64)
        self.names = cut.names

    def _element(self, raws: pa.Array, at: Lines) -> _Element:
        there = np.flatnonzero(at >= 0)
        encoded = raws.take(arrays.integers(at[there], pa.int64())).dictionary_encode()
        nodes: list[Any] = []
        forms, refused = [], []
        known = self.known
        text = known.setdefault(str, len(known))
        for number, raw in enumerate(encoded.dictionary.to_pylist()):
            # A string that says what it holds; line feeds and the like were not cut.
            if raw[:1] == '"' and "\\" not in raw and raw.find('"', 1) == len(raw) - 1:
                nodes.append(raw[1:-1])
                forms.append(text)
                continue
            try:
                nodes.append(decode(raw))
            except JsonError:
                nodes.append(None)
                refused.append(number)
            forms.append(known.setdefault(_form(nodes[-1]), len(known)))
        code = np.full(len(at), -1, np.int64)
        code[there] = arrays.numbers(encoded.indices)
        if refused:
            self.plain[np.isin(code, refused)] = False
        return _Element(nodes, np.array([*forms, -1], np.int64), code)

    def read(self) -> Read | None:
        """All that can be read of the block."""
        types = self.elements.get("resourceType")
        if types is None:
            return None
        self._leave("contained")
        self.plain &= types.code >= 0
        taken: list[list[tuple[Lines, list[pa.Array]]]] = [[] for _ in self.takers]
        seen: list[tuple[str, Lines, _Forms]] = []
        for number, kind in enumerate(types.nodes):
            lines = self._of_kind(kind, np.flatnonzero(self.plain & (types.code == number)))
            if not len(lines):
                continue
            forms = self._forms(lines)
            seen.append((kind, lines, forms))
            for taker, found in zip(self.takers, taken, strict=True):
                outlook = taker.outlook(kind)
                if outlook is not None and outlook.taken:
                    found.append((lines, self._columns(taker, kind, lines, forms)))
        merged = [self._merged(found) for found in taken]
        return Read(self.plain, merged, [self._tally(*one) for one in seen])

    def _forms(self, lines: Lines) -> _Forms:
        parts = [one.forms[one.code] for one in self.elements.values()]
        found = self._distinct([self.layout, *parts], lines)
        order = np.argsort(found.first)  # names of fields are made as they are met
        number = np.empty_like(order)
        number[order] = np.arange(len(order))
        return _Forms([*self._parts(self.names, found.first[order])], number[found.which])

    def _leave(self, name: str) -> None:
        """Leave the lines with an element of that name to the other reader."""
        if name in self.elements:
            self.plain &= self.elements[name].code < 0

    def _of_kind(self, kind: Any, lines: Lines) -> Lines:
        """Those of the lines of one type that can be read; the others are left."""
        known = type(kind) is str and kind in RESOURCE_TYPES and kind != "Bundle"
        outlooks = [taker.outlook(kind) if known else None for taker in self.takers]
        if None in outlooks:
            self.plain[lines] = False
        for outlook in outlooks:
            for name in outlook.unless if outlook else ():
                if name in self.elements:
                    self.plain[lines[self.elements[name].code[lines] >= 0]] = False
        return lines[self.plain[lines]]

    def _distinct(self, codes: Sequence[Lines], lines: Lines) -> _Distinct:
        """The distinct combinations of codes (-1 or more) in the lines."""
        key = codes[0][lines]
        for code in codes[1:]:
            key = np.unique(key, return_inverse=True)[1] * (code.max() + 2) + code[lines] + 1
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
        return _Distinct(lines[first], which.astype(np.int64))

    # --- the columns of one taker

    def _columns(self, taker: Taker, kind: str, lines: Lines, forms: _Forms) -> list[pa.Array]:
        made = [
            self._column(item, get, kind, lines)
            for item, get in zip(taker.request.fields, taker.getters, strict=True)
        ]
        names = taker.names(kind)
        cells = [names.of(resource, kind) for resource in forms.examples]
        sets = arrays.lists(cells, arrays.texts([name for one in cells for name in one]))
        return [*made, sets.take(arrays.integers(forms.which, pa.int64()))]

    def _column(self, item: Field, get: Getter, kind: str, lines: Lines) -> pa.Array:
        wanted = elements(item, kind) or frozenset()
        names = [
            name
            for name, one in self.elements.items()
            if (name in wanted or (BESIDE in wanted and name.startswith(BESIDE)))
            and (one.code[lines] >= 0).any()
        ]
        if not names:
            return pa.nulls(len(lines), arrow_type(item.shape))
        codes = [self.elements[name].code for name in names]
        if len(names) > 1:
            codes.append(self.layout)  # of several elements the first may count
        found = self._distinct(codes, lines)
        values: list[Any] = []
        odd: list[int] = []
        probe = self.probe
        for resource in self._parts(names, found.first):
            value = None
            if resource:
                resource["resourceType"] = kind
                probe.resource = probe.node = resource
                value = get(probe)
                if probe.issues or probe.missed:
                    odd.append(len(values))
                    probe.issues, probe.missed, probe.missing, value = [], {}, None, None
            values.append(value)
        if odd:
            self.plain[lines[np.isin(found.which, odd)]] = False
        return arrays.spread(of_shape(values, item.shape), arrays.integers(found.which, pa.int64()))

    def _parts(self, names: Sequence[str], lines: Lines) -> Iterator[dict[str, Any]]:
        """These elements of the resource of each line, in its order; decoded values are shared."""
        if len(names) == 1:
            one = self.elements[names[0]]
            for code in one.code[lines].tolist():
                yield {names[0]: one.nodes[code]} if code >= 0 else {}
            return
        wanted = {at: self.elements[name] for at, name in enumerate(self.names) if name in names}
        for line in lines.tolist():
            found = ((at, wanted[at].code[line]) for at in self.order[line].tolist() if at in wanted)
            yield {self.names[at]: wanted[at].nodes[code] for at, code in found if code >= 0}

    def _merged(self, found: Sequence[tuple[Lines, list[pa.Array]]]) -> tuple[Lines, list[pa.Array]]:
        """The columns of all types, in the order of the lines, without those that are left."""
        if not found:
            return np.zeros(0, np.int64), []
        lines = np.concatenate([one for one, _ in found])
        kept = np.flatnonzero(self.plain[lines])
        if len(found) == 1 and len(kept) == len(lines):
            return found[0]
        kept = kept[np.argsort(lines[kept])]
        taken = arrays.integers(kept, pa.int64())
        columns = zip(*(columns for _, columns in found), strict=True)
        return lines[kept], [pa.concat_arrays(parts).take(taken) for parts in columns]

    def _tally(self, kind: str, lines: Lines, forms: _Forms) -> Tally:
        kept = self.plain[lines]
        counts = np.bincount(forms.which[kept], minlength=len(forms.examples)).tolist()
        made = Tally(kind, int(np.count_nonzero(kept)))
        for resource, count in zip(forms.examples, counts, strict=True):
            release = other_release(resource) if count else None
            if release is not None:
                made.releases[release] += count
            made.forms.append((resource, count))
        return made


def _form(node: Any) -> Any:
    """What values have in common that differ in their scalars alone."""
    if type(node) is dict:
        return "{", *((name, _form(value)) for name, value in node.items())
    return ("[", *map(_form, node)) if type(node) is list else type(node)
