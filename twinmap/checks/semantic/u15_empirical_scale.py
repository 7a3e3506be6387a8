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

from twinmap.checks.explanations import Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "compare on one scale and name the equation; keep the value as it was reported"
TELLS = Difference(nature=Nature.EMPIRICAL)
