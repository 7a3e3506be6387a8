"""A value is possible, and so unusual that it is more likely an error.

What it means:
    It is beyond the soft limits of the concept file, which name their source, and within its hard ones (beyond
    those it is V01). Limits that are those of adults are asked of patients alone whose date of birth makes them
    18 years old at the time. They hold for single values and means; bounds (``<5``), a standard deviation, a
    count and a sum over more than a day are not judged.

Why it matters:
    Some of them are true: a very sick patient. Most are a slip of the pen, a wrong column, or a wrong unit of a
    single value. A mean moves with each.

Example:
    sodium: 38 mmol/L           oxygen-saturation: 12 %

What to do:
    Look at the first places. What is wrong is left out by ``keep``, or is a code for a missing value, which
    belongs into ``missing``. What is true needs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import FIRST, Context, Stated
from twinmap.checks.values import adults, facts, limits, line, outside
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "look at the first places; a value that is true needs nothing"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    asked = [(item, test) for item in context.compared.signatures if (test := _test(item))]
    of_adults = set(facts("adults").texts("concepts"))
    found = list(context.statements(each for each in asked if each[0].group not in of_adults))
    found += _of_adults(context, [each for each in asked if each[0].group in of_adults])
    for each in found:
        message = f"{each.concept}: values of {each.source} are not plausible"
        yield context.finding("TM-V02", message, each, "value", details=_details(each.signature))


def _of_adults(context: Context, asked: list[tuple[Signature, str]]) -> Iterator[Stated]:
    if not asked:
        return
    adults(context, int(facts("adults").text("age")))
    by_number = {item.number: item for item, _ in asked}
    tests = " OR ".join(f"(sig = {item.number} AND {test})" for item, test in asked)
    for sig, rule, count, places in context.duck.rows(
        f"SELECT sig, rule, count(*), {FIRST} FROM observed o JOIN k_adult a ON a.twin = o.twin "
        f"WHERE start_us >= from_us AND ({tests}) GROUP BY ALL ORDER BY sig, rule"
    ):
        item = by_number[sig]
        yield Stated(item, rule, count, context.places(item.source, places))


def _details(item: Signature) -> dict[str, float | str]:
    found = limits(item)
    if found is None:
        return {}
    said = {"low": found.soft_low, "high": found.soft_high, "unit": found.unit, "code": item.meaning.curie}
    return {name: value for name, value in said.items() if value is not None}


def _test(item: Signature) -> str | None:
    """SQL that holds for a value beyond the soft limits and within the hard ones."""
    found = limits(item)
    factors = line(item, found.unit) if found is not None else None
    if found is None or factors is None:
        return None
    beyond = outside(item, factors, found.soft_low, found.soft_high)
    if beyond is None:
        return None
    impossible = outside(item, factors, found.hard_low, found.hard_high)
    test = f"comparator IS NULL AND ({beyond})"
    return f"{test} AND NOT ({impossible})" if impossible else test
