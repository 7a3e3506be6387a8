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

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "compare the specimens with a stated bias, never as one series"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-C07")
