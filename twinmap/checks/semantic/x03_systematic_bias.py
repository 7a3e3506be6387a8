"""Two sources differ by more than the margin of their concept.

What it means:
    Pairs of one moment of at least ten patients and thirty pairs: the 95 % interval of the mean difference, or of
    the standard deviation of differences, lies wholly beyond what the concept's ``margin`` allows; where the margin
    is one of every pair, that of the mean difference. Which of the sources is right is not known from their numbers.
    Concepts without a margin are not judged.

Why it matters:
    Values of one source continue the other's with a step, and a threshold means something else in each.

Example:
    wristband 9 mm[Hg] below the ward's cuff on average (95 % interval -10 to -8), margin 5 mm[Hg]

What to do:
    Look at method, site and posture of both first; state the difference as a facet (``site: wrist``), and do not
    pool the two. A bias is never subtracted by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.agreement import agreement_rows, most_pairs
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "look at method and site of both, state what differs as a facet, and do not pool the two"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept: of the signatures with most pairs that differ so."""
    for item, several in most_pairs(context.compared.agreements, lambda item: item.verdict == "disagree"):
        (row,) = agreement_rows([item])
        yield registry.finding(
            "TM-X03",
            f"{context.said(item.group)}: {item.source_a} and {item.source_b} differ by more than their margin: "
            f"{item.why}, {item.pairs} pairs of {item.patients} patients",
            sources=(item.source_a, item.source_b),
            **context.sides(item.group, item.source_a, item.source_b, slot="value"),
            concept=item.group,
            relation=item.relation,
            details={key: row[key] for key in ("pairs", "patients", "bias", "sd", "margin")}
            | {"signatures": several},
            count=item.pairs,
        )
