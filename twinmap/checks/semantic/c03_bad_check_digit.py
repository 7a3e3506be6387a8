"""A code of LOINC or SNOMED CT has a wrong check digit.

What it means:
    The last digit of both follows from the others (LOINC: mod 10; SNOMED CT: Verhoeff). Here it does not. The
    finding tells the digit that would fit; it is as likely that another digit was mistyped.

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

from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc, snomed

SEVERITY = Severity.ERROR
HELP = "look the code up by its display, and correct it in the mapping or at the sender"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        suggested = _fitting(seen.system, seen.code)
        if suggested is None:
            continue
        name = "LOINC" if seen.system == loinc.SYSTEM else "SNOMED CT"
        yield context.finding(
            "TM-C03",
            f"{seen.code} has not the check digit of {name}",
            seen,
            seen.slot,
            details={"code": seen.code, "suggested": suggested, "slot": seen.slot, "kind": seen.kind},
            help=f"{suggested} has the right one; {HELP}",
        )


def _fitting(system: str | None, code: str) -> str | None:
    """The code with the digit that fits; None where it is right, or no code of these systems."""
    if system == loinc.SYSTEM:
        return loinc.corrected(code)
    if system == snomed.SYSTEM and snomed.is_snomed_shaped(code) and not snomed.check_digit_ok(code):
        return code[:-1] + snomed.check_digit(code[:-1])
    return None
