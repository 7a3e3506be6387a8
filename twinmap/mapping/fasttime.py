"""Times that SQL types by itself: complete ones, in the formats that files are full of.

:mod:`twinmap.mapping.times` defines what a time means; here the same is said in SQL for date-times with
all their digits. What does not fit the pattern, or falls on a day on which the zone changes its offset,
goes the slow way. A property test holds both together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twinmap.mapping import times
from twinmap.sqltext import quoted

_YEAR = "[12][0-9]{3}"  # far from the first and the last year that there is
_HOURS = "[+-](?:[01][0-9]|2[0-3])"
_OFFSET = f"(Z|{_HOURS}:?[0-5][0-9])"


@dataclass(frozen=True, slots=True)
class Fast:
    """A format in SQL: the full match of a text, its local time, and its precision.

    ``offset`` says that the text may end with an offset.
    """

    match: str
    local: str
    precision: str
    offset: bool


_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_PRECISION = {"HH": "hour", "mm": "minute", "ss": "second"}


def fast(formats: Sequence[str], text: str) -> Fast | None:
    """The SQL for a text in these formats; None where SQL cannot decide it."""
    if len(formats) != 1:
        return None
    name = formats[0]
    if name == "iso":
        # DuckDB takes 24:00:00 for the next day.
        hours = "(?:[01][0-9]|2[0-3])"
        match = f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}[T ]{hours}:[0-9]{{2}}:[0-9]{{2}}{_OFFSET}?"
        return Fast(match, f"try_cast(left({text}, 19) AS TIMESTAMP)", "second", True)
    if name == "hl7":
        return Fast(
            f"{_YEAR}[0-9]{{10}}({_HOURS}[0-5][0-9])?",
            f"try_strptime(left({text}, 14), '%Y%m%d%H%M%S')",
            "second",
            True,
        )
    return _pattern(name, text)


def _pattern(name: str, text: str) -> Fast | None:
    match, form, precision = "", "", None
    for part in re.findall(r"[A-Za-z]+|[^A-Za-z']|'", name):
        if part in _LETTERS:
            match += _YEAR if part == "yyyy" else "[0-9]{2}"
            form += _LETTERS[part]
            precision = _PRECISION.get(part, precision)
        elif part.isalpha() or part in {"'", "%"}:
            return None
        else:
            match += re.escape(part)
            form += part
    complete = {"%Y", "%m", "%d", "%H"} <= {form[i : i + 2] for i in range(len(form) - 1)}
    if not complete or precision is None or sum(form.count(letter) for letter in _LETTERS.values()) > 6:
        return None
    return Fast(match, f"try_strptime({text}, {quoted(form)})", precision, False)


def offset_min(text: str) -> str:
    """SQL of the offset at the end of a text in minutes; null where there is none."""
    ending = f"regexp_extract({text}, {quoted(_OFFSET + '$')}, 1)"
    sign = f"CASE WHEN {ending}[1] = '-' THEN -1 ELSE 1 END"
    digits = f"replace({ending}, ':', '')"
    minutes = f"({digits}[2:3]::SMALLINT * 60 + {digits}[4:5]::SMALLINT)"
    return (
        f"CASE WHEN {text}[-1] = 'Z' THEN 0 WHEN {ending} = '' THEN NULL "
        f"ELSE {sign} * {minutes} END::SMALLINT"
    )


def day(local: str) -> str:
    """SQL of the number of the day of a local time, from 1970-01-01."""
    return f"date_diff('day', DATE '1970-01-01', {local})"


def day_offset(zone: str, number: int) -> int | None:
    """The offset of a zone in microseconds on a day, None where it changes on it (or within an hour of it).

    >>> day_offset("Europe/Zurich", 20513), day_offset("Europe/Zurich", 20541)
    (3600000000, None)
    """
    where = times.zone(zone)
    if where is None:
        return None
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)
    moments = [start + timedelta(hours=hours) for hours in range(-24, 49)]
    found = {moment.astimezone(where).utcoffset() for moment in moments}
    only = found.pop()
    return None if found or only is None else only // timedelta(microseconds=1)
