"""Files that a mapping names: two-column maps and code maps, confined to its folder and the project's."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from twinmap import safeio
from twinmap.diagnostics import Span
from twinmap.errors import TwinmapError
from twinmap.formats.yamlnodes import Mapping, Node, Scalar
from twinmap.limits import LIMITS
from twinmap.mapping import codemaps
from twinmap.mapping.ast import CodeMap, ValueMap
from twinmap.mapping.context import Context
from twinmap.mapping.words import did_you_mean

_DELIMITERS = {".tsv": "\t", ".csv": ","}

#: Findings about one file before the rest is only counted.
_ENOUGH = 20


def value_map(context: Context, node: Node, named: dict[str, ValueMap] | None = None) -> ValueMap | None:
    """A map given inline, by name or as a file; None (and a finding) where it cannot be used.

    A file has two columns, from and to; a first row that says so in these words is its header, and lines
    before it that begin with ``# `` are remarks.
    """
    if isinstance(node, Mapping):
        entries = {key.text: value.text for key, value in node.entries if isinstance(value, Scalar)}
        return ValueMap("inline", entries)
    assert isinstance(node, Scalar)
    known = context.maps if named is None else named
    if node.text in known:
        return known[node.text]
    if Path(node.text).suffix not in _DELIMITERS:
        advice = did_you_mean(node.text, known) or "declare it in maps, or name a .tsv or .csv file"
        context.report("TM-L15", f'no map is called "{node.text}"', node.span, advice)
        return None
    text = read(context, node)
    return None if text is None else _two_columns(context, node.text, text)


def code_map(context: Context, node: Node) -> CodeMap | None:
    """A code map: SSSOM (TSV or CSV) or a FHIR ConceptMap; None (and a finding) where it cannot be used."""
    assert isinstance(node, Scalar)
    suffix = Path(node.text).suffix
    if suffix not in {*_DELIMITERS, ".json"}:
        advice = "name a .sssom.tsv file or a FHIR ConceptMap (.json)"
        context.report("TM-L15", f'"{node.text}" is not a code map', node.span, advice)
        return None
    text = read(context, node)
    if text is None:
        return None
    source = codemaps.Source(node.text, text, node.span, context.report, context.systems)
    if suffix == ".json":
        return codemaps.concept_map(source)
    return codemaps.sssom(source, _DELIMITERS[suffix])


def read(context: Context, node: Scalar) -> str | None:
    """The text of a file that the mapping names, or None and a finding."""
    try:
        path = _confined(context, node.text)
        if path.stat().st_size > LIMITS.record_bytes:
            context.report("TM-L15", f'"{node.text}" is larger than {LIMITS.record_bytes:,} bytes', node.span)
            return None
        return path.read_text("utf-8-sig")
    except TwinmapError as error:
        context.report("TM-L15", error.message, node.span, error.help or "put the file beside the mapping")
    except UnicodeDecodeError:
        context.report("TM-L15", f'"{node.text}" is not UTF-8', node.span, "save it as UTF-8")
    except (OSError, ValueError):
        context.report(
            "TM-L15", f'"{node.text}" cannot be read', node.span, "put the file beside the mapping"
        )
    return None


def _confined(context: Context, name: str) -> Path:
    """The path, below the folder of the mapping or, where it leads out of that, below the root."""
    folder, root = context.folder, context.root
    if folder is None:
        folder = root = root or Path()
    assert root is not None
    within = os.path.normpath(os.path.join(os.path.relpath(folder, root), name))  # noqa: PTH118 - "a/.." is text
    if os.path.normpath(name).startswith("..") and not within.startswith(".."):
        return safeio.confined(root, within)
    return safeio.confined(folder, name)


def _two_columns(context: Context, name: str, text: str) -> ValueMap:
    entries: dict[str, str] = {}
    lines = text.splitlines()
    wrong = 0
    for number, cells in _rows(context, name, text, _DELIMITERS[Path(name).suffix]):
        span = Span(name, number, 1, text=lines[number - 1] if number <= len(lines) else "")
        if len(cells) != 2:
            wrong += 1
            if wrong <= _ENOUGH:
                message = f"a map has two columns, this row has {len(cells)}"
                context.report("TM-L15", message, span, "write from and to, and nothing else")
        elif entries.setdefault(cells[0], cells[1]) != cells[1]:
            context.report(
                "TM-L04", f'"{cells[0]}" is mapped twice, to different texts', span, "keep one row"
            )
    if wrong > _ENOUGH:
        more = f"{wrong - _ENOUGH} more rows of {name} do not have two columns"
        context.report("TM-L15", more, Span(name, 1, 1))
    return ValueMap(name, entries)


def _rows(context: Context, name: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their line numbers, without remarks, blank lines and the header."""
    remarks = 0
    lines = text.splitlines(keepends=True)
    while remarks < len(lines) and lines[remarks].startswith("# "):
        remarks += 1
    reader = csv.reader(lines[remarks:], delimiter=delimiter, strict=True)
    first = True
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            header = first and [cell.lower() for cell in row] == ["from", "to"]
            first = False
            if any(row) and not header:
                yield remarks + reader.line_num, row
    except csv.Error as error:
        span = Span(name, remarks + reader.line_num, 1)
        context.report("TM-L15", f"this row cannot be read: {error}", span, "close the quote")
