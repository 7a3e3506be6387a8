"""The meaning of a code differs between two editions that were loaded.

What it means:
    Several editions of a code system are in the terminology store (``terms add`` of each release), and of a code
    that is used the newest says something else than an older one: another axis of LOINC (component, property,
    time, system, scale or method), or another semantic tag of SNOMED CT. Names that were only reworded are not
    meant. Nothing is said where one edition is loaded.

Why it matters:
    What was recorded under the old meaning is read under the new one. LOINC 4548-4 was once a mass fraction,
    then a substance fraction, then a mass fraction again.

Example:
    LOINC 2.72: PROPERTY MFr        LOINC 2.82: PROPERTY SFr

What to do:
    Find out which release the source used when it coded. Pin that edition, or map the records of that time to
    the code that means today what this one meant then.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "find out which release the source used when it coded"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    changes = context.terms.changes
    for seen in context.codes:
        for change in changes.get((seen.system or "", seen.code), ()):
            yield context.finding(
                "TM-N06",
                f"{said(seen.system, seen.code)}: {change.what} was {change.before} in {change.old} "
                f"and is {change.after} in {change.new}",
                seen,
                seen.slot,
                details={
                    "detail": change.what,
                    "before": change.before,
                    "after": change.after,
                    "versions": [change.old, change.new],
                    "slot": seen.slot,
                    "kind": seen.kind,
                },
            )


written = check
