"""The same statement was made more than once; it is written once.

What it means:
    Two statements of one source have the same id and the same content; only their places differ. One is
    kept, with the first place, and the others are counted as duplicates in the ledger. There is one finding
    a source: its count is that of the records, and the message says how many statements they repeat. Two
    that share an id and differ in content are not meant: those are all kept.

Why it matters:
    Counted twice, a reading weighs twice in every mean. A file that was delivered again is the common cause;
    a rare one is a key too short to tell two true readings apart.

Example:
    vitals-03-01.csv and vitals-03-01-resend.csv hold the same rows

What to do:
    Take out the file that was delivered twice. Where the readings are truly two (no ``key``, same patient,
    moment and value), name what tells them apart in ``key``, such as a measurement number.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "records state again what is stated already: {count} statements are left out"
HELP = "read each delivery once; where they are different readings, tell them apart with key"
