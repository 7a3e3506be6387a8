"""A value is in one version of its value set and not in another.

What it means:
    Several versions of a value set are in the terminology store (``terms add``), and a coded value, or the target
    of a map, is a member of one of them and not of another: it was added or removed. Nothing is said of value
    sets of which one version is loaded, or that are given by rules that nobody expanded.

Why it matters:
    A count by the new version leaves out what the old one held, and the gap looks like a change of the patients.

Example:
    ValueSet smoking-status 3.0 has the code, 4.0 has not

What to do:
    Decide which version the data follows, and map what that version does not have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "decide which version the data follows, and map what that version does not have"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule, code and value set."""
    values = [seen for seen in context.codes if seen.slot == "value" and seen.system]
    by_code = defaultdict(list)
    for seen in values:
        by_code[seen.system or "", seen.code].append(seen)
    for key, name, having, lacking in context.terms.value_sets(by_code):
        for seen in by_code[key]:
            yield context.finding(
                "TM-E05",
                f"{said(*key)} is in version {having} of {name}, and not in version {lacking}",
                seen,
                seen.slot,
                details={"versions": [having, lacking], "detail": name, "slot": seen.slot, "kind": seen.kind},
            )


written = check
