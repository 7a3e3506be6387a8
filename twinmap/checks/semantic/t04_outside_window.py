"""Most events of a source have no partner in the other within the window.

What it means:
    Patients who have values of both sources: at least half of the events of the source that has fewer of them are
    in no pair, for the nearest event of the other is farther away than the concept's ``window``, or is the partner
    of another. There are at least ten of them. They are counted, and take no part in agreement.

Why it matters:
    Agreement of a few pairs that happen to be near is not that of the sources.

Example:
    wristband every hour, ward twice a day: of 14 cuff readings 3 are within five minutes of another

What to do:
    Nothing, if the sources measure at other times; else look at which time each of them states.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "see whether both state the time of measurement; sources that measure at other times have few pairs"

FEWEST = 10
_SHARE = 0.5


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    for item in context.compared.agreements:
        if item.coverage is None or item.window_us is None or item.shift is not None:
            continue
        fewer = min(item.coverage.events_a_both, item.coverage.events_b_both)
        alone = fewer - item.pairs
        if alone < FEWEST or alone < _SHARE * fewer:
            continue
        yield registry.finding(
            "TM-T04",
            f"{context.said(item.group)}: {alone} of {fewer} events have no partner between {item.source_a} and "
            f"{item.source_b} within {item.window_us / 60e6:g} min",
            sources=(item.source_a, item.source_b),
            **context.sides(item.group, item.source_a, item.source_b, slot="time"),
            concept=item.group,
            details={"pairs": item.pairs, "events": fewer, "window_s": item.window_us // 1_000_000},
            count=alone,
        )
