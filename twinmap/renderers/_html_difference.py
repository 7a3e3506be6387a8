"""The tables of a diff on the page."""

from __future__ import annotations

from twinmap.renderers._common import count
from twinmap.renderers._difference import Table, difference
from twinmap.renderers._markup import Child, Html, element, join, table
from twinmap.renderers._report import Report


def tables(report: Report) -> Html | None:
    """Every table of the diff; None where there is none."""
    return join(*map(_table, difference(report))) or None


def _table(found: Table) -> Html:
    rows: list[list[Child]] = [list(row) for row in found.rows]
    return join(
        element("h3", found.caption),
        table(list(found.head), rows, class_="plain"),
        element("p", f"{count(found.more, 'more row')} in diff.json", class_="quiet") if found.more else None,
    )
