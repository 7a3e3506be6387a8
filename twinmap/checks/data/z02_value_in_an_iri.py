"""An IRI would hold a value of the data in readable form.

What it means:
    A part of an IRI comes from the data and not through the keyed hash: a hospital number, a name, a
    date, a text.

Why it matters:
    IRIs are copied into queries, logs, links and other graphs, where nobody expects a patient's name. A
    value that has gone out in an IRI cannot be called back.

Example:
    https://twin.example.org/patient/0042-WEBER

What to do:
    Let ids be made by ``key`` and ``patient``, and keep the value in a literal. Where the IRI must hold a
    value that is not personal, as a code, say so by its system.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
