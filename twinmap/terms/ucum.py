"""UCUM, the Unified Code for Units of Measure, with exact arithmetic.

A unit is parsed once per distinct text into an exact factor (a :class:`fractions.Fraction`) and the powers
of the seven base units of UCUM (m s g rad K C cd; the mole is a number there). Between two units of one
dimension there is ``y = a*x + b`` with exact ``a`` and ``b``, or a function for logarithmic and other
special units.

What shares a dimension need not be the same kind of quantity (``/min`` and ``Bq``): see
:func:`twinmap.terms.units.same_kind`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from twinmap.terms.ucum_essence import essence
from twinmap.terms.ucum_parse import Component, Dimension, Special, Unit, parse
from twinmap.terms.ucum_special import SCALES
from twinmap.terms.ucum_symbols import close_to, from_upper
from twinmap.terms.ucum_syntax import UcumError, UnknownSymbolError, tokens

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
    "explain",
    "from_case_insensitive",
    "is_valid",
    "parse",
]


class IncommensurableError(UcumError):
    """The two units do not have the same dimension, or not the same arbitrary units."""


class NotAffineError(UcumError):
    """Between the two units there is no ``y = a*x + b``: one of them is logarithmic or the like."""


class Affine(NamedTuple):
    """``y = a*x + b``, exact."""

    a: Fraction
    b: Fraction


#: Decimals beyond 10**±this are refused by :func:`convert`: exact arithmetic would need as many digits.
_DECIMAL_EXPONENT = 400


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a text is UCUM; if not, what is wrong, where (from 0), and what may be meant."""

    text: str
    valid: bool
    reason: str = ""
    position: int | None = None
    suggestion: str | None = None


def is_valid(unit: str) -> bool:
    """Whether this is a case-sensitive UCUM unit."""
    try:
        parse(unit)
    except UcumError:
        return False
    return True


def explain(unit: str) -> Explanation:
    """Say why a text is not UCUM, where, and what may be meant.

    >>> explain("g/12h").suggestion
    'g/12.h'
    """
    try:
        parse(unit)
    except UnknownSymbolError as error:
        if unit.isupper() and (meant := from_case_insensitive(unit)):
            return Explanation(unit, False, error.reason, error.position, meant)
        at = error.position or 0
        end = at + len(error.symbol)
        near = (unit[:at] + symbol + unit[end:] for symbol in close_to(error.symbol))
        return Explanation(unit, False, error.reason, at, next(filter(is_valid, near), None))
    except UcumError as error:
        suggestion = error.suggestion if error.suggestion and is_valid(error.suggestion) else None
        return Explanation(unit, False, error.reason, error.position, suggestion)
    return Explanation(unit, True)


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
        symbol = from_upper(token.symbol)
        if symbol is None:
            return None
        end = token.position + len(token.symbol)
        unit = unit[: token.position] + symbol + unit[end:]
    return unit if is_valid(unit) else None


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
    (slope, start), (other_slope, other_start) = _line(one), _line(other)
    return Affine(slope / other_slope, (start - other_start) / other_slope)


def _line(unit: Unit) -> Affine:
    """From a value in the unit to one in base units."""
    if unit.special is None:
        return Affine(unit.factor, Fraction(0))
    return Affine(unit.special.scale * unit.factor, (unit.special.offset or Fraction(0)) * unit.factor)


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
def convert(value: Any, source: str, target: str) -> Any:
    """A value, or an array of values, in another unit.

    Fractions and decimals are computed exactly; a decimal whose result does not end is rounded half-even to
    34 digits. A float gives the nearest double. An array (numpy, any shape, any number type) gives float64
    by ``a*x + b`` in double arithmetic, NaN where there is no result. Between units that are not linear
    everything is computed in double precision (Decimal: 15 digits).

    >>> convert(Decimal("98.6"), "[degF]", "Cel")
    Decimal('37')

    Raises:
        IncommensurableError: There is no conversion.
        UcumError: A unit is not valid, or there is no result (the logarithm of 0, an overflow).
    """
    try:
        line = affine(source, target)
    except NotAffineError:
        return _by_function(value, parse(source), parse(target))
    if hasattr(value, "__array__"):
        return _on_array(value, line)
    if isinstance(value, Decimal):
        return _decimal(value, line) if value.is_finite() else value
    if isinstance(value, float):
        if not math.isfinite(value):
            return value * math.copysign(1.0, line.a)
        return _double(Fraction(value) * line.a + line.b)
    return Fraction(value) * line.a + line.b


def _on_array(values: Any, line: Affine) -> Any:
    import numpy as np

    result = np.multiply(values, _double(line.a), dtype=np.float64)
    if line.b:
        result += _double(line.b)
    return result


def _double(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        raise UcumError("the result is too large for a double") from None


def _decimal(value: Decimal, line: Affine) -> Decimal:
    if not -_DECIMAL_EXPONENT < value.adjusted() < _DECIMAL_EXPONENT:
        raise UcumError("the value is too large or too small")
    result = Fraction(value) * line.a + line.b
    decimals = _decimals(result)
    if decimals is None:
        with localcontext() as context:
            context.prec = 34
            return Decimal(result.numerator) / Decimal(result.denominator)
    digits = abs(result.numerator) * 10**decimals // result.denominator
    return Decimal((int(result < 0), tuple(map(int, str(digits))), -decimals))


def _decimals(number: Fraction) -> int | None:
    """How many digits after the point write the number exactly; None where they do not end."""
    rest, needed = number.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        needed = max(needed, count)
    return needed if rest == 1 else None


def _by_function(value: Any, one: Unit, other: Unit) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):
        result = _from_base(_to_base(np.asarray(value, dtype=np.float64), one), other)
    if hasattr(value, "__array__"):
        return result
    number = float(result)
    if not math.isfinite(number) and math.isfinite(value):
        raise UcumError(f"the value has no equivalent in {other.text}")
    return Decimal(f"{number:.15g}") if isinstance(value, Decimal) else type(value)(number)


def _to_base(values: Any, unit: Unit) -> Any:
    special = unit.special
    if special is None or special.offset is not None:
        return values * _double(_line(unit).a) + _double(_line(unit).b)
    return SCALES[special.function].inverse(values * _double(special.scale)) * _double(unit.factor)


def _from_base(values: Any, unit: Unit) -> Any:
    special = unit.special
    if special is None or special.offset is not None:
        return (values - _double(_line(unit).b)) / _double(_line(unit).a)
    return SCALES[special.function].function(values / _double(unit.factor)) / _double(special.scale)
