"""A quote in a row is never closed, or text follows a closing quote.

What it means
-------------
The line where the record starts was set aside, and reading went on with the next line. RFC 4180 lets a
quoted field span lines, so a quote that is never closed would swallow every row to the end of the file.

Why it matters
--------------
Lenient readers lose the rest of the file in silence, or glue a hundred rows into one text field.

Example:
-------
``0042,"left arm,120`` opens a quote before ``left`` that no later quote closes.

What to do
----------
Double the quotes inside quoted fields (``"6"" cuff"``) or quote the whole field in the export.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = 'double the quotes inside quoted fields ("6"" cuff"); the text is in quarantine.jsonl'
