"""The codes of two sources name different methods for one concept.

What it means:
    Both codes have a METHOD of LOINC, and neither is a kind of the other: 76215-3 is an invasive systolic
    pressure, 76534-7 a noninvasive one. The two are ``related``. Where the method stands beside the code, it
    is F02.

Why it matters:
    Methods have biases of their own. A code with a method says that the sender found it worth telling.

Example:
    icu: LOINC 76215-3 (Invasive)       ward: LOINC 76534-7 (Noninvasive)

What to do:
    Keep the methods apart in every series. State the bias where they are compared.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "keep the methods apart or state the bias where they are compared"
# A method that stands beside a code is F02.
TELLS = (
    Difference("method", when=lambda item: item.evidence == "LOINC METHOD"),
    Difference("loinc-method"),
)
