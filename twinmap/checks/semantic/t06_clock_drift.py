"""The clocks of two sources are apart, by minutes and not by hours.

What it means:
    At least ten values of one source have an equal value of the same patient in the other at one lag, told to ten
    seconds, of more than a minute and less than an hour. They are at least 60 % of the values of a sample that have
    any partner within an hour, and no other lag has half as many. Whole hours are TM-T02.

Why it matters:
    Every pairing by time pairs the wrong readings: nothing is paired, and agreement is not judged.

Example:
    monitor 08:15:00 Z  120 mm[Hg]      ehr 08:22:30 Z  120 mm[Hg]          # and so on, 7.5 minutes apart

What to do:
    Find out which clock is wrong, or which source states the time of entry, and set the ``time`` of its rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "find out which clock is wrong, or which source states the time of entry, and correct its time"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    for item in context.compared.agreements:
        if item.shift is None or item.shift.kind != "clock":
            continue
        seconds = item.shift.lag_us // 1_000_000
        word = "later" if seconds > 0 else "earlier"
        yield registry.finding(
            "TM-T06",
            f"{context.said(item.group)}: {item.source_b} tells the values of {item.source_a} "
            f"{abs(seconds) / 60:.3g} min {word}",
            sources=(item.source_a, item.source_b),
            **context.sides(item.group, item.source_a, item.source_b, slot="time"),
            concept=item.group,
            details={"seconds": seconds, "equal": item.shift.equal, "seen": item.shift.seen},
            count=item.shift.equal,
        )
