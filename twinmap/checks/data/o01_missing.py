"""An input that was named is not there or cannot be opened.

What it means:
    A file, a folder or a pattern that the command line, the project or a mapping names leads to nothing
    that can be read: it does not exist, it is not a regular file, or the permission to read it is absent.
    Nothing is published; the exit code is 3.

Why it matters:
    A run over the files that happen to be there would give a graph that looks whole and is not. A
    missing file is a fault of the transfer, never an invalid one.

Example:
    source: {format: csv, files: vitals-*.csv}    # the folder holds vital-2026-03.csv

What to do:
    Compare the name with the folder; names in a mapping count from ``--source``, else from the mapping's
    own folder. Then start the same run again.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "compare the name with the folder; names in a mapping count from --source, else from its own folder"
