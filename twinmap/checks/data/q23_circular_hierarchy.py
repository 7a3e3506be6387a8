"""A code system says that a code is above itself.

What it means:
    In a hierarchy of is-a, going up from a code leads back to it. All codes of such a circle would mean the same.
    The links within the circle are not used; all others are.

Why it matters:
    A question for everything below a code would never end, or take in what does not belong there.

Example:
    A is a B, B is a C, C is an A

What to do:
    Tell the publisher, or mend the links in a terminology of your own.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "mend the links in a terminology of your own, or tell the publisher"
