"""Two sources tell the same values a whole number of hours apart.

What it means:
    For one concept, at least ten values of one source have an equal value of the same patient in the other,
    at the same whole hour of lag to the minute. They are at least 60 % of all values that have any partner in
    time, and no other lag comes to half as many. Zones differ by 14 hours at most. Where the sources agree as
    a whole (at least ten equal values without a lag, and no lag has more), the same is asked of each device.

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

from collections.abc import Iterator, Sequence

from twinmap import registry
from twinmap.checks.context import Context, of_device
from twinmap.compare.events import Lags
from twinmap.compare.pairing import FEWEST_EQUAL, whole_hours
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "set timezone of the source that is wrong to the IANA name of its zone"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept, else one a device."""
    for item, hours in _shifts(context.compared.lags):
        rules = {
            side: next(
                each.rule
                for each in context.compared.signatures
                if (each.source, each.group) == (source, item.group)
            )
            for side, source in (("a", item.source_a), ("b", item.source_b))
        }
        word = "later" if hours > 0 else "earlier"
        group = context.said(item.group)
        message = f"{group}: {item.source_b} tells the values of {item.source_a} {abs(hours)} h {word}"
        device: dict[str, str] = {}
        if item.device is not None:
            device = of_device(context.device(item.device))
            source = item.source_a if item.side == "a" else item.source_b
            message += f" where the device of {source} is {device['device']}"
        yield registry.finding(
            "TM-T02",
            message,
            where=context.where(rules["b"], "time") or context.where(rules["a"], "time"),
            places=context.places_of(item.examples.get(hours, ())),
            sources=(item.source_a, item.source_b),
            concept=item.group,
            details={
                "hours": hours,
                "equal": item.hits[hours],
                "equal_at_0": item.hits.get(0, 0),
                "pairs": item.pairs,
                **device,
            },
            count=item.hits[hours],
        )


def _shifts(lags: Sequence[Lags]) -> Iterator[tuple[Lags, int]]:
    """The lags that stand out: of sources as a whole, and of devices of those that agree as a whole."""
    together = {item.key[:3]: item for item in lags if item.device is None}
    told: set[tuple[object, ...]] = set()
    for item in lags:
        hours = whole_hours(item)
        if hours is None:
            continue
        if item.device is not None:
            # Two devices that are read together are one finding: which clock is wrong is not known.
            same = (*item.key[:3], hours, item.examples[hours])
            if not _agree(together[item.key[:3]]) or same in told:
                continue
            told.add(same)
        yield item, hours


def _agree(whole: Lags) -> bool:
    return whole.hits.get(0, 0) >= max(FEWEST_EQUAL, *whole.hits.values())
