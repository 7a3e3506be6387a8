"""A file ends before it should: it was cut in transfer or while it was written.

What it means:
    A compressed file has no proper end, or a file is shorter than it says itself. Nothing is published;
    the exit code is 3. A single message that is cut at the end of an HL7 v2 file is another case: that
    message is set aside with TM-Q07 and the run goes on.

Why it matters:
    The records that were cut off cannot be counted, so no book could show that they are gone.

Example:
    vitals.csv.gz: the compressed data stops after 8,388,608 bytes without an end

What to do:
    Fetch the file again and compare its size or checksum with the sender's. Then start the same run again.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "fetch the file again and compare its size with the sender's; then start the same run again"
