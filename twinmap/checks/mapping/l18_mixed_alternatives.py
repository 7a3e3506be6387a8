"""The alternatives of an id and of its system can pair what does not belong together.

What it means:
    ``id`` and ``system`` (or ``value`` and ``unit``) each have alternatives that are single components.
    Each takes its first that is not missing, independently: the id of one and the system of another.

Why it matters:
    A medical record number of one hospital in the number space of another is another patient.

Example:
    patient: {id: $(PID-3.1) | $(PID-2.1), system: $(PID-3.4) | $(PID-2.4)}

What to do:
    Give the composite whole, it is read with all that belongs to it: ``id: $(PID-3) | $(PID-2)``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "give the composite whole: id: $(PID-3) | $(PID-2)"
