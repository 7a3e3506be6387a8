"""A key was looked up and its table has no row for it.

What it means:
    ``$(path -> TABLE.column)`` found no row whose key equals the value of ``path``; in FHIR, a reference
    leads to a resource that is in none of the files of the source. What was looked up is missing.

Why it matters:
    A code, a unit or a patient that should come from the other table is not there, and with it the
    statement may be lost or lack its meaning. Often only a part of an export was delivered.

Example:
    code: {from: $(concept_id -> concept.concept_code)}     # CONCEPT.csv has no row of this concept_id

What to do:
    Complete the table, or read the file that holds the resource. Keys that mean "none" (such as ``0``) are
    listed in ``missing`` of the look-up and are then not looked up at all.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "a key is looked up that its table does not have"
HELP = "complete the table, or list keys that mean none in missing of the look-up"
