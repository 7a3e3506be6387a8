r"""Text that is not part of an HL7 v2 message.

What it means:
    Text stands before the first MSH segment, or an MSH declares no field separator and no encoding
    characters: it is set aside. Or lines stand between messages, behind a batch trailer or the end of an MLLP
    frame: they are counted. Or a line inside a message does not begin with the name of a segment, as when a
    sender did not escape a line break in a text: the line is not read, its message is.

Why it matters:
    A file that was cut at its start begins in the middle of a message, whose results belong to nobody. A
    line that is no segment is often the second half of a comment or of a value.

Example:
    OBX|7|NM|2345-7^Glucose^LN||98|mg/dL        # the first line of a file, no MSH before it

What to do:
    Look at the line in the file, and fetch the file again if it was cut. Have the sender escape line breaks
    in texts as ``\.br\``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "look at the line in the file; line breaks in a text are sent as \\.br\\"
