"""A parameter is required and not given, given and not declared, or used and not declared.

What it means:
    ``params`` lists the values that a run gives to a mapping. The project (``set``) or ``--set`` must
    give those that are ``required``, and may give no others.

Why it matters:
    A parameter is usually the patient or the time zone. A default nobody chose would be invented.

Example:
    params: {patient: required}
    patient: {id: $(param:pateint)}

What to do:
    Give it: ``--set patient=NAME``, or ``set: {patient: NAME}`` in the project; or correct the name.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "give it with --set NAME=VALUE, or correct the name"
