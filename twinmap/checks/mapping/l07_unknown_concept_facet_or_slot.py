"""A concept, facet word or slot is not known.

What it means:
    The rule names a concept that has no concept file, a facet word that is not in the scheme of that
    facet, or a slot that this concept or this kind of statement does not have.

Why it matters:
    Words of the scheme decide whether two values are comparable. A free word would compare to nothing.

Example:
    heart-rate: {value: $(hr), unit: /min, site: left-arm-upper}    # upper-arm

What to do:
    Take the word that the help suggests, write a CURIE (``snomed:368209003``), or translate the
    source's words with ``map``. A project adds concepts of its own with ``concepts:``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "take a word of the scheme, a CURIE (snomed:368209003), or translate with map"
