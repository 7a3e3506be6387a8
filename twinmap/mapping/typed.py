"""Text to typed values, once per distinct text: numbers, comparators, ranges, ratios, booleans.

Pure functions. A plain number (``-?digits[.digits]`` without leading zeros, zero without a sign) never
comes here: SQL takes it as it is, and :func:`type_value` agrees with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from twinmap.privacy import shape

#: What SQL types by itself, as a full match.
PLAIN_NUMBER = r"(0|-?[1-9][0-9]*)(\.[0-9]+)?|-0\.[0-9]*[1-9][0-9]*"

#: Exponents beyond this are refused: the number would be longer than any measurement.
_MAX_EXPONENT = 308

_NUMBER = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4}))?")
_COMPARATOR = re.compile(r"(<=|>=|<|>|≤|≥)\s*(.+)")
_SEPARATORS = {"range": re.compile(r"(?<=.)(?:-|–|\.\.)(?=.)"), "ratio": re.compile(r"(?<=.):(?=.)")}

#: Longer texts are no range and no ratio.
_MAX_PAIR = 200
_COMPARATORS = {"≤": "<=", "≥": ">="}
_BOOLEANS = {"true": "true", "false": "false", "1": "true", "0": "false", "yes": "true", "no": "false"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed value, the value columns of the observation table; ``issue`` is a finding code."""

    kind: str
    text: str | None = None
    decimals: int | None = None
    comparator: str | None = None
    low: str | None = None
    high: str | None = None
    issue: str | None = None
    shape: str = ""


def number(text: str, *, decimal: str = ".", thousands: str = "") -> str | None:
    """The exact xsd:decimal of a number, digits after the point kept as stated; None where it is none.

    >>> number("+1.50"), number("1.5e2"), number("1.234,5", decimal=",", thousands=".")
    ('1.50', '150', '1234.5')
    """
    if decimal != "." or thousands:
        text = _without_locale(text, decimal, thousands)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, digits, exponent = match.groups()
    if exponent is not None:
        if abs(int(exponent)) > _MAX_EXPONENT:
            return None
        digits = format(Decimal(f"{digits}e{exponent}"), "f")
    whole, _, fraction = digits.partition(".")
    whole = whole.lstrip("0") or "0"
    plain = f"{whole}.{fraction}" if fraction else whole
    return f"-{plain}" if sign == "-" and plain.strip("0.") else plain


def _without_locale(text: str, decimal: str, thousands: str) -> str:
    """The number with ``.`` for its decimal sign; what is not grouped by threes is left to fail."""
    whole, mark, fraction = text.partition(decimal)
    if thousands and thousands in whole:
        groups = whole.lstrip("+-").split(thousands)
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            return "?"
        whole = whole.replace(thousands, "")
    if decimal != "." and "." in whole + fraction:
        return "?"
    return f"{whole}.{fraction}" if mark else whole


def type_value(
    text: str,
    *,
    kind: str | None = None,
    comparator: str | None = None,
    decimal: str = ".",
    thousands: str = "",
) -> Typed:
    """Type one text.

    Args:
        text: As received, trimmed, not empty.
        kind: ``quantity code text boolean time range ratio`` where the mapping or the format fixes it.
        comparator: Bound by the mapping or given by the format.
        decimal: The decimal sign of the source.
        thousands: Its grouping sign, or "".
    """

    def exact(part: str) -> str | None:
        return number(part.strip(), decimal=decimal, thousands=thousands)

    if kind == "text":
        return Typed("string", text)
    if kind == "boolean":
        word = _BOOLEANS.get(text.lower())
        return Typed("boolean", word) if word else Typed("string", text, issue="TM-K05", shape=shape(text))
    plain = exact(text)
    if plain is not None:
        return Typed("quantity", plain, _decimals(plain), comparator)
    match = _COMPARATOR.fullmatch(text)
    if match and (plain := exact(match[2])) is not None:
        sign = _COMPARATORS.get(match[1], match[1])
        return Typed("quantity", plain, _decimals(plain), sign)
    for name, separator in _SEPARATORS.items():
        # A "-" may be a sign or stand in an exponent: the first cut that leaves two numbers holds.
        for cut in separator.finditer(text) if len(text) <= _MAX_PAIR else ():
            low, high = exact(text[: cut.start()]), exact(text[cut.end() :])
            if low is not None and high is not None:
                return Typed(name, None, low=low, high=high)
    if kind in {"quantity", "range", "ratio"}:
        return Typed("string", text, issue="TM-Q11", shape=shape(text))
    return Typed("string", text)


def _decimals(plain: str) -> int:
    return len(plain.partition(".")[2])
