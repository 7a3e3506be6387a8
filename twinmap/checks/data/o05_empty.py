"""A file holds no record.

What it means:
    The file is there and can be read, and it has no records: zero bytes, only a header, or an empty list.
    The run goes on; the exit code is 0.

Why it matters:
    A day without data is possible, an export that failed without a word is more likely.

Example:
    labs-2026-03-01.csv has a header and no rows

What to do:
    Ask the sender whether it is meant so. Nothing is to be changed where it is.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "ask the sender whether it is meant so; nothing is to be changed where it is"
