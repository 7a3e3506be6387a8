"""Validate the graph by parts, and trace what is wrong to the record, the field and the mapping line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, Span
from twinmap.engine.graphfile import blocks
from twinmap.engine.parts import Part
from twinmap.kinds import KINDS
from twinmap.mapping.ast import Value
from twinmap.sqltext import quoted
from twinmap.steps.state import Run

if TYPE_CHECKING:
    from twinmap.terms.concepts import Concept
    from twinmap.validate.results import Group, Validation

_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


def all_shapes(state: Run) -> list[bytes]:
    """The shapes of a run: ours (structure, concepts, facets), then those of the project."""
    from twinmap.terms.concepts import catalogue
    from twinmap.validate.files import read_shapes, shipped_shapes

    signatures = quoted(str(state.parts / "signatures.parquet"))
    stated = set(state.duck.rows(_STATED.format(signatures)))
    concepts = catalogue(state.project.concepts).concepts.values()
    # Others have nothing to look at, and an engine is slower for every shape.
    generated = generated_shapes(item for item in concepts if not stated.isdisjoint(_codes(item)))
    (state.publish / "shapes.ttl").write_bytes(generated)
    return [*shipped_shapes(), generated, *read_shapes(state.project.shapes)]


#: The codes that observations have.
_STATED = "SELECT DISTINCT code_system, code FROM read_parquet({}) WHERE kind = 'observation'"


def _codes(concept: Concept) -> Iterator[tuple[str, str]]:
    yield from ((each.system, each.code) for each in concept.codes)
    yield from ((each.system, each.code) for each in concept.counterparts)


def generated_shapes(concepts: Iterable[Concept]) -> bytes:
    """The shapes made from the files of some concepts, and of facets, as Turtle."""
    from twinmap.lift.shapes import concept_shapes, facet_shapes
    from twinmap.terms.facets import facets

    return (concept_shapes(concepts) + "\n" + facet_shapes(facets())).encode()


def checker(state: Run) -> Callable[[Part, tuple[int, int]], object] | None:
    """What a worker does with the graph of its part; None where nothing is to be validated."""
    if state.engine == "none":
        return None
    state.shapes = all_shapes(state)
    graphs = tuple(_graphs(state))
    return partial(check_part, tuple(state.shapes), state.engine, _context(state), graphs, state.graph)


def check_part(
    shapes: tuple[bytes, ...],
    engine: str,
    context: bytes,
    graphs: Sequence[str],
    graph: Path,
    part: Part,
    where: tuple[int, int],
) -> Validation:
    """Validate one part; runs in a worker."""
    from twinmap.validate.representatives import validate_part
    from twinmap.validate.run import validate_parts

    found = validate_part(part, shapes, engine, context, graphs)
    if found is None:
        found = validate_parts(
            [_triples(graph, graphs, where)], shapes, engine, context=context, scope="parts"
        )
    return found


def _triples(graph: Path, graphs: Sequence[str], where: tuple[int, int]) -> bytes:
    from twinmap.validate.representatives import triples

    return triples(blocks(graph, *where), [f" <{name}> .\n".encode() for name in graphs])


def _context(state: Run) -> bytes:
    """What patients share: the devices."""
    files = [
        path
        for made in state.made
        for kind, path in made.applied.tables.items()
        if kind in {"sensor", "device"}
    ]
    if not files:
        return b""
    listed = ", ".join(quoted(str(path)) for path in files)
    rows = state.duck.rows(
        f"SELECT DISTINCT id FROM read_parquet([{listed}], union_by_name = true) WHERE NOT failed ORDER BY 1"
    )
    base = state.project.base
    lines = (f"<{base}device/{row[0]}> {_TYPE} <http://www.w3.org/ns/sosa/Sensor> .\n" for row in rows)
    return "".join(lines).encode()


def report_validation(state: Run) -> None:
    """Merge what the workers found; write the report, and a finding for each group of results."""
    from twinmap.validate import findings
    from twinmap.validate.report import write_report
    from twinmap.validate.run import merge, validate_parts

    checked = [result.checked for result in state.results if result.checked is not None]
    if not checked:
        return
    whole = validate_parts(_parts(state), state.shapes, state.engine, context=_context(state), scope="whole")
    state.validation = validation = replace(merge([*checked, whole]), triples=state.triples)  # type: ignore[list-item]
    with (state.publish / "validation.ttl").open("wb") as file:
        write_report(validation, file, base=state.project.base)
    state.findings += findings.about_validation(validation)
    stated = _stated(state, [node for group in validation.groups for node in group.focus[:PLACES_KEPT]])
    for group in validation.groups:
        places, where, sources = _trace(state, group, stated)
        state.findings.append(findings.violation(group, places=places, where=where, sources=sources))
        if not places:
            state.findings.append(_untraced(group))


def _parts(state: Run) -> Iterator[bytes]:
    """The parts as N-Triples, read one at a time and only if a shape needs the whole graph."""
    graphs = _graphs(state)
    return (_triples(state.graph, graphs, part.lines) for part in state.results)


def _graphs(state: Run) -> list[str]:
    base = state.project.base
    return [*(f"{base}graph/source/{source.name}" for source in state.sources), f"{base}graph/links"]


#: Where a node was stated: source, rule, file, record, line, part.
_Stated = tuple[str, str, int, int, int | None, str]


def _stated(state: Run, nodes: Sequence[str]) -> dict[str, _Stated]:
    """The first statement behind each node, by one look into the tables of a kind."""
    asked: dict[tuple[str, str], dict[str, str]] = {}
    for node in nodes:
        stem, _, ident = node.strip("<>").removeprefix(state.project.base).partition("/")
        for table in _tables_of(stem):
            asked.setdefault(table, {})[ident] = node
    found: dict[str, _Stated] = {}
    for (kind, column), idents in asked.items():
        paths = [quoted(str(result.tables[kind])) for result in state.results if kind in result.tables]
        left = [ident for ident, node in idents.items() if node not in found]
        if not paths or not left:
            continue
        state.duck.register("asked", {"ident": ("VARCHAR", left)})
        for ident, place in state.duck.rows(
            f"SELECT ident, min(row(source, rule, file, record, line, part)) "
            f"FROM read_parquet([{', '.join(paths)}]) JOIN asked ON ident = {column} GROUP BY ident"
        ):
            found[idents[ident]] = place
    return found


def _tables_of(stem: str) -> Iterator[tuple[str, str]]:
    """The tables and columns in which the id of an IRI such as ``obs/ID`` may stand, the best first.

    What nothing is said of but that it was measured (a patient, a device) is found by what was measured.
    """
    if stem in {"record", "patient"}:
        people = ("patient", *(name for name, kind in KINDS.items() if {"id", "twin"} <= kind.names))
        yield from ((kind, "twin" if stem == "patient" else "patient_record") for kind in people)
        return
    yield {"obs": "observation"}.get(stem, stem), "id"
    if stem in {"panel", "device", "encounter"}:
        yield "observation", stem


def _trace(
    state: Run, group: Group, stated: Mapping[str, _Stated]
) -> tuple[tuple[Place, ...], Span | None, tuple[str, ...]]:
    """The first places of a group: the records behind its focus nodes, and the mapping line of the rule."""
    found = [stated[node] for node in group.focus[:PLACES_KEPT] if node in stated]
    places = tuple(
        Place(source, state.names[file], record, line, part) for source, _, file, record, line, part in found
    )
    slot = next((slot for name, slot in _SLOTS.items() if f"{name}>" in (group.path or "")), "")
    where = next((span for _, rule, *_ in found if (span := _span(state, rule, slot))), None)
    return places, where, tuple(sorted({place.source for place in places}))


#: The slot that binds what stands under a property.
_SLOTS = {"hasSimpleResult": "value", "valueCode": "value", "ns#unit": "unit"}


def _span(state: Run, rule_id: str, slot: str) -> Span | None:
    """Where the mapping binds a slot of a rule, else the rule."""
    for made in state.made:
        for rule in made.applied.plan.rules:
            if rule.id == rule_id:
                bound = rule.statement.slots.get(slot)
                return bound.span if isinstance(bound, Value) else rule.statement.span
    return None


def _untraced(group: Group) -> Finding:
    return registry.finding(
        "TM-H05", f"{group.name}: no record stands behind what is wrong", rule=group.name, count=group.count
    )
