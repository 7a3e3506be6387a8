"""Findings from the facets in which two sources differ; each code has one of the explanations of a relation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twinmap import registry
from twinmap.checks import explanations
from twinmap.compare.meaning import said_unit
from twinmap.compare.relation import CORE, FacetComparison
from twinmap.diagnostics import Finding
from twinmap.model import RELATIONS
from twinmap.terms.facets import spoken

if TYPE_CHECKING:
    from twinmap.checks.context import Context
    from twinmap.compare.pairs import Pair

#: How many different values a finding tells in its details.
_VALUES = 5


def differences(context: Context, code: str) -> Iterator[Finding]:
    """One finding a pair of sources, concept and facet whose comparison carries this code.

    Its count is the number of pairs of signatures; the message tells the one with the most statements.
    """
    grouped: dict[tuple[str, str, str, str], list[tuple[Pair, FacetComparison]]] = defaultdict(list)
    for pair, item in context.differences.get(code, ()):
        if _is_told(pair, item):
            grouped[pair.a.source, pair.b.source, pair.group, item.facet].append((pair, item))
    for (source_a, source_b, group, facet), found in sorted(grouped.items(), key=lambda entry: entry[0]):
        found.sort(key=lambda entry: -min(entry[0].a.profile.n, entry[0].b.profile.n))
        pair, item = found[0]
        relations = {entry.relation.relation for entry, _ in found}
        yield registry.finding(
            code,
            f"{pair.a.meaning.said}: {_said(pair, item)}",
            where=context.where(pair.a.rule, facet) or context.where(pair.b.rule, facet),
            places=context.first(pair.a, pair.b, slot=facet),
            sources=(source_a, source_b),
            concept=group,
            facet=facet,
            relation=next(name for name in RELATIONS if name in relations),
            details=_details(found),
            count=len(found),
        )


def _is_told(pair: Pair, item: FacetComparison) -> bool:
    """Whether a difference is a finding: not the context of what cannot be compared, and no scale twice."""
    if pair.relation.relation == "not-comparable" and not (
        item.relation == "disjoint" and item.facet in CORE
    ):
        return False
    return item.facet != "property" or not any(
        other.facet == "unit" and explanations.code(other) == explanations.code(item)
        for other in pair.relation.facets
    )


def _said(pair: Pair, item: FacetComparison) -> str:
    """What differs, in one line."""
    name = item.facet.removeprefix("loinc-")
    a, b = (spoken(item.facet, value) for value in (item.a, item.b))
    if item.facet == "unit":
        a, b = said_unit(a), said_unit(b)
    if item.a is None and item.b is None:
        return f"neither {pair.a.source} nor {pair.b.source} says the {name}"
    if pair.conversion is not None and item.facet == "unit" and item.relation == "=":
        made, into = (pair.a, pair.b) if pair.conversion.source == item.a else (pair.b, pair.a)
        units = said_unit(made.unit), said_unit(into.unit)
        by = "" if pair.conversion.rule == "ucum" else f", by {pair.conversion.rule}"
        return f"{units[0]} of {made.source} is converted to {units[1]} of {into.source}{by}"
    if pair.conversion is not None and item.facet == "unit" and pair.conversion.rule_class == "empirical":
        rule = pair.conversion.rule
        return f"{a} of {pair.a.source} and {b} of {pair.b.source} are two scales, joined by an equation ({rule})"
    if item.relation in ("narrower", "broader"):
        fine, coarse = (pair.a, pair.b) if item.relation == "narrower" else (pair.b, pair.a)
        said, less = (a, b) if item.relation == "narrower" else (b, a)
        return f"{fine.source} is more specific in {name} ({said}) than {coarse.source} ({less})"
    return f"the {name} is {a} in {pair.a.source} and {b} in {pair.b.source}"


def _details(found: Sequence[tuple[Pair, FacetComparison]]) -> dict[str, Any]:
    pair, item = found[0]
    values = dict.fromkeys((entry.a, entry.b) for _, entry in found)
    details: dict[str, Any] = {
        "n_a": pair.a.profile.n,
        "n_b": pair.b.profile.n,
        "patients_both": pair.patients_both,
        "values": [list(each) for each in list(values)[:_VALUES]],
    }
    if item.evidence:
        details["evidence"] = item.evidence
    conversion = pair.conversion
    if conversion is not None and item.facet in ("unit", "property"):
        from twinmap.compare.rows import decimal

        details |= {
            "factor": decimal(conversion.factor),
            "rule": conversion.rule,
            "class": conversion.rule_class,
        }
        if conversion.offset:
            details["offset"] = decimal(conversion.offset)
    return details
