"""A document or line is not valid JSON.

What it means:
    The text breaks a rule of JSON: a comma or bracket is missing, a value is ``NaN``, a string holds half
    of a surrogate pair, the file ends too early, or a second value follows the first. What cannot be read
    is set aside with its text, line and column; other lines of the file, or other items of its array, are
    read.

Why it matters:
    Readers that mend such text guess, and each guesses otherwise. A wrong guess is a wrong value.

Example:
    {"heart_rate": {"value": 72, "unit": "beats/min"}    # the last bracket is missing

What to do:
    Look at the place in the file and ask the sender. A file with one value a line is called ``.ndjson`` or
    ``.jsonl``, or ``format: ndjson`` says so.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "look at the place in the file; a file with one value a line is format: ndjson"
