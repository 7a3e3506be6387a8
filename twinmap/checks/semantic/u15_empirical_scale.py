"""Two sources give one concept on scales that only a regression ties.

What it means:
    HbA1c by NGSP (``%``) and by IFCC (``mmol/mol``) are calibrated against different references. The equation
    between them was fitted to data: it is empirical, and the two are ``related``, never ``equivalent``.

Why it matters:
    A converted value carries the error of the regression, and rounding on both sides moves patients across a
    limit of diagnosis.

Example:
    clinic: 6.5 %       laboratory: 48 mmol/mol

What to do:
    Compare on one scale, and say which equation was used. Keep the value as it was reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "compare on one scale and name the equation; keep the value as it was reported"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-U15")
