"""Two sources judge one code by different reference ranges.

What it means:
    The range that stands most often beside values of a code differs between two sources, in one unit, by more than
    one percent at an end. Sources without a range are not meant, nor ranges that fewer than five values carry.

Why it matters:
    The same value is flagged in one source and not in the other. Counts of abnormal results then tell of the
    laboratories, not of the patients.

Example:
    potassium: 3.5 to 5.0 mmol/L in one laboratory, 3.5 to 5.3 in the other

What to do:
    Judge values of both by one range, or use the flag of each source with its own values only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.values import Range, ranges
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "judge values of both sources by one range, or flags of each source by its own"

FEWEST = 5
_SHARE = 0.01


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    told: set[tuple[str, str, str]] = set()
    for a, b in combinations(ranges(context, FEWEST), 2):
        key = (a.item.group, a.item.source, b.item.source)
        if a.item.group != b.item.group or a.item.source == b.item.source or a.unit != b.unit or key in told:
            continue
        if not (_differ(a.low, b.low) or _differ(a.high, b.high)):
            continue
        told.add(key)
        yield registry.finding(
            "TM-R02",
            f"{a.item.meaning.said}: {a.item.source} and {b.item.source} judge by different ranges",
            where=context.where(a.item.rule, "range") or context.where(b.item.rule, "range"),
            places=context.first(a.item, b.item, slot="range"),
            sources=(a.item.source, b.item.source),
            concept=a.item.group,
            details={"a": _said(a), "b": _said(b), "unit": a.unit},
            count=a.n + b.n,
        )


def _differ(a: float | None, b: float | None) -> bool:
    """Whether two ends differ; an open end is not another end."""
    return a is not None and b is not None and abs(a - b) > _SHARE * max(abs(a), abs(b))


def _said(found: Range) -> str:
    ends = ("" if end is None else f"{end:.6g}" for end in (found.low, found.high))
    return " to ".join(ends)
