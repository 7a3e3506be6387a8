"""A statement lacks a slot that it cannot do without.

What it means:
    A rule states a concept and nothing binds its ``value`` (or ``absent``), states a ``result`` or a
    condition without ``code``, or the records have no patient.

Why it matters:
    No record could ever give a statement: all would be set aside, or none would be stated.

Example:
    observe: {heart-rate: {unit: /min}}

What to do:
    Bind the slot in the rule, in the record set or at the top of the file. A source without a patient
    takes it from the run: ``patient: {id: $(param:patient)}``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "bind the slot in the rule, in the record set or at the top of the file"
