"""How values are computed: exactly for fractions and decimals, to the last place for arrays of doubles.

An array is computed in pieces that fit the processor's cache, with the rounding errors of each product,
sum and quotient carried along (Dekker 1971, Knuth 1997): within one unit in the last place of the exact
result, and faster than ``a * x + b`` over whole arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from twinmap.terms.ucum_parse import Unit
from twinmap.terms.ucum_syntax import UcumError

#: Decimals beyond 10**±this are refused: exact arithmetic would need as many digits.
_DECIMAL_EXPONENT = 400
#: Doubles in one piece of an array: 32 KiB.
_PIECE = 4096
#: Dekker's constant: splits a double into two halves of 26 bits, whose products are exact.
_SPLITTER = float(2**27 + 1)


class Affine(NamedTuple):
    """``y = a*x + b``, exact."""

    a: Fraction
    b: Fraction


def from_unit(unit: Unit) -> Affine:
    """From a value in a linear unit to one in base units."""
    if unit.special is None:
        return Affine(unit.factor, Fraction(0))
    return Affine(unit.special.scale * unit.factor, (unit.special.offset or Fraction(0)) * unit.factor)


# --- single values --------------------------------------------------------------------------------


def on_number(value: Any, line: Affine) -> Any:
    """``a*x + b`` of one float, integer, fraction or decimal.

    Raises:
        UcumError: The result is too large for its type.
    """
    if isinstance(value, Decimal):
        return _decimal(value, line) if value.is_finite() else value
    if isinstance(value, float):
        if not math.isfinite(value):
            return value * math.copysign(1.0, line.a)
        return double(Fraction(value) * line.a + line.b)
    return Fraction(value) * line.a + line.b


def double(number: Fraction) -> float:
    """The nearest double.

    Raises:
        UcumError: It is too large for one.
    """
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


# --- arrays ---------------------------------------------------------------------------------------


def is_array(value: Any) -> bool:
    """Whether this is an array of numpy, pandas, pyarrow or the like."""
    return hasattr(value, "__array__")


def on_array(values: Any, compute: Callable[[Any], Any]) -> Any:
    """Apply a function of float64 arrays to any array of numbers, and give back an array of its library.

    What is missing stays so: null in pyarrow, masked in a masked array, NaN elsewhere.
    """
    import numpy as np

    library = type(values).__module__.partition(".")[0]
    if library == "pandas":
        found = compute(values.to_numpy(np.float64, na_value=np.nan))
        return type(values)(found, index=values.index, name=values.name)
    if library == "pyarrow":
        return _on_arrow(values, compute)
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.MaskedArray(compute(values.data.astype(np.float64)), mask=values.mask)
    return compute(np.asarray(values, np.float64))[()]


def _on_arrow(values: Any, compute: Callable[[Any], Any]) -> Any:
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        return pa.chunked_array([_on_arrow(chunk, compute) for chunk in values.chunks], type=pa.float64())
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.string())  # pyarrow casts decimals to doubles that are not the nearest
    doubles = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return pa.array(compute(doubles), mask=values.is_null().to_numpy(zero_copy_only=False))


def along(line: Affine) -> Callable[[Any], Any]:
    """``y = a*x + b`` of float64 arrays.

    The result is the exact one rounded to a double or to the double beside it, while value and result are
    between 1e-280 and 1e280 (or 0); what a double cannot hold is infinite.
    """
    terms = _terms(line)

    def compute(values: Any) -> Any:
        import numpy as np

        with np.errstate(all="ignore"):
            if terms.is_product:
                return values * terms.factor
            if terms.is_quotient:
                return values / terms.divisor
            flat = np.ascontiguousarray(values).reshape(-1)
            result = np.empty_like(flat)
            for start in range(0, flat.size, _PIECE):
                result[start : start + _PIECE] = _piece(flat[start : start + _PIECE], terms)
        return result.reshape(values.shape)

    return compute


class _Terms(NamedTuple):
    """``y = ((factor + factor_rest) * x + (summand + summand_rest)) / divisor``, all doubles."""

    factor: float
    factor_rest: float
    summand: float
    summand_rest: float
    divisor: float

    @property
    def is_product(self) -> bool:
        """One multiplication gives the nearest double."""
        return self[1:] == (0.0, 0.0, 0.0, 1.0)

    @property
    def is_quotient(self) -> bool:
        """One division gives the nearest double."""
        return self[:4] == (1.0, 0.0, 0.0, 0.0)


@lru_cache(maxsize=8192)
def _terms(line: Affine) -> _Terms:
    """Whole numbers where doubles hold them exactly (so that 32 [degF] are 0 Cel), else pairs of doubles."""
    divisor = math.lcm(line.a.denominator, line.b.denominator)
    whole = (line.a * divisor, line.b * divisor, Fraction(divisor))
    if max(map(abs, whole)) < 2**53:
        return _Terms(float(whole[0]), 0.0, float(whole[1]), 0.0, float(divisor))
    return _Terms(*_pair(line.a), *_pair(line.b), 1.0)


def _pair(number: Fraction) -> tuple[float, float]:
    """The nearest double and what is missing then."""
    nearest = double(number)
    return nearest, float(number - Fraction(nearest))


def _piece(x: Any, terms: _Terms) -> Any:
    """The formula of :class:`_Terms`, with the error of each step added at the end."""
    import numpy as np

    value, error = _product(x, terms.factor)
    error += x * terms.factor_rest
    if terms.summand:
        total = value + terms.summand
        shift = total - value
        error += (value - (total - shift)) + (terms.summand - shift) + terms.summand_rest
        value = total
    if terms.divisor != 1.0:
        quotient = value / terms.divisor
        back, rest = _product(quotient, terms.divisor)
        error = ((value - back) - rest + error) / terms.divisor
        value = quotient
    result = value + error
    # Infinite values, and halves that overflowed, leave an error that is not a number.
    return np.where(np.isfinite(error), result, value)


def _product(x: Any, factor: float) -> tuple[Any, Any]:
    """A product and its rounding error, exactly."""
    high, low = _halves(x)
    other_high, other_low = _halves(factor)
    product = x * factor
    return product, ((high * other_high - product) + high * other_low + low * other_high) + low * other_low


def _halves(x: Any) -> tuple[Any, Any]:
    shifted = x * _SPLITTER
    high = shifted - (shifted - x)
    return high, x - high


# --- scales that are not linear -------------------------------------------------------------------


class Scale(NamedTuple):
    """The function of a special unit and its inverse, on float64 arrays; NaN where there is no result.

    A special unit (UCUM 2.2, sections 21 to 23) is ``m = inverse(x) * unit``.
    """

    inverse: Callable[[Any], Any]
    function: Callable[[Any], Any]


def _exponential(base: float, power: float = 1.0) -> Scale:
    """``inverse(x) = base ** (power * x)``."""

    def logarithm(values: Any) -> Any:
        import numpy as np

        exact = {2.0: np.log2, 10.0: np.log10, math.e: np.log}
        if base in exact:
            return exact[base](values) / power
        return np.log10(values) / (math.log10(base) * power)

    return Scale(lambda values: base ** (power * values), logarithm)


def _tangent(*, degrees: bool) -> Scale:
    """``function(angle) = 100 * tan(angle)``."""

    def inverse(values: Any) -> Any:
        import numpy as np

        angle = np.arctan(values / 100)
        return np.degrees(angle) if degrees else angle

    def function(angle: Any) -> Any:
        import numpy as np

        return 100 * np.tan(np.radians(angle) if degrees else angle)

    return Scale(inverse, function)


#: By the names in the UCUM table. It gives percent of slope (``100tan``) an angle in degrees, the
#: specification one in radians: the tangent is taken of the angle that is meant, so that 100 % of slope
#: are 45 degrees.
SCALES = {
    "pH": _exponential(10.0, -1.0),
    "ln": _exponential(math.e),
    "lg": _exponential(10.0),
    "lgTimes2": _exponential(10.0, 0.5),
    "ld": _exponential(2.0),
    "hpX": _exponential(10.0, -1.0),
    "hpC": _exponential(100.0, -1.0),
    "hpM": _exponential(1000.0, -1.0),
    "hpQ": _exponential(50000.0, -1.0),
    "sqrt": Scale(lambda values: values**2, lambda values: values**0.5),
    "tanTimes100": _tangent(degrees=False),
    "100tan": _tangent(degrees=True),
}


def between(one: Unit, other: Unit) -> Callable[[Any], Any]:
    """The conversion of float64 arrays where one of the units is not linear."""
    to_base, from_base = _to_base(one), _from_base(other)

    def compute(values: Any) -> Any:
        import numpy as np

        with np.errstate(all="ignore"):
            return from_base(to_base(values))

    return compute


def on_number_between(value: Any, one: Unit, other: Unit) -> Any:
    """The same for one number, in double precision (decimals: 15 digits).

    Raises:
        UcumError: There is no result.
    """
    import numpy as np

    number = float(between(one, other)(np.float64(value)))
    if not math.isfinite(number) and math.isfinite(value):
        raise UcumError(f"the value has no equivalent in {other.text}")
    if isinstance(value, Decimal):
        return Decimal(f"{number:.15g}")
    return number if isinstance(value, float) else Fraction(number)


def _to_base(unit: Unit) -> Callable[[Any], Any]:
    special = unit.special
    if special is None or special.offset is not None:
        return along(from_unit(unit))
    inverse, scale, factor = SCALES[special.function].inverse, double(special.scale), double(unit.factor)
    return lambda values: inverse(values * scale) * factor


def _from_base(unit: Unit) -> Callable[[Any], Any]:
    special = unit.special
    if special is None or special.offset is not None:
        a, b = from_unit(unit)
        return along(Affine(1 / a, -b / a))
    function, scale, factor = SCALES[special.function].function, double(special.scale), double(unit.factor)
    return lambda values: function(values / factor) / scale
