"""Two sources give a concept on different scales: a number in one, a category in the other.

What it means:
    One source has quantities of a concept (LOINC SCALE ``Qn``), and the other has codes (``Ord``, ``Nom``) in at
    least three statements, and no quantity; or the codes of both differ in SCALE. The two cannot be compared.

Why it matters:
    A strip that reads ``++`` and a concentration of 180 mg/dL are not one series. No conversion leads from one to
    the other without a table of the maker.

Example:
    laboratory: glucose 94 mg/dL        practice: glucose ``positive``      # a urine dipstick

What to do:
    Map each to its own code: the dipstick has one whose LOINC SCALE is ``Ord``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.differences import differences
from twinmap.checks.explanations import Difference
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "map numbers and categories to codes of their own scale"
TELLS = Difference("scale")

FEWEST = 3


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept; and what the codes themselves say."""
    yield from differences(context, "TM-K01")
    by_concept: dict[str, dict[str, list[Signature]]] = defaultdict(lambda: defaultdict(list))
    for item in context.compared.signatures:
        if item.values in ("quantity", "coded"):
            by_concept[item.group][item.source].append(item)
    for group, sources in sorted(by_concept.items()):
        for pair in combinations(sorted(sources), 2):
            scales = [{item.values for item in sources[source]} for source in pair]
            numbers = [sum(item.profile.n for item in sources[source]) for source in pair]
            if scales not in ([{"quantity"}, {"coded"}], [{"coded"}, {"quantity"}]):
                continue
            coded = scales.index({"coded"})
            if numbers[coded] < FEWEST:
                continue
            a, b = (sources[source][0] for source in pair)
            words = [min(scale) for scale in scales]
            yield registry.finding(
                "TM-K01",
                f"{a.meaning.said}: the values are {_SAYS[words[0]]} in {pair[0]} and {_SAYS[words[1]]} in {pair[1]}",
                where=context.where(sources[pair[coded]][0].rule, "value"),
                places=context.first(a, b, slot="value"),
                sources=pair,
                concept=group,
                facet="scale",
                details={"n_a": numbers[0], "n_b": numbers[1]},
                count=numbers[coded],
            )


_SAYS = {"quantity": "numbers", "coded": "categories"}
