"""The one evaluator of expressions: exact, pure, total. Called once per distinct tuple of inputs.

Numbers are exact decimals of at most 1,000 digits. A quotient that does not end is rounded half-even to
34 significant digits (the precision of IEEE 754 decimal128); everything else is exact or has no result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import NamedTuple

from twinmap.limits import LIMITS
from twinmap.mapping.ast import Call, Node, Number, Operation, Ref, String
from twinmap.mapping.typed import number

#: The most digits a number may have.
MAX_DIGITS = 1000
#: The most a number may be raised to.
MAX_EXPONENT = 999
#: Significant digits of a quotient that does not end.
QUOTIENT_DIGITS = 34

#: The codes of what goes wrong.
NO_NUMBER, TOO_LARGE = "TM-Q11", "TM-Q15"

_EXACT = Context(
    prec=MAX_DIGITS, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero]
)
_ROUNDED = Context(prec=QUOTIENT_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, Overflow])


class Outcome(NamedTuple):
    """What an expression gives: a text, or None where it is missing.

    ``issue`` is the code of the finding where the inputs have no result: ``TM-Q11`` (not a number, not a
    whole one, a division by zero, a position before the first) or ``TM-Q15`` (too many digits or
    characters). Where a part is missing the result is missing without an issue.
    """

    text: str | None
    issue: str | None = None


class _Source(str):
    """Text from the source, or made of it: numbers in it follow the source's decimal sign."""

    __slots__ = ()


_Value = Decimal | str


class _NoResultError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def evaluate(
    node: Node, lookup: Callable[[Ref], str | None], *, decimal: str = ".", thousands: str = ""
) -> Outcome:
    """Evaluate an expression.

    Args:
        node: The expression.
        lookup: The text of a reference, None where it is missing; called once for each reference.
        decimal: The decimal sign of the source.
        thousands: Its grouping sign, or "".

    Returns:
        Missing where any part is missing; else the result, or the code of why there is none. Numbers are
        written with ``.``, whatever the source uses, those that are the source's own text included.
    """
    inputs: dict[Ref, str] = {}
    for ref in references(node):
        text = lookup(ref)
        if not text:
            return Outcome(None)
        inputs[ref] = text
    machine = _Machine(inputs, decimal, thousands)
    try:
        text = to_text(machine.value(node))
    except _NoResultError as error:
        return Outcome(None, error.code)
    except DecimalException:
        return Outcome(None, TOO_LARGE)
    if isinstance(text, _Source) and (decimal != "." or thousands):
        text = number(text, decimal=decimal, thousands=thousands) or text
    return Outcome(str(text) or None)


def references(node: Node) -> tuple[Ref, ...]:
    """Every reference of an expression once, in order."""
    found: dict[Ref, None] = {}
    waiting: list[Node] = [node]
    while waiting:
        match waiting.pop():
            case Ref() as ref:
                found[ref] = None
            case Operation(_, operands) | Call(_, operands):
                waiting.extend(reversed(operands))
    return tuple(found)


def to_text(value: _Value) -> str:
    """A value as text: numbers without exponent and without a sign of zero."""
    if isinstance(value, str):
        return value
    text = format(value, "f")
    return text.lstrip("-") if value.is_zero() else text


@dataclass(frozen=True, slots=True)
class _Machine:
    inputs: dict[Ref, str]
    decimal: str
    thousands: str

    def value(self, node: Node) -> _Value:
        match node:
            case Number(value):
                return value
            case String(text):
                return text
            case Ref():
                return _Source(self.inputs[node])
            case Operation("&", (left, right)):
                return _text_like(to_text, self.value(left), self.value(right))
            case Operation(operator, operands):
                return _OPERATORS[operator](*(self._number(self.value(part)) for part in operands))
            case Call(function, arguments):
                return self._call(function, [self.value(part) for part in arguments])

    def _call(self, function: str, values: Sequence[_Value]) -> _Value:
        if function in _NUMERIC:
            return _NUMERIC[function](*(self._number(value) for value in values))
        if function == "substring":
            return _like(
                _substring(to_text(values[0]), *(self._number(value) for value in values[1:])), values
            )
        return _TEXTUAL[function](values)

    def _number(self, value: _Value) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, _Source):
            plain = number(value.strip(), decimal=self.decimal, thousands=self.thousands)
        else:
            plain = number(value.strip())
        if plain is None:
            raise _NoResultError(NO_NUMBER)
        if len(plain) > MAX_DIGITS:
            raise _NoResultError(TOO_LARGE)
        return Decimal(plain)


