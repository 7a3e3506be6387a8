r"""An escape sequence or an encoding character of an HL7 v2 message is not as the standard says.

What it means:
    A text holds a sequence between two escape characters that is not known, or switches the character set:
    it is kept as it is. Or a text was escaped twice: one level is undone. Or MSH-2 repeats a character:
    with the escape character doubled it is read as ``^~\&``; else the first role of the character holds.

Why it matters:
    What the sender meant is not certain, and the raw sequence ends up in names and results.

Example:
    OBX|1|ST|1^Site^L||left\arm\upper        # backslashes that were not escaped

What to do:
    Have the sender escape the escape character itself, as ``\E\``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
HELP = "have the sender escape the escape character itself, as \\E\\"
