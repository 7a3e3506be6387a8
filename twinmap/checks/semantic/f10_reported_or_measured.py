"""One source measures what another only reports, estimates or derives.

What it means:
    Both say where the value comes from, in the method of the code (LOINC 3141-9 measured, 3142-7 stated) or in
    the facet ``origin``, and the two exclude each other. The sources are ``related``.

Why it matters:
    People report themselves taller and lighter than a scale does. A dose by a stated weight is not a dose by
    weight.

Example:
    ehr: LOINC 3142-7 (stated)      scale: origin measured

What to do:
    Prefer the measured value, and keep the other as what it is.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "keep reported and measured values apart; correct origin in the mapping if it is wrong"
TELLS = Difference("origin")
