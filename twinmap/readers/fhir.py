"""FHIR R4 in JSON: one record a resource, or one an item below it (``each: Observation.component``).

A file is a resource, a Bundle, an array of either, or NDJSON of either. ``_record`` counts resources
through the file (a Bundle is none: its entries are), ``_part`` is the place in the file and below the
resource: ``/entry/4/resource/component/0``. ``each`` begins with a resource type; several alternatives
(``each: MedicationRequest | MedicationStatement``) are taken each for its type. Without ``each`` every
resource is a record. Resources of other types, and those in which ``each`` leads nowhere, are counted as
filtered; a note (Q09) a type says how many. In ``_cells`` a field is called by its resource type and
path (``Observation.code.coding.system``); what stands around a resource in its Bundle belongs to it
(``Bundle.entry.fullUrl``), what stands around the entries is in ``FileCounts.cells``.

Contained resources are part of the resource that contains them, not records: they have no identity of
their own. A resource that shows that it is of another release (STU3, R5) is read all the same, with a
note (O04).
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twinmap.formats import jsonstream, treepath, treewalk
from twinmap.formats.fhirtypes import CHOICES, RESOURCE_TYPES, other_release
from twinmap.formats.jsonlex import dump
from twinmap.formats.jsonwindow import Fault
from twinmap.formats.treepath import Path, PathError
from twinmap.formats.treewalk import Names, Row
from twinmap.model import AROUND, FileCounts, InputFile, Issue, Note, Reader, Request, SetAside, Shape
from twinmap.readers import _fhir_shapes as shapes
from twinmap.readers._fhir_fields import BESIDE, Getter, children, elements, getter, resource_type
from twinmap.readers._fhir_record import Record
from twinmap.readers._fhir_source import Around, Found, Scope, across, documents_of, resources

if TYPE_CHECKING:
    from twinmap.readers._fhir_columns import Outlook, Read, Tally

#: The encodings of a source, where lines may be read in columns.
_UTF8 = ("utf-8",)
#: Sequences of elements of resources that are remembered.
_MOST_PRESENT = 10_000


class FhirReader(Reader):
    """The reader of FHIR R4 resources in JSON."""

    def parse(self, path: str, *, each: str | None = None) -> str | None:
        """Say what is wrong with a reference, or None."""
        try:
            parsed = treepath.parse(path, levels=treepath.levels_of([below for _, below in _each(each)]))
        except PathError as error:
            return f"{error.message} (character {error.position + 1})"
        return _known_type(parsed, alone=False)

    def parse_each(self, each: str) -> str | None:
        """Say what is wrong with the path of ``each``, or None."""
        try:
            parsed = treepath.parse_each(each)
        except PathError as error:
            return f"{error.message} (character {error.position + 1})"
        return next(filter(None, (_known_type(path, alone=True) for path in parsed)), None)

    def fields_read(self, path: str, *, each: str | None = None) -> str:
        """A regular expression (RE2, whole name) of the names in ``_cells`` that a reference reads."""
        parsed = treepath.parse(path)
        kind, steps = resource_type(parsed)
        if kind is not None:
            inner = treewalk.fields_read(Path(path, steps), spelled=_spelled)
            return rf"{kind}\.{inner}" if steps else rf"{kind}\..*"
        found = []
        for kind, below in _each(each):
            inner = treewalk.fields_read(parsed, [below], spelled=_spelled)
            found.append(rf"{kind or '[A-Za-z]+'}\.{inner}")
        return "(?:" + "|".join(found) + ")"

    def read(self, file: InputFile, request: Request) -> Iterator[Any | SetAside | Issue | Note | FileCounts]:
        """Read one file; see :class:`twinmap.model.Reader` and the module's docstring."""
        for _, event in self.read_many(file, (request,)):
            yield event

    def read_many(self, file: InputFile, requests: Sequence[Request]) -> Iterator[tuple[int, Any]]:
        """Read one file for several requests: every resource is decoded once.

        Yields:
            The number of the request, and an event as :meth:`read` gives it. The cells of resources that
            no request takes are counted with the first.
        """
        readings = [_Reading(file, request) for request in requests]
        needs: dict[str, frozenset[str]] = {}
        for reading in readings:
            for kind, names in reading.needs.items():
                needs[kind] = needs.get(kind, frozenset()) | names
        for reading in readings:
            reading.needs = needs
        if jsonstream.is_ndjson(file.path) and requests[0].options.encoding == _UTF8:
            yield from _by_lines(file, readings, needs)
        else:
            for found in resources(file.path, requests[0].options.encoding, needs):
                yield from _one(found, readings)
        for number, reading in enumerate(readings):
            for event in reading.finish():
                yield number, event


