"""A facet that decides about a concept is stated by one source and not by the other.

What it means:
    The concept file lists the facet as required (the site of a temperature, the specimen of a glucose). One
    source says it, the other leaves it open, and is the broader of the two.

Why it matters:
    The open side may hold anything: it cannot be told to mean the same, even if every number agrees.

Example:
    ehr: body-temperature, site not said        ward: body-temperature, site mouth

What to do:
    Bind the facet where the source knows it, also as a literal where it is always the same:
    ``site: mouth``. Never guess it.
"""

from twinmap.checks.explanations import OPEN, Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "bind the facet in the mapping of the source that leaves it open, if it is known"
TELLS = Difference(relation=OPEN, nature=Nature.REQUIRED)
