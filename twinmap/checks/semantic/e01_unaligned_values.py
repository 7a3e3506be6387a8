"""A value is not in the map of its slot, or is no word of its value set.

What it means:
    A ``map`` has no row for the text of the source, or a facet (site, posture, method …) is given a text
    that is neither a word of its scheme nor a code that the scheme knows. The slot is missing in this
    statement; the statement itself is made. ``unmapped`` of the map says otherwise where that is wanted:
    ``keep``, ``quarantine`` or ``fail``.

Why it matters:
    Facets decide whether two values may be compared: a pressure at the wrist is not one at the upper arm.
    A word that is dropped without notice makes the statement look less specific than its source.

Example:
    site: {from: $(cuff), map: {L: upper-arm, R: upper-arm}}        # a row has W

What to do:
    Add the value to the map. A target ``""`` says that it means nothing. ``docs/graph.md`` and
    ``twinmap schema`` list the words of a facet; where none fits, a CURIE may be written.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = 'the {slot} "{shape}" is not in its map or value set'
HELP = "add the value to the map of the slot; an empty target says that it means nothing"
