"""Units in clinical data: what a text means, and whether values may be converted.

A text is looked up in ``ontologies/aliases/units.tsv`` whole, then part by part (between ``/`` and ``.``).
A valid UCUM unit means what UCUM says, but for the traps that the table declares (``C``, ``ft``, ``K/uL``)
and for capitals that UCUM's case-insensitive variant reads otherwise (``MG``, ``ML``).

The UCUM engine is :mod:`twinmap.terms.ucum`; rules for a single analyte (mass to moles) are in
:mod:`twinmap.terms.analytes`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from twinmap.terms.ucum import (
    NotAffineError,
    affine,
    from_case_insensitive,
    guesses,
    is_valid,
    parse,
)
from twinmap.terms.ucum_essence import essence
from twinmap.terms.ucum_syntax import MAX_LENGTH, tokens
from twinmap.terms.unit_aliases import Alias, Resolution, aliases, from_row, in_parts, is_meant, table
from twinmap.terms.unit_kinds import Kind, kind, same_kind

__all__ = [
    "Alias",
    "Kind",
    "Resolution",
    "aliases",
    "base_unit",
    "factor_offset",
    "is_count",
    "kind",
    "resolve",
    "same_kind",
]

_CHARACTERS = str.maketrans(
    {
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
        "\N{DIVISION SLASH}": "/",
        "\N{FRACTION SLASH}": "/",
        "\N{MINUS SIGN}": "-",
        "\N{SUPERSCRIPT MINUS}": "-",
        "\N{DEGREE CELSIUS}": "°C",
        "\N{DEGREE FAHRENHEIT}": "°F",
        "\N{MASCULINE ORDINAL INDICATOR}": "°",
        "\N{RING ABOVE}": "°",
        "\N{DOT OPERATOR}": "·",
        "\N{OHM SIGN}": "Ohm",
        "\N{GREEK CAPITAL LETTER OMEGA}": "Ohm",
    }
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED = re.compile("(10)?([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)")
#: m^2 for m2; 10^3 is UCUM.
_CARET = re.compile(r"(?<=[A-Za-z\]])(?:\^|\*\*)(?=-?[0-9])")
_PER = re.compile(r"\s*/\s*|(?:^|\s+)per\s+", re.IGNORECASE)
#: What laboratories write behind the unit of a result that is calculated.
_CALCULATED = re.compile(r"\s*\(calc(?:ulated|\.)?\)$", re.IGNORECASE)
#: 1,73 m²; no other comma is known to be that of a decimal (1,000/uL).
_DECIMAL_COMMA = re.compile(r"(?<![0-9,])1,73(?![0-9,])")
#: kg·m or kg*m; behind a slash it is left open what it divides.
_PRODUCT = re.compile(r"(?<=[A-Za-z\])])\s*[·*]\s*(?=[A-Za-z\[(])")
_DECIMAL_POINT = re.compile(r"[0-9]\.[0-9]")
_TWICE_DIVIDED = re.compile(r"/[^/.()]*[A-Za-z\]]-[0-9]")


@lru_cache(maxsize=8192)
def resolve(text: str, dimension: str | None = None, *, declared: bool = False) -> Resolution:
    """Find the UCUM unit that a text means.

    Args:
        text: The unit as received.
        dimension: A UCUM unit of the quantity that is expected, if one is; it decides between the
            candidates of an ambiguous text.
        declared: The source says that the text is a UCUM code; then an ambiguous text that is valid UCUM
            is taken at its word, unless ``dimension`` decides otherwise. Declared traps (``K/uL``) stay
            traps: those who write them say UCUM as well.

    Returns:
        Status ``ucum`` where the text is UCUM, ``alias`` or ``case`` where it means a unit, ``ambiguous``
        where it may mean several, ``unknown`` where nothing fits.

    Raises:
        UcumError: ``dimension`` is not a valid unit.
    """
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_LENGTH:
        return Resolution(None, "unknown", "no unit" if not stripped else "too long to be a unit")
    row = table().find(stripped, whole=True)
    is_trap = row is not None and (row.alias == stripped or is_valid(row.alias))
    if is_valid(stripped) and not is_trap:
        found = _check_ucum(stripped)
    else:
        found = from_row(row) if row else _normalised(stripped)
    if found.status == "ambiguous" and len(found.candidates) > 1:
        return _decide(stripped, found, dimension, declared=declared)
    return found


def _check_ucum(text: str) -> Resolution:
    """A valid UCUM unit, unless it is a form that is hardly ever meant as UCUM reads it."""
    if text.isdigit() and text != "1":
        return Resolution(None, "unknown", "a number is no unit; it may be the code of one in another system")
    if _DECIMAL_POINT.search(re.sub(r"\{.*?\}|\[.*?\]", "", text)):
        found = in_parts(text)
        if found is not None and found.status == "alias":
            return found
        return Resolution(None, "ambiguous", "in UCUM a point multiplies: 1.5 is 1 times 5", (text,))
    if _TWICE_DIVIDED.search(text):
        single = re.sub(r"(/[^/.()]*[A-Za-z\]])-([0-9])", r"\1\2", text).removesuffix("1")
        return Resolution(None, "ambiguous", "divided by a negative power", (single, text))
    symbols = [token.symbol for token in tokens(text) if token.symbol]
    if all(is_meant(symbol, alone=symbol == text) for symbol in symbols):
        return Resolution(text, "ucum")
    return in_parts(text) or Resolution(text, "ucum")


def _lowered(match: re.Match[str]) -> str:
    """A superscript as UCUM writes it: ``10³`` is 10*3, ``²`` is 2."""
    return ("10*" if match[1] else "") + match[2].translate(_SUPERSCRIPTS)


def _cleaned(text: str) -> str:
    """The text with the characters that UCUM knows, as far as they can only mean one thing."""
    clean = _RAISED.sub(_lowered, _CALCULATED.sub("", text)).replace("(s)", "s")
    clean = _DECIMAL_COMMA.sub("1.73", _CARET.sub("", clean.translate(_CHARACTERS)))
    return " ".join(_PRODUCT.sub(_multiplied, _PER.sub("/", clean)).split())


def _multiplied(match: re.Match[str]) -> str:
    before = match.string[: match.start()]
    return match[0] if "/" in before[before.rfind("(") + 1 :] else "."


def _normalised(text: str) -> Resolution:
    """A text that is neither UCUM nor in the table as it stands: clean it, look again, take it apart."""
    clean = _cleaned(text)
    if clean != text:
        row = table().find(clean, whole=True)
        if row is not None:
            return from_row(row)
        if is_valid(clean):
            found = _check_ucum(clean)
            return replace(found, status="alias") if found.status == "ucum" else found
    found_parts = in_parts(clean)
    if found_parts is not None:
        return found_parts
    unit = from_case_insensitive(clean)
    if unit is not None:
        return Resolution(unit, "case", "not the case that UCUM asks for")
    return Resolution(None, "unknown", "not a unit that is known", guesses(clean))


def _decide(text: str, found: Resolution, dimension: str | None, *, declared: bool) -> Resolution:
    """Let the expected quantity choose among the candidates; those that fit must not differ in value."""
    fitting = [unit for unit in found.candidates if dimension is not None and same_kind(unit, dimension)]
    if not fitting and declared and dimension is None:
        fitting = [unit for unit in found.candidates if unit == text]
    if not fitting or len({parse(unit).factor for unit in fitting}) > 1:
        return found
    unit = text if text in fitting else fitting[0]
    return Resolution(unit, "ucum" if unit == text else "alias", found.note, found.candidates)


def factor_offset(source: str, target: str) -> tuple[Fraction, Fraction] | None:
    """The exact ``(a, b)`` of ``y = a*x + b``, or None where a conversion of units alone is not right.

    None as well where the conversion is not linear (``[pH]``, ``B[V]`` to ``V``).

    Raises:
        UcumError: One of the units is not valid.
    """
    if not same_kind(source, target):
        return None
    try:
        return affine(source, target)
    except NotAffineError:
        return None


def is_count(unit: str) -> bool:
    """Whether a unit is that of a count; a percentage is none: its number may as well be a fraction.

    >>> is_count("{steps}"), is_count("1"), is_count("%")
    (True, True, False)

    Raises:
        UcumError: The unit is not valid.
    """
    return factor_offset(unit, "1") == (Fraction(1), Fraction(0))


@lru_cache(maxsize=8192)
def base_unit(unit: str) -> str:
    """The unit to compare values in where nothing else is asked for: base units, and the unit of the kind.

    >>> base_unit("mmol/L"), base_unit("[degF]"), base_unit("dB[SPL]")
    ('mol.m-3', 'K', 'B[SPL]')

    Raises:
        UcumError: The unit is not valid.
    """
    parsed = parse(unit)
    if not parsed.is_affine:
        return next(part.atom for part in parsed.components if part.atom not in ("10*", "10^"))
    quantities = kind(unit).quantities
    rest = list(parsed.dimension)
    for name, power in quantities:
        for index, own in enumerate(parse(name).dimension):
            rest[index] -= own * power
    powers = [*quantities, *zip(essence().base, rest, strict=True), *parsed.arbitrary]
    return ".".join(code if power == 1 else f"{code}{power}" for code, power in powers if power) or "1"
