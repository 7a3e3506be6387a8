"""The W3C SHACL test suite through our interface, with each engine.

What an engine is known to get wrong stands in a table. A known failure that begins to pass fails the
test too, so that the table stays true.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from twinmap.errors import TwinmapError
from twinmap.validate.rdf import is_iri
from twinmap.validate.run import validate_parts

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"
SH = "http://www.w3.org/ns/shacl#"

#: Engine to test (folder/name) to the reason.
KNOWN_FAILURES: dict[str, dict[str, str]] = {
    "shacl": {
        "pre-binding/unsupported-sparql-004": "an inner SELECT that does not give $this is not refused",
    },
    "pyshacl": {},
}


@dataclass(frozen=True)
class Case:
    """One entry of the suite; ``expected`` is None where validation must fail.

    Results are compared as a set: twinmap tells the same result once (``sh:lessThan`` and ``sh:uniqueLang``
    of the suite have results that differ in nothing).
    """

    name: str
    data: bytes
    shapes: bytes
    expected: Counter[tuple[str, ...]] | None


def _graph(path: Path) -> ox.Dataset:
    return ox.Dataset(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=_base(path)))


def _base(path: Path) -> str:
    return f"urn:suite:/{path.name}"


def _ntriples(path: Path) -> bytes:
    triples = (quad.triple for quad in _graph(path))
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _objects(graph: ox.Dataset, node: object, predicate: str) -> list[object]:
    return [q.object for q in graph.quads_for_subject(node) if q.predicate.value == predicate]  # type: ignore[arg-type]


def _text(nodes: list[object]) -> str:
    """The term, or ``*`` for a blank node, whose label means nothing."""
    if not nodes:
        return ""
    return "*" if isinstance(nodes[0], ox.BlankNode) else str(nodes[0])


def _expected(graph: ox.Dataset, entry: object) -> Counter[tuple[str, ...]] | None:
    result = _objects(graph, entry, f"{MF}result")[0]
    if isinstance(result, ox.NamedNode):
        assert result.value == f"{SHT}Failure"
        return None
    found: Counter[tuple[str, ...]] = Counter()
    for node in _objects(graph, result, f"{SH}result"):
        names = (
            "focusNode",
            "resultPath",
            "value",
            "resultSeverity",
            "sourceConstraintComponent",
            "sourceShape",
        )
        found[tuple(_text(_objects(graph, node, SH + name)) for name in names)] = 1
    return found


def _cases(suite: Path) -> list[Case]:
    cases = []
    for path in sorted(suite.rglob("*.ttl")):
        if path.name == "manifest.ttl":
            continue
        graph = _graph(path)
        for quad in graph.quads_for_predicate(ox.NamedNode(f"{MF}action")):
            data, shapes = (
                path.parent / str(_objects(graph, quad.object, SHT + name)[0])[1:-1].rsplit("/", 1)[1]
                for name in ("dataGraph", "shapesGraph")
            )
            if not (data.exists() and shapes.exists()):
                continue  # the corpus holds most files of the suite, not all
            name = f"{path.parent.name}/{path.stem}"
            cases.append(Case(name, _ntriples(data), _ntriples(shapes), _expected(graph, quad.subject)))
    return cases


def _outcome(case: Case, engine: str) -> str:
    """Empty where the engine does as the suite says, else what differs."""
    try:
        validation = validate_parts([case.data], [case.shapes], engine)
    except TwinmapError as error:
        return "" if case.expected is None else f"raised {error}"
    if case.expected is None:
        return "was to be refused"
    found: Counter[tuple[str, ...]] = Counter()
    for r in validation.results:
        path = r.path if r.path is None or is_iri(r.path) else "*"
        blank = [("*" if term.startswith("_:") else term) for term in (r.focus, r.value or "")]
        found[blank[0], path or "", blank[1], r.severity, r.component, r.source_shape] += 1
    ours, theirs = _unnamed(found, case.expected), _unnamed(case.expected, case.expected)
    return "" if ours == theirs else f"expected {theirs - ours}, found {ours - theirs}"


def _unnamed(found: Counter[tuple[str, ...]], expected: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """The results, where a shape that the suite left unnamed is ``*``."""
    named = {key[5] for key in expected if key[5] != "*"}
    out: Counter[tuple[str, ...]] = Counter()
    for key, count in found.items():
        out[(*key[:5], key[5] if key[5] in named else "*")] += count
    return out


@pytest.mark.corpus
@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize("part", ["core", "sparql"])
def test_suite(corpus: Path, engine: str, part: str) -> None:
    cases = _cases(corpus / "shacl" / "w3c-data-shapes" / part)
    assert len(cases) >= {"core": 60, "sparql": 15}[part]
    names = {case.name for case in cases}
    failures = {case.name: text for case in cases if (text := _outcome(case, engine))}
    known = {name: reason for name, reason in KNOWN_FAILURES[engine].items() if name in names}
    assert failures.keys() == known.keys(), "\n".join(f"{k}: {v}" for k, v in failures.items())
