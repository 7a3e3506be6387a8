"""The codes of two sources are about different subjects.

What it means:
    The LOINC SYSTEM of one code names another subject than that of the other: the patient, the fetus
    (``^Fetus``), a donor. The two are ``not-comparable``.

Why it matters:
    The heart rate of a fetus in the series of its mother is another person's value.

Example:
    obstetrics: SYSTEM XXX^Fetus        ward: SYSTEM XXX

What to do:
    Give the values of the other subject a patient of their own, or leave them out by ``keep``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "give the other subject a patient of its own, or leave its values out by keep"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-I06")
