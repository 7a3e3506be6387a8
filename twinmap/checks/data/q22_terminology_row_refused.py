"""Rows of a terminology cannot be used, and were not loaded.

What it means:
    ``twinmap terms add`` keeps every row of a release, skips it for a reason that the release itself gives (an
    older state, an attribute that is no is-a), or refuses it: it has no code, its code stands twice, or a word in
    it does not exist. The finding names the file, the reason, how many rows it concerns, and the first of them.

Why it matters:
    A row that is dropped in silence is a code that seems not to exist. The books of every file are kept: rows
    read are rows kept, skipped and refused.

Example:
    LOINC_NUM stands twice in Loinc.csv, or is empty

What to do:
    Releases of LOINC and SNOMED CT have no such rows: fetch the file again. In a terminology of your own, mend
    the row.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "mend the row in a terminology of your own; fetch a release again"
