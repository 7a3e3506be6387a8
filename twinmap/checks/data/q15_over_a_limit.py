"""Something is larger than twinmap reads: a field, a record, a nesting, a number of columns.

What it means:
    Every input has limits, so that one hostile or broken file cannot fill the memory. A record that is too
    large is set aside with its start; a value that is too large is missing, and the rest of its record is
    kept; a file that is too large as a whole is refused.

Why it matters:
    A field of a megabyte is hardly ever a measurement: more often a quote was not closed, or a document was
    put where a value should be.

Example:
    OBX-5 is longer than 1,000,000 characters

What to do:
    Look at the place. The limits are listed in ``twinmap.limits``; documents in HL7 v2 belong into a value of
    type ED, which is read as its type and its SHA-256.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR

MESSAGE = "the {slot} is over a limit"
HELP = "see the limits: twinmap doctor"
