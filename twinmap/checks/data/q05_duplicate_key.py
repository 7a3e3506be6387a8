"""A key stands twice in one JSON object.

What it means:
    An object has two members of the same name. JSON does not say which of them counts. The document, the
    line, or the item of an array in which it stands is set aside whole.

Why it matters:
    Most programs take the last value, some the first, and none says so. Two systems that read the same
    file then disagree about the patient.

Example:
    {"systolic": 128, "diastolic": 84, "systolic": 182}

What to do:
    Have the export corrected. Where both values are meant, they belong into an array.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "have the export corrected: one of the two values, or both in an array"
