"""Text to instants, once per distinct text and zone: formats, precision, zones, gaps and overlaps.

Formats are ``iso``, ``hl7``, ``epoch-s|ms|us|ns`` and Unicode date patterns (UTS 35, the letters
y M d H h a m s S X x Z E; ``'T'`` is literal). A time is never shifted in silence: what falls into a gap of
its zone has no instant, what happens twice is said to be ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: Minutes from which on an offset is none.
_NO_OFFSET = 24 * 60

#: From coarse to fine.
PRECISIONS = ("year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond")


@dataclass(frozen=True, slots=True)
class Parsed:
    """Fields of a time as stated; ``offset`` in minutes where the text has one."""

    fields: tuple[int, int, int, int, int, int, int]
    precision: str
    offset: int | None = None
    instant_us: int | None = None


@dataclass(frozen=True, slots=True)
class Instant:
    """UTC epoch microseconds (None where there is no such instant), precision, origin, finding code.

    Dates without a time of day are midnight UTC of the date stated, with origin ``none``. ``offset`` is in minutes
    east of UTC, where the text states one itself.
    """

    us: int | None
    precision: str | None = None
    origin: str | None = None
    issue: str | None = None
    offset: int | None = None


#: Names in a zone database that are no zones: what the machine is set to, one that says that nothing is set,
#: and copies of all zones with and without leap seconds, which not every machine has.
_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")


@cache
def zone(name: str) -> ZoneInfo | fixed | None:
    """The IANA zone (or a fixed offset such as ``+01:00``) of that name, or None.

    A name means the same on every machine: what depends on how one is set up is none.
    """
    match = re.fullmatch(r"([+-])([0-9]{2}):?([0-9]{2})", name)
    if match:
        minutes = int(match[2]) * 60 + int(match[3])
        if minutes >= _NO_OFFSET or int(match[3]) > 59:
            return None
        return fixed(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    if name.startswith(_NO_ZONES):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def instant(text: str, formats: Sequence[str], zone_name: str | None, locale: str = "en") -> Instant:
    """Type one time.

    Args:
        text: As received.
        formats: Tried in order; one text must not fit two of them differently.
        zone_name: The zone of times without offset.
        locale: The language of month names.
    """
    found = {parsed for name in formats if (parsed := parser(name, locale)(text)) is not None}
    if len(found) != 1:
        return Instant(None, issue="TM-Q12")
    parsed = found.pop()
    if parsed.instant_us is not None:
        if not in_range(parsed.instant_us):
            return Instant(None, issue="TM-Q12")
        return Instant(parsed.instant_us, parsed.precision, "offset")
    year, month, day, hour, minute, second, micro = parsed.fields
    try:
        local = datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        return Instant(None, issue="TM-Q12")
    if PRECISIONS.index(parsed.precision) <= PRECISIONS.index("day"):
        return Instant(_us(local.replace(tzinfo=UTC)), parsed.precision, "none")
    if parsed.offset is not None:
        if abs(parsed.offset) >= _NO_OFFSET:
            return Instant(None, issue="TM-Q12")
        shifted = local.replace(tzinfo=fixed(timedelta(minutes=parsed.offset)))
        return _within(shifted, parsed.precision, "offset", parsed.offset)
    return _in_zone(local, parsed.precision, zone_name)


def _in_zone(local: datetime, precision: str, zone_name: str | None) -> Instant:
    where = zone(zone_name) if zone_name else None
    if where is None:
        return Instant(None, precision, "none", "TM-T01")
    early, late = (local.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return _within(early, precision, "zone")
    if early.astimezone(UTC).astimezone(where).replace(tzinfo=None) != local:
        return Instant(None, precision, "none", "TM-Q13")
    return Instant(_us(early), precision, "ambiguous", "TM-Q14")


def _within(moment: datetime, precision: str, origin: str, offset: int | None = None) -> Instant:
    """The instant, if it has a date in UTC."""
    us = _us(moment)
    return Instant(us, precision, origin, offset=offset) if in_range(us) else Instant(None, issue="TM-Q12")


def in_range(us: int) -> bool:
    """Whether an instant lies in the years 1 to 9999."""
    return _FIRST <= us <= _LAST


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


_FIRST = _us(datetime.min.replace(tzinfo=UTC))
_LAST = _us(datetime.max.replace(tzinfo=UTC))


# --- formats --------------------------------------------------------------------------------------

_Parser = Callable[[str], Parsed | None]


@cache
def parser(name: str, locale: str = "en") -> _Parser:
    """The parser of a format.

    Raises:
        ValueError: The pattern has a letter that is not supported, or a quote is not closed.
    """
    if name == "iso":
        return _iso
    if name == "hl7":
        return _hl7
    if name in _EPOCHS:
        return _epoch(_EPOCHS[name])
    return _pattern(name, locale)


_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s?(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?",
    re.ASCII,
)
_HL7 = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{4})?",
    re.ASCII,
)


def _iso(text: str) -> Parsed | None:
    match = _ISO.fullmatch(text)
    return _from_groups(match.groups()) if match else None


def _hl7(text: str) -> Parsed | None:
    match = _HL7.fullmatch(text)
    return _from_groups(match.groups()) if match else None


def _from_groups(groups: Sequence[str | None]) -> Parsed:
    *numbers, fraction, offset = groups
    given = [int(part) for part in numbers if part is not None]
    year, month, day, hour, minute, second = given + [0, 1, 1, 0, 0, 0][len(given) :]
    precision = PRECISIONS[len(given) - 1]
    if fraction:
        precision = _fraction_precision(fraction)
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    return Parsed((year, month, day, hour, minute, second, micro), precision, _offset(offset))


def _fraction_precision(fraction: str) -> str:
    return "millisecond" if len(fraction) <= 3 else "microsecond"


def _offset(text: str | None) -> int | None:
    if text is None:
        return None
    if text in {"Z", "z"}:
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:4] or 0)
    if minutes > 59:
        return _NO_OFFSET
    minutes += hours * 60
    return -minutes if text[0] == "-" else minutes


_EPOCHS = {"epoch-s": 0, "epoch-ms": 3, "epoch-us": 6, "epoch-ns": 9}


def _epoch(digits: int) -> _Parser:
    number = re.compile(r"(-?\d{1,19})(?:\.(\d{1,9}))?", re.ASCII)

    def parse(text: str) -> Parsed | None:
        match = number.fullmatch(text)
        if match is None:
            return None
        fraction = match[2] or ""
        scaled = int(match[1] + fraction) * 10**6 // 10 ** (digits + len(fraction))
        precision = ("second", "millisecond", "microsecond", "microsecond")[digits // 3]
        if fraction:
            precision = "microsecond"
        return Parsed((0,) * 7, precision, instant_us=scaled)

    return parse


_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_FIELD = {"y": 0, "M": 1, "d": 2, "H": 3, "h": 3, "m": 4, "s": 5, "S": 6}
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z'])")


def _pattern(pattern: str, locale: str) -> _Parser:
    """Compile a Unicode date pattern to a regular expression and a reader of its groups."""
    if locale not in _MONTHS:
        raise ValueError(f'month names in "{locale}" are not known: one of {", ".join(_MONTHS)}')
    expression, letters, position = "", [], 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            raise ValueError(f"a quote is opened and never closed at character {position + 1}")
        position = token.end()
        if token[2] is None:
            literal = token[0] if token[3] else (token[1].replace("''", "'") or "'")
            expression += re.escape(literal)
            continue
        expression += _letter_expression(token[0], locale)
        letters.append(token[0])
    compiled = re.compile(expression, re.IGNORECASE)

    def parse(text: str) -> Parsed | None:
        match = compiled.fullmatch(text)
        return _from_letters(letters, match.groups(), locale) if match else None

    return parse


def _letter_expression(run: str, locale: str) -> str:
    letter, width = run[0], len(run)
    if letter == "y":
        return r"([0-9]{2})" if width == 2 else r"([0-9]{4})"
    if letter == "M" and width >= 3:
        names = _MONTHS[locale].split()
        words = names + [name[:3] for name in names] + [name[:4] for name in names]
        return "(" + "|".join(sorted(set(words), key=len, reverse=True)) + r")\.?"
    if letter in "MdHhms":
        return r"([0-9]{1,2})" if width == 1 else r"([0-9]{2})"
    if letter == "S":
        return rf"([0-9]{{{width}}})"
    if letter in "XxZ":
        return r"(Z|[+-][0-9][0-9]:?[0-9][0-9]|[+-][0-9][0-9])"
    if letter == "a":
        return r"(am|pm|a\.m\.|p\.m\.)"
    if letter == "E":
        return r"([^\W\d]+)\.?"
    raise ValueError(f'the letter "{letter}" of a date pattern is not supported')


def _from_letters(letters: Sequence[str], groups: Sequence[str], locale: str) -> Parsed:
    fields, offset, precision, half = [0, 1, 1, 0, 0, 0, 0], None, 0, ""
    for run, text in zip(letters, groups, strict=True):
        letter = run[0]
        if letter in "XxZ":
            offset = _offset(text.upper() if text in {"z", "Z"} else text)
        elif letter == "a":
            half = text[0].lower()
        elif letter == "S":
            fields[6] = int(text[:6].ljust(6, "0"))
            precision = max(precision, PRECISIONS.index(_fraction_precision(text)))
        elif letter != "E":
            fields[_FIELD[letter]] = _field_number(run, text, locale)
            precision = max(precision, _FIELD[letter])
    if half:
        fields[3] = fields[3] % 12 + (12 if half == "p" else 0)
    year, month, day, hour, minute, second, micro = fields
    return Parsed((year, month, day, hour, minute, second, micro), PRECISIONS[precision], offset)


def _field_number(run: str, text: str, locale: str) -> int:
    if run[0] == "M" and len(run) >= 3:
        names = _MONTHS[locale].split()
        return next(index for index, name in enumerate(names, 1) if name.startswith(text.lower()[:3]))
    number = int(text)
    # CLDR resolves two-digit years to the 80 years before and 19 after now; a fixed pivot is the same
    # on every day that a mapping runs.
    if run == "yy":
        return number + (2000 if number < 70 else 1900)
    return number