# --- text -----------------------------------------------------------------------------------------


def _like(text: str, values: Sequence[_Value]) -> str:
    """Text made of source text is source text."""
    if len(text) > LIMITS.field_bytes:
        raise _NoResultError(TOO_LARGE)
    return _Source(text) if any(isinstance(value, _Source) for value in values) else text


def _text_like(convert: Callable[[_Value], str], *values: _Value) -> str:
    return _like("".join(convert(value) for value in values), values)


def _replace(values: Sequence[_Value]) -> str:
    text, old, new = (to_text(value) for value in values)
    if not old:
        return _like(text, values)
    if len(text) + text.count(old) * (len(new) - len(old)) > LIMITS.field_bytes:
        raise _NoResultError(TOO_LARGE)
    return _like(text.replace(old, new), values)


def _substring(text: str, start: Decimal, length: Decimal | None = None) -> str:
    first = _integer(start, 1, LIMITS.field_bytes) - 1
    if length is None:
        return text[first:]
    return text[first : first + _integer(length, 0, LIMITS.field_bytes)]


_TEXTUAL: dict[str, Callable[[Sequence[_Value]], _Value]] = {
    "trim": lambda values: _like(to_text(values[0]).strip(), values),
    "lower": lambda values: _like(to_text(values[0]).lower(), values),
    "upper": lambda values: _like(to_text(values[0]).upper(), values),
    "replace": _replace,
    "length": lambda values: Decimal(len(to_text(values[0]))),
}


# --- numbers --------------------------------------------------------------------------------------


def _integer(value: Decimal, low: int, high: int) -> int:
    if value != value.to_integral_value():
        raise _NoResultError(NO_NUMBER)
    if not low <= value <= high:
        raise _NoResultError(NO_NUMBER)
    return int(value)


def _divide(left: Decimal, right: Decimal) -> Decimal:
    if right.is_zero():
        raise _NoResultError(NO_NUMBER)
    try:
        return _EXACT.divide(left, right)
    except Inexact:
        return _ROUNDED.divide(left, right)


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    """``base`` to an integer; whole numbers are multiplied, so that nothing is rounded."""
    times = _integer(exponent, -MAX_EXPONENT, MAX_EXPONENT)
    if times == 0:
        return Decimal(1)
    sign, digits, scale = base.as_tuple()
    if len(digits) * abs(times) > MAX_DIGITS:
        raise _NoResultError(TOO_LARGE)
    assert isinstance(scale, int)
    mantissa = int("".join(map(str, digits))) ** abs(times)
    result = Decimal(mantissa).scaleb(scale * abs(times), _EXACT)
    if sign and times % 2:
        result = result.copy_negate()
    return result if times > 0 else _divide(Decimal(1), result)


def _round(value: Decimal, digits: Decimal = Decimal(0)) -> Decimal:
    """Half-even to ``digits`` decimals; a number with fewer is left as it is, zeros would be invented."""
    places = _integer(digits, -100, 100)
    _, _, scale = value.as_tuple()
    if isinstance(scale, int) and scale >= -places:
        return value
    # Adding 0 gives 1E+1 its zeros back.
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, Context(prec=MAX_DIGITS))


_OPERATORS: dict[str, Callable[..., Decimal]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
    "/": _divide,
    "^": _power,
    "neg": Decimal.copy_negate,
}

_NUMERIC: dict[str, Callable[..., Decimal]] = {
    "round": _round,
    "abs": Decimal.copy_abs,
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
}
