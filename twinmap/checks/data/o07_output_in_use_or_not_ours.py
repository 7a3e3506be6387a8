"""The output folder is used by another run, or holds files that twinmap did not write.

What it means:
    A folder given to ``-o`` must be empty, new, or the output of an earlier run, which its manifest shows.
    Here it is something else, or a run that still lives holds its lock. Nothing was changed; the exit
    code is 2.

Why it matters:
    An output folder is replaced as a whole. Files of others in it would be lost, and two runs would mix
    their results.

Example:
    -o .    # the working folder itself, with the sources in it

What to do:
    Name a new folder, or wait for the other run. Only when everything in the folder may go: ``--force``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "choose another folder with -o, or --force to replace what is there"
