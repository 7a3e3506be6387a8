"""Two sources give one analyte as a mass and as an amount of substance.

What it means:
    ``mg/dL`` and ``mmol/L`` differ in dimension. A rule for this analyte ties them: its molar mass, or the
    charge of its ion. The finding names the rule; the conversion is physical and keeps the meaning.

Why it matters:
    The factor belongs to the analyte: 18 for glucose, 38.7 for cholesterol. A factor of the wrong analyte
    gives plausible numbers.

Example:
    laboratory: 5.5 mmol/L glucose      glucometer: 99 mg/dL        # 180.156 g/mol

What to do:
    Nothing where the analyte is right. Look at the rule: haemoglobin is counted by its monomer.
"""

from twinmap.checks.explanations import Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
HELP = "nothing: values are converted by the rule that the finding names"
TELLS = Difference("unit", "=", Nature.CONVERTED)
