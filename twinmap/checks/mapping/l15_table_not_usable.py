"""A map, a code map or another file that the mapping names cannot be used.

What it means:
    The file is missing, lies outside the folder of the mapping and of the project, is not a regular
    file, or a row of it cannot be read as what it should be. SSSOM rows need a subject, a SKOS
    predicate and an object, each a CURIE whose prefix is known.

Why it matters:
    A row that is dropped in silence is a code that is not mapped, found months later. Paths are
    confined because a mapping may come from anywhere.

Example:
    code: {from: $(test), codes: ../../other/codes.sssom.tsv}

What to do:
    Put the file beside the mapping; correct the row that the message names.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "put the file beside the mapping, and correct the row that is named"
