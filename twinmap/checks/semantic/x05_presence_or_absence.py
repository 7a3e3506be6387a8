"""One source refutes a condition or allergy of a patient that another one confirms for the same time.

What it means:
    The statement of one source is ``refuted``, that of the other ``confirmed``; both hold at one time, and the
    confirmed code is the refuted one or is below it in your terminology (``twinmap terms add``). Without a
    terminology only equal codes are found. What has no date, or only a month, is not taken to be at the same time; a
    confirmed statement without an end goes on only where it is ``active``. Within one source it is S03.

Why it matters:
    Both cannot be true. Whichever a query finds first decides whether the patient gets penicillin.

Example:
    ehr: allergy to penicillin, confirmed, active since 2019        clinic: refuted 2026-03-01, after a test

What to do:
    Look at both statements. The later one, or that with the test behind it, is usually right: correct the other in
    its source. Both are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.assertions import contradictions
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "look at both statements, and correct the one that is wrong in its source"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, mapping rule, refuted code and confirmed code; its count is that of the patients."""
    for item in contradictions(context):
        if item.source != item.other:
            yield registry.finding(
                "TM-X05",
                f"{item.kind}: {item.source} refutes {item.said}, and {item.other} confirms {item.said_against}",
                where=context.where(item.rule, "verification"),
                places=item.places,
                sources=(item.source, item.other),
                concept=f"{item.kind} {item.said}",
                rule=item.rule,
                relation="conflicting",
                details={"kind": item.kind, "detail": f"{item.source} {item.said_against}"},
                count=item.number,
            )
