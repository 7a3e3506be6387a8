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

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "aggregate the finer source in the way of the other one before comparing"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-C10")
