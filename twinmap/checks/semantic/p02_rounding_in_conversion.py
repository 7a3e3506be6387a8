"""Readings of two sources are one, as far as a conversion between their units lets that be seen.

What it means:
    Both tell the same readings in different units, and the conversion is not one of the place of the point alone:
    98.6 degrees Fahrenheit are stated as 37.0 degrees Celsius. Readings are taken as equal that differ by at most
    half of the last digit of both, converted.

Why it matters:
    A comparison digit by digit finds no equal pair, and one with a fixed tolerance too many.

Example:
    bedside: 98.6 [degF]        record: 37.0 Cel

What to do:
    Nothing. Take the source that the device writes to, where both are at hand: the other one is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.conversion import Conversion
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "nothing; of two sources of one reading take the one that is not rounded"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    converted = {
        (pair.group, pair.a.source, pair.b.source): pair
        for pair in context.compared.pairs
        if pair.conversion is not None and not _moves_the_point(pair.conversion)
    }
    for item in context.compared.events:
        pair = converted.get((item.group, item.source_a, item.source_b))
        if pair is None or pair.conversion is None or not item.device or not item.agree:
            continue
        yield registry.finding(
            "TM-P02",
            f"{context.said(item.group)}: readings that {item.source_a} and {item.source_b} share are equal to the "
            "rounding of their units",
            places=context.places_of(item.agreeing),
            sources=(item.source_a, item.source_b),
            concept=item.group,
            details={"unit_a": pair.a.unit, "unit_b": pair.b.unit, "rule": pair.conversion.rule},
            count=item.agree,
        )


def _moves_the_point(conversion: Conversion) -> bool:
    """Whether a conversion changes no digit: it multiplies by a power of ten."""
    if conversion.offset:
        return False
    factor = max(conversion.factor, 1 / conversion.factor)
    while factor.denominator == 1 and factor.numerator % 10 == 0:
        factor /= 10
    return factor == 1
