"""A series that is measured every few minutes stands still for hours.

What it means:
    Readings of one patient, source, code and device that follow each other within ten minutes are all the same
    number, at least 25 of them over at least two hours; zero is not meant. It is asked of quantities that never
    stand still (``ontologies/checks/continuous.yaml``: heart rate, glucose, arterial pressure), of single readings,
    and of sources that typically measure every ten minutes or more often.

Why it matters:
    A device that has lost the body, or the connection, often repeats its last reading. Means and times in range
    then count hours that nobody measured.

Example:
    wristband: heart-rate 72 /min at every minute from 02:00 to 06:10

What to do:
    Leave the time out by ``keep``, or ask the maker how the device marks lost contact. A pacemaker can hold the
    heart rate of a patient at rest: then it is true.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context, Stated
from twinmap.checks.values import facts, is_value
from twinmap.compare.signature import Signature
from twinmap.diagnostics import PLACES_KEPT, Finding, Severity

SEVERITY = Severity.WARNING
HELP = "see whether the device had contact; a paced heart rate at rest may be true"

_MINUTE_US = 60_000_000
_GAP_US = 10 * _MINUTE_US
FEWEST = 25
LEAST_US = 120 * _MINUTE_US
_HOUR_US = 60 * _MINUTE_US
#: Readings that are at most ten minutes apart, in an hour, the first and the last left out.
_FEWEST_IN_AN_HOUR = 5


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule; its count is that of the readings."""
    asked = {item.number: item for item in context.compared.signatures if _is_dense(item)}
    if not asked:
        return
    for sig, rule, count, runs, longest, places in context.duck.rows(_sql(asked)):
        item = asked[sig]
        found = Stated(item, rule, count, context.places(item.source, places))
        message = f"{item.group}: readings of {item.source} stand still for hours"
        details = {"runs": runs, "longest_min": longest // _MINUTE_US, "code": item.meaning.curie}
        yield context.finding("TM-V07", message, found, "value", details=details)


def _is_dense(item: Signature) -> bool:
    gap = item.profile.gap_us
    return (
        item.group in facts("continuous").texts("concepts")
        and is_value(item)
        and item.word("statistic") in (None, "point")
        and gap is not None
        and gap <= _GAP_US
        and item.profile.n >= FEWEST
    )


def _sql(asked: dict[int, Signature]) -> str:
    """Runs of equal readings; only of series in which a whole hour of the clock stands still are they looked for."""
    series = "sig, twin, device"
    read = (
        "SELECT * REPLACE (coalesce(device, '') AS device) FROM observed "
        f"WHERE value_num <> 0 AND sig IN ({', '.join(map(str, asked))})"
    )
    return (
        f"WITH said AS ({read}), still AS (SELECT DISTINCT {series} FROM said GROUP BY {series}, start_us // {_HOUR_US} "
        f"HAVING min(value_num) = max(value_num) AND count(*) >= {_FEWEST_IN_AN_HOUR}), "
        "marked AS (SELECT *, value_num IS DISTINCT FROM lag(value_num) OVER w "
        f"OR start_us - lag(start_us) OVER w > {_GAP_US} AS starts FROM said SEMI JOIN still USING ({series}) "
        f"WINDOW w AS (PARTITION BY {series} ORDER BY start_us, value_num)), "
        f"numbered AS (SELECT *, sum(starts::INTEGER) OVER (PARTITION BY {series} ORDER BY start_us, value_num "
        "ROWS UNBOUNDED PRECEDING) AS run FROM marked), "
        "runs AS (SELECT sig, rule, count(*) AS n, max(start_us) - min(start_us) AS us, "
        "min({'file': file, 'record': record, 'line': line, 'part': part}) AS place "
        f"FROM numbered GROUP BY {series}, rule, run HAVING n >= {FEWEST} AND us >= {LEAST_US}) "
        f"SELECT sig, rule, sum(n)::BIGINT, count(*), max(us), min(place, {PLACES_KEPT}) FROM runs GROUP BY sig, rule "
        "ORDER BY sig, rule"
    )
