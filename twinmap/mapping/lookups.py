"""Look-up tables: read whole and strictly, for a row that is lost would be a look-up that misses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap import registry
from twinmap.errors import UsageError
from twinmap.formats import csvdialect
from twinmap.mapping.ast import Document, Look
from twinmap.mapping.columns import Columns, check_columns
from twinmap.mapping.uses import used

#: How the key is called in the database.
KEY = "_key"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a look-up table that can be found: their keys, and by name the columns that are read."""

    keys: list[str] = field(default_factory=list)
    columns: dict[str, list[str | None]] = field(default_factory=dict)


def read(document: Document, look: Look, paths: Sequence[Path]) -> Table:
    """Read the files of a look-up table, UTF-8, with one header; cells are trimmed.

    Args:
        document: The mapping; of the columns, those that it reads are kept.
        look: The table as declared.
        paths: Its files.

    Raises:
        UsageError: It cannot be used (L15, with file and line), or lacks a column that is read (L01).
        InputOutputError: A file cannot be read, or is cut short.
    """
    names: list[str] = []
    table = Table()
    lines: dict[str, tuple[Path, int]] = {}
    for path in paths:
        rows = _rows(look, path)
        first = next(rows, None)
        if first is None:
            raise _unusable(look, f"{path} is empty: its first line names the columns")
        if names and first.cells != names:
            raise _unusable(look, f"{path}:{first.line}: its columns are not those of {paths[0]}")
        if not names:
            names = first.cells
            _check_header(document, look, path, first)
            table.columns.update((name, []) for name in _read_columns(document, look))
        at = {name: names.index(name) for name in (look.key, *table.columns)}
        for row in rows:
            if len(row.cells) != len(names):
                what = f"{len(row.cells)} fields where the header has {len(names)}"
                raise _unusable(look, f"{path}:{row.line}: {what}")
            key = row.cells[at[look.key]]
            if not key or key in look.missing:
                continue
            known = lines.setdefault(key, (path, row.line))
            if known != (path, row.line):
                raise _unusable(
                    look, f"{path}:{row.line}: the key stands in line {known[1]} of {known[0]}, too"
                )
            table.keys.append(key)
            for name, cells in table.columns.items():
                cells.append(row.cells[at[name]] or None)
    return table


def _rows(look: Look, path: Path) -> Iterator[csvdialect.Row]:
    """All rows, header included, their cells trimmed."""
    line = csvdialect.undecodable(path, "utf-8")
    if line is not None:
        raise _unusable(look, f"{path}:{line}: not UTF-8", "save it as UTF-8")
    for row in csvdialect.records(path, "utf-8", "\t" if path.suffix.lower() == ".tsv" else ","):
        if not isinstance(row, csvdialect.Row):
            raise _unusable(look, f"{path}:{row.line}: {row.reason}")
        yield csvdialect.Row(row.number, row.line, [cell.strip() for cell in row.cells])


def _read_columns(document: Document, look: Look) -> list[str]:
    """The columns of a table that the mapping reads."""
    uses = (use for record_set in document.records for use in used(record_set))
    steps = (step for use in uses for step in use.ref.lookups)
    return list(dict.fromkeys(step.column for step in steps if step.table == look.name))


def _check_header(document: Document, look: Look, path: Path, header: csvdialect.Row) -> None:
    """Refuse a header that does not name each column once, or lacks one; a name may be a value: it is not shown."""
    seen: dict[str, int] = {}
    for number, name in enumerate(header.cells, start=1):
        if not name:
            raise _unusable(
                look, f"{path}:{header.line}: column {number} has no name", "name it in the first line"
            )
        if name in seen:
            message = f"{path}:{header.line}: columns {seen[name]} and {number} have the same name"
            raise _unusable(look, message, "rename one")
        seen[name] = number
    lacking = check_columns(document, {}, lookups={look.name: Columns(path.name, tuple(header.cells))})
    if lacking:
        raise UsageError(f"the mapping {document.path} does not fit its look-up tables", findings=lacking)
    folded: dict[str, str] = {}
    for name in _read_columns(document, look):
        at = f"{path}:{header.line}"
        if name.lower() == KEY and look.key != name:
            raise _unusable(look, f'{at}: column {seen[name]} is called "{KEY}", as ours is', "rename it")
        # The database does not tell capitals from small letters.
        other = folded.setdefault(name.lower(), name)
        if other != name:
            message = f"{at}: the names of columns {seen[other]} and {seen[name]} differ in capitals alone"
            raise _unusable(look, message, "rename one")


def _unusable(look: Look, why: str, advice: str | None = None) -> UsageError:
    message = f"the look-up table {look.name} cannot be used: {why}"
    return UsageError(message, findings=[registry.finding("TM-L15", message, where=look.span, help=advice)])
