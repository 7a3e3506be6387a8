"""Two sources state a concept with different precision.

What it means:
    The last digit of the values, converted into one unit, weighs at least ten times as much in one source as in the
    other; the typical number of decimals decides, of at least five values each.

Why it matters:
    Values are compared as far as both are stated: 37 and 36.84 are equal. Small changes are seen in one of the
    sources only.

Example:
    body-temperature: 37 in one source, 36.84 in the other

What to do:
    Nothing. Where the export rounds what the device knows, ask for the digits.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.values import line
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "nothing, or ask for the digits that an export leaves out"

FEWEST = 5
_TIMES = 9.99


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    told: set[tuple[str, str, str]] = set()
    for pair in context.compared.pairs:
        key = (pair.group, pair.a.source, pair.b.source)
        if key in told or pair.relation.relation == "not-comparable":
            continue
        steps = [_step(item, pair.a.unit) for item in (pair.a, pair.b)]
        if None in steps or max(steps) < _TIMES * min(steps):  # type: ignore[type-var,operator]
            continue
        told.add(key)
        yield registry.finding(
            "TM-P01",
            f"{context.said(pair.group)}: {pair.a.source} and {pair.b.source} state it with different precision",
            places=context.first(pair.a, pair.b, slot="value"),
            sources=(pair.a.source, pair.b.source),
            concept=pair.group,
            details={"decimals_a": pair.a.profile.decimals, "decimals_b": pair.b.profile.decimals}
            | {"unit_a": pair.a.unit, "unit_b": pair.b.unit},
            count=min(pair.a.profile.n, pair.b.profile.n),
        )


def _step(item: Signature, unit: str | None) -> float | None:
    """What the last digit weighs in a unit; None where that is not known or there are too few values."""
    factors = (1.0, 0.0) if item.unit == unit else line(item, unit)
    if factors is None or item.profile.decimals is None or item.profile.n < FEWEST:
        return None
    step: float = abs(factors[0]) * 10.0**-item.profile.decimals
    return step
