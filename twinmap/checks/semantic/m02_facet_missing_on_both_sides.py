"""Neither of two sources states a facet that decides about a concept.

What it means:
    The concept file lists the facet as required, and both sources leave it open. They are compared as if it
    were the same in both.

Why it matters:
    The relation holds only as far as that is true: two temperatures without a site may be an oral and an
    axillary one.

Example:
    ehr and wristband: heart-rate, activity said by neither

What to do:
    Bind the facet in both mappings where the sources know it.
"""

from twinmap.checks.explanations import Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
HELP = "bind the facet in both mappings where the sources know it"
TELLS = Difference(relation="unknown", nature=Nature.REQUIRED)
