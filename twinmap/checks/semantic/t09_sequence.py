"""The times of a patient stand in an order that cannot be.

What it means:
    A period ends a day or more before it starts; or an observation or a procedure lies more than a day before the start
    of the encounter that it names as its own. A day is left for times that are known as dates alone. Times of orders,
    of collection and of receipt are not kept, so that their order is not looked at.

Why it matters:
    Two dates are swapped, a year was mistyped, or the encounter is the wrong one: durations come out negative, and
    what happened during the stay is not found in it.

Example:
    encounter 2026-03-09 to 2026-03-02          # admission and discharge are swapped

What to do:
    Look at which fields ``start`` and ``end`` are bound to, and at the first places.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context, Seen
from twinmap.diagnostics import Finding, Severity
from twinmap.kinds import KINDS

SEVERITY = Severity.WARNING
HELP = "look at which fields start and end are bound to, and at the first places"

_DAY_US = 86_400_000_000
#: What is done or measured in an encounter.
_WITHIN = ("observation", "procedure")


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, kind, mapping rule and reason."""
    for kind, known in KINDS.items():
        if "end_us" not in known.names:
            continue
        reversed_ = f"CASE WHEN s.end_us <= s.start_us - {_DAY_US} THEN 'end' END"
        for seen in context.grouped(kind, reversed_, "time"):
            yield _finding(context, seen, "ends before it starts")
    encounters = context.table("encounter")
    if encounters is None:
        return
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_stay AS SELECT id AS stay, min(start_us) AS opened "
        f"FROM {encounters} WHERE start_us IS NOT NULL AND status IS DISTINCT FROM 'entered-in-error' GROUP BY id"
    )
    before = f"CASE WHEN s.start_us < k.opened - {_DAY_US} THEN 'encounter' END"
    for kind in _WITHIN:
        for seen in context.grouped(kind, before, "time", "JOIN k_stay k ON k.stay = s.encounter"):
            yield _finding(context, seen, "lies before the encounter that it names")


def _finding(context: Context, seen: Seen, what: str) -> Finding:
    return context.finding(
        "TM-T09",
        f"{seen.kind} of {seen.source}: the time {what}",
        seen,
        "time",
        concept=f"{seen.kind} {seen.code}",
        details={"kind": seen.kind, "reason": seen.code},
    )
