"""Two sources obtain one concept by different techniques.

What it means:
    The methods of both sources are known, at least one of them as the facet ``method``, and neither is a kind
    of the other: a cuff and an arterial line, a stethoscope and oscillometry, a cuffless band. The two are
    ``related``.

Why it matters:
    Methods have biases of their own, often larger than what one looks for. A column that mixes a cuff with an
    arterial line shows jumps that the patient never had.

Example:
    ward-monitor: method invasive       wristband: method cuffless

What to do:
    Keep the methods apart in every series. State the bias where they are compared.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "keep the methods apart or state the bias; correct method in the mapping if it is wrong"
TELLS = Difference("method")
