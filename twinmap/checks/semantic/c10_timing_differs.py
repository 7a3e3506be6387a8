"""Two sources give one concept over different lengths of time or as different statistics.

What it means:
    Both values are made of several readings, and not in the same way: a mean and a maximum, over one day and
    over one week. They come from the TIME of the LOINC code or from the facets ``statistic`` and ``over``. The
    two are ``related``. A single reading against an aggregate is G03.

Why it matters:
    The maximum of a night is not the mean of a day. A count of steps over a week looks like a very active day.

Example:
    phone: steps, over 1 d      study: steps, over 1 wk

What to do:
    Aggregate the finer source in the way of the other one before they are compared.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "aggregate the finer source in the way of the other one before comparing"
TELLS = Difference("statistic"), Difference("over"), Difference("loinc-time")
