"""A code is deprecated, and one other code has taken its place.

What it means:
    LOINC has withdrawn the term and names exactly one replacement. The statement keeps the code that was
    received; in comparisons it means what its replacement means. Known are the terms of a small table, with
    the source of each row, and all those of a release of LOINC that was loaded (``terms add``). Codes of other
    systems are N03.

Why it matters:
    New systems send the new code, old ones the old: half of a series is missed by a query for either.

Example:
    loinc:2710-2            # deprecated; 59408-5 took its place

What to do:
    Write the replacement in the mapping, or give a code map with a row for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc

SEVERITY = Severity.WARNING
HELP = "write the replacement in the mapping, or map the deprecated code to it"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        fate = context.terms.fate(seen) if seen.system == loinc.SYSTEM else None
        if fate is not None and fate.sure:
            new = fate.successors[0]
            message = f"LOINC {seen.code} is deprecated: {new} took its place"
            details = {"code": seen.code, "suggested": new, "slot": seen.slot, "kind": seen.kind}
            yield context.finding("TM-N01", message, seen, seen.slot, details=details)


written = check
