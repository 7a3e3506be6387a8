"""A key of the mapping is not part of the mapping language.

What it means:
    The block has no key of this name. The message says which block, the help which name is meant.

Why it matters:
    A key that nobody reads is an instruction that is not followed, and nobody would notice.

Example:
    source: {format: csv, time-zone: UTC}    # timezone

What to do:
    Correct the name, or remove the key. ``twinmap schema`` gives the JSON Schema, with which an editor
    completes the keys. Joins by time interval, parallel arrays, arithmetic across records and regular
    expressions are not in version 1 of the language.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "correct the name, or remove the key; twinmap schema lists the keys"
