"""A code system says that a code is above itself.

What it means:
    In a hierarchy of is-a, going up from a code leads back to it. All codes of such a circle would mean the same.
    The finding names a way around it, and the file and row of its first link. The links within the circle are not
    used; all others are. Whether one code is above another is then unknown where the circle alone says so.
    ``twinmap terms status`` counts the circles of each edition.

Why it matters:
    A question for everything below a code would never end, or take in what does not belong there.

Example:
    http://snomed.info/sct has a code above itself: 404684003 is-a 64572001 is-a 404684003

What to do:
    Tell the publisher, or mend the links in a terminology of your own.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "mend the links in a terminology of your own, or tell the publisher"
