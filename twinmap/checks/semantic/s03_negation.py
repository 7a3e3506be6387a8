"""A source refutes a condition of a patient, and confirms it, or a kind of it, at the same time.

What it means:
    In one source, one statement is ``refuted`` and another ``confirmed``; both hold at one time, and the confirmed
    code is the refuted one or is below it in your terminology (``twinmap terms add``). Refuted diabetes contradicts
    confirmed type 2 diabetes; refuted type 2 diabetes does not contradict confirmed diabetes. Without a terminology
    only equal codes are found. What has no date, or only a month, is not taken to be at the same time; a confirmed
    statement without an end goes on only where it is ``active``. Between two sources it is X05.

Why it matters:
    A search for patients with diabetes finds this one, a search for those without finds it as well.

Example:
    73211009 Diabetes mellitus, refuted 2026-03-01      44054006 Type 2, confirmed, active since 2020-05-04

What to do:
    Look at both statements: often the older one was not closed when the diagnosis was revised.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.assertions import contradictions
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "look at both statements: often the older one was not closed when the diagnosis was revised"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule, refuted code and confirmed code; its count is that of the patients."""
    for item in contradictions(context):
        if item.source == item.other:
            yield registry.finding(
                "TM-S03",
                f"{item.kind}: {item.source} refutes {item.said}, and confirms {item.said_against} at the same time",
                where=context.where(item.rule, "verification"),
                places=item.places,
                sources=(item.source,),
                concept=f"{item.kind} {item.said}",
                rule=item.rule,
                details={"kind": item.kind, "detail": item.said_against},
                count=item.number,
            )