READER = FhirReader()


def _one(found: Found | Fault | Around, readings: Sequence[_Reading]) -> Iterator[tuple[int, Any]]:
    """The next thing in the file, for every request."""
    taken = False
    for number, reading in enumerate(readings):
        for event in reading.take(found):
            yield number, event
        taken = taken or reading.taken
    if not taken:
        readings[0].leave(found)


def _by_lines(
    file: InputFile, readings: Sequence[_Reading], needs: Mapping[str, frozenset[str]]
) -> Iterator[tuple[int, Any]]:
    """NDJSON: what is usual in columns, and between it each other line by itself."""
    from twinmap.readers import _fhir_columns

    columns = _fhir_columns.Columns(readings, readings[0].across)
    for lines in _fhir_columns.blocks(jsonstream.raw_lines(file.path)):
        read, start = columns.read(lines), 0
        numbers = [line.line if isinstance(line, Fault) else line.number for line in lines]
        for at in range(len(lines)) if read is None else [*read.left, len(lines)]:
            if read is not None and at > start:
                for number, reading in enumerate(readings):
                    for event in reading.take_columns(read, number, range(start, at), numbers):
                        yield number, event
            start = at + 1
            if at < len(lines):
                line = lines[at]
                item = line if isinstance(line, Fault) else jsonstream.decoded(line)
                for found in (item,) if isinstance(item, Fault) else documents_of(item, needs):
                    yield from _one(found, readings)
        for tally in read.tallies if read is not None else ():
            taken = [reading.count(tally) for reading in readings]
            for resource, count in tally.forms if not any(taken) else ():
                readings[0].leave(Found(resource, 0), count)


