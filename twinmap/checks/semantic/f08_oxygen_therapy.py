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

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "compare values under the same oxygen therapy; correct oxygen in the mapping if it is wrong"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-F08")
