"""Two sources tell one measurement with different values.

What it means:
    Same patient, concept and instant, same device (type and serial number), comparable in every facet, one
    reading on each side, and the values differ by more than half of the last digit of both, converted. Both
    cannot be true: the sources are ``conflicting``. Values that are merely close in time are not meant.

Why it matters:
    One of the two was changed on its way: typed by hand, rounded, converted twice, attributed to another
    person.

Example:
    monitor M7, 08:15:00: 120 mm[Hg] in the ward's export, 210 mm[Hg] in the EHR

What to do:
    Look at both places and follow the route of each. Both statements are kept; leave out the wrong one by
    ``keep``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.explanations import Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "look at both places and find out which route changed the value"
TELLS = Difference(nature=Nature.SAME_EVENT)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    for item in context.compared.events:
        if item.device and item.conflicting:
            yield registry.finding(
                "TM-X01",
                f"{context.said(item.group)}: {item.source_a} and {item.source_b} differ in readings of one device "
                "and moment",
                places=context.places_of(item.conflicts),
                sources=(item.source_a, item.source_b),
                concept=item.group,
                relation="conflicting",
                details={"conflicts": item.conflicting, "agree": item.agree},
                count=item.conflicting,
            )
