"""What checks of values ask: whether a limit holds for values of a signature, in which unit, and of whom.

The facts beside the concepts (sentinels, relations between concepts, rates) are in ``ontologies/checks/``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from twinmap.checks.context import FIRST, Stated
from twinmap.compare.conversion import physical
from twinmap.compare.signature import STANDS, Signature
from twinmap.registry import shipped
from twinmap.sqltext import quoted
from twinmap.terms._files import Section, read_yaml
from twinmap.terms.concepts import Limits
from twinmap.terms.facets import duration_us

if TYPE_CHECKING:
    from twinmap.checks.context import Context

DAY_US = 86_400_000_000
#: What a limit for values does not hold for.
_OTHER_SCALES = ("standard-deviation", "variance", "count")
#: A value at a limit, converted, may miss it by rounding.
SLACK = 1e-9

_COMMA = r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})"
_GROUPED = r"[0-9]{1,3}(?:[. '][0-9]{3})+,[0-9]+|[0-9]{1,3}(?:[, '][0-9]{3})+\.[0-9]+"
#: A number with a decimal comma or with separated thousands, beyond doubt.
LOCALE = f"[<>]?=?[ ]?[-+]?(?:{_COMMA}|{_GROUPED})"

_SLASH = r"[0-9]{1,3}(?:\.[0-9]+)?\s*/\s*[0-9]{1,3}(?:\.[0-9]+)?(?:\s*(?:mmHg|mm Hg|mm\[Hg\]|kPa))?"
_FEET = r"[0-9]\s*(?:'|ft\.?|feet)\s*[0-9]{1,2}(?:\.[0-9]+)?\s*(?:\x22|''|in\.?|inches)?"
#: Two numbers with a slash between them, or feet and inches.
COMPOSITE = f"(?:{_SLASH}|{_FEET})"


@cache
def facts(name: str) -> Section:
    """A file of ``ontologies/checks``; every fact in it names its source."""
    return read_yaml(shipped("ontologies") / "checks" / f"{name}.yaml")


def is_value(item: Signature) -> bool:
    """Whether values are of the quantity itself: no spread, no count and no sum over more than a day."""
    over = item.word("over")
    length = duration_us(over) if over is not None else 0
    is_judged = item.word("statistic") not in _OTHER_SCALES and length is not None and length <= DAY_US
    return is_judged and item.profile.low is not None


def limits(item: Signature) -> Limits | None:
    """The limits of the concept; None where they do not hold for such values."""
    concept = item.meaning.concept
    return concept.limits if concept is not None and is_value(item) else None


def line(item: Signature, unit: str | None) -> tuple[float, float] | None:
    """Factor and offset from values of a signature to a unit; None where nothing physical leads there."""
    return physical(item, item.unit, unit)


def ends(item: Signature, found: tuple[float, float]) -> tuple[float, float]:
    """The lowest and the highest value of a signature, converted."""
    low, high = item.profile.low or 0.0, item.profile.high or 0.0
    first, second = sorted(end * found[0] + found[1] for end in (low, high))
    return first, second


def possible(item: Signature) -> tuple[float, float]:
    """The hard limits, in the unit of the values of a signature; infinite where they are open or do not hold."""
    found = limits(item)
    factors = line(item, found.unit) if found is not None else None
    if found is None or factors is None:
        return -math.inf, math.inf
    hard = (
        -math.inf if found.hard_low is None else found.hard_low,
        math.inf if found.hard_high is None else found.hard_high,
    )
    low, high = sorted((end - factors[1]) / factors[0] for end in hard)
    return low, high


def plausible(found: Limits) -> tuple[float | None, float | None]:
    """What is plausible: the soft limits, else the hard ones."""
    low = found.hard_low if found.soft_low is None else found.soft_low
    high = found.hard_high if found.soft_high is None else found.soft_high
    return low, high


def implausible(item: Signature) -> str | None:
    """SQL that holds for a value that is not plausible; None where all are, or no limits apply."""
    found = limits(item)
    factors = line(item, found.unit) if found is not None else None
    if found is None or factors is None:
        return None
    low, high = plausible(found)
    return outside(item, factors, low, high)


def outside(
    item: Signature, factors: tuple[float, float], low: float | None, high: float | None
) -> str | None:
    """SQL that holds for a value beyond one of two ends; None where none is, as the profile tells."""
    first, last = ends(item, factors)
    value = f"value_num * {factors[0]!r} + {factors[1]!r}"
    tests = []
    if low is not None and first < (end := low - SLACK * abs(low)):
        tests.append(f"{value} < {end!r}")
    if high is not None and last > (end := high + SLACK * abs(high)):
        tests.append(f"{value} > {end!r}")
    return " OR ".join(tests) or None


def adults(context: Context, years: int) -> None:
    """Make the table ``k_adult``: twins whose birth is known, and from when they are of an age, ``from_us``."""
    table = context.table("patient")
    padded = "concat(birth_date, CASE length(birth_date) WHEN 4 THEN '-12-31' WHEN 7 THEN '-28' ELSE '' END)"
    rows = (
        f"SELECT twin, max(epoch_us(try_cast({padded} AS TIMESTAMP) + INTERVAL {years} YEAR)) AS from_us "
        f"FROM {table} GROUP BY twin HAVING from_us IS NOT NULL"
        if table
        else "SELECT '' AS twin, 0::BIGINT AS from_us WHERE false"
    )
    context.duck.run(f"CREATE OR REPLACE TEMP TABLE k_adult AS {rows}")


def quantities_as_text(context: Context, pattern: str, but: str = "") -> Iterator[Stated]:
    """Texts of a form in the place of a number, where the concept or the LOINC SCALE of the code is a quantity.

    Args:
        context: What is asked.
        pattern: A regular expression for the whole text.
        but: One that it must not have.
    """
    table = context.table("observation")
    asked = {
        (item.source, item.meaning.system, item.meaning.code): item
        for item in context.compared.signatures
        if item.values == "text" and _is_quantity(item)
    }
    if table is None or not asked:
        return
    wanted = f"regexp_full_match(trim(value_text), {quoted(pattern)})"
    wanted += f" AND NOT regexp_full_match(trim(value_text), {quoted(but)})" if but else ""
    listed = ", ".join(sorted({quoted(code) for _, _, code in asked}))
    for source, rule, system, code, count, places in context.duck.rows(
        f"SELECT source, rule, code_system, code, count(*), {FIRST} FROM {table} WHERE value_kind = 'string' "
        f"AND code IN ({listed}) AND {STANDS} AND {wanted} GROUP BY ALL ORDER BY source, rule, code_system, code"
    ):
        if (source, system, code) in asked:
            yield Stated(asked[source, system, code], rule, count, context.places(source, places, "value"))


def _is_quantity(item: Signature) -> bool:
    concept, axes = item.meaning.concept, item.meaning.axes
    if concept is not None:
        return concept.kind in ("quantity", "panel")
    return axes is not None and axes.scale == "Qn"


#: HL7 flags as high, low or normal.
_FLAGS = "CASE WHEN flag IN ('H', 'HH', 'HU') THEN 'H' WHEN flag IN ('L', 'LL', 'LU') THEN 'L' WHEN flag = 'N' THEN 'N' END"
_KEY = ("source", "code_system", "code", "unit")


def _ranged(context: Context, columns: str) -> str | None:
    """SQL of the numbers that stand with a range beside them, its ends as numbers in the unit of the value."""
    table = context.table("observation")
    if table is None:
        return None
    number = "CASE WHEN regexp_full_match({0}, '[-+]?[0-9]+([.][0-9]+)?') THEN CAST({0} AS DOUBLE) END"
    ends_ = f"{number.format('ref_low')} AS low, {number.format('ref_high')} AS high"
    return (
        f"SELECT {', '.join(_KEY)}, {columns}, {ends_} FROM {table} "
        f"WHERE value_num IS NOT NULL AND (ref_low IS NOT NULL OR ref_high IS NOT NULL) AND {STANDS}"
    )


def _by_key(context: Context) -> dict[tuple[str, str | None, str, str | None], Signature]:
    """The first signature of each source, code and unit."""
    found: dict[tuple[str, str | None, str, str | None], Signature] = {}
    for item in context.compared.signatures:
        found.setdefault((item.source, item.meaning.system, item.meaning.code, item.unit), item)
    return found


def flagged(context: Context, test: str) -> Iterator[tuple[str, Stated]]:
    """Flagged numbers that pass an SQL test over ``flag`` (H, L or N), ``value_num``, ``comparator``, ``low``, ``high``."""
    columns = f"rule, value_num, comparator, {_FLAGS} AS flag, file, record, line, part"
    rows = _ranged(context, columns)
    if rows is None:
        return
    signatures = _by_key(context)
    key = ", ".join(_KEY)
    for flag, rule, source, system, code, unit, count, places in context.duck.rows(
        f"SELECT flag, rule, {key}, count(*), {FIRST} FROM ({rows} AND flag IS NOT NULL) WHERE {test} "
        f"GROUP BY flag, rule, {key} ORDER BY {key}, rule, flag"
    ):
        item = signatures.get((source, system, code or "", unit))
        if item is not None:
            yield flag, Stated(item, rule, count, context.places(source, places, "flag"))


class Range(NamedTuple):
    """The reference range that most values of a signature carry, in one unit of its concept."""

    item: Signature
    n: int
    unit: str | None
    low: float | None
    high: float | None


def ranges(context: Context, fewest: int) -> list[Range]:
    """By source, code and unit: the range that most values carry, where there are as many of them."""
    rows = _ranged(context, "1 AS one")
    if rows is None:
        return []
    signatures, found, seen = _by_key(context), [], set()
    key = ", ".join(_KEY)
    for source, system, code, unit, low, high, n in context.duck.rows(
        f"SELECT {key}, low, high, count(*) AS n FROM ({rows}) WHERE low IS NOT NULL OR high IS NOT NULL "
        f"GROUP BY ALL HAVING n >= {fewest} ORDER BY {key}, n DESC, low, high"
    ):
        item = signatures.get((source, system, code or "", unit))
        if item is None or item.number in seen:
            continue
        seen.add(item.number)
        concept = item.meaning.concept
        common = concept.unit if concept is not None and concept.unit is not None else unit
        factors = line(item, common) if common is not None else (1.0, 0.0)
        if factors is not None:
            converted = sorted_ends(low, high, factors)
            found.append(Range(item, n, common, *converted))
    return found


def sorted_ends(
    low: float | None, high: float | None, factors: tuple[float, float]
) -> tuple[float | None, float | None]:
    """Two ends, converted; None stays open."""
    first, second = (None if end is None else end * factors[0] + factors[1] for end in (low, high))
    return first, second


def numbers(
    context: Context, asked: Sequence[Signature], said: str, test: str
) -> list[tuple[str, str, str | None, Any, int]]:
    """How often SQL of a number says what, by source, code and unit of signatures, in that order.

    It reads the table and not the view ``observed``: where few codes are asked for, most of it is not read.
    """
    table = context.table("observation")
    if table is None or not asked:
        return []
    codes = ", ".join(sorted({quoted(item.meaning.code) for item in asked}))
    return context.duck.rows(
        f"SELECT source, code, unit, {said} AS said, count(*) FROM {table} WHERE code IN ({codes}) "
        f"AND value_num IS NOT NULL AND comparator IS NULL AND {test} AND {STANDS} GROUP BY ALL ORDER BY ALL"
    )


#: Units that clinical data uses for one quantity, whatever the concept file has as its own.
_ALTERNATIVES = (
    ("mm[Hg]", "kPa", "cm[H2O]"),
    ("kg", "g", "[lb_av]"),
    ("cm", "m", "mm", "[in_i]", "[ft_i]"),
    ("mg/dL", "mmol/L", "umol/L", "g/L"),
    ("g/dL", "g/L", "mmol/L"),
    ("s", "min", "h"),
)


def alternatives(item: Signature) -> list[str]:
    """Other units in which values of a signature may have been written."""
    units = [unit for group in _ALTERNATIVES if item.unit in group for unit in group]
    concept = item.meaning.concept
    units += [*concept.units.values()] if concept is not None else []
    return [unit for unit in dict.fromkeys(units) if unit != item.unit]
