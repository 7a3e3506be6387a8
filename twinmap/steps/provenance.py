"""``run.ttl``: how the output was made, in PROV-O, beside the graph.

Inputs go by their number, as in the graph, and parameters by their name: names of files and values of
parameters may be those of patients. Of files with such text there is no hash: where they are short,
it would tell what stands in them to whoever tries out what could. The times are exempt from "the same bytes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from twinmap import __version__
from twinmap.engine.sources import Source
from twinmap.steps.state import Run

if TYPE_CHECKING:
    from pyoxigraph import Literal, NamedNode, Triple

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PROV = "http://www.w3.org/ns/prov#"
_DCAT = "http://www.w3.org/ns/dcat#"
_TM = "https://w3id.org/twinmap/ns#"
_PREFIXES = {"dcat": _DCAT, "prov": _PROV, "tm": _TM, "xsd": _XSD}

#: Outputs that hold what was received as it was received, or names of files.
_RAW = frozenset({"findings.jsonl", "quarantine.jsonl", "tables/identifier.parquet"})


def provenance(state: Run, outputs: Mapping[str, Mapping[str, Any]], ended: datetime) -> bytes:
    """The run as Turtle.

    Args:
        state: The run.
        outputs: Name to size and SHA-256 of every published file but this one and the manifest.
        ended: When the run ended.
    """
    import pyoxigraph as ox

    triples = [*_run(state, outputs, ended), *_sources(state), *_outputs(state, outputs)]
    made: bytes = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES) or b""
    return made


def _run(state: Run, outputs: Iterable[str], ended: datetime) -> Iterator[Triple]:
    run, tool = _run_iri(state), _iri(state, "tool", f"twinmap-{__version__}")
    yield from _about(run, f"{_RDF}type", _named(f"{_PROV}Activity"))
    yield from _about(run, f"{_PROV}startedAtTime", _time(state.started))
    yield from _about(run, f"{_PROV}endedAtTime", _time(ended))
    yield from _about(run, f"{_PROV}wasAssociatedWith", tool)
    yield from _about(run, f"{_PROV}qualifiedAssociation", *(_association(state, s) for s in state.sources))
    yield from _about(run, f"{_TM}keyId", _text(state.key.id))
    yield from _about(run, f"{_TM}target", _text(state.project.target))
    yield from _about(run, f"{_PROV}used", *(_file(state, file.number) for file in state.inputs.values()))
    yield from _about(run, f"{_PROV}generated", *(_output(state, name) for name in sorted(outputs)))
    yield from _about(tool, f"{_RDF}type", _named(f"{_PROV}SoftwareAgent"))
    yield from _about(tool, f"{_DCAT}version", _text(__version__))


def _sources(state: Run) -> Iterator[Triple]:
    """What was read, and the mapping that said how."""
    for source in state.sources:
        document = source.document
        data, plan = _iri(state, "source", source.name), _association(state, source)
        mapping = _iri(state, "mapping", document.id, document.version)
        given = sorted(document.params.keys() & source.binding.params.keys())
        files = [number for number, owners in state.owners.items() if source.name in owners]
        yield from _about(plan, f"{_RDF}type", _named(f"{_PROV}Association"))
        yield from _about(plan, f"{_PROV}agent", _iri(state, "tool", f"twinmap-{__version__}"))
        yield from _about(plan, f"{_PROV}hadPlan", mapping)
        yield from _about(mapping, f"{_RDF}type", _named(f"{_PROV}Plan"))
        yield from _about(mapping, f"{_TM}mappingId", _text(document.id))
        yield from _about(mapping, f"{_DCAT}version", _text(document.version))
        yield from _about(mapping, f"{_TM}sha256", _text(document.sha256))
        yield from _about(data, f"{_RDF}type", _named(f"{_TM}Source"), _named(f"{_PROV}Collection"))
        yield from _about(data, f"{_PROV}hadMember", *(_file(state, number) for number in files))
        yield from _about(data, f"{_TM}mapping", mapping)
        yield from _about(data, f"{_TM}parameterName", *map(_text, given))
    for file in state.inputs.values():
        yield from _about(_file(state, file.number), f"{_RDF}type", _named(f"{_PROV}Entity"))


def _outputs(state: Run, outputs: Mapping[str, Mapping[str, Any]]) -> Iterator[Triple]:
    dataset = _iri(state, "dataset")
    forms = [name for name in sorted(outputs) if name.startswith(("graph.", "tables/"))]
    yield from _about(dataset, f"{_RDF}type", _named(f"{_DCAT}Dataset"))
    yield from _about(dataset, f"{_PROV}wasGeneratedBy", _run_iri(state))
    yield from _about(dataset, f"{_DCAT}distribution", *(_output(state, name) for name in forms))
    for name, about in sorted(outputs.items()):
        kinds = [f"{_PROV}Entity"] + [f"{_DCAT}Distribution"] * (name in forms)
        yield from _about(_output(state, name), f"{_RDF}type", *map(_named, kinds))
        if name not in _RAW:
            yield from _about(_output(state, name), f"{_TM}sha256", _text(about["sha256"]))


# --- terms ----------------------------------------------------------------------------------------


def _about(subject: NamedNode, predicate: str, *objects: NamedNode | Literal) -> Iterator[Triple]:
    import pyoxigraph as ox

    return (ox.Triple(subject, ox.NamedNode(predicate), term) for term in objects)


def _iri(state: Run, *parts: str) -> NamedNode:
    return _named(state.project.base + "/".join(quote(part, safe="") for part in parts))


def _run_iri(state: Run) -> NamedNode:
    """The run by what it made: the clock is in no name."""
    return _iri(state, "run", state.graph_sha256[:26])


def _association(state: Run, source: Source) -> NamedNode:
    return _iri(state, "run", state.graph_sha256[:26], source.name)


def _file(state: Run, number: int) -> NamedNode:
    return _iri(state, "file", str(number))


def _output(state: Run, name: str) -> NamedNode:
    return _iri(state, "output", *name.split("/"))


def _named(iri: str) -> NamedNode:
    import pyoxigraph as ox

    return ox.NamedNode(iri)


def _text(text: str) -> Literal:
    import pyoxigraph as ox

    return ox.Literal(text)


def _time(moment: datetime) -> Literal:
    import pyoxigraph as ox

    return ox.Literal(moment.isoformat(timespec="seconds"), datatype=ox.NamedNode(f"{_XSD}dateTime"))
