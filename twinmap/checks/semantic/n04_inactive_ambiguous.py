"""A code is inactive, and no single code took its place.

What it means:
    The edition of the code system that was loaded (``terms add``) has the code as inactive. Several codes may
    stand for it (POSSIBLY EQUIVALENT TO, several rows of LOINC's MapTo), or what stands for it does not mean the
    same (WAS A, ALTERNATIVE). As a warning: nothing is named in its place, as where an OMOP download says that the
    code was upgraded and has no relationship that says to what. Nothing is followed.

Why it matters:
    An ambiguous code was retired because it meant two things: which of them a record means is not in the code.
    To choose one is to invent.

Example:
    an inactive SNOMED CT id with two associations POSSIBLY EQUIVALENT TO

What to do:
    Have somebody decide who knows what the source means by it, and give a code map with a row for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "have somebody decide what the source means by it, and add a row to a code map"
#: How many of the codes that may be meant a message tells.
_TOLD = 4


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        fate = context.terms.fate(seen)
        if fate is None or fate.sure:
            continue
        told = ", ".join(fate.successors[:_TOLD]) + (" …" if len(fate.successors) > _TOLD else "")
        nothing = (
            "it was upgraded, to what is not there" if fate.upgraded else "nothing is named in its place"
        )
        why = f"it may be {told}" if fate.successors else nothing
        yield context.finding(
            "TM-N04",
            f"{said(seen.system, seen.code)} is inactive, and {why}",
            seen,
            seen.slot,
            severity=SEVERITY if fate.successors else Severity.WARNING,
            details={"candidates": list(fate.successors), "slot": seen.slot, "kind": seen.kind},
        )


written = check
