"""Two sources measure one concept in different states of activity.

What it means:
    Both say what the person was doing (at rest, exercising, asleep), in the code or in the facet ``activity``,
    and the states exclude each other. The two are ``related``.

Why it matters:
    A resting heart rate (LOINC 40443-4) and one during exercise differ by a factor of two in one healthy
    person. Their mean describes neither.

Example:
    wristband: activity during-exercise     clinic: LOINC 40443-4 (resting)

What to do:
    Compare values of one state, or treat the state as a variable of the analysis.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "compare values of one state of activity; correct activity in the mapping if it is wrong"
TELLS = Difference("activity")
