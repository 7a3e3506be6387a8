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

from twinmap.checks import Asked, Context
from twinmap.checks.differences import differences
from twinmap.checks.explanations import Difference
from twinmap.checks.units import refused
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "look at both fields: a column may be bound to the wrong concept or unit"
TELLS = Difference("unit")


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept; and one a source whose unit the concept does not accept."""
    yield from differences(context, "TM-U05")
    yield from written(context)


def written(context: Asked) -> Iterator[Finding]:
    """One finding a concept and rule."""
    yield from refused(context, "TM-U05")
