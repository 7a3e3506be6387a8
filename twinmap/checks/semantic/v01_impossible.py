"""A value is outside the limits of what is possible for its concept.

What it means:
    The concept file has hard limits, with their source: beyond them a value is an error of measurement, of
    entry or of the mapping. They hold for single values and means; a standard deviation, a count and a sum
    over more than a day are not judged. What is merely unusual is not meant here.

Why it matters:
    An impossible value moves every mean, and is the surest sign of a wrong column or a wrong unit.

Example:
    heart-rate: -5 /min         oxygen-saturation: 140 %

What to do:
    Look at the first places. If all values of a source are affected, its unit or its code is wrong; a code for
    a missing value (-1, 999) belongs into ``missing``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.compare.conversion import physical
from twinmap.compare.possible import SLACK, is_value
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "look at the unit and the column; codes for a missing value belong into missing"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    asked = [
        (item, f"comparator IS NULL AND ({test})")
        for item in context.compared.signatures
        if (test := _test(item))
    ]
    for found in context.statements(asked):
        message = f"{found.concept}: values of {found.source} are not possible"
        yield context.finding("TM-V01", message, found, "value", details=_details(found.signature))


def _details(item: Signature) -> dict[str, float | str]:
    limits = item.meaning.concept.limits if item.meaning.concept else None
    if limits is None:
        return {}
    ends = {"low": limits.hard_low, "high": limits.hard_high, "unit": limits.unit, "code": item.meaning.curie}
    return {name: value for name, value in ends.items() if value is not None}


def _test(item: Signature) -> str | None:
    """SQL that holds for an impossible value; None where no limits apply, or all values are within them."""
    limits = item.meaning.concept.limits if item.meaning.concept else None
    line = physical(item, item.unit, limits.unit) if limits is not None and is_value(item) else None
    if limits is None or line is None or item.profile.low is None or item.profile.high is None:
        return None
    factor, shift = line
    ends = sorted(end * factor + shift for end in (item.profile.low, item.profile.high))
    value = f"value_num * {factor!r} + {shift!r}"
    tests = []
    if limits.hard_low is not None and ends[0] < (low := limits.hard_low - SLACK * abs(limits.hard_low)):
        tests.append(f"{value} < {low!r}")
    if limits.hard_high is not None and ends[1] > (high := limits.hard_high + SLACK * abs(limits.hard_high)):
        tests.append(f"{value} > {high!r}")
    return " OR ".join(tests) or None
