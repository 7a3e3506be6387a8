"""What the labels of a code map say of the codes that they name, held against the targets of its rows.

A label is a second statement of what a local code means: "Noninvasive", "sitting", "Urine". Its facet words are
compared with what the target fixes, as two sources are compared, and the same pages tell of the differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinmap.checks import explanations
from twinmap.compare.meaning import of_code
from twinmap.compare.relation import FacetComparison
from twinmap.diagnostics import Finding
from twinmap.terms import facets
from twinmap.terms.facets import spoken
from twinmap.terms.names import heard

if TYPE_CHECKING:
    from twinmap.checks.written import Row, Written


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row of a code map whose label says something of a facet, and how that relates to its target."""

    row: Row
    item: FacetComparison


def findings(context: Written) -> Iterator[Finding]:
    """One finding a row whose label contradicts, or is narrower than, its target, with the code that tells of it."""
    for found in context.labelled:
        row, item = found.row, found.item
        code = explanations.code(item)
        if code is None:
            continue
        said = spoken(item.facet, item.a)
        subject, target = context.curie(row.system, row.code), context.curie(row.match.system, row.match.code)
        message = f"the label of {subject} says the {item.facet} is {said}, "
        if item.relation == "disjoint":
            message += f"and its target {target} means {spoken(item.facet, item.b)}"
        else:
            message += f"which its exact match {target} leaves open"
        yield context.on_map(
            code,
            message,
            row.rule,
            row.map,
            row.match.line,
            concept=subject,
            facet=item.facet,
            relation="related" if item.relation == "disjoint" else "a-narrower",
            details={"values": [item.a, item.b], "target": target},
        )


def labelled(context: Written) -> Iterator[Labelled]:
    """What the labels of all rows say that their targets do not."""
    for row in context.rows:
        if row.match.label is None:
            continue
        meaning = of_code(row.match.system, row.match.code, context.catalogue)
        concept = meaning.concept
        for name, value in heard(row.match.label).items():
            fixed = meaning.facets.get(name)
            if concept is not None and name not in concept.accepted:
                continue
            if fixed is None:
                required = concept is not None and name in concept.required
                if required and row.match.predicate == "skos:exactMatch":
                    yield Labelled(row, FacetComparison(name, value, None, "narrower", "label"))
            # Narrower than what the target fixes is no difference: serum beside "serum or plasma".
            elif facets.relation(facets.facets()[name], value, fixed.value) == "disjoint":
                yield Labelled(row, FacetComparison(name, value, fixed.value, "disjoint", "label"))
