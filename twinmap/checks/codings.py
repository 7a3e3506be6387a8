"""Codings of one record, related to each other: what C06 and C13 are found by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinmap import registry
from twinmap.compare.meaning import of_code
from twinmap.compare.relation import FacetComparison, relation
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Place

if TYPE_CHECKING:
    from twinmap.checks.context import Context


@dataclass(frozen=True, slots=True)
class Codings:
    """Two codes that statements of a rule carry beside each other, and the facets in which they differ."""

    signature: Signature
    other: Signature
    facets: tuple[FacetComparison, ...]
    rule: str
    number: int
    places: tuple[Place, ...]


def pairs(context: Context) -> Iterator[Codings]:
    """Codes beside each other of which both are understood and which exclude each other in something."""
    from twinmap.checks.context import FIRST

    table = context.table("observation")
    if table is None:
        return
    for source, rule, system, code, other_system, other_code, count, places in context.duck.rows(
        f"SELECT source, rule, code_system, code, raw_code_system, raw_code, count(*), {FIRST} FROM {table} "
        "WHERE raw_code IS NOT NULL AND (map_predicate IS NULL OR map_predicate = 'skos:exactMatch') "
        "GROUP BY ALL ORDER BY source, rule, code_system, code, raw_code_system, raw_code"
    ):
        one, other = (
            Signature(0, source, meaning, facets=meaning.facets)
            for meaning in (
                of_code(system, code or "", context.catalogue),
                of_code(other_system, other_code, context.catalogue),
            )
        )
        wrong = tuple(item for item in relation(one, other).facets if item.relation == "disjoint")
        if wrong:
            yield Codings(one, other, wrong, rule, count, context.places(source, places, "code"))


def finding(context: Context, code: str, found: Codings) -> Finding:
    """The finding about two codings."""
    one, other = found.signature.meaning.curie, found.other.meaning.curie
    names = ", ".join(item.facet.removeprefix("loinc-") for item in found.facets)
    return registry.finding(
        code,
        f"one record is coded {one} and {other}, which differ in {names}",
        where=context.where(found.rule, "code"),
        places=found.places,
        sources=(found.signature.source,),
        concept=f"{one} {other}",
        rule=found.rule,
        facet=found.facets[0].facet,
        relation=relation(found.signature, found.other).relation,
        details={"codes": [one, other], "values": [[item.a, item.b] for item in found.facets]},
        count=found.number,
    )