class _Reading:
    """One pass over a file for one request."""

    def __init__(self, file: InputFile, request: Request) -> None:
        from twinmap.formats.batches import BatchBuilder

        self.file, self.request = file, request
        self.each = _each(request.each)
        self.getters: list[Getter] = [getter(item) for item in request.fields]
        self.present: dict[tuple[str, ...], Sequence[tuple[int, Getter]]] = {}
        self.needs = _needs(request)
        self.named: dict[str, Names] = {}
        self.cells: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self.releases: Counter[str] = Counter()
        self.everything: Scope | None = None
        self.record = Record(file.number, self.across)
        self.builder = BatchBuilder(request.fields)
        self.number = self.filtered = self.bundled = self.items = 0
        self.taken = False
        self.outlooks: dict[str, Outlook | None] = {}

    def take(self, found: Found | Fault | Around) -> Iterator[Any]:
        """The events of the next thing in the file; ``taken`` says whether it gave a record."""
        self.taken = False
        if isinstance(found, Around):
            self.bundled += 1
            return
        self.number += 1
        if isinstance(found, Fault) or not _is_resource(found.resource):
            self.taken = True
            yield self._set_aside(found)
            return
        for row in self._rows(found):
            self.taken = True
            yield from self.builder.add(row)
        if self.record.issues:
            yield from self.record.issues
            self.record.issues = []

    def leave(self, found: Found | Fault | Around, times: int = 1) -> None:
        """Count the fields of something that gives no record, and is there so many times."""
        if isinstance(found, Around):
            self.cells.update(self.names("Bundle").of(found.node, found.name))
        elif isinstance(found, Found):
            kind = found.resource["resourceType"]
            if found.entry is not None:
                self.cells.update(self.names("Bundle").of(found.entry, "Bundle.entry"))
            for name in self.names(_shown(kind)).of(found.resource, _shown(kind)):
                self.cells[name] += times

    def outlook(self, kind: str) -> Outlook | None:
        """What is made of resources of a type, by the elements they have; None where that needs a look at each."""
        from twinmap.readers._fhir_columns import outlook

        if kind not in self.outlooks:
            self.outlooks[kind] = outlook(kind, self.each, self.request.fields)
        return self.outlooks[kind]

    def take_columns(self, read: Read, at: int, lines: range, numbers: Sequence[int]) -> Iterator[Any]:
        """The batches of consecutive lines that were all read in columns; this is request ``at`` of those."""
        batch = read.batch(at, lines, (self.file.number, self.number, numbers), self.builder.schema)
        self.number += len(lines)
        if batch is not None:
            yield from self.builder.add_batch(batch)

    def count(self, tally: Tally) -> bool:
        """Count resources that were read in columns; whether they gave records."""
        outlook = self.outlook(tally.kind)
        self.releases.update(tally.releases)
        if outlook is not None and outlook.taken:
            self.items += tally.count
            return True
        self.filtered += tally.count
        if outlook is not None and not outlook.read and tally.count:
            self.unread[tally.kind] += tally.count
        return False

    def finish(self) -> Iterator[Any]:
        """The events at the end of the file."""
        yield from self.builder.finish()
        yield from self._notes()
        counts = (self.number, self.filtered, self._second(), dict(self.cells), self.items)
        yield FileCounts(self.file.number, *counts)

    def _set_aside(self, found: Found | Fault) -> SetAside:
        place = (self.file.number, self.number, found.line, found.place)
        if isinstance(found, Fault):
            return SetAside(*place, found.code, found.message, found.text)
        text = found.text or dump(found.resource)
        return SetAside(*place, "TM-O04", "not FHIR: it has no resourceType", text)

    def _rows(self, found: Found) -> Sequence[tuple[Any, ...]]:
        """The rows of a resource; where it has none, its fields are counted."""
        resource, entry = found.resource, found.entry
        kind = resource["resourceType"]
        release = other_release(resource)
        if release is not None:
            self.releases[release] += 1
        self.bundled += entry is not None
        read, rows = self._records(kind, resource)
        around = self.names("Bundle").of(entry, "Bundle.entry") if entry is not None and rows != () else []
        if rows is None:
            cells = self.names(kind).of(resource, kind)
            self.items += 1
            return [self._row(found, None, around + cells if around else cells)]
        if rows:
            inside, outside = self.names(kind).split(resource, rows)
            inside[0] = [*(AROUND + name for name in (*around, *outside)), *inside[0]]
            self.items += len(rows)
            return [self._row(found, row, cells) for row, cells in zip(rows, inside, strict=True)]
        self.filtered += 1
        if not read:
            self.unread[_shown(kind)] += 1
        return ()

    def _row(self, found: Found, row: Row | None, cells: list[str]) -> tuple[Any, ...]:
        record = self.record
        record.resource, record.scope, record.row = found.resource, found.scope, row
        record.number, record.line = self.number, found.line
        record.node, record.place = found.resource, found.place
        if row is not None:
            record.node, record.place = row.node, found.place + row.place
            values = [get(record) for get in self.getters]
        else:
            values = [None] * len(self.getters)
            for at, get in self._getters(found.resource):
                values[at] = get(record)
        return (self.file.number, self.number, found.line, record.place, *values, tuple(cells))

    def _getters(self, resource: dict[str, Any]) -> Sequence[tuple[int, Getter]]:
        """The getters that may find something in a resource, found once for each sequence of its elements."""
        key = (resource["resourceType"], *resource)
        known = self.present.get(key)
        if known is None:
            if len(self.present) >= _MOST_PRESENT:
                self.present.clear()
            names = {BESIDE if name.startswith(BESIDE) else name for name in resource}
            needed = [elements(item, key[0]) for item in self.request.fields]
            known = self.present[key] = [
                (at, self.getters[at])
                for at, wanted in enumerate(needed)
                if wanted is None or not wanted.isdisjoint(names)
            ]
        return known

    def _records(self, kind: str, resource: dict[str, Any]) -> tuple[bool, Sequence[Row] | None]:
        """Whether the type is read at all, and the records in the resource; None for itself."""
        read = False
        for wanted, below in self.each:
            if wanted is not None and wanted != kind:
                continue
            if not below.steps:
                return True, None
            read = True
            rows = treewalk.rows(resource, [below], tests=_tests)
            for row in rows:
                row.name = f"{kind}.{row.name}"
            if rows:
                return True, rows
        return read, ()

    def names(self, kind: str) -> Names:
        """The names of the fields in resources of a type."""
        names = self.named.get(kind)
        if names is None:
            below = [path for wanted, path in self.each if wanted in {None, kind}]
            names = self.named[kind] = Names(below, kind)
        return names

    def across(self) -> Scope:
        """The scope of all files of the source."""
        if self.everything is None:
            file, needs = self.file, tuple(sorted(self.needs.items()))
            self.everything = across(file.siblings or (file.path,), self.request.options.encoding, needs)
        return self.everything

    def _notes(self) -> Iterator[Note]:
        number = self.file.number
        if fallback := jsonstream.other_encoding(self.file.path, self.request.options.encoding):
            yield Note(number, "TM-Q03", fallback)
        if not self.number:
            yield Note(number, "TM-O05", "the file holds no resource")
        for kind, count in sorted(self.unread.items()):
            many = f"{count:,} {kind} resources are not read"
            message = f"1 {kind} resource is not read" if count == 1 else many
            yield Note(number, "TM-Q09", message, details={"type": kind, "resources": count})
        for release, count in sorted(self.releases.items()):
            message = f"{count:,} resources are of FHIR {release}; they are read as R4"
            yield Note(number, "TM-O04", message, details={"release": release, "resources": count})
        for kind, count in sorted(self.record.missed.items()):
            lead = "1 reference to {} leads" if count == 1 else f"{count:,} references to {{}} lead"
            message = f"{lead.format(kind)} to nothing in this source"
            yield Note(number, "TM-Q17", message, details={"type": kind, "references": count})

    def _second(self) -> int | None:
        """The lines of an NDJSON file, where each is one resource."""
        if self.bundled or not jsonstream.is_ndjson(self.file.path):
            return None
        return jsonstream.count_lines(self.file.path, self.request.options.encoding[0])


