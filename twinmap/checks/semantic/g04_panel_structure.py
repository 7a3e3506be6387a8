"""One source states a concept as part of a panel, the other by itself.

What it means:
    The concept is a member of a panel (systolic pressure of blood pressure). Nearly all statements of one source
    name the panel that they were made in, those of the other none. What both mean is the same.

Why it matters:
    Which systolic and which diastolic belong together is known in one source alone; in the other it can only be
    guessed by the time. The mean pressure and the pulse pressure need both.

Example:
    ehr: Observation 85354-9 with two components        wristband: two rows, 8480-6 and 8462-4

What to do:
    Where the rows of a source have what joins them (a measurement number, one time), bind ``panel`` to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.statements import both, facts, number, told
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "bind panel where the source has what joins the parts of one measurement"

#: What counts as nearly all.
_NEARLY_ALL = 0.95


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and member of a panel."""
    for item in both(context):
        concept = context.catalogue.get(item.concept)
        if concept is None or concept.panel is None:
            continue
        known = facts(context)
        for source, other in item.sides:
            mine, others = known[source, item.concept], known[other, item.concept]
            alone = [fact for fact in mine if not fact.panel]
            joined = [fact for fact in others if fact.panel]
            if number(alone) < _NEARLY_ALL * number(mine) or number(joined) < _NEARLY_ALL * number(others):
                continue
            yield told(
                context,
                "TM-G04",
                f"{context.said(item.concept)}: {other} states it in a panel ({concept.panel}), {source} by itself",
                alone,
                "panel IS NULL",
                "panel",
                sources=(source, other),
                concept=item.concept,
            )
