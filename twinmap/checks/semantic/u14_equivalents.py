"""Two sources give one ion in equivalents and as an amount of substance.

What it means:
    ``meq/L`` and ``mmol/L`` differ by the charge of the ion: 1 mmol of magnesium is 2 meq. The charge is known
    for this analyte, the finding names the rule; the conversion is physical and keeps the meaning.

Why it matters:
    To UCUM an equivalent is one mole. So it is for sodium and potassium; for magnesium and calcium whoever
    leaves the charge out is wrong by a factor of two, and the number still looks plausible.

Example:
    laboratory: 1.6 meq/L magnesium     clinic: 0.8 mmol/L

What to do:
    Nothing where the analyte is right. Look at the rule once.
"""

from twinmap.checks.explanations import Difference
from twinmap.compare.relation import FacetComparison, Nature
from twinmap.diagnostics import Severity
from twinmap.terms import analytes


def _by_charge(item: FacetComparison) -> bool:
    """Whether the charge alone ties the two units: no mass is converted."""
    names = set(item.evidence.split("+"))
    return {rule.kind for rule in analytes.rules() if rule.id in names} == {"charge"}


SEVERITY = Severity.INFO
HELP = "nothing: values are converted by the charge of the ion, by the rule that the finding names"
TELLS = Difference("unit", "=", Nature.CONVERTED, when=_by_charge)
