"""A code of LOINC or SNOMED CT has a wrong check digit.

What it means:
    The last digit of both follows from the others (LOINC: mod 10; SNOMED CT: Verhoeff). Here it does not. Where the
    code that would fit is a known one, the finding tells both; it is as likely that another digit was mistyped.
    Any other number is shown by its shape alone: it may be the number of a patient.

Why it matters:
    There is no such code. Where digits were lost on the way (a spreadsheet rounds an 18-digit id), the code may
    even look like another one.

Example:
    loinc:8480-7            # 8480-6 would fit

What to do:
    Look the code up by its display. Ids of SNOMED CT are text on every path, also in the export of the source.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.diagnostics import Finding, Severity
from twinmap.privacy import shape
from twinmap.terms import loinc, snomed

SEVERITY = Severity.ERROR
HELP = "look the code up by its display, and correct it in the mapping or at the sender"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        suggested = _fitting(seen.system, seen.code)
        if suggested is None:
            continue
        name = "LOINC" if seen.system == loinc.SYSTEM else "SNOMED CT"
        details = {"slot": seen.slot, "kind": seen.kind}
        said, advice = f'a code of shape "{shape(seen.code)}"', HELP
        if _is_known(context, seen.system or "", suggested):
            details |= {"code": seen.code, "suggested": suggested}
            said, advice = seen.code, f"{suggested} has the right one; {HELP}"
        yield context.finding(
            "TM-C03",
            f"{said} has not the check digit of {name}",
            seen,
            seen.slot,
            details=details,
            help=advice,
        )


written = check


def _is_known(context: Asked, system: str, code: str) -> bool:
    """Whether a code is one; what misses none that is known may be any number, one of a patient too."""
    known = context.catalogue.by_code(system, code) or context.catalogue.axes(code)
    return known is not None or code in snomed.terms()


def _fitting(system: str | None, code: str) -> str | None:
    """The code with the digit that fits; None where it is right, or no code of these systems."""
    if system == loinc.SYSTEM:
        return loinc.corrected(code)
    if system == snomed.SYSTEM and snomed.is_snomed_shaped(code) and not snomed.check_digit_ok(code):
        return code[:-1] + snomed.check_digit(code[:-1])
    return None
