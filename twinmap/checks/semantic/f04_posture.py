"""Two sources measure one concept in different postures.

What it means:
    Both say the posture of the body, in the code (LOINC 8459-0 is sitting) or in the facet ``posture``, and
    the postures exclude each other. The two are ``related``.

Why it matters:
    Blood pressure and heart rate change on standing up; that change is itself a finding, orthostatic
    hypotension. Mixed postures hide it or make it up.

Example:
    clinic: LOINC 8459-0 (sitting)      home: posture standing

What to do:
    Compare like with like: sitting with sitting. Where the posture is not known, leave it open.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "compare values of one posture; correct posture in the mapping if it is wrong"
TELLS = Difference("posture")
