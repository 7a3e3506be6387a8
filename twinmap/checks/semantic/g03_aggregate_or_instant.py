"""One source gives single readings of a concept, the other an aggregate of them.

What it means:
    One value is a single reading (LOINC TIME ``Pt``, or ``statistic: point``), the other a mean, a maximum or
    a sum over a time (``XXX^mean``, or the facet ``statistic``). The two are ``related``, and are never put
    into one series.

Why it matters:
    A mean varies less than the readings that it is made of: it hides every extreme, and an alarm limit for
    readings does not fit it.

Example:
    ward-monitor: LOINC 8480-6 (Pt)     wristband: LOINC 96608-5 (mean over the day)

What to do:
    Aggregate the readings over the same time first, then compare aggregate with aggregate.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "aggregate the readings over the same time, then compare the aggregates"
TELLS = Difference("statistic", when=lambda item: "tm:statistic-point" in (item.a, item.b))
