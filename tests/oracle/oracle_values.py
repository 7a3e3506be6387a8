"""One value after the other, slow and obvious: numbers, kinds, expressions and times of the mapping language.

Written from the description of the language and not from the code that it checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

from twinmap.mapping.ast import Call, Node, Number, Operation, Ref, String

# --- numbers --------------------------------------------------------------------------------------


def exact(text: str, decimal: str = ".", thousands: str = "") -> Decimal | None:
    """The number that a text is, its digits after the point kept; None where it is none."""
    text = text.strip()
    sign = ""
    if text[:1] in {"+", "-"}:
        sign, text = text[0].replace("+", ""), text[1:]
    mantissa, e, exponent = text.replace("E", "e").partition("e")
    whole, point, fraction = mantissa.partition(decimal)
    if thousands and thousands in whole:
        first, *groups = whole.split(thousands)
        if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups):
            return None
        whole = first + "".join(groups)
    if point and not whole and not fraction:
        return None
    digits = whole + fraction
    if not digits or not all(char in "0123456789" for char in digits):
        return None
    if e and not re.fullmatch(r"[+-]?[0-9]{1,4}", exponent, re.ASCII):
        return None
    shift = int(exponent) if e else 0
    if abs(shift) > 308:
        return None
    return Decimal(f"{sign}{whole or '0'}.{fraction or ''}e{shift}")


def plain(number: Decimal) -> str:
    """Without exponent, zero without sign."""
    text = format(number, "f")
    return text.lstrip("-") if number.is_zero() else text


# --- kinds ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Typed:
    """The value columns of an observation."""

    kind: str | None
    text: str | None = None
    comparator: str | None = None
    low: str | None = None
    high: str | None = None
    issue: str | None = None
    fails: bool = False


BOOLEANS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


def typed(
    text: str, kind: str | None, comparator: str | None, number: Callable[[str], Decimal | None]
) -> Typed:
    """What a text is: ``number`` reads numbers as the source writes them."""
    if kind == "text":
        return Typed("string", text)
    if kind == "boolean":
        word = BOOLEANS.get(text.lower())
        return Typed("boolean", word) if word else Typed("string", text, issue="TM-K05")
    if kind == "time":
        return Typed("datetime", text)
    if (found := number(text)) is not None:
        return Typed("quantity", plain(found), comparator)
    for sign, means in (("<=", "<="), (">=", ">="), ("<", "<"), (">", ">"), ("≤", "<="), ("≥", ">=")):
        if text.startswith(sign) and (found := number(text[len(sign) :])) is not None:
            return Typed("quantity", plain(found), means)
    for name, separators in (("range", ("-", "–", "..")), ("ratio", (":",))):
        for cut in range(1, len(text)):
            separator = next((item for item in separators if text.startswith(item, cut)), None)
            if separator is None:
                continue
            low, high = number(text[:cut]), number(text[cut + len(separator) :])
            if low is not None and high is not None:
                return Typed(name, None, None, plain(low), plain(high))
    if kind == "quantity":
        return Typed(None, issue="TM-Q11", fails=True)
    return Typed("string", text)


# --- expressions ----------------------------------------------------------------------------------


class Source(str):
    """Text that comes from the source: numbers in it are written as the source writes them."""

    __slots__ = ()


class NoResult(Exception):
    """There is none; the code of the finding."""


_WIDE = Context(prec=2000)


def evaluate(
    node: Node, look: Callable[[Ref], str], number: Callable[[str], Decimal | None]
) -> str | Decimal:
    """The value of an expression; numbers in texts of the source are read by ``number``."""

    def numeric(part: Node) -> Decimal:
        found = value(part)
        if isinstance(found, Decimal):
            return found
        read = number(found) if isinstance(found, Source) else exact(found)
        if read is None:
            raise NoResult("TM-Q11")
        return read

    def text(part: Node) -> str:
        found = value(part)
        return plain(found) if isinstance(found, Decimal) else found

    def like(result: str, *parts: Node) -> str:
        return Source(result) if any(isinstance(value(part), Source) for part in parts) else result

    def value(part: Node) -> str | Decimal:
        if isinstance(part, Number):
            return part.value
        if isinstance(part, String):
            return part.value
        if isinstance(part, Ref):
            return Source(look(part))
        if isinstance(part, Operation):
            if part.operator == "&":
                return like("".join(str(text(item)) for item in part.operands), *part.operands)
            return arithmetic(part.operator, [numeric(item) for item in part.operands])
        assert isinstance(part, Call)
        return call(part.function, part.arguments)

    def call(name: str, arguments: Sequence[Node]) -> str | Decimal:
        first = arguments[0]
        if name in {"trim", "lower", "upper"}:
            changed = {"trim": str.strip, "lower": str.lower, "upper": str.upper}[name](str(text(first)))
            return like(changed, first)
        if name == "replace":
            old = str(text(arguments[1]))
            new = str(text(arguments[2]))
            return like(str(text(first)).replace(old, new) if old else str(text(first)), *arguments)
        if name == "length":
            return Decimal(len(text(first)))
        if name == "substring":
            start = whole(numeric(arguments[1]))
            if start < 1:
                raise NoResult("TM-Q11")
            rest = str(text(first))[start - 1 :]
            if len(arguments) == 3:
                length = whole(numeric(arguments[2]))
                if length < 0:
                    raise NoResult("TM-Q11")
                rest = rest[:length]
            return like(rest, *arguments)
        numbers = [numeric(item) for item in arguments]
        if name == "round":
            return rounded(numbers[0], whole(numbers[1]) if len(numbers) > 1 else 0)
        return {"abs": lambda: abs(numbers[0]), "min": lambda: min(numbers), "max": lambda: max(numbers)}[
            name
        ]()

    with localcontext(_WIDE):
        return value(node)


def whole(number: Decimal) -> int:
    if number != int(number):
        raise NoResult("TM-Q11")
    return int(number)


def rounded(number: Decimal, places: int) -> Decimal:
    """Half to even; a number with fewer digits than asked for stays as it is."""
    if abs(places) > 100:
        raise NoResult("TM-Q11")
    if -number.as_tuple().exponent <= places:
        return number
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def arithmetic(operator: str, parts: Sequence[Decimal]) -> Decimal:
    one, other = parts[0], parts[-1]
    if operator == "neg":
        return one.copy_negate()
    if operator == "^":
        power = whole(other)
        if abs(power) > 999:
            raise NoResult("TM-Q11")
        result = Decimal(1)
        for _ in range(abs(power)):
            result *= one
        return result if power >= 0 else arithmetic("/", [Decimal(1), result])
    if operator == "/":
        if other == 0:
            raise NoResult("TM-Q11")
        remainder = (Fraction(one) / Fraction(other)).denominator
        for prime in (2, 5):
            while remainder % prime == 0:
                remainder //= prime
        return (
            one / other if remainder == 1 else Context(prec=34, rounding=ROUND_HALF_EVEN).divide(one, other)
        )
    return {"+": lambda: one + other, "-": lambda: one - other, "*": lambda: one * other}[operator]()


# --- times ----------------------------------------------------------------------------------------

PRECISIONS = ("year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS = {
    "epoch-s": (0, "second"),
    "epoch-ms": (3, "millisecond"),
    "epoch-us": (6, "microsecond"),
    "epoch-ns": (9, "microsecond"),
}
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LETTERS = {
    "yyyy": r"(?P<y>\d{4})",
    "yy": r"(?P<yy>\d\d)",
    "MM": r"(?P<M>\d\d)",
    "M": r"(?P<M>\d\d?)",
    "MMM": r"(?P<MMM>[A-Za-z]{3})",
    "dd": r"(?P<d>\d\d)",
    "d": r"(?P<d>\d\d?)",
    "HH": r"(?P<H>\d\d)",
    "H": r"(?P<H>\d\d?)",
    "hh": r"(?P<h>\d\d)",
    "h": r"(?P<h>\d\d?)",
    "mm": r"(?P<m>\d\d)",
    "ss": r"(?P<s>\d\d)",
    "SSS": r"(?P<S>\d{3})",
    "SSSSSS": r"(?P<S>\d{6})",
    "a": r"(?P<a>[AaPp][Mm])",
    "XXX": r"(?P<X>Z|z|[+-]\d\d:?\d\d|[+-]\d\d)",
}
_ISO = ["yyyy", "yyyy-MM", "yyyy-MM-dd"]
_ISO_TIMES = ["HH", "HH:mm", "HH:mm:ss", "HH:mm:ss.F"]


@dataclass(frozen=True)
class When:
    """An instant; ``us`` is None where there is none."""

    us: int | None
    precision: str | None = None
    origin: str | None = None
    issue: str | None = None
    offset: int | None = None


def instant(text: str, formats: Sequence[str], zone: str | None) -> When:
    """Type one time."""
    found = {one for name in formats if (one := _read(text, name)) is not None}
    if len(found) != 1:
        return When(None, issue="TM-Q12")
    (stated,) = found
    if isinstance(stated, When):
        return stated
    numbers, precision, offset = stated
    try:
        local = datetime(*numbers)
    except ValueError:
        return When(None, issue="TM-Q12")
    if precision in {"year", "month", "day"}:
        return When(_us(local.replace(tzinfo=UTC)), precision, "none")
    if offset is not None and abs(offset) >= 24 * 60:
        return When(None, issue="TM-Q12")
    if offset is not None:
        us = _us(local.replace(tzinfo=UTC)) - offset * 60_000_000
        return When(us, precision, "offset", None, offset) if exists(us) else When(None, issue="TM-Q12")
    try:
        where = ZoneInfo(zone or "")
    except (ValueError, OSError, KeyError):
        return When(None, precision, "none", "TM-T01")
    if local.year in {1, 9999}:
        gap = local.replace(tzinfo=where).utcoffset()
        us = _us(local.replace(tzinfo=UTC)) - (gap or timedelta(0)) // timedelta(microseconds=1)
        return When(us, precision, "zone") if exists(us) else When(None, issue="TM-Q12")
    # Every instant of the days around whose reading in the zone is the time stated.
    offsets = {(local + timedelta(hours=hours)).replace(tzinfo=where).utcoffset() for hours in range(-30, 31)}
    real = sorted(
        moment
        for gap in offsets
        if gap is not None
        for moment in [(local - gap).replace(tzinfo=UTC)]
        if moment.astimezone(where).replace(tzinfo=None) == local
    )
    if not real:
        return When(None, precision, "none", "TM-Q13")
    if len(real) > 1:
        return When(_us(real[0]), precision, "ambiguous", "TM-Q14")
    return When(_us(real[0]), precision, "zone")


def exists(us: int) -> bool:
    """Whether an instant has a date: years 1 to 9999 in UTC."""
    return _us(datetime.min.replace(tzinfo=UTC)) <= us <= _us(datetime.max.replace(tzinfo=UTC))


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _read(text: str, name: str) -> When | tuple[tuple[int, ...], str, int | None] | None:
    if name in _EPOCHS:
        match = re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", text, re.ASCII)
        if match is None:
            return None
        scale, precision = _EPOCHS[name]
        us = Fraction(text) * 10 ** (6 - scale) if scale <= 6 else Fraction(text) / 10 ** (scale - 6)
        found = us.numerator // us.denominator
        if not exists(found):
            return When(None, issue="TM-Q12")
        return When(found, "microsecond" if match[1] else precision, "offset")
    if name == "iso":
        return next(filter(None, (_match(text, pattern) for pattern in _iso_patterns())), None)
    return _match(text, _compiled(name))


def _iso_patterns() -> list[re.Pattern[str]]:
    patterns = [_compiled(days) for days in _ISO]
    for time in _ISO_TIMES:
        for end in ("", "XXX"):
            patterns.append(_compiled(f"yyyy-MM-dd'T'{time}{end}"))
            patterns += [_compiled(f"yyyy-MM-dd {time}{gap}{end}") for gap in ("", " ")]
            patterns.append(_compiled(f"yyyy-MM-dd'T'{time} {end}"))
    return patterns


def _compiled(pattern: str) -> re.Pattern[str]:
    expression = ""
    for quoted, run, other in _tokens(pattern):
        if run == "F":
            expression += r"(?:(?P<S>\d{1,9}))"
        elif run:
            expression += _LETTERS[run]
        else:
            expression += re.escape(quoted or other)
    return re.compile(expression.replace(r"\.(?:(?P<S>", r"[.,](?:(?P<S>"), re.ASCII)


def _tokens(pattern: str) -> list[tuple[str, str, str]]:
    found, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            end = pattern.index("'", at + 1)
            found.append((pattern[at + 1 : end] or "'", "", ""))
            at = end + 1
        elif char.isalpha():
            end = at
            while end < len(pattern) and pattern[end] == char:
                end += 1
            found.append(("", pattern[at:end], ""))
            at = end
        else:
            found.append(("", "", char))
            at += 1
    return found


def _match(text: str, pattern: re.Pattern[str]) -> tuple[tuple[int, ...], str, int | None] | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    given = {name: word for name, word in match.groupdict().items() if word is not None}
    numbers, finest = [0, 1, 1, 0, 0, 0, 0], "year"
    for name, place, precision in (
        ("y", 0, "year"),
        ("yy", 0, "year"),
        ("M", 1, "month"),
        ("MMM", 1, "month"),
        ("d", 2, "day"),
        ("H", 3, "hour"),
        ("h", 3, "hour"),
        ("m", 4, "minute"),
        ("s", 5, "second"),
    ):
        if name in given:
            word = given[name]
            if name == "MMM" and word.title() not in MONTHS:
                return None
            numbers[place] = MONTHS.index(word.title()) + 1 if name == "MMM" else int(word)
            if name == "yy":
                numbers[place] += 2000 if int(word) < 70 else 1900
            finest = precision
    if "a" in given:
        numbers[3] = numbers[3] % 12 + (12 if given["a"][0] in "pP" else 0)
    if "S" in given:
        numbers[6] = int(given["S"][:6].ljust(6, "0"))
        finest = "millisecond" if len(given["S"]) <= 3 else "microsecond"
    offset = None
    if "X" in given:
        zone = given["X"].upper()
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = (
            0 if zone == "Z" else (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:]))
        )
        offset = 24 * 60 if int(digits[2:] if zone != "Z" else 0) > 59 else offset
    return tuple(numbers), finest, offset
