"""Codes that are said to mean the same measure different things.

What it means:
    A record carries two codes, or an exact match of a code map ties them, and they belong to different
    concepts or LOINC components: a systolic and a diastolic pressure. Codes that merely differ in specimen,
    method or time are C13.

Why it matters:
    Whoever reads the one code or the other takes the value for something else.

Example:
    code: [loinc:8480-6, loinc:8462-4]          # systolic and diastolic, on one value

What to do:
    Correct the coding at the sender or the row of the code map. A value has one meaning: a panel's members are
    statements of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import codings
from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.checks.explanations import Difference
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "correct the coding at the sender or the row of the code map"
TELLS = Difference("component")


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and pair of codes."""
    yield from differences(context, "TM-C06")
    for found in codings.pairs(context):
        if any(item.facet == "component" for item in found.facets):
            yield codings.finding(context, "TM-C06", found)
