"""A column that the mapping reads is not in the file.

What it means:
    A reference names a column that the header of the data does not have, and ``optional`` does not
    name it either. Names are compared exactly, after blanks at their ends are cut.

Why it matters:
    The slot would be missing in every record. A misspelt column must not look like missing data.

Example:
    observe:
      heart-rate: {value: $(hartrate), unit: /min}    # the header says heartrate

What to do:
    Correct the name. Where the column is absent from some files by design, list it in ``optional``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "correct the name, or list the column in optional where files lack it by design"
