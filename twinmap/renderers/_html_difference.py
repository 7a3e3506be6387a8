"""What a diff is about, in figures, and its tables on the page."""

from __future__ import annotations

import re
from collections import Counter

from twinmap.renderers._agreement import together
from twinmap.renderers._common import count, listed, number
from twinmap.renderers._difference import Table, difference, totals
from twinmap.renderers._html_overview import figure
from twinmap.renderers._markup import Child, Html, element, join, table
from twinmap.renderers._report import Json, Report


def figures(report: Report, found: Json) -> Html:
    """Statements that are the same and not, patients, concepts, and what both measured together."""
    known = totals(found)
    return element(
        "dl",
        figure(
            "Statements, the same",
            number(known["same"]),
            f"of {number(known['a'])} in A and {number(known['b'])} in B",
        ),
        figure(
            "Statements, changed",
            number(known["changed"]),
            f"{number(known['alone_a'])} in A alone, {number(known['alone_b'])} in B alone",
        ),
        figure(
            "Patients of both",
            number(known["patients_both"]),
            f"of {number(known['patients_a'])} in A and {number(known['patients_b'])} in B",
        ),
        _concepts(found),
        _pairs(report),
        class_="figures sides",
    )


def _concepts(found: Json) -> Html:
    rows = found["concepts"]
    tally = Counter((row["a"] > 0, row["b"] > 0) for row in rows)
    note = f"{number(tally[True, False])} only in A, {number(tally[False, True])} only in B"
    return figure("Concepts of both", number(tally[True, True]), note)


def _pairs(report: Report) -> Html:
    """What both measured together, and how far it agrees."""
    rows = together(report)
    verdicts = Counter(str(row.get("verdict") or "no verdict") for row in rows)
    note = listed([f"{n:,} {name}" for name, n in sorted(verdicts.items())])
    return figure("Pairs of values", number(sum(row["pairs"] for row in rows)), note or "none to compare")


def tables(report: Report) -> Html | None:
    """Every table of the diff; None where there is none."""
    return join(*map(_table, difference(report))) or None


def _table(found: Table) -> Html:
    """The rows that differ; those that are alike on both sides are folded below them."""
    apart = len(found.rows) if found.apart is None else min(found.apart, len(found.rows))
    more = (
        element("p", f"{count(found.more, 'more row')} in diff.json", class_="quiet") if found.more else None
    )
    alike = len(found.rows) + found.more - (apart if found.apart is None else found.apart)
    folded = None
    if apart < len(found.rows):
        summary = element("summary", f"{found.alike}: {number(alike)}")
        folded = element("details", summary, _rows(found, apart, None), more)
    return join(
        element("h3", found.caption),
        _rows(found, 0, apart) if apart or not folded else None,
        folded or more,
    )


def _rows(found: Table, first: int, end: int | None) -> Html:
    rows: list[list[Child]] = [list(row) for row in found.rows[first:end]]
    columns = enumerate(zip(*found.rows, strict=True))
    figures = [index for index, cells in columns if all(map(_FIGURES.fullmatch, cells))]
    return table(list(found.head), rows, numbers=figures, class_="plain")


#: A number, two of them, or nothing.
_FIGURES = re.compile(r"[\d,]*( / [\d,]+)?")
