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

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "compare values of one protocol; correct challenge in the mapping if it is wrong"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-C11")
