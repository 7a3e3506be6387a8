"""A unit is written in other capitals than UCUM writes it.

What it means:
    UCUM is case-sensitive. The text is no unit as it stands, or one that is hardly meant, and is one in UCUM's
    case-insensitive variant, which HL7 v2 used: ``MG/DL`` is read as ``mg/dL``, and so is ``mEq/L``, as many
    laboratories write it, as ``meq/L``. The form of UCUM is used, the text stays as received (``unit_raw``).

Why it matters:
    ``M`` and ``m`` are mega and milli: the same letters in another case are a factor of a thousand million, and
    whoever reads ``MM`` may take it for millimetre or for megametre.

Example:
    unit: MG/DL         # mg/dL

What to do:
    Say what the texts of this source mean: ``unit: {from: $(unit), map: {MG/DL: mg/dL}}``. A unit that is
    always the same is written as UCUM in the mapping.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the unit is not in the case that UCUM asks for: {shape}"
HELP = "add a map to the unit, from the texts of the source to UCUM"
