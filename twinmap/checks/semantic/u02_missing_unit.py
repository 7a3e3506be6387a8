"""A quantity has no unit.

What it means:
    The value is a number, and no unit came with it. A concept whose unit is a plain count (``{steps}``, ``1``)
    needs none. Where the concept has a dimension this is an error; where it is not known whether the code
    has one (a score, a local test), a warning. A unit that is given but not known is U01. A rule that binds no
    unit to a quantity is found by ``check``, before there is data.

Why it matters:
    98.6 is a fever in degrees Celsius that nobody survives, and a normal temperature in degrees Fahrenheit. No
    unit is ever assumed: the value has no canonical form and takes part in no comparison of numbers.

Example:
    body-temperature: {value: $(temp)}          # the file has no column with the unit

What to do:
    Bind ``unit`` to the field that holds it. Where the documentation of the source says that it is always the
    same, write it as a literal: ``unit: Cel``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.explanations import OPEN, Difference
from twinmap.checks.written import Written
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.definitions import SELF_DESCRIBING
from twinmap.mapping.values import is_bound
from twinmap.terms import loinc, units

SEVERITY = Severity.ERROR
HELP = "bind unit to its field, or write it as a literal where the source says that it is always the same"
TELLS = Difference("unit", OPEN)


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    bare = [
        item
        for item in context.signatures
        if item.values == "quantity" and item.unit is None and item.unit_raw is None
    ]
    asked = [(item, "true") for item in bare if _needed(item) is not False]
    for found in context.statements(asked):
        item = found.signature
        severity = SEVERITY if _needed(item) else Severity.WARNING
        message = f"{item.meaning.said}: numbers of {found.source} have no unit"
        yield context.finding("TM-U02", message, found, "unit", "value", severity=severity, facet="unit")


def written(context: Written) -> Iterator[Finding]:
    """One finding a rule that states numbers of a quantity and binds no unit, where the format brings none along."""
    rules = {rule.id: rule for rule in context.rules}
    asked = [(item, "true") for item in context.signatures if item.values == "quantity" and _needed(item)]
    for found in context.statements(asked):
        rule = rules[found.rule]
        if rule.records.options.format not in SELF_DESCRIBING and not is_bound(
            rule.statement.slots.get("unit")
        ):
            message = f"{found.signature.meaning.said}: the rule binds no unit to its numbers"
            yield context.finding("TM-U02", message, found, "value", "code", facet="unit")


def _needed(item: Signature) -> bool | None:
    """Whether a value of this meaning needs a unit; None where that is not known."""
    if item.meaning.concept is not None and item.meaning.concept.unit is not None:
        return not units.is_count(item.meaning.concept.unit)
    if item.meaning.axes is None:
        return None
    fitting = loinc.property_dimension(item.meaning.axes.property)
    return not all(units.is_count(unit) for unit in fitting) if fitting else None
