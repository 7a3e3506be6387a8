"""Values labelled as a percentage are fractions of one.

What it means:
    All values of a code with the unit ``%`` are above 0 and at most 1.5, while the least that is plausible for
    the concept is more; a hundred times the values are plausible. At least three values are needed. Where that
    does not hold of a series as a whole, it is asked of each device that the source names.

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

from twinmap.checks.context import Context, Stated, of_device
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted
from twinmap.terms.concepts import Limits

SEVERITY = Severity.ERROR
HELP = 'write unit: "1" in the mapping of this source, if its numbers are fractions'

FEWEST = 3
_HIGHEST_FRACTION = 1.5


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule, and device where only some devices are meant."""
    asked = [(item, "true") for item in context.compared.signatures if _whole(item)]
    for found in context.statements(asked):
        yield _finding(context, found)
    for item, device in _devices(context):
        for found in context.statements([(item, f"device = {quoted(device)}")]):
            yield _finding(context, found, device)


def _finding(context: Context, found: Stated, device: str = "") -> Finding:
    owner = f"device {device} of {found.source}" if device else found.source
    details = {"unit": "%", "suggested": "1", "code": found.signature.meaning.curie}
    return context.finding(
        "TM-U11",
        f"{found.concept}: values of {owner} labelled % are fractions of one",
        found,
        "unit",
        facet="unit",
        details=details | (of_device(device) if device else {}),
    )


def _devices(context: Context) -> Iterator[tuple[Signature, str]]:
    """Devices whose values alone are fractions."""
    asked = {item.number: item for item in context.compared.signatures if _limits(item) and not _whole(item)}
    if not asked:
        return
    for sig, device, n, low, high in context.duck.rows(
        "SELECT sig, device, count(*), min(value_num), max(value_num) FROM observed "
        f"WHERE sig IN ({', '.join(map(str, asked))}) AND device IS NOT NULL "
        f"GROUP BY ALL HAVING max(value_num) <= {_HIGHEST_FRACTION} ORDER BY ALL"
    ):
        if _fractions(asked[sig], n, low, high):
            yield asked[sig], device


def _limits(item: Signature) -> Limits | None:
    """What is plausible; None where it cannot be or the unit is not a percentage."""
    limits = item.meaning.concept.limits if item.meaning.concept else None
    return limits if item.unit == "%" and limits is not None and limits.unit == "%" else None


def _whole(item: Signature) -> bool:
    return _fractions(item, item.profile.n, item.profile.low, item.profile.high)


def _fractions(item: Signature, n: int, low: float | None, high: float | None) -> bool:
    """Whether so many values from low to high are fractions."""
    limits = _limits(item)
    if limits is None or n < FEWEST:
        return False
    if low is None or high is None or not 0 < low <= high <= _HIGHEST_FRACTION:
        return False
    return _implausible(high, limits) and not _implausible(low * 100, limits)


def _implausible(value: float, limits: Limits) -> bool:
    lows = [low for low in (limits.soft_low, limits.hard_low) if low is not None]
    return bool(lows) and value < max(lows)
