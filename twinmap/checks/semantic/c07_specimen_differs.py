"""Two sources measure one concept in different specimens.

What it means:
    The specimens of both are known, by the SYSTEM of the LOINC code or as the facet ``specimen``, and neither
    is a kind of the other: serum and interstitial fluid, blood and urine. The two are ``related``. The same
    code is used where the system has no word of ours (``Arterial system``).

Why it matters:
    Glucose in interstitial fluid follows that in blood by minutes and by a bias; sodium in whole blood and in
    serum is read by different instruments.

Example:
    laboratory: LOINC 2345-7 (Ser/Plas)     sensor: LOINC 99504-3 (Interstitial fluid)

What to do:
    Compare them with the bias of this pair of specimens stated, never as one series.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "compare the specimens with a stated bias, never as one series"
TELLS = Difference("specimen"), Difference("loinc-system")
