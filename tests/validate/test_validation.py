"""What a validation tells: groups, messages, findings, targets, the report; and what it never tells."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from twinmap.diagnostics import Severity
from twinmap.errors import InputOutputError, UsageError
from twinmap.validate import engine as engines
from twinmap.validate.files import load_graph, read_shapes, shipped_shapes, validate_files
from twinmap.validate.findings import about_validation, violation
from twinmap.validate.paths import to_turtle
from twinmap.validate.report import write_report
from twinmap.validate.run import prepared, validate_parts

HEAD = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://ex/> .
@prefix tm: <https://w3id.org/twinmap/ns#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
DATA = "".join(
    f"<http://ex/{n}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://ex/T> .\n"
    f'<http://ex/{n}> <http://ex/v> "{n}" .\n<http://ex/{n}> <http://ex/w> "{n}" .\n'
    for n in range(8)
).encode()


def shapes(body: str) -> list[bytes]:
    return [(HEAD + body).encode()]


def say(body: str, data: bytes = DATA, engine: str = "shacl") -> list[str]:
    return [
        group.message
        for group in validate_parts([data], shapes(f"ex:S sh:targetClass ex:T ; {body} ."), engine).groups
    ]


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sh:property [ sh:path ex:u ; sh:minCount 1 ]", "http://ex/u: at least 1 needed"),
        (
            "sh:property [ sh:path ex:v ; sh:datatype xsd:decimal ]",
            "http://ex/v: the value must be written as xsd:decimal",
        ),
        ('sh:property [ sh:path ex:v ; sh:in ( "a" "b" ) ]', "http://ex/v: the value must be one of a, b"),
        (
            "sh:property [ sh:path ex:v ; sh:in ( 1 2 3 4 5 6 7 8 9 ) ]",
            "http://ex/v: the value must be one of 1, 2, 3, 4, 5, 6 … (9)",
        ),
        ("sh:property [ sh:path ex:v ; sh:minInclusive 20 ]", "http://ex/v: the value must be 20 or more"),
        (
            "sh:property [ sh:path [ sh:inversePath ex:v ] ; sh:minCount 2 ]",
            "^http://ex/v: at least 2 needed",
        ),
        ('sh:property [ sh:path ex:v ; sh:class ex:C ; sh:message "nein"@de , "no"@en ]', "no"),
        ("sh:nodeKind sh:Literal", "the value must be of kind sh:Literal"),
        (
            "sh:not [ sh:property [ sh:path ex:v ; sh:minCount 1 ] ]",
            "the value must not conform to http://ex/S/not",
        ),
        (
            """sh:sparql [ sh:message "has {?value}" ;
                sh:select "SELECT $this ?value { $this <http://ex/v> ?value }" ]""",
            "has {?value}",
        ),
    ],
)
def test_messages_are_those_of_the_shape_whatever_the_engine(engine: str, body: str, message: str) -> None:
    assert say(body, engine=engine) == [message]


def test_one_cause_is_one_group_with_an_exact_count() -> None:
    body = (
        "ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:datatype xsd:decimal ; sh:minLength 3 ] ."
    )
    found = validate_parts([DATA], shapes(body), "shacl", keep_results=5, keep_focus=4)
    assert found.total == 16
    assert len(found.results) == 5
    assert [(g.count, len(g.focus), g.focus_complete, len(g.samples)) for g in found.groups] == [
        (8, 4, False, 3)
    ] * 2
    assert [g.name for g in found.groups] == ["http://ex/S/v"] * 2
    assert not found.conforms


def test_severity_becomes_that_of_the_finding() -> None:
    body = """ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:a ; sh:minCount 1 ; sh:severity sh:Info ] ,
        [ sh:path ex:b ; sh:minCount 1 ; sh:severity sh:Warning ] , [ sh:path ex:c ; sh:minCount 1 ] ,
        [ sh:path ex:d ; sh:minCount 1 ; sh:severity ex:Own ] ."""
    findings = [violation(group, sources=("lab",)) for group in validate_parts([DATA], shapes(body)).groups]
    assert [f.severity for f in findings] == [Severity.ERROR, Severity.ERROR, Severity.WARNING, Severity.INFO]
    assert {f.code for f in findings} == {"TM-H01"}
    assert len({f.id for f in findings}) == 4
    assert findings[0].count == 8
    assert findings[0].sources == ("lab",)


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_no_value_of_the_data_is_told(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "Xq7canary"
    data = f"""<http://ex/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://ex/T> .
