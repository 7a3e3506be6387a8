"""One source states a concept over a length of time, the other at an instant.

What it means:
    Two sources have the concept of the same patients. Nearly all statements of one have a start and an end more
    than a minute apart (FHIR ``effectivePeriod``, the two dates of a phone's export), nearly all of the other an
    instant alone. Where a facet says that one of them is an aggregate, G03 or C10 tells of it, and this does not.

Why it matters:
    A value over eight hours may be a mean, a sum or a reading that was filed with its shift: nobody said which. It
    has no partner among readings, and its start is a poor time for it.

Example:
    wristband: 22:00 to 06:00       ward-monitor: 23:15:00

What to do:
    State ``statistic`` and ``over`` where the values are aggregates; bind ``time`` to the instant of the reading
    where they are not.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.statements import INSTANT_US, aggregated, both, facts, number, told
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = (
    "state statistic and over where the values are aggregates, else bind time to the instant of the reading"
)

#: What counts as nearly all.
_NEARLY_ALL = 0.95


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    for item in both(context):
        if any(map(aggregated, item.pairs)):
            continue
        known = facts(context)
        for source, other in item.sides:
            mine, others = known[source, item.concept], known[other, item.concept]
            long = [fact for fact in mine if fact.period]
            short = [fact for fact in others if not fact.period and fact.precision is not None]
            if number(long) < _NEARLY_ALL * number(mine) or number(short) < _NEARLY_ALL * number(others):
                continue
            yield told(
                context,
                "TM-T05",
                f"{context.said(item.concept)}: {source} states it over a time, {other} at an instant",
                long,
                f"end_us - start_us > {INSTANT_US}",
                "time",
                sources=(source, other),
                concept=item.concept,
            )
