"""A difference of temperatures was converted as if it were a temperature.

What it means:
    The code means a difference (LOINC PROPERTY TempDiff), or the value is a standard deviation. A difference of
    1 Cel is one of 1 K and of 1.8 [degF]: it is converted by the factor alone, and so does twinmap. Here the
    offset of the scale was taken with it: an expression of the mapping adds or subtracts 32, 273.15 or 459.67;
    or nearly all values of a series lie within 5 K of what the zero of another scale is (32 [degF], 273.15 K),
    where no difference within a body is. That a code is a difference is known of its LOINC axes: of those that
    are shipped, or of a release that was loaded (``terms add``).

Why it matters:
    A standard deviation of 0.5 Cel becomes one of 32.9 [degF]. Every library that is asked to convert 0.5 Cel
    does so, for a unit does not say that it is of a difference.

Example:
    body-temperature: {value: = $(sd) * 1.8 + 32, unit: "[degF]", statistic: standard-deviation}

What to do:
    Convert by the factor alone, or leave the value as it is and write its own unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from twinmap.checks import Asked, Context
from twinmap.checks.written import Written
from twinmap.compare.meaning import said_unit
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.ast import Call, Expression, Node, Number, Operation
from twinmap.terms import ucum

SEVERITY = Severity.ERROR
HELP = "convert a difference by the factor alone, or leave it in its own unit"

#: What is added between scales of temperature.
_OFFSETS = tuple(map(Decimal, ("32", "273.15", "273.16", "459.67")))
#: The zeros of the scales in kelvin, and how near to one all values are.
_ZEROS = ("Cel", "[degF]", "K")
_NEAR = 5.0


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, code, unit and mapping rule."""
    wrong = {item.number: scale for item in context.signatures if (scale := _shifted(item))}
    asked = [(item, "true") for item in context.signatures if item.number in wrong]
    for found in context.statements(asked):
        item, scale = found.signature, wrong[found.signature.number]
        unit = said_unit(item.unit)
        message = f"{item.meaning.said}: differences of {item.source} in {unit} lie about the zero of {scale}"
        details = {"unit": item.unit, "scale": scale, "code": item.meaning.curie}
        yield context.finding("TM-U10", message, found, "value", "unit", facet="unit", details=details)


def written(context: Asked) -> Iterator[Finding]:
    """One finding a rule whose expression adds the offset of a scale to a difference."""
    assert isinstance(context, Written)
    asked = [(item, "true") for item in context.signatures if item.is_difference]
    rules = {rule.id: rule for rule in context.rules}
    for found in context.statements(asked):
        value = rules[found.rule].value("value")
        offsets = [
            number
            for alternative in (value.alternatives if value is not None else ())
            if isinstance(alternative, Expression)
            for number in _added(alternative.node)
        ]
        if offsets:
            message = f"{found.concept}: {offsets[0]} is added to a difference, which has no offset"
            yield context.finding("TM-U10", message, found, "value", facet="unit")


def _added(node: Node) -> Iterator[Decimal]:
    """The offsets of scales that an expression adds or subtracts."""
    inner = node.operands if isinstance(node, Operation) else node.arguments if isinstance(node, Call) else ()
    for part in inner:
        is_sum = isinstance(node, Operation) and node.operator in ("+", "-")
        if is_sum and isinstance(part, Number) and part.value in _OFFSETS:
            yield part.value
        yield from _added(part)


def _shifted(item: Signature) -> str | None:
    """The scale whose zero the values of a difference lie about; None where they may be differences."""
    ends = item.profile.quantiles[:1] + item.profile.quantiles[-1:]
    if not item.is_difference or len(ends) != 2 or item.unit is None:
        return None
    for scale in _ZEROS:
        if scale == item.unit or not _is_temperature(item.unit):
            continue
        zero = float(ucum.convert(0.0, scale, item.unit))
        near = abs(float(ucum.affine("K", item.unit).a)) * _NEAR
        if all(abs(end - zero) <= near for end in ends):
            return scale
    return None


def _is_temperature(unit: str) -> bool:
    return ucum.is_valid(unit) and ucum.commensurable(unit, "K")
