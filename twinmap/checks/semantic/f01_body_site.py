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

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "keep the sources apart or state the bias; correct site in the mapping if it is wrong"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-F01")
