"""Arbitrary units of different assays are given for one concept.

What it means:
    An arbitrary unit of UCUM (``[iU]``, ``[arb'U]``, ``[CFU]`` …) is what one assay, or one reference
    preparation, counts. It converts into nothing but itself: not into another one, and not into ``U``, which is
    a catalytic activity (1 umol/min). Two sources give one concept in such units that differ; or a LOINC code
    says mass, amount of substance or catalytic activity, and its unit is an arbitrary one. The sources are
    ``not-comparable``. An enzyme in ``[iU]/L`` is a warning: many laboratories write IU/L and mean U/L.

Why it matters:
    The factor between international units and a mass belongs to the substance and its preparation: 1 [iU] of
    insulin is not 1 [iU] of vitamin D. Libraries that take every arbitrary unit for a plain number convert them
    one to one.

Example:
    laboratory: 25 [iU]/L       clinic: 25 U/L       # alanine aminotransferase

What to do:
    Ask the laboratory which it means. Where IU is written and U is meant, say so:
    ``unit: {from: $(unit), map: {IU/L: U/L}}``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked, Context
from twinmap.checks.differences import differences
from twinmap.checks.explanations import Difference
from twinmap.checks.units import differ_in_arbitrary, refused
from twinmap.compare.meaning import said_unit
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc, ucum

SEVERITY = Severity.ERROR
HELP = "ask which unit is meant; where IU is written for U, say so in a map of the unit"
TELLS = Difference("unit", when=differ_in_arbitrary)

#: Kinds of amount that an arbitrary unit does not measure.
_OTHER = ("mass", "molar", "catalytic")


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept; and what :func:`written` finds."""
    yield from differences(context, "TM-U09")
    yield from written(context)


def written(context: Asked) -> Iterator[Finding]:
    """One finding a code, unit and rule."""
    yield from refused(context, "TM-U09")
    asked = [(item, "true") for item in context.signatures if _amount(item)]
    for found in context.statements(asked):
        item = found.signature
        property_, unit = item.meaning.axes.property if item.meaning.axes else "", said_unit(item.unit)
        is_enzyme = _amount(item) == "catalytic" and "[iU]" in (item.unit or "")
        yield context.finding(
            "TM-U09",
            f"{item.meaning.said}: {item.meaning.curie} is a {property_}, and {unit} is an arbitrary unit",
            found,
            "unit",
            "code",
            severity=Severity.WARNING if is_enzyme else SEVERITY,
            facet="unit",
            details={"unit": item.unit, "property": property_}
            | ({"suggested": (item.unit or "").replace("[iU]", "U")} if is_enzyme else {}),
        )


def _amount(item: Signature) -> str | None:
    """What a LOINC code counts although its unit is arbitrary; None where that is no contradiction."""
    axes, unit = item.meaning.axes, item.unit
    known = loinc.properties().get(axes.property) if axes else None
    if known is None or unit is None or item.values != "quantity" or known.amount not in _OTHER:
        return None
    return known.amount if ucum.parse(unit).arbitrary else None
