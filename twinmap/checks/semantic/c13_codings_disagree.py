"""A record carries a standard code, and the code map gives another one for the same thing.

What it means:
    Beside the local code stands a code of a standard system (LOINC, SNOMED CT …). The map has rows for the
    codings of this record, and none of their targets is that code. The code in the record is used, and no
    row of the map is applied.

Why it matters:
    One of the two is wrong, or they differ in something that matters: the specimen, the method, mass or
    amount of substance. Whoever trusts the wrong one compares two different things.

Example:
    OBX-3  GLU^Glucose^L^2339-0^Glucose^LN          # glucose in blood
    map    lab:GLU skos:exactMatch loinc:2345-7     # glucose in serum or plasma

What to do:
    Ask the laboratory which is meant. Correct the row of the map, or tell the sender that the code in the
    message is wrong.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
MESSAGE = "the standard code in the record and the target of the code map differ"
HELP = "correct the row of the code map, or tell the sender that the code in the record is wrong"
