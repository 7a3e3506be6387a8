"""Two sources give properties of one component that no conversion ties.

What it means:
    The LOINC PROPERTY of the two codes differs, such as a concentration and a rate, and neither their units
    nor what is known of the analyte ties them. The two are ``not-comparable``. A mass and an amount of
    substance that are tied by a molar mass are no such case.

Why it matters:
    They are two different quantities that share a name.

Example:
    laboratory: MCnc (mg/dL)        collected: MRat (mg over a day)

What to do:
    Look for the code that the source means. If both are right, do not compare them.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "correct the code that is wrong; if both are right, do not compare them"
TELLS = Difference("property")
