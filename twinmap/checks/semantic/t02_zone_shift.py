"""Two sources tell the same values a whole number of hours apart.

What it means:
    For one concept, at least ten values of one source have an equal value of the same patient in the other,
    at the same whole hour of lag to the minute. They are at least 60 % of all values that have any partner in
    time, and no other lag comes to half as many. Zones differ by 14 hours at most.

Why it matters:
    The zone of one source is wrong, or its summer time. Every pairing by time then pairs the wrong readings,
    and the same reading counts twice.

Example:
    ward-monitor 08:15 Z  120 mm[Hg]        ehr 09:15 Z  120 mm[Hg]         # and so on, an hour apart

What to do:
    Set ``timezone`` of the source that is wrong to the IANA name of its zone (``Europe/Zurich``), not to an
    offset, which knows no summer time.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.events import Lags
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "set timezone of the source that is wrong to the IANA name of its zone"

FEWEST = 10
_SHARE = 0.6
_FARTHEST_ZONE = 14


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    for item in context.compared.lags:
        hours = shift(item)
        if hours is None:
            continue
        rules = {
            side: next(
                each.rule
                for each in context.compared.signatures
                if (each.source, each.group) == (source, item.group)
            )
            for side, source in (("a", item.source_a), ("b", item.source_b))
        }
        word = "later" if hours > 0 else "earlier"
        yield registry.finding(
            "TM-T02",
            f"{item.group}: {item.source_b} tells the values of {item.source_a} {abs(hours)} h {word}",
            where=context.where(rules["b"], "time") or context.where(rules["a"], "time"),
            places=context.places_of(item.examples.get(hours, ())),
            sources=(item.source_a, item.source_b),
            concept=item.group,
            details={
                "hours": hours,
                "equal": item.hits[hours],
                "equal_at_0": item.hits.get(0, 0),
                "pairs": item.pairs,
            },
            help=HELP,
            count=item.hits[hours],
        )


def shift(item: Lags) -> int | None:
    """The hours by which ``source_b`` is late, or None where no lag stands out.

    >>> shift(Lags("a", "b", "heart-rate", 12, {1: 11, 0: 1}))
    1
    >>> shift(Lags("a", "b", "body-weight", 12, {2: 11, 26: 9}))        # a value that hardly changes
    """
    if not item.hits:
        return None
    best = max(item.hits, key=lambda hour: (item.hits[hour], -abs(hour)))
    hits = item.hits[best]
    rest = max((count for hour, count in item.hits.items() if hour != best), default=0)
    clear = hits >= FEWEST and hits >= _SHARE * item.pairs and hits >= 2 * rest
    return best if clear and 1 <= abs(best) <= _FARTHEST_ZONE else None
