"""One reading arrived by two routes: it is in two sources.

What it means:
    Two sources state the same value of the same patient and concept at the same second, from the same device;
    the values agree to half of the last digit of both, converted. Where one of them names no device, at least
    three such readings, and nine in ten that meet in time, have to agree. Both statements are kept.

Why it matters:
    The reading weighs twice in every mean, and two sources seem to confirm each other that are one.

Example:
    a wristband's readings, exported by the phone and imported by the EHR

What to do:
    Take one of the routes, or count readings by device and time. Nothing is dropped by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.events import SameEvents
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "use one of the two routes, or count readings by device and time"

FEWEST_WITHOUT_DEVICE = 3
_SHARE_WITHOUT_DEVICE = 0.9


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept, with and without a device."""
    for item in context.compared.events:
        if not _is_one_reading(item):
            continue
        device = "from the same device" if item.device else "and one of them names no device"
        yield registry.finding(
            "TM-D02",
            f"{context.said(item.group)}: readings are in {item.source_a} and in {item.source_b}, {device}",
            places=context.places_of(item.agreeing),
            sources=(item.source_a, item.source_b),
            concept=item.group,
            facet="device" if item.device else None,
            details={"agree": item.agree, "differ": item.differ},
            count=item.agree,
        )


def _is_one_reading(item: SameEvents) -> bool:
    if item.device:
        return item.agree > 0
    met = item.agree + item.differ
    return item.agree >= FEWEST_WITHOUT_DEVICE and item.agree >= _SHARE_WITHOUT_DEVICE * met
