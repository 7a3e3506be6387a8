"""A code is not in the edition of its system that was loaded.

What it means:
    The code is well formed, its check digit fits, and a complete edition of its system (``terms add``) does not
    have it. Nothing is said where no edition was loaded, or only a fragment: a code that a fragment lacks is
    unknown, not invalid. Of SNOMED CT an edition lacks only ids of the namespaces that it holds. Parts, answers
    and lists of LOINC are not terms, and are not asked for.

Why it matters:
    Either a digit was mistyped in a way that the check digit does not show, or the code is newer than the
    edition. In both cases nobody can say what the value means.

Example:
    loinc:99999-9           # LOINC has no such term

What to do:
    Look the code up by its display (``twinmap terms find``). Where it is newer than the edition, load a newer
    one.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.checks.context import Seen
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc, snomed

SEVERITY = Severity.ERROR
HELP = "look the code up by its display (twinmap terms find), or load a newer edition"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        concept = context.terms.of(seen)
        if concept is None or concept.exists or not _is_term(seen):
            continue
        edition = context.terms.edition(seen.system or "")
        yield context.finding(
            "TM-C02",
            f"{said(seen.system, seen.code)} is not in {edition}",
            seen,
            seen.slot,
            details={"slot": seen.slot, "kind": seen.kind, "edition": edition},
        )


written = check


def _is_term(seen: Seen) -> bool:
    """Whether the code has the form of its system: else C03 and C04 tell of it."""
    if seen.system == loinc.SYSTEM:
        return loinc.check_digit_ok(seen.code)
    return seen.system != snomed.SYSTEM or snomed.is_concept(seen.code)
