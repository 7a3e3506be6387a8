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

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
HELP = "note the setting beside a comparison; correct setting in the mapping if it is wrong"
TELLS = Difference("setting")