def _is_resource(node: Any) -> bool:
    return type(node) is dict and type(node.get("resourceType")) is str


def _each(each: str | None) -> Sequence[tuple[str | None, Path]]:
    """The alternatives of ``each``: the resource type, if it names one, and the path below it."""
    found = []
    for path in treepath.parse_each(each or "."):
        kind, steps = resource_type(path)
        found.append((kind, Path(path.text, steps)))
    return found


def _tests(picks: Sequence[treepath.Where]) -> Any:
    return treepath.compile_tests(picks, children=children, same=shapes.same)


def _needs(request: Request) -> Mapping[str, frozenset[str]]:
    """The elements of other resources that the fields name, by resource type."""
    needs: dict[str, set[str]] = {}
    for item in request.fields:
        path = treepath.parse(item.path)
        kind, steps = resource_type(path)
        if kind is not None:
            first = steps[0].name if steps else "id"
            beside = {"dataAbsentReason"} if first == "value" and item.shape is Shape.VALUE else set()
            needs.setdefault(kind, {"id"}).update({first, *CHOICES.get(first, ()), *beside})
    return {kind: frozenset(names) for kind, names in needs.items()}


def _known_type(path: Path, *, alone: bool) -> str | None:
    """What is wrong with the resource type at the start of a path; it alone begins in upper case."""
    name = path.steps[0].name if path.steps else ""
    if not name[:1].isupper() or name in RESOURCE_TYPES:
        return None
    close = difflib.get_close_matches(name, RESOURCE_TYPES, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f'"{name}" is no resource type of FHIR R4{hint}' if alone or close else None


def _spelled(name: str) -> str:
    if name in CHOICES:
        return "(?:" + "|".join([name, *CHOICES[name]]) + ")"
    return treewalk.quoted(name)


def _shown(kind: str) -> str:
    """A resource type; what is none may be anything, and is not shown."""
    return kind if kind in RESOURCE_TYPES else "(unknown)"
