"""A row has more or fewer fields than the header.

What it means
-------------
The row was set aside whole: nobody can say which of its fields is which. Its text is in
``quarantine.jsonl`` under its record number; all other rows are read.

Why it matters
--------------
Readers that fill up or shift short and long rows put values under the wrong column without a word:
a diastolic pressure becomes a heart rate.

Example:
-------
The header ``mrn,sbp,dbp`` and the row ``0042,120,80,mmHg``: four fields where the header has three.

What to do
----------
Look at the row: an unquoted delimiter in a text, a decimal comma with ``delimiter: ","``, or a file cut
in the middle of a row are the usual causes. Mend the export, or name the delimiter in ``source``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "look at the row: an unquoted delimiter or a cut file; its text is in quarantine.jsonl"
