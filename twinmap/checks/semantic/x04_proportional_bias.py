"""The difference of two sources grows with the value.

What it means:
    Over pairs of one moment (at least ten patients and thirty pairs), the slope of the difference on the mean of
    both leaves out 0 with its 95 % interval, and is at least five in a hundred: sources that agree in the middle
    differ at the ends. One source that merely scatters more than the other has such a slope as well.

Why it matters:
    No constant is the difference of the two, and limits of agreement over all values are too wide below and too
    narrow above.

Example:
    meter 100 mg/dL, lab 102 mg/dL; meter 300 mg/dL, lab 345 mg/dL

What to do:
    Look for a unit or calibration that differs by a factor; for concentrations use the ratio that is told.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.agreement import Agreement, agreement_rows, most_pairs
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "look for a unit or a calibration that differs by a factor, and compare ratios"

SMALLEST = 0.05


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept: of the signatures with most pairs that differ so."""
    for item, several in most_pairs(context.compared.agreements, _grows):
        (row,) = agreement_rows([item])
        told = {key: row[key] for key in ("pairs", "patients", "slope", "ratio") if key in row}
        yield registry.finding(
            "TM-X04",
            f"{context.said(item.group)}: the difference of {item.source_b} and {item.source_a} changes by "
            f"{100 * row['slope']['value']:+.3g} % of the value, {item.pairs} pairs of {item.patients} patients",
            sources=(item.source_a, item.source_b),
            **context.sides(item.group, item.source_a, item.source_b, slot="value"),
            concept=item.group,
            relation=item.relation,
            details=told | {"signatures": several},
            count=item.pairs,
        )


def _grows(item: Agreement) -> bool:
    slope = item.measured.slope if item.measured else None
    return slope is not None and abs(slope.value) >= SMALLEST and slope.excludes(0.0)
