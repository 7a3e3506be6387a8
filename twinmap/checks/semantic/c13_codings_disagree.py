"""The codes that a record carries, or is given by a code map, exclude each other.

What it means:
    Beside the local code stands a code of a standard system (LOINC, SNOMED CT …). The map has rows for the
    codings of this record, and none of their targets is that code. The code in the record is used, and no
    row of the map is applied. Or the record itself carries two codes of one component that differ in
    something that excludes the other: the specimen, the method, the time. A code that is only more precise
    than the other (2708-6 beside 59408-5) is no disagreement; codes of different components are C06.

Why it matters:
    One of the two is wrong, or they differ in something that matters: the specimen, the method, mass or
    amount of substance. Whoever trusts the wrong one compares two different things.

Example:
    OBX-3  GLU^Glucose^L^2339-0^Glucose^LN          # glucose in blood
    map    lab:GLU skos:exactMatch loinc:2345-7     # glucose in serum or plasma

What to do:
    Ask the laboratory which is meant. Correct the row of the map, or tell the sender that the code in the
    message is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import codings
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
MESSAGE = "the standard code in the record and the target of the code map differ"
HELP = "correct the row of the code map, or tell the sender that the code in the record is wrong"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and pair of codes that one record carries."""
    for found in codings.pairs(context):
        if all(item.facet != "component" for item in found.facets):
            yield codings.finding(context, "TM-C13", found)
