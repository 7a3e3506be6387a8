"""A device differs from the reference method by more than its standard allows.

What it means:
    One source states a reference method (auscultation, an arterial line), the other another method or none, and the
    mean difference of their pairs, or its standard deviation, is beyond what the standard of the concept allows:
    ISO 81060-2 asks for 5 mm[Hg] and 8 mm[Hg], of 85 patients at least. The numbers and their source are
    ``ontologies/checks/accuracy.yaml``. These are pairs of routine data, and no validation study: their
    conditions (rest, side of the body, order) are not known.

Why it matters:
    Thresholds for treatment were found with the reference method. A device that reads 7 mm[Hg] less changes who is
    treated.

Example:
    wristband without a cuff against auscultation: bias -9 mm[Hg], standard deviation 12 mm[Hg], 120 patients

What to do:
    See whether the device was validated, and for whom. Do not pool its values with those of the reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.values import facts
from twinmap.compare.agreement import Agreement, most_pairs
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms._files import Section
from twinmap.terms.facets import facets

SEVERITY = Severity.WARNING
HELP = "see whether the device was validated; do not pool its values with those of the reference"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept: of the signatures with most pairs."""
    for standard in facts("accuracy").sections("standards"):
        for item, _ in most_pairs(context.compared.agreements, partial(_misses, context, standard)):
            if item.measured is None or item.measured.sd is None:
                continue
            bias, sd = item.measured.differences.bias.value, item.measured.sd.value
            yield registry.finding(
                "TM-P05",
                f"{context.said(item.group)}: {item.source_a} and {item.source_b} differ by more than "
                f"{standard.text('name')} allows a device: mean {bias:.1f}, standard deviation {sd:.1f} {item.unit}",
                sources=(item.source_a, item.source_b),
                **context.sides(item.group, item.source_a, item.source_b, slot="value"),
                concept=item.group,
                relation=item.relation,
                details={"patients": item.patients, "source": standard.text("source"), "unit": item.unit},
                count=item.pairs,
            )


def _misses(context: Context, standard: Section, item: Agreement) -> bool:
    if item.group not in standard.texts("concepts") or item.unit != standard.text("unit"):
        return False
    if item.measured is None or item.measured.sd is None or item.patients < float(standard.text("patients")):
        return False
    sides = [_signatures(context, item, number) for number in range(2)]
    if not all(sides) or [_is_reference(side, standard) for side in sides].count(True) != 1:
        return False
    bias, sd = abs(item.measured.differences.bias.value), item.measured.sd.value
    return bias > float(standard.text("bias")) or sd > float(standard.text("sd"))


def _signatures(context: Context, item: Agreement, side: int) -> list[Signature]:
    """The signatures of one side: the one that was paired, else all of the source and concept."""
    source = (item.source_a, item.source_b)[side]
    return [
        each
        for each in context.compared.signatures
        if (each.source, each.group) == (source, item.group)
        and (item.signatures is None or each.number == item.signatures[side])
    ]


def _is_reference(signatures: list[Signature], standard: Section) -> bool:
    """Whether all of them are measured by a reference method, or by a narrower one."""
    scheme, wanted = facets()["method"], set(standard.texts("reference"))
    methods = [item.word("method") for item in signatures]
    return all(word is not None and wanted & {word, *scheme.ancestors(word)} for word in methods)
