"""One source gives a bound where the other gives numbers beyond it.

What it means:
    Some values of a source are bounds (``<0.01``, ``>500``); the other source has numbers of the same concept
    beyond that bound. The two are compatible: 0.008 is below 0.01. Bounds take no part in agreement, and are no
    conflict.

Why it matters:
    Means of the two differ by what the first could not measure. To put the bound itself in its place moves every
    low quantile.

Example:
    troponin: <0.01 ng/mL in one laboratory, 0.004 ng/mL in the other

What to do:
    Treat the values beyond the bound of both sources alike, as below or above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import FIRST, Context
from twinmap.checks.values import ends, line
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "treat values beyond the bound alike in both sources"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, concept and side of the bound."""
    numbers = {item.number for pair in context.compared.pairs for item in (pair.a, pair.b)}
    if not numbers:
        return
    bounds = {
        (sig, side): (value, count, places)
        for sig, side, value, count, places in context.duck.rows(
            "SELECT sig, left(comparator, 1) AS side, CASE WHEN side = '<' THEN max(value_num) ELSE min(value_num) END, "
            f"count(*), {FIRST} FROM observed WHERE comparator IS NOT NULL AND value_num IS NOT NULL GROUP BY sig, side"
        )
    }
    told: set[tuple[str, str, str, str]] = set()
    for pair in context.compared.pairs if bounds else ():
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            for side in ("<", ">"):
                value, count, places = bounds.get((one.number, side), (None, 0, ()))
                key = (pair.group, one.source, other.source, side)
                if value is None or key in told or pair.relation.relation == "not-comparable":
                    continue
                if (other.number, side) in bounds or not _beyond(one, other, side, value):
                    continue
                told.add(key)
                yield registry.finding(
                    "TM-P03",
                    f"{context.said(pair.group)}: {one.source} gives a bound where {other.source} gives numbers",
                    places=context.places(one.source, places, "value"),
                    sources=(pair.a.source, pair.b.source),
                    concept=pair.group,
                    details={
                        "side": side,
                        "source": one.source,
                        "unit": one.unit,
                        "detail": f"{one.source} {side}",
                    },
                    count=count,
                )


def _beyond(one: Signature, other: Signature, side: str, value: float) -> bool:
    """Whether the other signature has a number beyond a bound of the first."""
    factors = (1.0, 0.0) if one.unit == other.unit else line(other, one.unit)
    if factors is None or other.profile.low is None:
        return False
    low, high = ends(other, factors)
    return low < value if side == "<" else high > value
