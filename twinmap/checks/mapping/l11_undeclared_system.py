"""A code names a system that is neither known nor declared.

What it means:
    The prefix of a CURIE (``lab:GLU``) is not one of the systems that twinmap knows (LOINC, SNOMED CT,
    UCUM, RxNorm …) and not a short name in ``systems``; or a plain field is given as a code and nothing
    says of which system.

Why it matters:
    The same code means different things in different systems. A code without its system has no meaning.

Example:
    code: lab:$(TEST)

What to do:
    Declare it: ``systems: {lab: "https://lab.example.org/tests"}``, or correct the prefix.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = 'declare it: systems: {lab: "https://lab.example.org/"}, or correct the prefix'
