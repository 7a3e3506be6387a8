"""Two sources measure one concept in different settings.

What it means:
    Both say where or under which protocol the value was taken (facet ``setting``: home, clinic, ambulatory,
    intensive care), and the two exclude each other. The sources are ``related``.

Why it matters:
    People have other values in a clinic than at home; guidelines give other limits for home and ambulatory
    blood pressure than for the office.

Example:
    wristband: setting home     ehr: setting clinic

What to do:
    Note the setting beside a comparison. Nothing is wrong where both sources are right about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "note the setting beside a comparison; correct setting in the mapping if it is wrong"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-F09")
