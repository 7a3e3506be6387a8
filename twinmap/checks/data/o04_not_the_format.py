"""A file is not of the format that the mapping says.

What it means:
    The mapping names a format and the file is something else: a page of HTML that a download server sent,
    a spreadsheet called ``.csv``, XML where JSON is due. What cannot be read is set aside. Where nothing of
    a source can be read, the exit code is 3.

Why it matters:
    Read by the wrong rules, a file gives few records or odd ones, and the rest is not missed by anybody.

Example:
    source: {format: ndjson}    # the file begins with PK and is a zip archive

What to do:
    Open the file. Correct ``format`` (and ``encoding``) in the mapping, or fetch the right file. ``twinmap
    inspect`` says what a file looks like.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "look at the file: name its format (and delimiter, encoding) in source, or fetch the right file"
