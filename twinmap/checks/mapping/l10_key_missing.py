"""A record set has no key, or a key that does not name its records.

What it means:
    There is no ``key``, so that ids are made of patient, concept, time and the raw value; or the key
    holds the number of the record in its file, which changes whenever the file does.

Why it matters:
    Ids made of a key stay the same from run to run. Without one, two equal readings at one moment are
    one statement, and a corrected value is another statement instead of the same one, changed.

Example:
    key: [record:index]

What to do:
    ``key: [measurement_id]``, or all the columns that name one record together.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "key: [ID], the columns that name one record together"
