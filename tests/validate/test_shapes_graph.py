"""The shapes graph: names for blank-node shapes, targets, paths."""

from __future__ import annotations

import random

import pyoxigraph as ox
import pytest

from twinmap.errors import UsageError
from twinmap.validate.rdf import lexical, sh, short
from twinmap.validate.shapes import ShapesGraph

HEAD = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://ex/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def graph(body: str) -> ShapesGraph:
    return ShapesGraph.parse([(HEAD + body).encode()])


NESTED = """
ex:S a sh:NodeShape ; sh:targetClass ex:T ;
    sh:property [ sh:path ex:unit ; sh:minCount 1 ] , [ sh:path ex:unit ; sh:maxCount 1 ] ,
        [ sh:path ( ex:a [ sh:inversePath ex:b ] ) ;
          sh:node [ sh:property [ sh:path ex:c ; sh:minCount 1 ] ] ] ;
    sh:or ( [ sh:nodeKind sh:IRI ] [ sh:nodeKind sh:BlankNode ] ) .
[] sh:targetNode ex:x ; sh:property [ sh:path ex:d ; sh:maxCount 0 ] .
"""


def test_every_blank_shape_gets_a_name_of_its_parent_and_path() -> None:
    shapes = graph(NESTED).shapes
    assert {name for name in shapes if name.startswith("<http://ex/")} == {
        "<http://ex/S>",
        "<http://ex/S/unit>",
        "<http://ex/S/unit-2>",
        "<http://ex/S/a-b>",
        "<http://ex/S/a-b/node>",
        "<http://ex/S/a-b/node/c>",
        "<http://ex/S/or>",
        "<http://ex/S/or-2>",
    }
    assert not any(name.startswith("_:") for name in shapes)
    assert sum(name.startswith("<urn:twinmap:shape:") for name in shapes) == 2


def test_names_do_not_depend_on_labels_or_order() -> None:
    triples = list(ox.parse((HEAD + NESTED).encode(), format=ox.RdfFormat.TURTLE))
    names = set()
    for seed in range(5):
        random.Random(seed).shuffle(triples)
        renamed = [_relabel(quad.triple, seed) for quad in triples]
        text = ox.serialize(renamed, format=ox.RdfFormat.N_TRIPLES)
        shuffled = ShapesGraph.parse([text or b""])
        names.add(
            tuple(
                (s, shuffled.values(s, "minCount"), shuffled.values(s, "nodeKind")) for s in shuffled.shapes
            )
        )
    assert len(names) == 1


def _relabel(triple: ox.Triple, seed: int) -> ox.Triple:
    def new(term: object) -> object:
        return (
            ox.BlankNode(f"x{hash((seed, term.value)) % 10**9}") if isinstance(term, ox.BlankNode) else term
        )

    return ox.Triple(new(triple.subject), triple.predicate, new(triple.object))  # type: ignore[arg-type]


def test_root_is_the_nearest_shape_that_the_author_named() -> None:
    shapes = graph(NESTED)
    assert shapes.root_of("<http://ex/S/a-b/node/c>") == "<http://ex/S>"
    assert shapes.root_of("<http://ex/S>") == "<http://ex/S>"


def test_two_documents_keep_their_blank_nodes_apart() -> None:
    one = (
        b"<urn:a> <http://www.w3.org/ns/shacl#property> _:p . _:p <http://www.w3.org/ns/shacl#path> <urn:x> ."
    )
    two = one.replace(b"urn:a", b"urn:b").replace(b"urn:x", b"urn:y")
    shapes = ShapesGraph.parse([one, two])
    assert shapes.path("<urn:a/x>") == "<urn:x>"
    assert shapes.path("<urn:b/y>") == "<urn:y>"


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        ("ex:p", "<http://ex/p>"),
        ("[ sh:inversePath ex:p ]", "^<http://ex/p>"),
        ("( ex:p [ sh:inversePath ex:q ] )", "<http://ex/p>/^<http://ex/q>"),
        ("[ sh:alternativePath ( ex:p ex:q ) ]", "(<http://ex/p>|<http://ex/q>)"),
        ("[ sh:zeroOrMorePath ex:p ]", "(<http://ex/p>)*"),
        ("[ sh:inversePath ( ex:p ex:q ) ]", "^(<http://ex/p>/<http://ex/q>)"),
    ],
)
def test_paths_in_sparql_syntax(turtle: str, expected: str) -> None:
    assert graph(f"ex:P a sh:PropertyShape ; sh:path {turtle} .").path("<http://ex/P>") == expected


def test_targets_and_roots() -> None:
    shapes = graph("""
        ex:A a sh:NodeShape, rdfs:Class .
        ex:B sh:targetNode ex:x ; sh:targetClass ex:T ; sh:targetSubjectsOf ex:p ; sh:targetObjectsOf ex:q .
        ex:C sh:targetNode ex:x ; sh:deactivated true .
        ex:D a sh:NodeShape .
    """)
    assert shapes.roots == ("<http://ex/A>", "<http://ex/B>")
    assert [(t.kind, t.term) for t in shapes.targets("<http://ex/B>")] == [
        ("node", "<http://ex/x>"),
        ("class", "<http://ex/T>"),
        ("subjects-of", "<http://ex/p>"),
        ("objects-of", "<http://ex/q>"),
    ]
    assert [(t.kind, t.term) for t in shapes.targets("<http://ex/A>")] == [("class", "<http://ex/A>")]
    assert shapes.without_targets(["<http://ex/A>", "<http://ex/B>"]).roots == ()
    assert set(shapes.without_targets(["<http://ex/A>"]).shapes) == set(shapes.shapes)


def test_prefixes_of_imports_are_said_where_they_are_used() -> None:
    shapes = graph("""
        ex:S sh:targetNode ex:x ;
            sh:sparql [ sh:prefixes ex:own ; sh:select "SELECT $this { $this e:p 1 }" ] .
        ex:own owl:imports ex:more . ex:more owl:imports ex:own ; sh:declare [ sh:prefix "e" ] .
    """)
    assert len(shapes.values("<http://ex/own>", "declare")) == 1


def test_a_list_in_a_circle_ends() -> None:
    shapes = graph("""
        ex:S a sh:NodeShape ; sh:in ex:l .
        ex:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 ;
            <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> ex:l .
    """)
    assert len(list(shapes.items("<http://ex/l>"))) == 1


@pytest.mark.parametrize("text", [b"this is not Turtle", b"<urn:a> <urn:b> 1 .", b"", b"\xff\xfe"])
def test_what_is_no_shapes_graph_is_refused(text: bytes) -> None:
    with pytest.raises(UsageError):
        ShapesGraph.parse([text])


def test_rules_never_reach_an_engine() -> None:
    shapes = graph("ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:rule [ a sh:TripleRule ] .")
    assert b"#rule>" not in shapes.ntriples()


def test_terms_for_people() -> None:
    assert short(sh("minCount")) == "sh:minCount"
    assert short('"12"^^<http://www.w3.org/2001/XMLSchema#integer>') == "12"
    assert lexical('"a\\u00e9\\"\\\\n"') == 'aé"\\n'
    assert short("<http://elsewhere/x>") == "http://elsewhere/x"
