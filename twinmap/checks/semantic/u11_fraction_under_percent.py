"""Values labelled as a percentage are fractions of one.

What it means:
    All values of a code with the unit ``%`` are above 0 and at most 1.5, while the least that is plausible for
    the concept is more; a hundred times the values are plausible. At least three values are needed.

Why it matters:
    A saturation of 0.97 % is no life; 97 % is healthy. Apple's export writes the fraction beside the unit
    ``%``.

Example:
    oxygen-saturation: {value: 0.97, unit: "%"}

What to do:
    Say what the number is: ``unit: "1"`` makes it a fraction, and the canonical value is 97 %. Nothing is
    multiplied in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms.concepts import Limits

SEVERITY = Severity.ERROR
HELP = 'write unit: "1" in the mapping of this source, if its numbers are fractions'

FEWEST = 3
_HIGHEST_FRACTION = 1.5


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    asked = [(item, "true") for item in context.compared.signatures if _fractions(item)]
    for item, rule, count, places in context.statements(asked):
        yield registry.finding(
            "TM-U11",
            f"{item.group}: values of {item.source} labelled % are fractions of one",
            where=context.where(rule, "unit"),
            places=places,
            sources=(item.source,),
            concept=item.group,
            rule=rule,
            facet="unit",
            details={"unit": "%", "suggested": "1", "code": item.meaning.curie},
            help=HELP,
            count=count,
        )


def _fractions(item: Signature) -> bool:
    limits = item.meaning.concept.limits if item.meaning.concept else None
    low, high = item.profile.low, item.profile.high
    if item.unit != "%" or limits is None or limits.unit != "%" or item.profile.n < FEWEST:
        return False
    if low is None or high is None or not 0 < low <= high <= _HIGHEST_FRACTION:
        return False
    return _implausible(high, limits) and not _implausible(low * 100, limits)


def _implausible(value: float, limits: Limits) -> bool:
    lows = [low for low in (limits.soft_low, limits.hard_low) if low is not None]
    return bool(lows) and value < max(lows)
