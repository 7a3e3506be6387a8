"""The last digits of a source are not spread evenly: somebody, or something, rounds.

What it means:
    Of at least a hundred blood pressures in whole mm[Hg], one last digit stands at the end of one in five or more,
    and the spread over the ten digits is not that of chance (chi-square over 27.88: one in a thousand). Even digits
    alone, as a column of mercury is read, are told as well.

Why it matters:
    Values next to a threshold move onto it: a 139 is written as 140. Agreement with a source that does not round
    looks worse than it is.

Example:
    systolic 120, 130, 140, 110, 130 …          # half of the values end in 0

What to do:
    Nothing in the mapping. Do not read more into the values than ten, or two, mm[Hg].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from twinmap.checks.context import Context, Stated
from twinmap.checks.values import is_value, numbers
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "nothing in the mapping; do not read more into the values than they were rounded to"

#: Digit preference is known of pressures that people read.
CONCEPTS = ("systolic-blood-pressure", "diastolic-blood-pressure")
FEWEST = 100
_SHARE = 0.2
#: Of nine degrees of freedom, at one in a thousand.
_CHI_SQUARE = 27.88


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, code and unit."""
    asked = [item for item in context.compared.signatures if _is_asked(item)]
    digits: dict[int, dict[int, int]] = defaultdict(dict)
    by_key = {(item.source, item.meaning.code, item.unit): item for item in asked}
    for source, code, unit, digit, count in numbers(
        context, asked, "(value_num % 10)::INTEGER", "value_decimals = 0"
    ):
        if (source, code, unit) in by_key:
            digits[by_key[source, code, unit].number][digit] = count
    for item in asked:
        counts = digits.get(item.number) or {0: 0}
        total = sum(counts.values())
        even = total / 10
        spread = sum((counts.get(digit, 0) - even) ** 2 / even for digit in range(10))
        most = max(counts, key=lambda digit: (counts[digit], -digit))
        if total < FEWEST or counts[most] < _SHARE * total or spread < _CHI_SQUARE:
            continue
        found = Stated(item, item.rule, counts[most], context.first(item, slot="value"))
        message = (
            f"{item.group}: {100 * counts[most] / total:.0f} % of the values of {item.source} end in {most}"
        )
        details = {"digit": most, "values": total, "chi_square": round(spread, 1), "code": item.meaning.curie}
        yield context.finding("TM-P04", message, found, "value", details=details)


def _is_asked(item: Signature) -> bool:
    return (
        item.group in CONCEPTS
        and item.unit == "mm[Hg]"
        and item.profile.decimals == 0
        and item.profile.n >= FEWEST
        and is_value(item)
        and item.word("statistic") in (None, "point")
    )
