"""The pairs of signatures that two sources have of one concept: how they relate, and of how many patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from twinmap.compare.conversion import Conversion, physical
from twinmap.compare.relation import Relation, relation
from twinmap.compare.signature import Signature

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck


@dataclass(frozen=True, slots=True)
class Pair:
    """Two signatures of two sources for one concept; ``patients_both`` have values of both."""

    a: Signature
    b: Signature
    relation: Relation
    patients_both: int = 0

    @property
    def group(self) -> str:
        """The concept, or the CURIE of the code."""
        return self.a.group

    @property
    def conversion(self) -> Conversion | None:
        """The conversion between two units: to the canonical one, where values of A alone have it already."""
        found = self.relation.conversion
        if found is not None and self.a.unit == self.a.canon_unit and self.b.unit != self.b.canon_unit:
            return found.turned()
        return found


def comparable(signature: Signature) -> bool:
    """Whether a signature says something of its concept: no value at all, and text for a quantity, do not."""
    concept = signature.meaning.concept
    quantity = concept is not None and concept.kind == "quantity"
    return signature.values != "absent" and not (quantity and signature.values != "quantity")


def pairs(signatures: Iterable[Signature]) -> Iterator[Pair]:
    """Every pair of signatures of one concept from two sources, sources in the order of their names."""
    groups: dict[str, dict[str, list[Signature]]] = defaultdict(lambda: defaultdict(list))
    for item in signatures:
        if comparable(item):
            groups[item.group][item.source].append(item)
    for _, by_source in sorted(groups.items()):
        for first, second in combinations(sorted(by_source), 2):
            for a in by_source[first]:
                for b in by_source[second]:
                    yield Pair(a, b, relation(a, b))


# --- in the database --------------------------------------------------------------------------------


def register(duck: Duck, signatures: Sequence[Signature], found: Sequence[Pair]) -> None:
    """Make ``k_line`` (how values of a signature become those of its concept) and ``k_pair``.

    ``k_line`` has ``sig, series, concept, factor, shift``; factor is null where values are not compared as
    numbers, a series is a concept in a source, by its place in :func:`series`. ``k_pair`` has ``sig_a, sig_b,
    relation`` and the series of both sides.
    """
    numbers = {each: number for number, each in enumerate(series(signatures))}
    concepts = {group: number for number, group in enumerate(sorted({item.group for item in signatures}))}
    common = _frequent(signatures)
    lines = [_line(item, _common(item, common)) for item in signatures]
    duck.register(
        "k_line",
        {
            "sig": ("BIGINT", [item.number for item in signatures]),
            "series": ("BIGINT", [numbers[item.source, item.group] for item in signatures]),
            "concept": ("BIGINT", [concepts[item.group] for item in signatures]),
            "factor": ("DOUBLE", [line[0] if line else None for line in lines]),
            "shift": ("DOUBLE", [line[1] if line else None for line in lines]),
        },
    )
    duck.register(
        "k_pair",
        {
            "series_a": ("BIGINT", [numbers[pair.a.source, pair.group] for pair in found]),
            "series_b": ("BIGINT", [numbers[pair.b.source, pair.group] for pair in found]),
            "sig_a": ("BIGINT", [pair.a.number for pair in found]),
            "sig_b": ("BIGINT", [pair.b.number for pair in found]),
            "relation": ("VARCHAR", [pair.relation.relation for pair in found]),
        },
    )


def series(signatures: Iterable[Signature]) -> list[tuple[str, str]]:
    """The concepts of each source, as source and concept, in order."""
    return sorted({(item.source, item.group) for item in signatures})


def _frequent(signatures: Iterable[Signature]) -> dict[str, str]:
    """The most frequent unit of each concept, of equally frequent ones the first by name."""
    first: dict[str, tuple[int, str]] = {}
    for item in signatures:
        if item.unit is not None:
            rank = (-item.profile.n, item.unit)
            first[item.group] = min(first.get(item.group, rank), rank)
    return {group: unit for group, (_, unit) in first.items()}


def _common(signature: Signature, frequent: Mapping[str, str]) -> str | None:
    """The unit in which values of a concept are compared: the concept's, else the most frequent."""
    concept = signature.meaning.concept
    if concept is not None and concept.unit is not None:
        return concept.unit
    return frequent.get(signature.group)


def _line(signature: Signature, common: str | None) -> tuple[float, float] | None:
    """Factor and offset to the common unit; values without a unit are compared as they are, if all are so."""
    if signature.values != "quantity":
        return None
    if signature.unit is None:
        return (1.0, 0.0) if common is None else None
    return physical(signature, signature.unit, common or signature.unit)


def patients_both(duck: Duck) -> dict[tuple[int, int], int]:
    """By numbers of two signatures of one concept and two sources: how many patients have values of both.

    Large tables are joined to each other and small ones to what came of it, in statements of their own: a hash
    join that is built from the output of another one fails in DuckDB 2.0 (duckdb/duckdb#24807).
    """
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_had AS SELECT s.sig, s.twin, l.concept, l.series "
        "FROM k_seen s JOIN k_line l ON l.sig = s.sig"
    )
    rows = duck.rows(
        "SELECT a.sig, b.sig, count(*) FROM k_had a JOIN k_had b ON b.twin = a.twin "
        "AND b.concept = a.concept AND b.series > a.series GROUP BY a.sig, b.sig"
    )
    return {(a, b): n for a, b, n in rows}
