"""A column of the data is neither read nor ignored by name.

What it means:
    The file has a column that no rule, key or condition of the record set names, and ``ignore`` does
    not name it either.

Why it matters:
    It may hold what decides the meaning of the rest: a unit, a body site, a status "entered in error".

Example:
    sbp,dbp,arm      # arm is not read: was the cuff on the arm that the mapping says?

What to do:
    Read it, or list it in ``ignore`` once you have looked at it.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "read it, or list it in ignore once you have looked at it"
