"""A local code has no target in the map that the mapping gives.

What it means:
    The ``codes`` or ``map`` of a code slot has no row for this code, and no coding beside it is of a
    standard system. With ``unmapped: report`` (the default) the statement keeps the code as received;
    ``keep`` does so without a finding, ``quarantine`` sets the record aside, ``fail`` makes it an error at
    the end of the run.

Why it matters:
    A local code means something at one place only. The statement is in the graph, but no other source can
    be compared with it, and no check of its value or unit applies.

Example:
    code: {from: lab:$(TEST), codes: maps/lab.sssom.tsv, unmapped: report}      # the map has no row lab:GLU7

What to do:
    Have the code reviewed by somebody who knows the test, and add a row to the map. Decide with
    ``unmapped`` what happens to the next new code.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = 'a code of shape "{shape}" has no target in the map'
HELP = "add a row to the map; unmapped says what happens to codes that it does not have"
