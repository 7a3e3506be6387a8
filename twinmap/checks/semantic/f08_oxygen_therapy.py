"""Two sources measure one concept under different oxygen therapy.

What it means:
    Both say whether and how oxygen was given (facet ``oxygen``), and the two exclude each other: room air and
    a nasal cannula. The sources are ``related``.

Why it matters:
    A saturation of 96 % on room air and one of 96 % on four litres of oxygen are patients in different states;
    scores such as NEWS2 count the oxygen beside the saturation.

Example:
    home: oxygen room-air       ward: oxygen nasal-cannula

What to do:
    Compare saturations under the same therapy, or with the therapy beside them.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "compare values under the same oxygen therapy; correct oxygen in the mapping if it is wrong"
TELLS = Difference("oxygen")
