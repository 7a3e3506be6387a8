"""A rule or an alternative can never be reached.

What it means:
    Rules with ``when`` are one choice: the first that holds applies. This one holds only where an
    earlier one does, or where ``keep`` has left the record out, or never. The same goes for an
    alternative after a literal, and for ``otherwise`` where no rule has a ``when``.

Why it matters:
    What it says would never be stated, and nothing would say so.

Example:
    - {when: {code: [8480-6, 8462-4]}, result: {code: loinc:$(code)}}
    - {when: {code: 8480-6}, systolic-blood-pressure: {unit: mmHg}}

What to do:
    Put the narrower rule first, or remove it.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "put the narrower rule first, or remove it"
