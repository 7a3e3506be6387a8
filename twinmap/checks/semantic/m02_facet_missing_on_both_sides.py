"""Neither of two sources states a facet that decides about a concept.

What it means:
    The concept file lists the facet as required, and both sources leave it open. They are compared as if it
    were the same in both.

Why it matters:
    The relation holds only as far as that is true: two temperatures without a site may be an oral and an
    axillary one.

Example:
    ehr and wristband: heart-rate, activity said by neither

What to do:
    Bind the facet in both mappings where the sources know it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "bind the facet in both mappings where the sources know it"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-M02")
