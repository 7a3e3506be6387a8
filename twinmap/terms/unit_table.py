"""The table of aliases for units, ``ontologies/aliases/units.tsv``, and what a look-up in it gives."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal

from twinmap.registry import shipped

Status = Literal["ucum", "alias", "case", "ambiguous", "unknown"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a text for a unit means.

    ``unit`` is UCUM; None where ``status`` is ``ambiguous`` (see ``candidates``) or ``unknown``
    (``candidates`` then holds a guess, if there is one). ``case`` is a unit in capitals. ``note`` says why.
    """

    unit: str | None
    status: Status
    note: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """One row of the table."""

    alias: str
    ucum: str
    match: str
    note: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows by how they are looked up: ``exact`` by (text, whole?), ``folded`` likewise in lower case."""

    exact: dict[tuple[str, bool], Alias]
    folded: dict[tuple[str, bool], Alias]

    def find(self, text: str, *, whole: bool) -> Alias | None:
        """The row for a text, as it stands or in any case."""
        return self.exact.get((text, whole)) or self.folded.get((text.casefold(), whole))


@cache
def aliases() -> tuple[Alias, ...]:
    """The rows of the shipped table, in its order."""
    text = (shipped("ontologies") / "aliases" / "units.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith(("# ", "#\t"))]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        Alias(
            row["alias"],
            row["ucum"],
            row["match"],
            row["note"] or "",
            tuple((row["candidates"] or "").split()),
        )
        for row in rows
    )


@cache
def table() -> Table:
    """The rows, ready to be looked up."""
    found = Table({}, {})
    for row in aliases():
        scope, _, case = row.match.partition("-")
        if scope == "exact":
            scope, case = "any", "exact"
        for whole in (True, False):
            if scope in ("any", "whole" if whole else "part"):
                found.exact.setdefault((row.alias, whole), row)
                if case != "exact":
                    found.folded.setdefault((row.alias.casefold(), whole), row)
    return found


def from_row(row: Alias) -> Resolution:
    """What a row of the table says."""
    if row.ucum:
        return Resolution(row.ucum, "alias", row.note)
    if not row.candidates:
        return Resolution(None, "unknown", row.note)
    return Resolution(None, "ambiguous", row.note, row.candidates)
