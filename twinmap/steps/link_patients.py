"""Link local patients to twins, and give each twin its part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Place
from twinmap.engine import crosswalk
from twinmap.engine.identity import Refused, link
from twinmap.sqltext import quoted
from twinmap.steps.state import Run


def link_patients(state: Run) -> None:
    """Link local patients to twins, and give each twin its part."""

    def paths(kind: str) -> list[Path]:
        return [made.applied.tables[kind] for made in state.made if kind in made.applied.tables]

    who = [made.applied.patients for made in state.made if made.applied.patients is not None]
    state.twins = link(state.duck, who, paths("identifier"), paths("patient"), _crosswalk(state))
    records = sorted(state.twins.of)
    shards = state.shards
    state.duck.register(
        "k_twin",
        {
            "patient_record": ("VARCHAR", records),
            "twin": ("VARCHAR", [state.twins.of[record] for record in records]),
            "shard": ("INTEGER", [state.twins.shard(record, shards) for record in records]),
        },
    )
    for refused in state.twins.refused:
        places = _said(state, refused)
        names = tuple(dict.fromkeys(place.source for place in places))
        state.findings.append(
            registry.finding(
                "TM-I02",
                _contradiction(refused, names),
                patient=refused.records[0],
                places=tuple(places[:PLACES_KEPT]),
                sources=names,
                details={"attribute": refused.attribute, "records": list(refused.records)},
            )
        )


def _contradiction(refused: Refused, names: Sequence[str]) -> str:
    if len(refused.records) == 1 and len(names) == 1:
        return f"{names[0]} contradicts itself in the {refused.attribute} of one patient record"
    if len(refused.records) == 1:
        return f"the sources contradict each other in the {refused.attribute} of one patient record"
    return f"{len(refused.records)} linked patient records contradict each other in {refused.attribute}"


def _said(state: Run, refused: Refused) -> list[Place]:
    """Where each source says it first, and where it first says something else; each source once at the front."""
    listed = ", ".join(quoted(record) for record in refused.records)
    column = {"birth-date": "birth_date"}.get(refused.attribute, refused.attribute)
    told = " AND sex IN ('male', 'female')" if column == "sex" else ""
    found: dict[str, dict[str, Place]] = {}
    for made in state.made:
        source, path = made.applied.plan.source, made.applied.tables.get("patient")
        if path is None:
            continue
        for file, record, line, part, value in state.duck.rows(
            f"SELECT file, record, line, part, {column} FROM read_parquet({quoted(str(path))}) "
            f"WHERE patient_record IN ({listed}) AND {column} IS NOT NULL{told} ORDER BY ALL"
        ):
            place = Place(source, state.names[file], record, line, part, refused.attribute)
            found.setdefault(source, {}).setdefault(value, place)
    firsts = [next(iter(places.values())) for places in found.values()]
    return [*firsts, *(place for places in found.values() for place in list(places.values())[1:])]


def _crosswalk(state: Run) -> list[crosswalk.Pair]:
    """The rows of the crosswalk as pairs of record ids."""
    path = state.project.crosswalk
    return [] if path is None else crosswalk.read(path, state.key, _declared(state))


def _declared(state: Run) -> dict[str, str]:
    """The names of systems that the mappings declare, but for those that mean different ones."""
    meant: dict[str, set[str]] = {}
    for source in state.sources:
        for name, uri in source.document.systems.items():
            meant.setdefault(name, set()).add(uri)
    return {name: next(iter(uris)) for name, uris in meant.items() if len(uris) == 1}
