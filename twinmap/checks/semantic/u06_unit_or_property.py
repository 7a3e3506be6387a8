"""The unit of a value contradicts the PROPERTY of its LOINC code.

What it means:
    LOINC says what kind of quantity a code is: 8867-4 is a number rate (``/min``), 2345-7 a mass
    concentration (``mg/dL``). The unit has another dimension. Where the analyte's molar mass or charge ties the
    two, and only mass and amount of substance are mixed up, this is a warning: the value can still be
    converted.

Why it matters:
    One of the two is wrong. A heart rate in ``mm[Hg]`` is a blood pressure that was given the wrong code.

Example:
    code 8867-4 (heart rate), unit mm[Hg]       code 2345-7 (mass/volume), unit mmol/L

What to do:
    Correct the code in the mapping or at the sender. For mass and amount of substance LOINC has two codes;
    the finding names the other one where it is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.compare.conversion import rule_between
from twinmap.compare.meaning import said_unit
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc, ucum, units
from twinmap.terms.unit_kinds import counts_substance

SEVERITY = Severity.ERROR
HELP = "correct the code or the unit, in the mapping or at the sender"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, code, unit and mapping rule."""
    wrong = {item.number: severity for item in context.signatures if (severity := _severity(item))}
    asked = [(item, "true") for item in context.signatures if item.number in wrong]
    for found in context.statements(asked):
        item, other = found.signature, _sibling(found.signature)
        property_ = item.meaning.axes.property if item.meaning.axes else ""
        kind = loinc.properties()[property_].name.lower()
        article = "an" if kind[0] in "aeiou" else "a"
        unit = said_unit(item.unit)
        about = "" if item.meaning.said == item.meaning.curie else f"{item.meaning.said}: "
        details = {"unit": item.unit, "property": property_} | ({"suggested": other} if other else {})
        yield context.finding(
            "TM-U06",
            f"{about}{item.meaning.curie} is {article} {kind} ({property_}), and its unit is {unit}",
            found,
            "unit",
            "code",
            severity=wrong[item.number],
            facet="unit",
            details=details,
            help=f"use {other} for values in {unit}" if other else HELP,
        )


#: A mapping that writes both is told so before it runs.
written = check


def _severity(item: Signature) -> Severity | None:
    """None where unit and property agree, or nothing can be said of them."""
    axes, unit = item.meaning.axes, item.unit
    own = loinc.property_dimension(axes.property) if axes else ()
    if axes is None or unit is None or not own or item.values != "quantity" or ucum.parse(unit).arbitrary:
        return None
    # To LOINC an equivalent is an amount of substance.
    if any(units.same_kind(each, known) for each in (unit, unit.replace("eq", "mol")) for known in own):
        return None
    concept = item.meaning.concept
    accepted = concept is not None and any(units.same_kind(unit, known) for known in concept.accepts)
    tied = accepted or any(_physical(item, unit, known) for known in own)
    mixed = loinc.is_molar(axes.property) is not None and loinc.is_molar(axes.property) != counts_substance(
        unit
    )
    if not tied:
        return Severity.ERROR
    return Severity.WARNING if mixed else None


def _physical(item: Signature, unit: str, known: str) -> bool:
    rule = rule_between(item, unit, known)
    return rule is not None and rule.rule_class == "physical"


def _sibling(item: Signature) -> str | None:
    """The code of the same concept and facets whose property fits the unit."""
    concept, axes = item.meaning.concept, item.meaning.axes
    if concept is None or axes is None or item.unit is None:
        return None
    for code in concept.codes:
        if code.axes is None or code.axes.property == axes.property:
            continue
        same = code.axes._replace(property=axes.property) == axes
        if same and any(
            units.same_kind(item.unit, known) for known in loinc.property_dimension(code.axes.property)
        ):
            return code.code
    return None
