"""A text is not in the encoding that it is said to be in, or says nothing and is not UTF-8.

What it means:
    Bytes are decoded strictly, in the encodings that the mapping names, for HL7 v2 also in the one that the
    message names (MSH-18). Where another one fitted, the finding names it and the text was read so. Where
    none fitted, the file cannot be read, or the message is set aside. Escape sequences that switch the
    character set inside a text (ISO 2022) are kept as they are, not guessed.

Why it matters:
    In the wrong encoding names and units become other text without an error: ``µg`` turns into ``Âµg``, and
    the unit is not known any more.

Example:
    MSH-18 says UNICODE UTF-8, and the message holds the single byte E4, an ä in Windows-1252

What to do:
    Name the encoding in the mapping, ``source: {encoding: cp1252}``, or a list that is tried in order; or
    have the sender say the right one.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "name the encoding: source: {encoding: cp1252}, or a list that is tried in order"
