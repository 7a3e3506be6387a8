"""What is refused, and what is reported about the shapes themselves."""

from __future__ import annotations

import pytest

from twinmap.errors import UsageError
from twinmap.validate.files import shipped_shapes
from twinmap.validate.lint import lint, refuse_unsafe
from twinmap.validate.shapes import ShapesGraph

HEAD = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://ex/> .\n"


def graph(body: str) -> ShapesGraph:
    return ShapesGraph.parse([(HEAD + body).encode()])


def messages(body: str) -> list[str]:
    findings = lint(graph(body))
    assert all(finding.code == "TM-H03" for finding in findings)
    return [finding.message for finding in findings]


def test_a_misspelt_constraint_is_named_with_what_was_meant() -> None:
    (finding,) = lint(graph("ex:S a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:minCnt 1 ] ."))
    assert "sh:minCnt" in finding.message
    assert finding.help == "did you mean sh:minCount?"


def test_a_misspelt_class_or_value_is_found_too() -> None:
    assert len(messages("ex:S a sh:NodeShap , sh:NodeShape ; sh:nodeKind sh:Iri .")) == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("ex:S a sh:NodeShape ; sh:property ex:P . ex:P sh:minCount 1 .", "without sh:path"),
        ("ex:P a sh:PropertyShape ; sh:minCount 1 .", "without sh:path"),
        ("ex:P a sh:PropertyShape ; sh:path ex:a, ex:b .", "2 values of sh:path"),
        ("ex:S a sh:NodeShape ; sh:rule [ a sh:TripleRule ] .", "sh:rule"),
    ],
)
def test_shapes_that_cannot_be_what_was_meant(body: str, words: str) -> None:
    (message,) = messages(body)
    assert words in message


def test_good_shapes_have_no_finding() -> None:
    assert lint(ShapesGraph.parse(shipped_shapes())) == []


@pytest.mark.parametrize(
    "body",
    [
        'sh:js [ sh:jsFunctionName "f" ]',
        'sh:sparql [ sh:select "SELECT $this WHERE { SERVICE <http://x/> { $this ?p ?o } }" ]',
        'sh:sparql [ sh:select "SELECT $this { service silent ?s { $this ?p ?o } }" ]',
        'sh:sparql [ sh:select "SELECT $this FROM <http://x/g> WHERE { $this ?p ?o }" ]',
        'sh:target [ sh:select "SELECT ?this from named <http://x/g> WHERE { ?this ?p ?o }" ]',
    ],
)
def test_foreign_code_and_remote_data_are_refused(body: str) -> None:
    shapes = graph(f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; {body} .")
    with pytest.raises(UsageError, match=r"JavaScript|SERVICE|FROM"):
        refuse_unsafe(shapes)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this WHERE { $this <http://x/SERVICE> ?from }",
        "SELECT $this WHERE { $this ?p 'SERVICE <http://x/>' } # FROM here",
        "SELECT $this WHERE { $this ex:service ?service . $this from:p $FROM }",
        "SELECT $this WHERE { $this ?p '''it's FROM \\\\'here\\\\' ''' }",
    ],
)
def test_words_that_only_look_like_it_pass(query: str) -> None:
    refuse_unsafe(
        graph(f'ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select """{query}""" ] .')
    )
