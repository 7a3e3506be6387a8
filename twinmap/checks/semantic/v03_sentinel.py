"""A number that stands for no value is stated as one: -1, 999.

What it means:
    One of the numbers that codebooks and protocols reserve for what is missing (listed with their sources in
    ``ontologies/checks/sentinels.yaml``) stands at least three times among the values of a concept, and is not
    plausible there; and it is no part of a spread: all other values beyond the limits are together less than a
    third as many. Concepts without limits, and numbers that are plausible (a heart rate of 99), are not judged.

Why it matters:
    ``999`` in one row of a hundred moves a mean by nine. The patient had no value, and gets one.

Example:
    body-height: 999 cm in 40 rows of 2,000         heart-rate: -1 /min in 12 rows

What to do:
    Say so in the mapping: ``missing: ["-1", "999"]``. Where the source knows why there is no value, keep that as
    ``absent``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from twinmap.checks.context import FIRST, Context, Stated
from twinmap.checks.values import facts, implausible
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "list the number in missing of this source"

FEWEST = 3
#: How many times as often as all other values beyond the limits the numbers together occur.
_TIMES = 3


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept, mapping rule and number."""
    asked = {item.number: (item, test) for item in context.compared.signatures if (test := implausible(item))}
    listed = {
        value: section.text("source")
        for section in facts("sentinels").sections("values")
        if (value := section.number("value")) is not None
    }
    for item, rule, words in _beyond(context, asked, tuple(listed)):
        others, _ = words.pop(None, (0, None))
        often = {value: found for value, found in words.items() if value is not None and found[0] >= FEWEST}
        if sum(count for count, _ in often.values()) < _TIMES * others:
            continue
        for value, (count, places) in sorted(often.items()):
            found = Stated(item, rule, count, context.places(item.source, places))
            yield context.finding(
                "TM-V03",
                f"{item.group}: {value:g} of {item.source} stands for a missing value",
                found,
                "value",
                details={"number": value, "listed": listed[value], "unit": item.unit, "detail": f"{value:g}"},
            )


def _beyond(
    context: Context, asked: Mapping[int, tuple[Signature, str]], listed: tuple[float, ...]
) -> Iterator[tuple[Signature, str, dict[float | None, Any]]]:
    """By signature and rule: how often each listed number is not plausible, and under None all others."""
    if not asked:
        return
    any_of = " OR ".join(f"(sig = {number} AND ({test}))" for number, (_, test) in asked.items())
    grouped: dict[tuple[int, str], dict[float | None, Any]] = defaultdict(dict)
    for sig, rule, value, count, places in context.duck.rows(
        f"SELECT sig, rule, CASE WHEN value_num IN ({', '.join(map(repr, listed))}) THEN value_num END AS said, "
        f"count(*), {FIRST} FROM observed WHERE comparator IS NULL AND ({any_of}) GROUP BY ALL ORDER BY ALL"
    ):
        grouped[sig, rule][value] = (count, places)
    for (sig, rule), words in grouped.items():
        yield asked[sig][0], rule, words
