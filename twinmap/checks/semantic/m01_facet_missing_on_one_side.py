"""A facet that decides about a concept is stated by one source and not by the other.

What it means:
    The concept file lists the facet as required (the site of a temperature, the specimen of a glucose). One
    source says it, the other leaves it open, and is the broader of the two.

Why it matters:
    The open side may hold anything: it cannot be told to mean the same, even if every number agrees.

Example:
    ehr: body-temperature, site not said        ward: body-temperature, site mouth

What to do:
    Bind the facet where the source knows it, also as a literal where it is always the same:
    ``site: mouth``. Never guess it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "bind the facet in the mapping of the source that leaves it open, if it is known"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    yield from differences(context, "TM-M01")
