"""A map of codes does not say what happens to a code that is not in it.

What it means:
    The ``code`` of a rule has ``map`` or ``codes`` and no ``unmapped``.

Why it matters:
    New codes arrive. ``report`` is the default (a finding, the code is kept as received), but for codes
    it is worth a decision: ``quarantine`` keeps statements of unknown meaning out of the graph.

Example:
    code: {from: $(test), codes: maps/lab.sssom.tsv}

What to do:
    Write ``unmapped: report``, ``keep``, ``quarantine`` or ``fail``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "unmapped: report, keep, quarantine or fail"
