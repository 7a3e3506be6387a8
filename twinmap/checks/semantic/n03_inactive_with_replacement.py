"""A code is inactive, and exactly one other code means the same or took its place.

What it means:
    The edition of the code system that was loaded (``terms add``) has the code as inactive, with one association
    SAME AS or REPLACED BY, or one code in its place. The statement keeps the code that was received; in
    comparisons it means what its successor means. LOINC terms are N01.

Why it matters:
    Hierarchies and value sets of the current edition have the new code alone: a query by them misses every
    record that has the old one.

Example:
    an inactive SNOMED CT id whose historical association is SAME AS one active id

What to do:
    Write the successor in the mapping, or give a code map with a row for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc

SEVERITY = Severity.WARNING
HELP = "write the successor in the mapping, or map the inactive code to it"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        fate = context.terms.fate(seen) if seen.system != loinc.SYSTEM else None
        if fate is not None and fate.sure:
            new = said(seen.system, fate.successors[0])
            details = {"suggested": fate.successors[0], "slot": seen.slot, "kind": seen.kind}
            message = f"{said(seen.system, seen.code)} is inactive: {new} took its place"
            yield context.finding("TM-N03", message, seen, seen.slot, details=details)


written = check
