"""The lines of ``relations.jsonl`` and the concepts of the report, as plain data in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from twinmap.compare.conversion import Conversion
from twinmap.compare.density import Density
from twinmap.compare.events import SameEvents
from twinmap.compare.pairs import Pair
from twinmap.compare.relation import FacetComparison, Nature
from twinmap.compare.signature import Signature
from twinmap.model import RELATIONS
from twinmap.privacy import shape
from twinmap.terms import systems
from twinmap.terms.concepts import Concept

Row = dict[str, Any]
#: The finding code whose page tells of a difference.
Explain = Callable[[FacetComparison], str | None]


def relation_rows(pairs: Iterable[Pair], events: Sequence[SameEvents], explain: Explain) -> list[Row]:
    """One row a pair of signatures: by concept, sources, then by how many statements are behind it.

    A pair of which one event is told with two values is ``conflicting`` (R4); its facets stay as they are.
    """
    clashes = {numbers: count for item in events for numbers, count in item.clashes.items()}
    return [
        _relation_row(pair, clashes.get((pair.a.number, pair.b.number), 0), explain)
        for pair in sorted(pairs, key=_order)
    ]


def _order(pair: Pair) -> tuple[object, ...]:
    weight = -min(pair.a.profile.n, pair.b.profile.n)
    return (pair.group, pair.a.source, pair.b.source, weight, pair.a.number, pair.b.number)


def worst(relation: str, conflicting: int) -> str:
    """The relation of a pair, given how many of its events conflict.

    >>> worst("equivalent", 2), worst("not-comparable", 2), worst("related", 0)
    ('conflicting', 'not-comparable', 'related')
    """
    found = {relation, "conflicting"} if conflicting else {relation}
    return next(name for name in RELATIONS if name in found)


def _relation_row(pair: Pair, conflicts: int, explain: Explain) -> Row:
    found = pair.relation
    row: Row = {
        "concept": pair.group,
        "source_a": pair.a.source,
        "source_b": pair.b.source,
        "signature_a": pair.a.number,
        "signature_b": pair.b.number,
        "relation": worst(found.relation, conflicts),
        "facets": [_facet_row(item, explain) for item in found.facets],
    }
    unsaid = [item.facet for item in found.facets if item.a is None and item.b is None]
    if unsaid:
        row["unsaid"] = unsaid
    if conflicts:
        row["conflict"] = {"code": explain(_SAME_EVENT), "count": conflicts}
    if pair.conversion is not None:
        row["conversion"] = _conversion_row(pair.conversion)
    row["counts"] = {
        "n_a": pair.a.profile.n,
        "n_b": pair.b.profile.n,
        "patients_a": pair.a.profile.patients,
        "patients_b": pair.b.profile.patients,
        "patients_both": pair.patients_both,
    }
    if conflicts:
        row["counts"]["conflicts"] = conflicts
    return row


_SAME_EVENT = FacetComparison("event", None, None, "disjoint", nature=Nature.SAME_EVENT)


def _facet_row(item: FacetComparison, explain: Explain) -> Row:
    row: Row = {"facet": item.facet, "a": item.a, "b": item.b, "relation": item.relation}
    if item.evidence:
        row["evidence"] = item.evidence
    code = explain(item)
    if code:
        row["code"] = code
    return row


def _conversion_row(item: Conversion) -> Row:
    row: Row = {"from": item.source, "to": item.target, "factor": decimal(item.factor)}
    if item.offset:
        row["offset"] = decimal(item.offset)
    return row | {"class": item.rule_class, "rule": item.rule}


_TWELVE = Context(prec=12)


def decimal(value: Fraction) -> str:
    """A number to 12 significant digits, without exponent and without zeros at its end.

    >>> decimal(Fraction(5, 9)), decimal(Fraction(100)), decimal(Fraction(1, 10**7))
    ('0.555555555556', '100', '0.0000001')
    """
    quotient = _TWELVE.divide(Decimal(value.numerator), Decimal(value.denominator))
    text = f"{quotient:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def density_row(item: Density) -> Row:
    """The grid of a plot."""
    ends = {"mean": item.mean, "difference": item.difference}
    row: Row = {name: [float(f"{end:.6g}") for end in pair] for name, pair in ends.items()}
    return row | {
        "grid": list(item.grid),
        "cells": [list(cell) for cell in item.cells],
        "left_out": item.left_out,
    }


def concept_rows(signatures: Iterable[Signature]) -> list[Row]:
    """What was seen of each concept in each source, the most frequent first."""
    ordered = sorted(signatures, key=lambda item: (item.group, item.source, -item.profile.n, item.number))
    return [_concept_row(item) for item in ordered]


def _units(concept: Concept) -> set[str | None]:
    """The units that values of a concept have in the graph."""
    return {concept.unit, *concept.units.values()}


def _concept_row(item: Signature) -> Row:
    """A row names the concept and the code.

    The display as received is text of the data: it is the label only of a code of a terminology that is
    known, where no concept has a label of its own. A unit is canonical where there is a concept; without one
    the graph keeps what was received.
    """
    known = item.meaning.concept
    public = systems.canonical(item.meaning.system) if item.meaning.system else None
    row: Row = {
        "concept": item.group,
        "label": known.label if known else item.display if public else None,
        "source": item.source,
        "signature": item.number,
        "code_system": item.meaning.system,
        "code": item.meaning.code,
        "unit_raw": item.unit_raw if item.unit or not item.unit_raw else shape(item.unit_raw),
        "unit": item.unit,
        "canon_unit": item.canon_unit if known and item.canon_unit in _units(known) else None,
        "facets": {name: said.value for name, said in item.facets.items() if not said.implied},
        "n": item.profile.n,
        "patients": item.profile.patients,
    }
    if item.values != "quantity":
        row["values"] = item.values
    if item.match != "=":
        row["match"] = item.match
    if item.received is not None:
        row["received"] = item.received
    optional = ("label", "unit_raw", "unit", "canon_unit")
    return {key: value for key, value in row.items() if value is not None or key not in optional}
