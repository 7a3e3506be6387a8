"""Split the statements into parts by patient; sort, tell apart, lift and validate each part."""

from __future__ import annotations

from functools import partial

from twinmap.engine import parts
from twinmap.engine.apply import SENSOR
from twinmap.engine.graphfile import blocks
from twinmap.kinds import KINDS
from twinmap.steps.state import Run
from twinmap.steps.validate import checker


def split_and_lift(state: Run) -> None:
    """Split the statements into parts by patient; sort, tell apart and lift each part."""
    from twinmap.lift import beside, target
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.facets import facets

    state.workers.start(state.shards)  # while the statements are split
    tables: dict[str, list[parts.Narrow]] = {}
    for group, made in enumerate(state.made):
        for kind, path in made.applied.tables.items():
            name = "device" if kind == SENSOR else kind
            tables.setdefault(name, []).append(parts.Narrow(group, path, made.aside))
    names = tuple(facets())
    parts.describe(state.duck, [made.applied for made in state.made], state.parts)
    numbers = parts.split(state.duck, tables, state.parts)
    units = catalogue(state.project.concepts).by_unit()
    lifts = target.lifts(state.project.target, state.project.base, target.Facets.shipped(), units)
    kinds = tuple(kind for kind in KINDS if kind in tables)
    memory = max(128, state.memory_mb // 2 // max(state.jobs, 1))
    check = checker(state)
    term = partial(target.code_iri, state.project.base)
    tasks = [
        parts.PartTask(
            number, place, state.parts, state.graph, state.key, kinds, names, lifts, term, memory, check
        )
        for place, number in enumerate(numbers)
    ]
    sources = [source.name for source in state.sources]
    head = beside.dataset(state.project.base, sources) + beside.links(state.project.base, state.twins)
    state.graph.write_text(head, encoding="utf-8")
    state.digest.update(blocks(state.graph))
    for result in state.workers.map(parts.work, tasks):
        state.digest.update(blocks(state.graph, *result.lines))
        state.results.append(result)
    state.workers.end()
