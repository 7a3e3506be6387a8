"""Validate the graph by parts, and trace what is wrong to the record, the field and the mapping line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, Span
from twinmap.engine.graphfile import blocks
from twinmap.mapping.sql import quoted
from twinmap.steps.state import Run

if TYPE_CHECKING:
    from twinmap.terms.concepts import Catalogue
    from twinmap.validate.results import Group, Validation

_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


def all_shapes(state: Run) -> list[bytes]:
    """The shapes of a run: ours (structure, concepts, facets), then those of the project."""
    from twinmap.terms.concepts import catalogue
    from twinmap.validate.files import read_shapes, shipped_shapes

    generated = generated_shapes(catalogue(state.project.concepts))
    (state.publish / "shapes.ttl").write_bytes(generated)
    return [*shipped_shapes(), generated, *read_shapes(state.project.shapes)]


def generated_shapes(concepts: Catalogue) -> bytes:
    """The shapes made from the files of concepts and facets, as Turtle."""
    from twinmap.lift.shapes import concept_shapes, facet_shapes
    from twinmap.terms.facets import facets

    return (concept_shapes(concepts) + "\n" + facet_shapes(facets())).encode()


def checker(state: Run) -> Callable[[Sequence[memoryview]], object] | None:
    """What a worker does with the graph of its part; None where nothing is to be validated."""
    if state.engine == "none":
        return None
    state.shapes = all_shapes(state)
    return partial(check_part, tuple(state.shapes), state.engine, _context(state), tuple(_graphs(state)))


def check_part(
    shapes: Sequence[bytes],
    engine: str,
    context: bytes,
    graphs: Sequence[str],
    lines: Sequence[bytes | memoryview],
) -> Validation:
    """Validate the lines of one part; runs in a worker."""
    from twinmap.validate.run import validate_parts

    part = triples(lines, graphs)
    return validate_parts([part], shapes, engine, context=context, scope="parts")


def triples(blocks: Iterable[bytes | memoryview], graphs: Sequence[str]) -> bytes:
    """N-Quads as N-Triples: the names of graphs are cut off, SHACL knows triples only.

    Args:
        blocks: Blocks that end with a line.
        graphs: The IRIs of all graphs.
    """
    names = [f" <{graph}> .\n".encode() for graph in graphs]
    return b"".join(reduce(lambda lines, name: lines.replace(name, b" .\n"), names, bytes(b)) for b in blocks)


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
    state.validation = validation = merge([*checked, whole])  # type: ignore[list-item]
    with (state.publish / "validation.ttl").open("wb") as file:
        write_report(validation, file, base=state.project.base)
    state.findings += findings.about_validation(validation)
    for group in validation.groups:
        places, where, sources = _trace(state, group)
        state.findings.append(findings.violation(group, places=places, where=where, sources=sources))
        if not places:
            state.findings.append(_untraced(group))


def _parts(state: Run) -> Iterator[bytes]:
    """The parts as N-Triples, read one at a time and only if a shape needs the whole graph."""
    graphs = _graphs(state)
    return (triples([b"".join(blocks(state.graph, *part.lines))], graphs) for part in state.results)


def _graphs(state: Run) -> list[str]:
    base = state.project.base
    return [*(f"{base}graph/source/{source.name}" for source in state.sources), f"{base}graph/links"]


def _trace(state: Run, group: Group) -> tuple[tuple[Place, ...], Span | None, tuple[str, ...]]:
    """The first places of a group: the records behind its focus nodes, and the mapping line of the rule."""
    base = state.project.base
    kinds = {"obs": "observation", "record": "patient"}
    places: list[Place] = []
    where: Span | None = None
    for focus in group.focus[:PLACES_KEPT]:
        stem, _, ident = focus.strip("<>").removeprefix(base).partition("/")
        kind = kinds.get(stem, stem)
        paths = [str(result.tables[kind]) for result in state.results if kind in result.tables]
        column = "patient_record" if kind == "patient" else "id"
        if not paths:
            continue
        table = "read_parquet([" + ", ".join(quoted(path) for path in paths) + "])"
        for source, rule, file, record, line, part in state.duck.rows(
            f"SELECT source, rule, file, record, line, part FROM {table} "
            f"WHERE {column} = ? ORDER BY ALL LIMIT 1",
            [ident],
        ):
            places.append(Place(source, state.names[file], record, line, part))
            where = where or _span(state, rule)
    return tuple(places), where, tuple(sorted({place.source for place in places}))


def _span(state: Run, rule_id: str) -> Span | None:
    for made in state.made:
        for rule in made.applied.plan.rules:
            if rule.id == rule_id:
                return rule.statement.span
    return None


def _untraced(group: Group) -> Finding:
    return registry.finding(
        "TM-H05", f"{group.name}: no record stands behind what is wrong", rule=group.name, count=group.count
    )
