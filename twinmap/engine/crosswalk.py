"""A crosswalk: a CSV file whose rows say which records of two systems are one patient."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twinmap import safeio
from twinmap.errors import UsageError
from twinmap.formats.csvdialect import Row, records
from twinmap.privacy import Key
from twinmap.terms import systems

#: Two ids of patient records, and what they are taken for one by.
Pair = tuple[str, str, str]

_COLUMNS = ("system_a", "id_a", "system_b", "id_b")


def read(path: Path, key: Key, declared: Mapping[str, str] | None = None) -> list[Pair]:
    """The rows of a crosswalk, a CSV file in UTF-8 with ``system_a, id_a, system_b, id_b`` and maybe ``evidence``.

    Args:
        path: The file.
        key: The key of the ids of patient records.
        declared: Systems by the names that mappings declare for them; others by URI, OID or a known name.

    Raises:
        UsageError: It lacks a column, or a row cannot be used; with its line.
        InputOutputError: It cannot be read.
    """
    found: list[Pair] = []
    header: list[str] = []
    for row in records(safeio.regular_file(path), "utf-8", ","):
        if not isinstance(row, Row):
            raise UsageError(f"{path}:{row.line}: {row.reason}")
        if not header:
            header = [cell.strip() for cell in row.cells]
            _complete(path, header)
            continue
        if len(row.cells) != len(header):
            raise UsageError(f"{path}:{row.line}: {len(row.cells)} fields where the header has {len(header)}")
        cells = dict(zip(header, (cell.strip() for cell in row.cells), strict=True))
        empty = next((name for name in _COLUMNS if not cells[name]), None)
        if empty:
            raise UsageError(f"{path}:{row.line}: {empty} is empty")
        one, other = (
            key.hash("patient", _system(cells[f"system_{side}"], declared or {}), cells[f"id_{side}"])
            for side in "ab"
        )
        found.append((one, other, cells.get("evidence", "")))
    if not header:
        raise UsageError(f"{path} is empty", help=f"its columns: {', '.join(_COLUMNS)}")
    return found


def _complete(path: Path, header: list[str]) -> None:
    lacking = next((name for name in _COLUMNS if name not in header), None)
    if lacking:
        raise UsageError(
            f"{path}:1: there is no column {lacking}", help=f"its columns: {', '.join(_COLUMNS)}"
        )


def _system(name: str, declared: Mapping[str, str]) -> str:
    """The system that a crosswalk names, as a mapping would resolve it."""
    if name in declared:
        return declared[name]
    known = systems.canonical(name)
    return known.uri if known else name
