"""The annotations of two units say that they measure two things.

What it means:
    To UCUM a text in braces means nothing, and the two units are one. Some of these texts do tell quantities
    apart: fibrinogen equivalent units from D-dimer units (``{FEU}``, ``{DDU}``), what is related to creatinine
    from what is related to haemoglobin (``{creat}``, ``{Hb}``), scales of HbA1c (``{NGSP}``, ``{IFCC}``), dry
    matter from wet, and a clearance for 1.73 m2 of body surface (``{1.73_m2}``) from that of the body as it is.
    The two sources are ``related``. What is merely counted (``{beats}``, ``{steps}``) makes no difference.

Why it matters:
    A D-dimer of 500 ug/L{FEU} is one of about 250 ug/L{DDU}; at the limit that excludes a thrombosis, the one
    is at it and the other far below.

Example:
    laboratory: 430 ug/L{FEU}       clinic: 210 ug/L{DDU}

What to do:
    Keep the two apart. Where the code system has a code for each, as LOINC for D-dimer, map to these.
"""

from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "keep the two apart; map each to the code that says what its unit says"
TELLS = Difference("annotation")
