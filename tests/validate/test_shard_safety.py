"""Which shapes may be tested patient by patient."""

from __future__ import annotations

import pytest

from twinmap.validate.files import shipped_shapes
from twinmap.validate.safety import shard_safety
from twinmap.validate.shapes import ShapesGraph

#: A property shape, and the way from a code to its observations.
PROPERTY = "sh:property [ sh:path"
OBSERVED = "[ sh:inversePath sosa:observedProperty ]"
HEAD = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://ex/> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
"""
SAFE = [
    "sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:class ex:C ]",
    "sh:targetClass ex:T ; sh:property [ sh:path ( ex:p ex:q [ sh:zeroOrMorePath ex:r ] ) ; sh:maxCount 1 ]",
    "sh:targetClass ex:T ; sh:property [ sh:path [ sh:inversePath tm:record ] ; sh:minCount 1 ]",
    f"sh:targetClass ex:T ; {PROPERTY} ( tm:record [ sh:inversePath tm:record ] ) ; sh:minCount 1 ]",
    f"sh:targetSubjectsOf ex:p ; sh:or ( [ sh:class ex:A ] [ sh:not [ {PROPERTY} ex:q ; sh:hasValue 1 ] ]] )",
    "sh:targetObjectsOf tm:panel ; sh:property [ sh:path [ sh:inversePath tm:panel ] ; sh:minCount 2 ]",
    f"sh:targetNode ex:code ; {PROPERTY} {OBSERVED} ; sh:class ex:C ]",
    """sh:targetNode ex:code ; sh:property [ sh:path [ sh:inversePath sosa:observedProperty ] ;
        sh:property [ sh:path tm:unit ; sh:minCount 1 ; sh:in ( "kg" ) ] ]""",
    'sh:targetClass ex:T ; tm:shardSafe true ; sh:sparql [ sh:select "SELECT $this { $this ?p 1 }" ]',
    "sh:targetClass ex:T ; sh:closed true ; sh:ignoredProperties ( ex:p )",
    f"sh:targetClass ex:T ; {PROPERTY} ex:p ; sh:node [ {PROPERTY} ex:q ; sh:minCount 1 ] ] ]",
]
UNSAFE = [
    ("sh:targetObjectsOf ex:p ; sh:nodeKind sh:IRI", "patients share"),
    ("sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:minCount 1 ]", "patients share"),
    ("sh:targetNode ex:x ; sh:nodeKind sh:Literal", "patients share"),
    (
        "sh:targetClass ex:T ; sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:maxCount 1 ]",
        "out of the patient",
    ),
    (
        "sh:targetClass ex:T ; sh:property [ sh:path ( ex:p [ sh:inversePath ex:p ] ) ; sh:maxCount 1 ]",
        "points? to a shared one|out of the patient",
    ),
    (
        f"sh:targetNode ex:code ; {PROPERTY} {OBSERVED} ; sh:minCount 1 ]",
        "needs all nodes",
    ),
    (
        f"sh:targetNode ex:code ; {PROPERTY} ( {OBSERVED} tm:unit ) ; sh:in ( 1 ) ]",
        "needs all nodes",
    ),
    (
        """sh:targetNode ex:code ; sh:not [ sh:property [
            sh:path [ sh:inversePath sosa:observedProperty ] ; sh:class ex:C ] ]""",
        "patients share|needs all nodes",
    ),
    (
        "sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
        "shared node",
    ),
    ('sh:targetClass ex:T ; sh:sparql [ sh:select "SELECT $this { $this ?p 1 }" ]', "query"),
    (
        "sh:target [ a sh:SPARQLTarget ; sh:select 'SELECT ?this { ?this ?p 1 }' ] ; sh:nodeKind sh:IRI",
        "query",
    ),
    ("sh:targetClass ex:T ; ex:own 3", "of its own"),
]
COMPONENT = "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:own ] ."


@pytest.mark.parametrize("body", SAFE)
def test_safe(body: str) -> None:
    (judged,) = shard_safety(ShapesGraph.parse([f"{HEAD} ex:S a sh:NodeShape ; {body} .".encode()])).values()
    assert judged.safe, judged.reason


@pytest.mark.parametrize(("body", "reason"), UNSAFE)
def test_unsafe(body: str, reason: str) -> None:
    import re

    text = f"{HEAD} ex:S a sh:NodeShape ; {body} . {COMPONENT}"
    judged = shard_safety(ShapesGraph.parse([text.encode()]))["<http://ex/S>"]
    assert not judged.safe
    assert re.search(reason, judged.reason), judged.reason


def test_a_shape_that_holds_itself_ends() -> None:
    text = f"{HEAD} ex:S a sh:NodeShape ; sh:targetClass ex:T ; {PROPERTY} tm:record ; sh:node ex:S ] ."
    assert shard_safety(ShapesGraph.parse([text.encode()]))["<http://ex/S>"].safe


def test_all_shipped_shapes_are_safe() -> None:
    judged = shard_safety(ShapesGraph.parse(shipped_shapes()))
    assert len(judged) > 10
    assert {shape: j.reason for shape, j in judged.items() if not j.safe} == {}
