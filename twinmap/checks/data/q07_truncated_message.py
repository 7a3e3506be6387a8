"""An HL7 v2 message, or a field of it, is not whole.

What it means:
    The message is known to be cut, and is set aside: its MLLP frame has a start and no end, or the file ends
    in the name of a segment, in an MSH without a message type, or inside a batch that has no trailer, and its
    last line has no end. A last line without an end alone is no sign: half of all files are written so. Or a
    field goes on in an ADD segment: the message is read, the parts are not joined.

Why it matters:
    Half a message reads well: results are missing from it, and nothing says so.

Example:
    OBX|3|NM|2823-3^Potassium^LN||4.1|mmol/L
    OB

What to do:
    Fetch the file again. The raw text is in quarantine.jsonl. For ADD, ask the sender for whole fields.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "fetch the file again; what was read of the message is in quarantine.jsonl"