<http://ex/1> <http://ex/v> "{secret}"^^<http://www.w3.org/2001/XMLSchema#dateTime> .
<http://ex/1> <http://ex/v> "{secret}"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<http://ex/1> <http://ex/v> "{secret}"^^<http://www.w3.org/2001/XMLSchema#hexBinary> .
""".encode()
    body = """ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:datatype xsd:decimal ;
        sh:minInclusive 3 ; sh:message "bad {?value} {$value}" ] ."""
    found = validate_parts([data], shapes(body), engine)
    told = str([violation(group).to_json() for group in found.groups]) + str(about_validation(found))
    assert found.total == 6
    assert secret not in told
    assert secret not in "".join(capfd.readouterr())
    with pytest.raises(InputOutputError) as caught:
        validate_parts([f"<http://ex/1> {secret} oops".encode()], shapes(body), engine)
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_shape_that_matched_nothing_is_reported_unless_it_may() -> None:
    body = """ex:A sh:targetClass ex:Nothing ; sh:nodeKind sh:IRI .
        ex:B sh:targetClass ex:Nothing ; sh:nodeKind sh:IRI ; tm:mayMatchNothing true .
        ex:C sh:targetNode ex:nobody ; sh:nodeKind sh:IRI . ex:D sh:targetNode ex:3 ; sh:nodeKind sh:IRI .
        ex:E sh:targetSubjectsOf ex:v ; sh:nodeKind sh:IRI .
        ex:F sh:targetObjectsOf ex:u ; sh:nodeKind sh:IRI .
        ex:G a sh:PropertyShape ; sh:targetNode ex:T ; sh:nodeKind sh:IRI ;
            sh:path [ sh:inversePath <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ] ."""
    found = validate_parts([DATA], shapes(body), "shacl")
    counts = {shape.rsplit("/", 1)[1].strip(">"): count for shape, count in found.targets.items()}
    assert counts == {"A": 0, "B": 0, "C": 0, "D": 1, "E": 8, "F": 0, "G": 8}
    assert [(f.code, f.rule) for f in about_validation(found)] == [
        ("TM-H02", f"http://ex/{name}") for name in ("A", "C", "F")
    ]


def test_lint_findings_come_with_the_validation() -> None:
    body = "ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:minCnt 9 ] ."
    assert [f.code for f in about_validation(validate_parts([DATA], shapes(body)))] == ["TM-H03"]


# --- the choice of an engine ----------------------------------------------------------------------

LOOK_AHEAD = 'ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:pattern "^(?=[0-4])." ] .'


def test_auto_takes_the_fast_engine() -> None:
    found = validate_parts([DATA], shapes("ex:S sh:targetClass ex:T ; sh:nodeKind sh:IRI ."))
    assert found.engine.name == "shacl"
    assert found.engine.version
    assert found.conforms


def test_auto_falls_back_for_the_whole_graph_and_says_so() -> None:
    found = validate_parts([DATA], shapes(LOOK_AHEAD))
    assert found.engine.name == "pyshacl"
    assert found.total == 3
    (note,) = found.notes
    assert (note.code, note.severity) == ("TM-H04", Severity.WARNING)


def test_an_engine_that_was_asked_for_is_never_replaced() -> None:
    with pytest.raises(UsageError, match="shacl refuses the shapes"):
        validate_parts([DATA], shapes(LOOK_AHEAD), "shacl")


def test_without_the_package_auto_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "shacl", None)
    monkeypatch.delitem(sys.modules, "twinmap.validate.engine_shacl", raising=False)
    prepared.cache_clear()
    found = validate_parts([DATA], shapes("ex:S sh:targetClass ex:T ; sh:nodeKind sh:IRI ."))
    assert found.engine.name == "pyshacl"
    assert "not installed" in found.notes[0].message


def test_an_unknown_engine_is_an_error() -> None:
    with pytest.raises(UsageError, match="no SHACL engine"):
        engines.load("topbraid")


@pytest.mark.parametrize("engine", ["shacl", "pyshacl", "auto"])
@pytest.mark.parametrize(
    "body",
    [
        'ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:minCount "two" ] .',
        'ex:S sh:targetClass ex:T ; sh:sparql [ sh:select "SELECT nonsense" ] .',
    ],
)
def test_malformed_shapes_are_refused(engine: str, body: str) -> None:
    with pytest.raises(UsageError):
        validate_parts([DATA], shapes(body), engine)


def test_the_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every pair of 400 nodes is looked at for every node: seconds of work for the engine.
    data = b"".join(b'<http://ex/%d> <http://ex/v> "%d" .\n' % (n, n) for n in range(400))
    query = "SELECT $this { $this ?p ?o . ?a ex:v ?x . ?b ex:v ?y . ?c ex:v ?z . FILTER(?x + ?y = ?z) }"
    body = f"""ex: sh:declare [ sh:prefix "ex" ; sh:namespace "http://ex/"^^xsd:anyURI ] .
        ex:S sh:targetSubjectsOf ex:v ; sh:sparql [ sh:prefixes ex: ; sh:select "{query}" ] ."""
    started = time.monotonic()
    with pytest.raises(InputOutputError, match=r"stopped after 0.2 s"):
        validate_parts([data], shapes(body), "shacl", time_budget=0.2)
    assert time.monotonic() - started < 3


# --- the report -----------------------------------------------------------------------------------


def _report(body: str, data: bytes = DATA) -> bytes:
    out = io.BytesIO()
    write_report(validate_parts([data], shapes(body), "shacl"), out)
    return out.getvalue()


BODY = """ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:minLength 2 ] ,
    [ sh:path ( ex:v [ sh:zeroOrMorePath [ sh:alternativePath ( ex:a [ sh:inversePath ex:b ] ) ] ] ) ;
      sh:maxCount 0 ; sh:message 'two "quotes" and \\\\' ] ."""


def test_the_report_is_a_validation_report_in_turtle() -> None:
    text = _report(BODY)
    triples = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    sh = "http://www.w3.org/ns/shacl#"
    results = [t for t in triples if t.predicate.value == f"{sh}result"]
    assert len(results) == 16
    for name in ("focusNode", "resultPath", "sourceShape", "sourceConstraintComponent", "resultSeverity"):
        assert sum(t.predicate.value == sh + name for t in triples) == 16, name
    assert any(t.predicate.value == f"{sh}conforms" and t.object.value == "false" for t in triples)
    messages = {t.object.value for t in triples if t.predicate.value == f"{sh}resultMessage"}
    assert messages == {'two "quotes" and \\'}


def test_the_report_has_the_same_bytes_in_any_order_of_the_data() -> None:
    lines = DATA.splitlines(keepends=True)
    assert _report(BODY, b"".join(reversed(lines))) == _report(BODY)


@pytest.mark.parametrize(
    "path",
    [
        "<urn:p>",
        "^<urn:p>",
        "<urn:p>/<urn:q>",
        "(<urn:p>|^<urn:q>)",
        "(<urn:p>/<urn:q>)*",
        "((<urn:p>)+|<urn:q>)",
        "^(<urn:p>/<urn:q>)",
    ],
)
def test_paths_go_to_turtle_and_back(path: str) -> None:
    from twinmap.validate.shapes import ShapesGraph

    text = f"{HEAD} ex:P a sh:PropertyShape ; sh:path {to_turtle(path)} ."
    assert ShapesGraph.parse([text.encode()]).path("<http://ex/P>") == path


@pytest.mark.parametrize("path", ["", "<urn:p>/", "(<urn:p>", "<urn:p>)", "x", "<urn:p> <urn:q>", "*"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a property path"):
        to_turtle(path)


# --- files ----------------------------------------------------------------------------------------

LITERAL = '"98.60"^^<http://www.w3.org/2001/XMLSchema#decimal>'
TEXTS = {
    "g.nt": f"<http://ex/1> <http://ex/v> {LITERAL} .",
    "g.nq": f"<http://ex/1> <http://ex/v> {LITERAL} <http://ex/g> .\n",
    "g.ttl": f"@prefix ex: <http://ex/> . ex:1 ex:v {LITERAL} .",
    "g.trig": f"<http://ex/g> {{ <http://ex/1> <http://ex/v> {LITERAL} }}",
    "g.jsonld": '{"@id": "http://ex/1", "http://ex/v": {"@value": "98.60", "@type": "http://www.w3.org/2001/XMLSchema#decimal"}}',
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_format_keeps_literals_as_written(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(TEXTS[name])
    assert load_graph(file) == f"<http://ex/1> <http://ex/v> {LITERAL} .\n".encode()


def test_compressed_files_are_read(tmp_path: Path) -> None:
    import gzip

    file = tmp_path / "g.nq.gz"
    file.write_bytes(gzip.compress(TEXTS["g.nq"].encode()))
    assert LITERAL.encode() in load_graph(file)


def test_files_are_validated_as_one_graph_with_blank_nodes_apart(tmp_path: Path) -> None:
    for name in ("a.nt", "b.nt"):
        (tmp_path / name).write_text(
            "_:x <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://ex/T> .\n"
        )
    rules = tmp_path / "s.ttl"
    rules.write_text(HEAD + "ex:S sh:targetClass ex:T ; sh:nodeKind sh:IRI .")
    found = validate_files([tmp_path / "a.nt", tmp_path / "b.nt"], read_shapes([rules]))
    assert (found.total, found.triples) == (2, 2)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("g.rdf", "<rdf/>", UsageError),
        ("g.ttl", "secret oops", InputOutputError),
        ("g.jsonld", '{"@context": "http://ex/context", "a": "secret"}', InputOutputError),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, text: str, error: type[Exception]) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(error) as caught:
        load_graph(file)
    assert "secret" not in str(caught.value)


def test_a_missing_file_is_not_an_invalid_one(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError):
        validate_files([tmp_path / "none.nt"], shipped_shapes())
