"""Codes that a mapping looks up: those of the table's column, where the table lies beside the mapping or the data.

code: {from: $(concept_id -> concept.concept_code), system: {from: $(concept_id -> concept.vocabulary_id), map: …}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from twinmap import safeio
from twinmap.diagnostics import Span
from twinmap.errors import TwinmapError
from twinmap.formats import csvdialect
from twinmap.limits import LIMITS
from twinmap.mapping.ast import Document, Ref, Text, Value


class Found(NamedTuple):
    """A code of a look-up table, as the slot would have it: with its system as text, and its line."""

    system: str
    code: str
    where: Span


def codes(document: Document, value: Value, folders: Sequence[Path]) -> Iterator[Found]:
    """The codes that a slot can get from look-up tables.

    Of tables that are not there, or are larger than a record may be, nothing is said.

    Args:
        document: The mapping.
        value: What is bound to the slot.
        folders: Where the tables are looked for; the first folder that has one counts.
    """
    for alternative in value.alternatives:
        last = _look_up(alternative) if isinstance(alternative, Text) else None
        if last is None or last[1].lookups[-1].table not in document.lookups:
            continue
        prefix, ref = last
        table, column = ref.lookups[-1].table, ref.lookups[-1].column
        for path, line, row in _rows(document, table, folders):
            system = prefix or _system(value.system, table, row)
            code = row.get(column, "").strip()
            if system and code:
                yield Found(system, code, Span(path.name, line, 1))


def _look_up(text: Text) -> tuple[str, Ref] | None:
    """The prefix of the codes (empty where the system stands elsewhere) and the reference that is looked up."""
    refs = [part for part in text.parts if isinstance(part, Ref)]
    if len(refs) != 1 or not refs[0].lookups or text.parts[-1] is not refs[0]:
        return None
    before = "".join(part for part in text.parts[:-1] if isinstance(part, str))
    if before and not before.endswith(":"):
        return None
    return before.removesuffix(":"), refs[0]


def _system(value: Value | None, table: str, row: Mapping[str, str]) -> str | None:
    """The system of the codes of a row: a literal, or a column of the same table, mapped or as it is."""
    if value is None:
        return None
    if value.literal is not None:
        return value.literal
    ref = next((item.sole_ref for item in value.alternatives if isinstance(item, Text)), None)
    if ref is None or not ref.lookups or ref.lookups[-1].table != table:
        return None
    text = row.get(ref.lookups[-1].column, "").strip()
    return value.map.entries.get(text) if value.map is not None else text or None


def _rows(
    document: Document, table: str, folders: Sequence[Path]
) -> Iterator[tuple[Path, int, Mapping[str, str]]]:
    """The rows of a look-up table; what is wrong with its form is found where it is read in a run."""
    for path in _files(document.lookups[table].files, folders):
        header: list[str] = []
        try:
            for row in csvdialect.records(path, "utf-8", "\t" if path.suffix == ".tsv" else ","):
                if not isinstance(row, csvdialect.Row):
                    continue
                if row.number == 0:
                    header = [cell.strip() for cell in row.cells]
                else:
                    yield path, row.line, dict(zip(header, row.cells, strict=False))
        except TwinmapError:
            return


def _files(patterns: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    for folder in folders:
        found = (
            sorted(path for name in patterns for path in safeio.matching(folder, [name]))
            if folder.is_dir()
            else []
        )
        if found:
            return [path for path in found if path.stat().st_size <= LIMITS.record_bytes]
    return []
