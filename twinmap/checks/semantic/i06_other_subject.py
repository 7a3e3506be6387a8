"""The codes of two sources are about different subjects.

What it means:
    The LOINC SYSTEM of one code names another subject than that of the other: the patient, the fetus
    (``^Fetus``), a donor. The two are ``not-comparable``.

Why it matters:
    The heart rate of a fetus in the series of its mother is another person's value.

Example:
    obstetrics: SYSTEM XXX^Fetus        ward: SYSTEM XXX

What to do:
    Give the values of the other subject a patient of their own, or leave them out by ``keep``.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "give the other subject a patient of its own, or leave its values out by keep"
TELLS = Difference("subject")
