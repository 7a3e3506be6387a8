"""Two sources measure one concept under different challenges.

What it means:
    What was given or stopped before the measurement differs: it stands after the ``^`` of the LOINC component,
    or as the facet ``challenge``. The same code is used for what stands after ``^^``, an adjustment. The two
    are ``related``.

Why it matters:
    Glucose two hours after a load and glucose before it are read against different limits.

Example:
    laboratory: glucose, challenge glucose-load     ward: glucose, challenge trough

What to do:
    Compare values of one protocol.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "compare values of one protocol; correct challenge in the mapping if it is wrong"
TELLS = Difference("challenge"), Difference("loinc-challenge"), Difference("adjustment")
