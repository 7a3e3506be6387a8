"""The type of a value is not stated, or is none of the format's.

What it means:
    In HL7 v2, OBX-2 says how to read OBX-5. It is empty or not a data type, or the value does not have the
    parts of its type. The value is read as text; the text then decides whether it is a number.

Why it matters:
    The same characters mean different things under different types: in an SN, ``<^5`` is below five.

Example:
    OBX|1||2160-0^Creatinine^LN||1.1|mg/dL

What to do:
    Have the sender fill OBX-2. Until then, fix the kind in the mapping with ``kind: quantity``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "have the sender fill OBX-2; until then fix the kind: kind: quantity"
