"""Two sources measure one concept at different places of the body.

What it means:
    Both say where on the body they measure, in the code or in the facet ``site``, and neither place is part of
    the other. The two are ``related``: they may be compared with a stated bias and not put together.

Why it matters:
    A blood pressure at the wrist differs from one at the upper arm by how the arm is held, an axillary
    temperature from an oral one. What looks like a trend may be a change of place.

Example:
    ward-monitor: site upper-arm        wristband: site wrist

What to do:
    Keep the sources apart, or correct by what a study of this pair of sites gives. Where a place is wrong in a
    mapping, set ``site`` there.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "keep the sources apart or state the bias; correct site in the mapping if it is wrong"
TELLS = Difference("site")
