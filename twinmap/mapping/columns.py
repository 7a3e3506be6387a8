"""A mapping against the header of the data: columns that are not there, columns that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from twinmap import registry
from twinmap.diagnostics import Finding, Place, Severity, Span
from twinmap.mapping.ast import Document, RecordSet, Ref, Test, Value
from twinmap.mapping.references import unquoted
from twinmap.mapping.static import statements
from twinmap.mapping.uses import Use, used
from twinmap.mapping.words import closest, did_you_mean
from twinmap.model import InputFile, Request

#: Column names that a finding lists before it only counts.
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """The header of one file; the names as the reader gives them (trimmed, unless the mapping says not)."""

    file: str
    names: tuple[str, ...]


def check_columns(
    document: Document,
    records: Mapping[str, Columns],
    *,
    lookups: Mapping[str, Columns] | None = None,
) -> list[Finding]:
    """Check a mapping against the headers of tables (CSV).

    Args:
        document: The mapping.
        records: The header of each record set by its name; record sets without one are not checked.
        lookups: The header of each look-up table by its name.

    Returns:
        L01 where a column is read that is not there and ``optional`` does not name, L09 where columns are
        neither read nor ignored, L12 where the name of a part or a literal is the name of a column.
    """
    found: list[Finding] = []
    for record_set in document.records:
        columns = records.get(record_set.name)
        if columns is not None:
            found.extend(_check(document, record_set, columns))
    for name, columns in (lookups or {}).items():
        found.extend(_look_up(document, name, columns))
    return found


def column(path: str) -> str:
    """The column that a path of a flat format reads.

    >>> column("^day"), column("'a (b'")
    ('day', 'a (b')
    """
    return unquoted(path.lstrip("^"))


def read_columns(record_set: RecordSet) -> frozenset[str]:
    """The columns that a record set of a flat format reads, those of ``optional`` too."""
    uses = (use.ref.path for use in used(record_set) if use.ref.kind == "path")
    return frozenset(map(column, uses)) - {"."}


def header(record_set: RecordSet, file: InputFile) -> Columns | None:
    """The header of a file; None where its format has none.

    Raises:
        InputOutputError: The file cannot be read, or a column stands twice in its header.
    """
    layout = registry.reader(record_set.options.format).layout
    if layout is None:
        return None
    return Columns(file.name, layout(file, Request(record_set.each, (), record_set.options)).header)


def is_another(record_set: RecordSet, columns: Columns) -> bool:
    """Whether a file has none of the columns that are read: it is another table, or empty."""
    read = read_columns(record_set)
    return bool(read) and read.isdisjoint(columns.names)


def _check(document: Document, record_set: RecordSet, columns: Columns) -> Iterator[Finding]:
    uses = used(record_set)
    known = set(columns.names)
    yield from _missing(document, record_set, columns, uses)
    yield from _unread(record_set, columns, uses)
    for test in _parts_tests(record_set):
        for name in (
            (part.path for part in test.pattern.parts if isinstance(part, Ref)) if test.pattern else ()
        ):
            if name in known:
                message = f'the part "{name}" has the name of a column of {columns.file}'
                yield registry.finding(
                    "TM-L12", message, where=test.ref.span, help="give the part another name"
                )
    yield from _bare_names(record_set, columns)


def _missing(
    document: Document, record_set: RecordSet, columns: Columns, uses: Sequence[Use]
) -> Iterator[Finding]:
    known = {*columns.names, *(unquoted(name) for name in record_set.optional), "."}
    reported: set[tuple[str, Span]] = set()
    for use in uses:
        name = column(use.ref.path)
        if use.ref.kind != "path" or name in known or (name, use.ref.span) in reported:
            continue
        reported.add((name, use.ref.span))
        yield _no_column(name, columns, use.ref.span, document.id)


def _no_column(name: str, columns: Columns, where: Span, source: str) -> Finding:
    advice = did_you_mean(name, columns.names) or "name it in optional where files may lack it"
    place = Place(source, columns.file, 0, line=1, field=name)
    message = f'column "{name}" is not in {columns.file}'
    return registry.finding("TM-L01", message, where=where, places=(place,), help=advice)


def _unread(record_set: RecordSet, columns: Columns, uses: Sequence[Use]) -> Iterator[Finding]:
    named = {column(use.ref.path) for use in uses if use.ref.kind == "path"}
    named |= {unquoted(name) for name in record_set.ignore}
    each = record_set.each
    left = [name for name in columns.names if name not in named and not (each and fnmatchcase(name, each))]
    if not left:
        return
    listed = ", ".join(left[:_LISTED]) + (f" and {len(left) - _LISTED} more" if len(left) > _LISTED else "")
    what = "columns that are" if len(left) > 1 else "a column that is"
    message = f"{columns.file} has {what} neither read nor ignored: {listed}"
    optional = {unquoted(name) for name in record_set.optional}
    missing = sorted(named - {*columns.names, *optional, *map(unquoted, record_set.ignore), "."})
    meant = {near[0]: name for name in missing if (near := closest(name, left, 1))}
    rest = [name for name in left if name not in meant]
    said = [f'"{column}" may be what is read as "{name}": do not ignore it' for column, name in meant.items()]
    if rest:
        said.append(
            f"once you have looked at them: ignore: [{', '.join([*record_set.ignore, *map(_yaml, rest)])}]"
        )
    advice = "; ".join(said)
    yield registry.finding("TM-L09", message, where=record_set.span, help=advice, details={"columns": left})


def _yaml(name: str) -> str:
    """A name as an item of a flow list."""
    plain = name and not set(name) & set(",[]{}#:?\"'&*!|>%@`") and name == name.strip() and name[0] != "-"
    return name if plain else "'" + name.replace("'", "''") + "'"


def _parts_tests(record_set: RecordSet) -> Iterator[Test]:
    for choice in record_set.choices:
        for case in choice.cases:
            yield from (test for tests in case.when.alternatives for test in tests if test.pattern)


def _bare_names(record_set: RecordSet, columns: Columns) -> Iterator[Finding]:
    """A literal that is the name of a column was most likely meant to be read."""
    for statement in statements(record_set):
        for slot in statement.slots.values():
            literal = slot.literal if isinstance(slot, Value) else None
            if literal and literal in columns.names and isinstance(slot, Value):
                message = f'"{literal}" is taken as text, and {columns.file} has a column of this name'
                advice = f"did you mean $({literal})?"
                yield registry.finding(
                    "TM-L12", message, where=slot.span, help=advice, severity=Severity.WARNING
                )


def _look_up(document: Document, name: str, columns: Columns) -> Iterator[Finding]:
    look = document.lookups.get(name)
    if look is None:
        return
    if look.key not in columns.names:
        yield _no_column(look.key, columns, look.span, document.id)
    reported: set[tuple[str, Span]] = set()
    for record_set in document.records:
        for use in used(record_set):
            for step in use.ref.lookups:
                mark = (step.column, use.ref.span)
                if step.table == name and step.column not in columns.names and mark not in reported:
                    reported.add(mark)
                    yield _no_column(step.column, columns, use.ref.span, document.id)
