"""Findings as a compiler says them, then what the sources mean, then the books; plain text, no colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from twinmap.model import OUTCOMES
from twinmap.renderers import _agreement as agreement
from twinmap.renderers._common import (
    Group,
    by_severity,
    grouped,
    left_out,
    listed,
    located,
    place_text,
    shown_of,
    tally,
)
from twinmap.renderers._difference import Table, difference
from twinmap.renderers._escape import visible
from twinmap.renderers._facts import balance, book, concept_label
from twinmap.renderers._relations import Told, Way, told
from twinmap.renderers._report import Excerpt, Json, Report
from twinmap.renderers._sentences import called, conversions, coverage, facet_cells, legend, sentence

#: Places shown of one finding.
PLACES = 3
#: Characters of a mapping line shown around the column.
_WINDOW = 100


def render(report: Report) -> str:
    """Every finding, relation and book of the report; ends with a newline unless it is empty."""
    blocks = [_difference(table) for table in difference(report)]
    blocks += [_finding(group, report) for group in grouped(report.findings)]
    found = told(report)
    blocks += [_relation(way, concept_label(report, item.concept)) for item in found for way in item.ways]
    blocks.append(_legend(found))
    blocks.append(_agreement(report))
    if report.ledger:
        blocks.append([line for name in OUTCOMES for line in _book(report, name)])
    blocks.append([visible(left_out(report.selection))] if left_out(report.selection) else [])
    if report.findings:
        blocks.append([tally(by_severity(report.findings))])
    return "\n\n".join("\n".join(block) for block in blocks if block) + ("\n" if any(blocks) else "")


# --- findings -------------------------------------------------------------------------------------


def _finding(group: Group, report: Report) -> list[str]:
    finding = group.finding
    code = visible(str(finding.get("code", "")))
    lines = [
        f"{code} {visible(str(finding.get('severity', '')))}: {visible(str(finding.get('message', '')))}"
    ]
    if finding.get("details", {}).get("told_by"):  # another finding says it, with its places and what to do
        return [*lines, *([f"  = {shown}"] if (shown := shown_of(group, 0)) else [])]
    lines += _places(group, report.excerpts.get(str(finding.get("where", ""))))
    if finding.get("help"):
        lines.append(f"help: {visible(str(finding['help']))}")
    lines.append(f"docs: twinmap explain {code}")
    return lines


def _places(group: Group, excerpt: Excerpt | None) -> Iterator[str]:
    where = group.finding.get("where") or (not group.finding.get("places") and group.finding.get("rule"))
    spot = located(where)
    margin = " " * (len(str(spot[1])) if spot and excerpt and excerpt.text else 1)
    arrow = "-->"
    if where:
        yield f"{margin} {arrow} {visible(str(where))}"
        arrow = ":::"
    if spot and excerpt and excerpt.text:
        yield from _excerpt(spot[1], spot[2], excerpt)
    for place in group.places[:PLACES]:
        yield f"{margin} {arrow} {visible(place_text(place, _file(place)))}"
        arrow = ":::"
    if shown_of(group, PLACES):
        yield f"{margin}  = {shown_of(group, PLACES)}"


def _file(place: Json) -> str:
    source, file = str(place.get("source", "")), str(place.get("file", ""))
    return f"{source}: {file}" if source and file else source or file


def _excerpt(line: int, column: int, excerpt: Excerpt) -> Iterator[str]:
    start = max(0, column - 1 - _WINDOW // 2) if len(excerpt.text) > _WINDOW else 0
    shown = excerpt.text[start : start + _WINDOW]
    before = shown[: column - 1 - start]
    marked = shown[column - 1 - start : column - 1 - start + excerpt.length]
    head, tail = "…" * (start > 0), "…" * (start + _WINDOW < len(excerpt.text))
    margin = " " * len(str(line))
    yield f"{margin} |"
    yield f"{line} | {head}{visible(shown)}{tail}"
    indent = " " * (len(head) + width(visible(before)))
    yield f"{margin} | {indent}{'^' * max(1, width(visible(marked)))}"
    yield f"{margin} |"


def width(text: str) -> int:
    """How many columns of a terminal the text takes.

    >>> width("mmHg"), width("血圧")
    (4, 4)
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


# --- relations and books --------------------------------------------------------------------------


def _relation(way: Way, label: str) -> list[str]:
    lines = [sentence(way, label)]
    lines += [f"  {text}" for text in (conversions(way), *coverage(way)) if text]
    rows = facet_cells(way)
    head = ("facet", way.first, way.second, "", "evidence", "code")
    return [visible(line) for line in lines] + (_table([head, *rows]) if rows else [])


def _legend(found: Sequence[Told]) -> list[str]:
    """What the relations mean, and what to do."""
    return [
        f"{listed([called(name) for name in standings], 'or')}: {meaning}; {advice}"
        for standings, meaning, advice in legend(way.standing for item in found for way in item.ways)
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return [
        "  " + "  ".join(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _agreement(report: Report) -> list[str]:
    rows = list(agreement.rows(report))
    return ["agreement where both measured together", *_table([agreement.HEAD, *rows])] if rows else []


def _difference(table: Table) -> list[str]:
    return [
        table.caption,
        *_table([table.head, *table.rows]),
        *([f"  and {table.more:,} more"] * bool(table.more)),
    ]


def _book(report: Report, name: str) -> list[str]:
    entries = book(report, name)
    return [
        f"{name}, {visible(source)}: {balance(outcomes, name)}"
        for source, outcomes in sorted(entries.items())
    ]
