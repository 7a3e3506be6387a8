"""Two sources measure one concept at different times around a meal.

What it means:
    Both say how the value relates to eating, in the code (LOINC 1558-6 is fasting) or in the facet ``meal``,
    and the two exclude each other. The sources are ``related``.

Why it matters:
    Glucose and triglycerides rise after a meal, and the limits of diagnosis differ: those of fasting glucose
    do not hold two hours after breakfast.

Example:
    laboratory: LOINC 1558-6 (fasting)      glucometer: meal after-breakfast

What to do:
    Keep fasting values apart. Where the source knows it, bind ``meal``; where it does not, leave it open.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "keep fasting and other values apart; correct meal in the mapping if it is wrong"
TELLS = Difference("meal")
