"""How two sources relate for one concept: rows that say the same are one way, the worst way is told first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinmap.model import RELATIONS
from twinmap.renderers._report import Json, Report

#: What an equivalence is told as, where neither source says a facet that decides about the concept.
UNSAID = "unsaid"
#: What two sources are told to be, worst first.
STANDINGS = (*RELATIONS[:-1], UNSAID, RELATIONS[-1])
#: Where no difference is known.
AGREEING = STANDINGS[-2:]


@dataclass(frozen=True, slots=True)
class Way:
    """Rows of one concept and pair of sources that are told alike: they differ in unit, place or code alone.

    ``of_a`` and ``of_b`` are how many values of each source are meant, and how many it has of the concept;
    None where the report does not say it.
    """

    rows: tuple[Json, ...]
    of_a: tuple[int, int] | None = None
    of_b: tuple[int, int] | None = None

    @property
    def standing(self) -> str:
        """One of :data:`STANDINGS`; in a damaged report anything."""
        return standing(self.rows[0])

    @property
    def rank(self) -> int:
        """Its place in :data:`STANDINGS`; what is not known comes last."""
        return STANDINGS.index(self.standing) if self.standing in STANDINGS else len(STANDINGS)

    @property
    def first(self) -> str:
        """The name of source A."""
        return str(self.rows[0].get("source_a", ""))

    @property
    def second(self) -> str:
        """The name of source B."""
        return str(self.rows[0].get("source_b", ""))

    @property
    def facets(self) -> list[dict[str, Any]]:
        """The facets, in each cell all that the rows say, in order: ``{"a": ["kPa", "mm[Hg]"], …}``."""
        by_name: dict[tuple[object, ...], list[Json]] = defaultdict(list)
        for row in self.rows:
            seen: Counter[object] = Counter()
            for facet in row.get("facets", ()):
                seen[facet.get("facet")] += 1  # a contradiction may stand beside the facet itself
                by_name[facet.get("facet"), seen[facet.get("facet")]].append(facet)
        keys = ("a", "b", "relation", "evidence", "code")
        return [
            {"facet": str(name or "")}
            | {key: list(dict.fromkeys(facet.get(key) for facet in same)) for key in keys}
            for (name, _), same in by_name.items()
        ]


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of two sources for one concept; the worst way comes first."""

    concept: str
    ways: tuple[Way, ...]

    @property
    def worst(self) -> Way:
        """The way that is told first: no other one is worse."""
        return self.ways[0]


def standing(relation: Json) -> str:
    """What a row is told as: its relation, or :data:`UNSAID`.

    >>> standing({"relation": "equivalent", "unsaid": ["posture"]}), standing({"relation": "related"})
    ('unsaid', 'related')
    """
    said = str(relation.get("relation", ""))
    return UNSAID if said == RELATIONS[-1] and relation.get("unsaid") else said


def told(report: Report) -> list[Told]:
    """What is told of each concept and pair of sources, the worst first; then in the order of the report."""
    rows: dict[tuple[str, str, str], list[Json]] = defaultdict(list)
    for relation in report.relations:
        concept, first, second = (str(relation.get(key, "")) for key in ("concept", "source_a", "source_b"))
        rows[concept, first, second].append(relation)
    totals = _totals(report.concepts)
    found = [Told(key[0], _ways(same, totals)) for key, same in rows.items()]
    worst: dict[str, int] = {}
    for item in found:
        worst[item.concept] = min(item.worst.rank, worst.get(item.concept, len(STANDINGS)))
    place = {concept: number for number, concept in enumerate(worst)}
    return sorted(found, key=lambda item: (worst[item.concept], place[item.concept], item.worst.rank))


def _ways(rows: Iterable[Json], totals: Mapping[tuple[str, str], int]) -> tuple[Way, ...]:
    alike: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        alike[_difference(row)].append(row)
    ways = (Way(tuple(same), _share(same, "a", totals), _share(same, "b", totals)) for same in alike.values())
    return tuple(sorted(ways, key=lambda way: way.rank))


def _difference(row: Json) -> str:
    """What a row is told by: all but the facets in which both agree, and the unit."""
    keys = ("facet", "a", "b", "relation")
    differ = [
        [facet.get(key) for key in keys] for facet in row.get("facets", ()) if facet.get("relation") != "="
    ]
    empirical = (row.get("conversion") or {}).get("class") == "empirical"
    return repr((row.get("relation"), differ, row.get("conflict"), empirical))


def _totals(concepts: Sequence[Json]) -> Mapping[tuple[str, str], int]:
    """How many values each source has of each concept."""
    totals: Counter[tuple[str, str]] = Counter()
    for row in concepts:
        if isinstance(row.get("n"), int):
            totals[str(row.get("concept", "")), str(row.get("source", ""))] += row["n"]
    return totals


def _share(rows: Sequence[Json], side: str, totals: Mapping[tuple[str, str], int]) -> tuple[int, int] | None:
    """How many values of a source some rows are about, every signature once, and how many there are."""
    sizes: dict[object, int] = {}
    for row in rows:
        size = (row.get("counts") or {}).get(f"n_{side}")
        if f"signature_{side}" not in row or not isinstance(size, int):
            return None
        sizes[row[f"signature_{side}"]] = size
    total = totals.get((str(rows[0].get("concept", "")), str(rows[0].get(f"source_{side}", ""))))
    return None if total is None else (sum(sizes.values()), total)
