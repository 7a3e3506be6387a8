"""Units have one dimension and measure two kinds of quantity.

What it means:
    Two sources give one concept in units that UCUM would convert and that do not mean the same: ``/min`` and
    ``Bq``, ``mmol/L`` and ``/L``, ``Gy`` and ``Sv``, ``N.m`` and ``J``, ``mmol/mol`` and ``mg/g``, or
    equivalents and moles of an ion whose charge is not known. To UCUM the mole is a number, and so is the
    equivalent. Or one source gives a concept in such a unit. The sources are ``not-comparable``. Of a LOINC code
    whose PROPERTY contradicts the unit see U06.

Why it matters:
    The factor between the two is exact, and wrong: 5 mmol/L of potassium would become 3e21 ions per litre,
    1.6 meq/L of magnesium 1.6 mmol/L instead of 0.8.

Example:
    laboratory: 1.6 meq/L       clinic: 0.8 mmol/L       # of a local code: the charge of the ion is not known

What to do:
    Look at both fields. Where the code is local, map it to one whose analyte is known: then molar mass and
    charge convert it (U04, U14).
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked, Context
from twinmap.checks.differences import differences
from twinmap.checks.explanations import Difference
from twinmap.checks.units import differ_in_kind, refused
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "look at both fields; map a local code to one whose analyte is known"
TELLS = Difference("unit", when=differ_in_kind)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept; and one a source whose unit the concept does not accept."""
    yield from differences(context, "TM-U08")
    yield from written(context)


def written(context: Asked) -> Iterator[Finding]:
    """One finding a concept and rule."""
    yield from refused(context, "TM-U08")
