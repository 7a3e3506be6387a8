"""An input file was changed while it was read.

What it means:
    The size or the time of the last change of a file at the end of the run are not those at its start:
    another program writes to it.

Why it matters:
    The beginning may come from one version and the end from another. The hash in the manifest would be
    that of neither, and the same run could not be made again.

Example:
    feed/today.hl7: 18,004,310 bytes when the run began, 18,221,904 when it was read

What to do:
    Let the export finish, or read a copy of the file. Then run again.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "let the export finish, or read a copy of the file; then run again"
