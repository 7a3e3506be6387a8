"""The output cannot be written: the disk or the quota is full, or the place is read-only.

What it means:
    The operating system refused to write, to the output folder, to its temporary files or to the
    standard output. The temporary files are removed, what was in the output folder before stays as it
    was, and the exit code is 3.

Why it matters:
    A file that is cut off under its final name would be taken for a whole one by the next program.

Example:
    cannot write to out/: no space left on the device

What to do:
    Make room or name another folder with ``-o``, and start the same run again: it gives the same bytes.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "make room, or name another folder with -o; the same run gives the same files"
