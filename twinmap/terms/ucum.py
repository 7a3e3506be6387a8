"""UCUM, the Unified Code for Units of Measure, with exact arithmetic.

A unit is parsed once per distinct text into an exact factor (a :class:`fractions.Fraction`) and the powers
of the seven base units of UCUM (m s g rad K C cd; the mole is a number there). Between two units of one
dimension there is ``y = a*x + b`` with exact ``a`` and ``b``, or a function for logarithmic and other
special units.

What shares a dimension need not be the same kind of quantity (``/min`` and ``Bq``): see
:func:`twinmap.terms.units.same_kind`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, overload

from twinmap.terms.ucum_essence import essence
from twinmap.terms.ucum_parse import Component, Dimension, Special, Unit, parse, split
from twinmap.terms.ucum_syntax import Token, UcumError, UnknownSymbolError, tokens
from twinmap.terms.ucum_values import (
    Affine,
    along,
    between,
    from_unit,
    is_array,
    on_array,
    on_number,
    on_number_between,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Affine",
    "Component",
    "Explanation",
    "IncommensurableError",
    "NotAffineError",
    "Special",
    "UcumError",
    "Unit",
    "UnknownSymbolError",
    "affine",
    "canonical",
    "commensurable",
    "convert",
    "dimension",
    "display_name",
    "explain",
    "from_case_insensitive",
    "is_valid",
    "parse",
]


class IncommensurableError(UcumError):
    """The two units do not have the same dimension, or not the same arbitrary units."""


class NotAffineError(UcumError):
    """Between the two units there is no ``y = a*x + b``: one of them is logarithmic or the like."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a text is UCUM; if not, what is wrong, where (from 0), and what is meant.

    ``suggestion`` is the one unit that is meant; where it may be several, it is None and ``candidates`` lists them.
    """

    text: str
    valid: bool
    reason: str = ""
    position: int | None = None
    suggestion: str | None = None
    candidates: tuple[str, ...] = ()


def is_valid(unit: str) -> bool:
    """Whether this is a case-sensitive UCUM unit."""
    try:
        parse(unit)
    except UcumError:
        return False
    return True


def explain(unit: str) -> Explanation:
    """Say why a text is not UCUM, where, and what is meant: by the table of aliases, else by its form.

    >>> explain("g/12h").suggestion, explain("mm Hg").suggestion, explain("cc").candidates
    ('g/(12.h)', 'mm[Hg]', ('mL', 'cm3'))
    """
    try:
        parse(unit)
    except UcumError as error:
        from twinmap.terms.units import resolve  # the aliases stand on this module

        found = resolve(unit)
        meant = found.unit
        if found.status == "unknown" and len(found.candidates) == 1:
            meant = found.candidates[0]
        candidates = () if meant else found.candidates
        return Explanation(unit, False, error.reason, error.position, meant, candidates)
    return Explanation(unit, True)


def guesses(unit: str) -> tuple[str, ...]:
    """The units that a text which is none may stand for, by its form alone; those of one value count once.

    >>> guesses("mmin"), guesses("MPa/mhz"), guesses("m//s")
    (('min',), ('MPa/mHz', 'MPa/MHz'), ())
    """
    try:
        parse(unit)
    except UnknownSymbolError as error:
        if unit.isupper() and (meant := from_case_insensitive(unit)):
            return (meant,)
        at = error.position or 0
        end = at + len(error.symbol)
        near = (unit[:at] + symbol + unit[end:] for symbol in _close_to(error.symbol))
        worth = {_worth(text): text for text in reversed([text for text in near if is_valid(text)])}
        return tuple(reversed(worth.values()))
    except UcumError as error:
        return (error.suggestion,) if error.suggestion and is_valid(error.suggestion) else ()
    return ()


def _worth(unit: str) -> tuple[Any, ...]:
    parsed = parse(unit)
    return parsed.factor, parsed.dimension, parsed.special, parsed.arbitrary


def from_case_insensitive(unit: str) -> str | None:
    """The case-sensitive form of a unit of UCUM's case-insensitive variant, or None if it is none.

    >>> from_case_insensitive("MMOL/L")
    'mmol/L'
    """
    try:
        found = tokens(unit)
    except UcumError:
        return None
    for token in reversed(found):
        if token.symbol is None:
            continue
        symbol = _by_upper().get(token.symbol.upper())
        if symbol is None:
            return None
        end = token.position + len(token.symbol)
        unit = unit[: token.position] + symbol + unit[end:]
    return unit if is_valid(unit) else None


def _symbols() -> Iterator[tuple[str, str]]:
    """Every atom and every prefix with a metric atom: case-insensitive code, case-sensitive code."""
    table = essence()
    for atom in table.atoms.values():
        yield atom.upper, atom.code
        if atom.metric:
            for upper, prefix in table.upper_prefixes.items():
                yield upper + atom.upper, prefix + atom.code


@cache
def _by_upper() -> dict[str, str]:
    """The case-insensitive variant of UCUM; where two codes share one (l and L), the last wins."""
    return dict(_symbols())


@cache
def _by_letters() -> dict[str, tuple[str, ...]]:
    """Case-sensitive codes by their letters in lower case."""
    found: dict[str, list[str]] = {}
    for _, code in _symbols():
        found.setdefault(code.lower(), []).append(code)
    return {letters: tuple(codes) for letters, codes in found.items()}


def _close_to(symbol: str) -> tuple[str, ...]:
    """Units that may be meant by an unknown symbol, the likeliest first."""
    bare = symbol.rstrip("^*")
    if bare != symbol and split(bare):
        return (bare,)
    known = _by_letters()
    for letters in (symbol.lower(), f"[{symbol.lower()}]"):
        if letters in known:
            return tuple(sorted(known[letters], key=lambda code: _differing(code, symbol)))
    if len(symbol) < 4:
        return ()
    from difflib import get_close_matches

    near = get_close_matches(symbol.lower(), known, n=3, cutoff=0.85)
    return tuple(min(known[letters], key=lambda code: _differing(code, symbol)) for letters in near)


def _differing(code: str, symbol: str) -> tuple[int, str]:
    """How many letters of a code are not in the symbol in the same case."""
    return sum(char not in symbol for char in code), code


def display_name(unit: str) -> str:
    """The unit in words, as UCUM's functional tests spell them; without a unit, that of a plain number.

    >>> display_name("mL/min/{1.73_m2}")
    '(milliliter) / (minute) / {1.73_m2}'

    Raises:
        UcumError: The unit is not valid.
    """
    if not unit:
        return "(unity)"
    parse(unit)
    first, *rest = tokens(unit)
    head = ("1 / " if first.sign < 0 else "") + _in_words(first)
    return head + "".join((" / " if token.sign < 0 else " * ") + _in_words(token) for token in rest)


def _in_words(token: Token) -> str:
    parts = split(token.symbol) if token.symbol else None
    note = "" if token.annotation is None else f"{{{token.annotation}}}"
    if parts is None:
        return note if token.number == 1 and note else f"{token.number}{note}"
    prefix, atom = parts
    power = "" if token.power == 1 else f" ^ {token.power}"
    return f"({essence().prefix_names.get(prefix, '')}{atom.name}{power}){note}"


def dimension(unit: str) -> Dimension:
    """The powers of m, s, g, rad, K, C and cd.

    Raises:
        UcumError: The unit is not valid.
    """
    return parse(unit).dimension


def canonical(unit: str) -> str:
    """The base units of a unit's dimension, in UCUM's order; ``1`` where there are none.

    >>> canonical("kPa"), canonical("m[iU]/L")
    ('m-1.s-2.g', 'm-3.[iU]')

    Raises:
        UcumError: The unit is not valid.
    """
    parsed = parse(unit)
    powers = [*zip(essence().base, parsed.dimension, strict=True), *parsed.arbitrary]
    return ".".join(code if power == 1 else f"{code}{power}" for code, power in powers if power) or "1"


def commensurable(first: str, second: str) -> bool:
    """Whether a value in one unit can be given in the other: same dimension, same arbitrary units.

    Raises:
        UcumError: One of them is not valid.
    """
    one, other = parse(first), parse(second)
    return one.dimension == other.dimension and one.arbitrary == other.arbitrary


@lru_cache(maxsize=8192)
def affine(source: str, target: str) -> Affine:
    """The exact ``a`` and ``b`` of ``y = a*x + b``, where ``x`` is in ``source`` and ``y`` in ``target``.

    >>> affine("[degF]", "Cel")
    Affine(a=Fraction(5, 9), b=Fraction(-160, 9))

    Raises:
        IncommensurableError: There is no conversion.
        NotAffineError: There is one, but it is not linear: use :func:`convert`.
        UcumError: One of them is not valid.
    """
    if not commensurable(source, target):
        raise IncommensurableError(f"{source} ({canonical(source)}) is not {target} ({canonical(target)})")
    one, other = parse(source), parse(target)
    if not (one.is_affine and other.is_affine):
        return _between_special(one, other)
    (slope, start), (other_slope, other_start) = from_unit(one), from_unit(other)
    return Affine(slope / other_slope, (start - other_start) / other_slope)


def _between_special(one: Unit, other: Unit) -> Affine:
    """Two scalings of one special unit (dB and B) differ by a factor; nothing else is linear."""
    first, second = one.special, other.special
    if first and second and first.function == second.function and one.factor == other.factor:
        return Affine(first.scale / second.scale, Fraction(0))
    raise NotAffineError(f"the conversion from {one.text} to {other.text} is not linear")


@overload
def convert(value: float, source: str, target: str) -> float: ...
@overload
def convert(value: Fraction, source: str, target: str) -> Fraction: ...
@overload
def convert(value: Decimal, source: str, target: str) -> Decimal: ...
@overload
def convert(
    value: np.ndarray[Any, Any], source: str, target: str
) -> np.ndarray[Any, np.dtype[np.float64]]: ...
@overload
def convert(value: Any, source: str, target: str) -> Any: ...
def convert(value: Any, source: str, target: str) -> Any:
    """A value, or an array of values, in another unit.

    Fractions, integers and decimals are computed exactly; a decimal whose result does not end is rounded
    half-even to 34 digits. A float gives the nearest double. An array of numpy (any shape, any type of
    number), a pandas Series or an Array of pyarrow gives one of its kind, of doubles: each is the nearest
    to the exact result or the one beside it; NaN (in pyarrow null) where there was no value or is no result.
    Between units that are not linear everything is computed in double precision (Decimal: 15 digits).

    >>> convert(Decimal("98.6"), "[degF]", "Cel")
    Decimal('37')

    Raises:
        IncommensurableError: There is no conversion.
        UcumError: A unit is not valid, or there is no result (the logarithm of 0, an overflow).
        TypeError: The value is neither a number nor an array.
    """
    number = isinstance(value, float | int | Fraction | Decimal) and not isinstance(value, bool)
    if not number and not is_array(value):
        raise TypeError(f"a value is a number or an array, not {type(value).__name__}")
    try:
        line = affine(source, target)
    except NotAffineError:
        one, other = parse(source), parse(target)
        return (
            on_array(value, between(one, other)) if is_array(value) else on_number_between(value, one, other)
        )
    return on_array(value, along(line)) if is_array(value) else on_number(value, line)
