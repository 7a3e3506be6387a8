"""Two sources give one concept in different units that convert into each other.

What it means:
    The units have the same dimension, and values are converted by the factor (and offset) that the finding
    tells. The conversion is physical and exact: it keeps the meaning, and the sources may still be
    ``equivalent``.

Why it matters:
    Whoever reads the raw numbers beside each other sees a pressure of 16 and one of 120, which are the same.

Example:
    ward-monitor: 16.0 kPa      wristband: 120 mm[Hg]       # 1 kPa = 7.50061682704 mm[Hg]

What to do:
    Nothing: the graph has the canonical value beside the one that was received. Look at the units once.
"""

from twinmap.checks.explanations import Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
HELP = "nothing: values are converted; look once whether both units are true"
TELLS = Difference("unit", "=", Nature.CONVERTED, when=lambda item: item.evidence == "UCUM")
