"""A code does not belong to the system that it is given under.

What it means:
    The code has the form and the check digit of another system (a LOINC code under the URI of SNOMED CT), or
    has not the form of its own. As a warning: the URI of the system misses a known one by a letter or two, or
    a code of the core concepts stands under a system that is not known. Other names of a system (``LN``, an
    OID, https for http) are one system and are not meant.

Why it matters:
    A code is a pair. Under the wrong system it is another code, or none, and joins with nothing.

Example:
    {system: "http://snomed.info/sct", code: "8480-6"}      # a code of LOINC

What to do:
    Correct the system in the mapping (``system``, ``systems``) or at the sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.checks.context import Seen
from twinmap.diagnostics import Finding, Severity
from twinmap.privacy import shape
from twinmap.terms import loinc, snomed, systems

SEVERITY = Severity.ERROR
HELP = "correct system or systems in the mapping, or the system at the sender"

#: Parts, answers, lists and groups of LOINC: no terms, but codes of its system.
_LOINC_OTHER = re.compile(r"L[PALG][0-9]+-[0-9]|MTHU[0-9]+")


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule, system and code."""
    for seen in context.codes:
        found = _wrong(context, seen)
        if found is None:
            continue
        severity, message, suggested = found
        yield context.finding(
            "TM-C04",
            message,
            seen,
            f"{seen.slot}_system",
            seen.slot,
            severity=severity,
            concept=f"{seen.system or ''}|{shape(seen.code)}",
            details={"slot": seen.slot, "kind": seen.kind} | ({"suggested": suggested} if suggested else {}),
            help=f"did you mean {suggested}? {HELP}" if suggested else HELP,
        )


written = check


def _wrong(context: Asked, seen: Seen) -> tuple[Severity, str, str | None] | None:
    """Severity, message and the system that is meant; None where nothing is wrong."""
    code = seen.code
    if seen.system == snomed.SYSTEM:
        if loinc.check_digit_ok(code):
            return SEVERITY, f"{code} has the form of LOINC and is given as SNOMED CT", loinc.SYSTEM
        if not snomed.is_snomed_shaped(code):
            return SEVERITY, f'a code of shape "{shape(code)}" cannot be of SNOMED CT', None
    elif seen.system == loinc.SYSTEM:
        if snomed.is_concept(code):
            return SEVERITY, f"{code} has the form of SNOMED CT and is given as LOINC", snomed.SYSTEM
        if not loinc.is_loinc_shaped(code) and not _LOINC_OTHER.fullmatch(code):
            return SEVERITY, f'a code of shape "{shape(code)}" cannot be of LOINC', None
    elif systems.canonical(seen.system or "") is None:
        return _unknown(context, seen)
    return None


def _unknown(context: Asked, seen: Seen) -> tuple[Severity, str, str | None] | None:
    """A system that is not known: nearly a known one, or the home of a code that we know elsewhere."""
    meant = systems.near(seen.system) if seen.system else None
    if meant is not None:
        return Severity.WARNING, f'the system "{seen.system}" is not known, and nearly {meant}', meant
    concept = context.catalogue.by_code(loinc.SYSTEM, seen.code)
    if concept is not None and loinc.check_digit_ok(seen.code):
        under = f'the system "{shape(seen.system)}"' if seen.system else "no system"
        return Severity.WARNING, f"{seen.code} stands under {under}, and is a code of LOINC", loinc.SYSTEM
    return None
