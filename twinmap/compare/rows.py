"""The lines of ``relations.jsonl`` and the concepts of the report, as plain data in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from twinmap.compare.conversion import Conversion
from twinmap.compare.events import SameEvents
from twinmap.compare.pairs import Pair
from twinmap.compare.relation import RELATIONS, FacetComparison
from twinmap.compare.signature import Signature
from twinmap.privacy import shape

Row = dict[str, Any]


def relation_rows(pairs: Iterable[Pair], events: Sequence[SameEvents] = ()) -> list[Row]:
    """One row a pair of signatures: by concept, sources, then by how many statements are behind it.

    A pair whose sources contradict each other in one event is ``conflicting`` (R4), unless it is not
    comparable anyway; its facets stay as they are.
    """
    clashing = {
        (item.source_a, item.source_b, item.group): item.conflicting for item in events if item.device
    }
    ordered = sorted(pairs, key=_order)
    return [
        _relation_row(pair, clashing.get((pair.a.source, pair.b.source, pair.group), 0)) for pair in ordered
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


def _relation_row(pair: Pair, conflicting: int) -> Row:
    found = pair.relation
    conflicts = conflicting if found.relation in ("equivalent", "a-narrower", "a-broader") else 0
    row: Row = {
        "concept": pair.group,
        "source_a": pair.a.source,
        "source_b": pair.b.source,
        "relation": worst(found.relation, conflicts),
        "facets": [_facet_row(item) for item in found.facets],
    }
    if found.conversion is not None:
        row["conversion"] = _conversion_row(found.conversion)
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


def _facet_row(item: FacetComparison) -> Row:
    row: Row = {"facet": item.facet, "a": item.a, "b": item.b, "relation": item.relation}
    if item.evidence:
        row["evidence"] = item.evidence
    if item.code:
        row["code"] = item.code
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


def concept_rows(signatures: Iterable[Signature]) -> list[Row]:
    """What was seen of each concept in each source, the most frequent first."""
    ordered = sorted(signatures, key=lambda item: (item.group, item.source, -item.profile.n, item.number))
    return [_concept_row(item) for item in ordered]


def _concept_row(item: Signature) -> Row:
    """A row names the concept and the code, and never the display as received: that is text of the data."""
    known = item.meaning.concept
    row: Row = {
        "concept": item.group,
        "label": known.label if known else None,
        "source": item.source,
        "code_system": item.meaning.system,
        "code": item.meaning.code,
        "unit_raw": item.unit_raw if item.unit or not item.unit_raw else shape(item.unit_raw),
        "unit": item.unit,
        "canon_unit": item.canon_unit,
        "facets": {name: said.value for name, said in item.facets.items() if not said.implied},
        "n": item.profile.n,
        "patients": item.profile.patients,
    }
    optional = ("label", "unit_raw", "unit", "canon_unit")
    return {key: value for key, value in row.items() if value is not None or key not in optional}
