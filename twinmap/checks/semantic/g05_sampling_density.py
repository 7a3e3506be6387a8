"""Two sources sample a concept at very different rates.

What it means:
    The typical time between two values of a patient (the median over patients) is at least 24 times as long in
    one source as in the other: minutes against hours, hours against days. Both have at least 30 values in a unit
    of the concept. Where a facet says that one of them is an aggregate, G03 or C10 tells of it, and this does not.

Why it matters:
    Whatever counts values weighs the dense source alone: a mean over both is a mean of the dense one, and a
    maximum grows with the number of readings.

Example:
    wristband: every minute         ward: every six hours

What to do:
    Resample to a common grid (a mean or a median an hour) before the two are put together.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.statements import aggregated, both
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "resample to a common grid before the two are put together"

#: How many times as long the gap has to be.
TIMES = 24
#: Values that a side needs for its gap to be known.
_FEWEST = 30
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000))


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept: that of the two signatures with the most values."""
    for item in both(context):
        pair = max(item.pairs, key=lambda each: (min(each.a.profile.n, each.b.profile.n), -each.a.number))
        if min(pair.a.profile.n, pair.b.profile.n) < _FEWEST or aggregated(pair):
            continue
        one, other = pair.a.profile.gap_us, pair.b.profile.gap_us
        if not one or not other or max(one, other) < TIMES * min(one, other):
            continue
        yield registry.finding(
            "TM-G05",
            f"{context.said(item.concept)}: {item.source_a} has a value every {_said(one)}, "
            f"{item.source_b} every {_said(other)}",
            where=context.where(pair.a.rule) or context.where(pair.b.rule),
            places=context.first(pair.a, pair.b),
            sources=(item.source_a, item.source_b),
            concept=item.concept,
            details={"gap_a_s": one // 1_000_000, "gap_b_s": other // 1_000_000},
            count=pair.a.profile.n + pair.b.profile.n,
        )


def _said(gap_us: int) -> str:
    """A length of time in its largest whole unit.

    >>> _said(90_000_000), _said(6 * 3_600_000_000)
    ('2 min', '6 h')
    """
    name, size = next((unit for unit in _UNITS if gap_us >= unit[1]), _UNITS[-1])
    return f"{(2 * gap_us + size) // (2 * size)} {name}"
