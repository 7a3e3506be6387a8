"""The aliases of units, ``ontologies/aliases/units.tsv``, and units put together from them.

A unit that is written in parts (``mcg/kg/min``, ``10^3/uL``, ``mg/24 hrs``, ``lb/in2``) is resolved part by
part.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Literal

from twinmap.registry import shipped
from twinmap.terms.ucum import commensurable, from_case_insensitive, is_valid, parse
from twinmap.terms.ucum_syntax import tokens

Status = Literal["ucum", "alias", "case", "ambiguous", "unknown"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a text for a unit means.

    ``unit`` is UCUM; None where ``status`` is ``ambiguous`` (see ``candidates``) or ``unknown``
    (``candidates`` then holds guesses, if there are some). ``case`` is a unit in capitals. ``note`` says why.
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


# --- parts ----------------------------------------------------------------------------------------

#: 10^3, 10E3, x10E3, E3, 10**3, 10+3, 10(3), 10 3, 10 exp 3: a power of ten, and what is multiplied with it.
_POWER_OF_TEN = re.compile(
    r"[x×*]?\s*(?:10\s*(?:(?:\^|\*\*|\*|[eE](?:xp)?|\+|\s)\s*\(?|\()|[eE])"
    r"([+-]?[0-9]{1,2})\)?(?=$|[^0-9])\s*(.*)"
)
#: At most so many readings of an ambiguous text are kept.
_CANDIDATES = 12
_COUNTED = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,3})(?![0-9.]))?\s*\.?\s*([^0-9\s.^*(].*)")
_RAISED_PART = re.compile(r"(.*[^0-9^*+-])\^?([+-]?[0-9])")


def in_parts(text: str) -> Resolution | None:
    """Resolve the parts of a text and put the units together; None where a part is unknown."""
    found = _term(text)
    if found is None:
        return None
    candidates = tuple(unit for unit in found.candidates if is_valid(unit))
    if found.status == "ambiguous":
        return Resolution(None, "ambiguous", found.note, candidates) if candidates else None
    return replace(found, candidates=()) if found.unit and is_valid(found.unit) else None


def _term(text: str) -> Resolution | None:
    for step in (_power_of_ten, _symbol, _divided, _grouped, _counted, _multiplied, _raised):
        found = step(text)
        if found is not None:
            return found
    return None


def _symbol(text: str) -> Resolution | None:
    """A part that is in the table, or UCUM, or UCUM in capitals."""
    row = table().find(text, whole=False)
    capitals = from_capitals(text)
    if is_valid(text) and capitals is None and (row is None or row.alias != text):
        return Resolution(text, "ucum") if _is_one_symbol(text) else None
    if row is not None:
        return from_row(row)
    if capitals is not None:
        return Resolution(capitals, "case", f"{text} is {capitals} in capitals")
    unit = from_case_insensitive(text) if text.isalnum() or "[" in text else None
    return Resolution(unit, "case", "not the case that UCUM asks for") if unit else None


def _is_one_symbol(text: str) -> bool:
    found = tokens(text)
    return len(found) == 1 and not text.startswith(("/", "("))


def _power_of_ten(text: str) -> Resolution | None:
    match = _POWER_OF_TEN.fullmatch(text)
    if match is None or is_valid(text):
        return None
    power, rest = f"10*{int(match[1])}", match[2].lstrip(".")
    if not rest:
        return Resolution(power, "alias", "a power of ten")
    if rest.startswith("/"):
        return _joined(power, rest)
    return _joined(power + ".", rest)


def _joined(before: str, rest: str) -> Resolution | None:
    """``before`` with the resolved ``rest``; the whole is an alias."""
    operator = "/" if rest.startswith("/") else ""
    found = _term(rest.removeprefix("/"))
    return (
        None
        if found is None
        else _map(replace(found, status=_worse("alias", found.status)), before + operator)
    )


def _divided(text: str) -> Resolution | None:
    pieces = _split(text, "/")
    if len(pieces) < 2:
        return None
    first = _term(pieces[0]) if pieces[0] else Resolution("", "ucum")
    return _chain(first, pieces[1:], lambda unit: "/" + (f"({unit})" if _needs_group(unit) else unit))


def _multiplied(text: str) -> Resolution | None:
    pieces = _split(text, ".")
    if len(pieces) < 2 or not all(pieces):
        return None
    return _chain(_term(pieces[0]), pieces[1:], lambda unit: "." + unit)


def _grouped(text: str) -> Resolution | None:
    if not (text.startswith("(") and text.endswith(")")):
        return None
    found = _term(text[1:-1])
    return None if found is None else _map(found, "(", ")")


def _counted(text: str) -> Resolution | None:
    """``24h`` or ``100 mL``: so many of a unit; UCUM has no decimals, 1.5 is 15.10*-1."""
    match = _COUNTED.fullmatch(text)
    found = _term(match[3]) if match else None
    if match is None or found is None:
        return None
    decimals = (match[2] or "").rstrip("0")
    number = str(int(match[1] + decimals)) + (f".10*-{len(decimals)}" if decimals else "")
    if number == "0":
        return None
    number = "" if number == "1" else f"{number}."
    return _map(replace(found, status=_worse("alias", found.status)), number)


def _raised(text: str) -> Resolution | None:
    """``m^2`` or ``in2``: a power of a unit."""
    match = _RAISED_PART.fullmatch(text)
    found = _symbol(match[1]) if match else None
    if match is None or found is None or not found.unit or not _is_one_symbol(found.unit):
        return None
    return _map(replace(found, status=_worse("alias", found.status)), "", match[2])


def _needs_group(unit: str) -> bool:
    return not unit.startswith("(") and len(_split(unit, "/.")) > 1


def _split(text: str, operators: str) -> list[str]:
    """Split at operators that stand outside brackets, braces and parentheses."""
    pieces, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char in operators:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces


def _chain(first: Resolution | None, rest: list[str], write: Callable[[str], str]) -> Resolution | None:
    """Put resolved parts together; one ambiguous part makes the whole ambiguous."""
    result = first
    for piece in rest:
        found = _term(piece)
        if result is None or found is None:
            return None
        heads = [result.unit] if result.unit is not None else list(result.candidates)
        tails = [found.unit] if found.unit is not None else list(found.candidates)
        units = tuple(islice((head + write(tail) for head in heads for tail in tails), _CANDIDATES))
        status = _worse(result.status, found.status)
        unit = None if status == "ambiguous" else units[0]
        result = Resolution(unit, status, result.note or found.note, units)
    return result


def _map(found: Resolution, before: str, after: str = "") -> Resolution:
    unit = None if found.unit is None else before + found.unit + after
    return replace(found, unit=unit, candidates=tuple(before + item + after for item in found.candidates))


def _worse(one: Status, other: Status) -> Status:
    order: tuple[Status, ...] = ("ucum", "case", "alias", "ambiguous", "unknown")
    return max(one, other, key=order.index)


def is_meant(symbol: str, *, alone: bool) -> bool:
    """Whether a valid symbol means what UCUM says: no trap of the table, no capitals that mislead."""
    row = table().exact.get((symbol, alone))
    return (row is None or row.alias != symbol) and from_capitals(symbol) is None


def from_capitals(symbol: str) -> str | None:
    """``MG`` is mg in capitals, not megagauss; None where both readings agree or there is but one."""
    if len(symbol) < 2 or not symbol.isalpha() or not symbol.isupper():
        return None
    meant = from_case_insensitive(symbol)
    if meant is None or meant == symbol:
        return None
    if is_valid(symbol) and commensurable(symbol, meant) and parse(symbol).factor == parse(meant).factor:
        return None
    return meant
