"""One source knows the day of a value and no more, the other the time of day.

What it means:
    Two sources have the concept of the same patients. At least a tenth of the statements of one have a date
    without a time of day, and the other has times of day and not so many dates. A date is kept with its precision
    and is no instant: it takes no part in the comparison of events.

Why it matters:
    Read as midnight, a date pairs with whatever was measured in that night, and lies before an admission of the
    same day.

Example:
    registry: 2026-03-01        ward: 2026-03-01T08:15:00+01:00

What to do:
    Compare by the day, or bind ``time`` to a field that has the time of day. A source that writes midnight
    (``2026-03-01 00:00:00``) where it knows the day alone is not found by this: cut the time off in the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twinmap.checks.context import Context
from twinmap.checks.statements import Fact, both, facts, number, told
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "compare by the day, or bind time to a field that has the time of day"

_DATES = ("year", "month", "day")
#: Fewer than this share are exceptions, not how a source tells the time.
_SHARE = 0.1


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept of which one side has dates and the other has not."""
    for item in both(context):
        known = facts(context)
        for source, other in item.sides:
            mine, theirs = known[source, item.concept], known[other, item.concept]
            dates = _dates(mine)
            times = [fact for fact in theirs if fact.precision not in (None, "hour", *_DATES)]
            if not times or not dates or _dates(theirs):
                continue
            yield told(
                context,
                "TM-T08",
                f"{context.said(item.concept)}: {source} knows the day alone, {other} the time of day",
                dates,
                f"time_precision IN {_DATES}",
                "time",
                sources=(source, other),
                concept=item.concept,
                details={"detail": source},
            )


def _dates(known: Sequence[Fact]) -> list[Fact]:
    """The facts with dates; none where they are exceptions."""
    dates = [fact for fact in known if fact.precision in _DATES]
    return dates if number(dates) >= max(1, _SHARE * number(known)) else []
