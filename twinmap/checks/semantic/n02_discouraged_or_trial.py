"""A code is discouraged by LOINC, or a trial term.

What it means:
    The release of LOINC that was loaded (``terms add``) gives the term the status DISCOURAGED, it is not to be
    used for new data, or TRIAL, it may still change or be withdrawn. Both are valid codes.

Why it matters:
    The meaning of a trial term may change with the next release; a discouraged one has a better sister, and two
    sources that choose differently do not meet.

Example:
    loinc:55284-4           # DISCOURAGED: blood pressure as one term; 85354-9 is the panel

What to do:
    For new data look for an active term. What is recorded stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "look for an active term for new data"

_STATUSES = {"DISCOURAGED": "discouraged", "TRIAL": "a trial term"}


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        concept = context.terms.of(seen)
        status = _STATUSES.get((concept.detail or "").upper()) if concept is not None else None
        if status is not None:
            details = {"status": status, "slot": seen.slot, "kind": seen.kind}
            yield context.finding(
                "TM-N02", f"{said(seen.system, seen.code)} is {status}", seen, seen.slot, details=details
            )


written = check
