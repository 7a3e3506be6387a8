"""A code is narrower or broader than the one that it is mapped to or compared with.

What it means:
    The row's predicate is ``skos:broadMatch`` (the target is broader), ``skos:narrowMatch`` (narrower),
    ``skos:closeMatch`` or ``skos:relatedMatch``; a FHIR ConceptMap says the same with ``wider``,
    ``narrower`` and so on. The target is used, the received code and the predicate are kept beside it
    (``raw_code``, ``map_predicate``). The same code tells where, of two sources, one is more specific in a facet:
    an oscillometric pressure beside one that is merely noninvasive.

Why it matters:
    What was lost or added by the mapping is lost or added for good: a pressure from an arterial line that is
    mapped to blood pressure in general no longer says how it was measured. Such a statement is never told to
    be equivalent to one that carries the target itself.

Example:
    lab:ART-SYS  skos:broadMatch  loinc:8480-6      # an arterial line, mapped to systolic pressure

What to do:
    Look for a code that says all of it, or state the rest as a facet (``method``, ``site``, ``specimen``).
    Where both codes do mean the same, correct the predicate to ``skos:exactMatch``.
"""

from twinmap.checks.explanations import OPEN, Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
MESSAGE = "a code was mapped by a row that is not an exact match"
HELP = "review the row; where both codes mean the same its predicate is skos:exactMatch"
TELLS = (
    Difference(relation=OPEN),
    Difference(relation=OPEN, nature=Nature.MAPPED),
    Difference(relation="unknown", nature=Nature.MAPPED),
)
