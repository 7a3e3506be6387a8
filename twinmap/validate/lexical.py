"""The lexical spaces of XSD datatypes that SPARQL knows: what is written right, to the letter.

Source: W3C XML Schema Definition Language 1.1 Part 2, section 3.3 and 3.4. rdflib is more lenient
(``1_000`` and ``NaN`` as decimals, a bare date as dateTime), which would hide faults of the data.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable

from twinmap.validate.rdf import XSD

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_BOOLEAN = re.compile(r"true|false|1|0")
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_DATE = r"(-?(?:[1-9][0-9]{3,}|0[0-9]{3}))-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DAY = re.compile(rf"{_DATE}(?:T{_TIME})?{_ZONE}")
_CLOCK = re.compile(_TIME + _ZONE)

#: Smallest and largest value of the integer types; None is no bound.
_RANGES: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
}

#: More digits than any of the bounded types; longer ones are compared by their sign alone.
_DIGITS = 25


def _day(text: str, *, clock: bool) -> bool:
    match = _DAY.fullmatch(text)
    if match is None or ("T" in text) is not clock:
        return False
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    # monthrange wants a year from 1; the calendar repeats every 400 years.
    return day <= monthrange(year % 400 + 400, month)[1]


def _in_range(text: str, low: int | None, high: int | None) -> bool:
    if not _INTEGER.fullmatch(text):
        return False
    digits = text.lstrip("+-0")
    if len(digits) > _DIGITS:
        return low is None if text.startswith("-") else high is None
    value = int(text)
    return (low is None or low <= value) and (high is None or value <= high)


_CHECKS: dict[str, Callable[[str], bool]] = {
    "decimal": lambda text: _DECIMAL.fullmatch(text) is not None,
    "double": lambda text: _DOUBLE.fullmatch(text) is not None,
    "float": lambda text: _DOUBLE.fullmatch(text) is not None,
    "boolean": lambda text: _BOOLEAN.fullmatch(text) is not None,
    "dateTime": lambda text: _day(text, clock=True),
    "date": lambda text: _day(text, clock=False),
    "time": lambda text: _CLOCK.fullmatch(text) is not None,
}


def is_ill_typed(text: str, datatype: str) -> bool:
    """Whether ``text`` is outside the lexical space of an XSD datatype; False for unknown ones.

    >>> is_ill_typed("98.60", "http://www.w3.org/2001/XMLSchema#decimal")
    False
    >>> is_ill_typed("2026-02-29", "http://www.w3.org/2001/XMLSchema#date")
    True
    """
    name = datatype.removeprefix(XSD)
    if name in _CHECKS:
        return not _CHECKS[name](text)
    if name in _RANGES:
        return not _in_range(text, *_RANGES[name])
    return False
