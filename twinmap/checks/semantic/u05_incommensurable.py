"""Units of one meaning have different dimensions: nothing converts them into each other.

What it means:
    Two sources give one concept in units that neither a physical conversion nor a rule of the analyte ties
    (``mg/dL`` and ``/min``), or one source gives a concept in a unit that its concept file does not accept.
    The sources are ``not-comparable``. For a LOINC code whose PROPERTY contradicts the unit see U06.

Why it matters:
    At least one of the values is not what its code says.

Example:
    local code PULSE:  72 /min in one source, 120 mm[Hg] in the other

What to do:
    Look at both fields. Most often a column or a rule of the mapping is bound to the wrong concept.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.checks.explanations import Difference
from twinmap.compare.conversion import rule_between
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc

SEVERITY = Severity.ERROR
HELP = "look at both fields: a column may be bound to the wrong concept or unit"
TELLS = Difference("unit")


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept; and one a source whose unit the concept does not accept."""
    yield from differences(context, "TM-U05")
    refused = [(item, "true") for item in context.compared.signatures if _refused(item)]
    for found in context.statements(refused):
        unit = found.signature.unit
        yield context.finding(
            "TM-U05",
            f"{found.concept}: {unit} of {found.source} does not convert to the units of the concept",
            found,
            "unit",
            facet="unit",
            details={"unit": unit, "accepted": list(_accepted(found.signature))},
        )


def _accepted(item: Signature) -> tuple[str, ...]:
    concept = item.meaning.concept
    units = (concept.unit, *concept.accepts) if concept is not None and concept.unit is not None else ()
    return tuple(dict.fromkeys(unit for unit in units if unit is not None))


def _refused(item: Signature) -> bool:
    """Whether the unit has nothing to do with those of the concept; LOINC codes are judged by U06."""
    unit, accepted = item.unit, _accepted(item)
    if unit is None or not accepted or item.meaning.system == loinc.SYSTEM:
        return False
    return all(rule_between(item, unit, each) is None for each in accepted)
