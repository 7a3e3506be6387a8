"""The two engines give the same, and parts give the same as the whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.diagnostics import Severity
from twinmap.validate.files import shipped_shapes
from twinmap.validate.lexical import is_ill_typed
from twinmap.validate.rdf import XSD
from twinmap.validate.results import Validation
from twinmap.validate.run import merge, validate_parts

TM = "https://w3id.org/twinmap/ns#"
SOSA = "http://www.w3.org/ns/sosa/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
BASE = "https://twin.invalid/"

OWN = b"""
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://ex/> .
ex:Systolic a sh:PropertyShape ; sh:targetNode <http://loinc.org/rdf/8480-6> ;
    sh:path [ sh:inversePath sosa:observedProperty ] ;
    sh:property [ sh:path tm:unit ; sh:minCount 1 ; sh:in ( "mm[Hg]" ) ; sh:severity sh:Warning ] ,
        [ sh:path sosa:hasSimpleResult ; sh:datatype xsd:decimal ;
          sh:minInclusive 20 ; sh:maxInclusive 350.0 ] .
ex:OnePerCode a sh:NodeShape ; sh:targetNode <http://loinc.org/rdf/8462-4> ;
    sh:property [ sh:path [ sh:inversePath sosa:observedProperty ] ; sh:maxCount 2 ] .
ex:Sensor a sh:NodeShape ; sh:targetObjectsOf sosa:madeBySensor ; sh:class sosa:Sensor .
ex:Used a sh:NodeShape ; sh:targetClass sosa:Sensor ;
    sh:property [ sh:path [ sh:inversePath sosa:madeBySensor ] ; sh:minCount 1 ] .
ex:Older a sh:NodeShape ; sh:targetClass sosa:Observation ;
    sh:property [ sh:path tm:lowValue ; sh:lessThan tm:highValue ; sh:minExclusive 0 ] ;
    sh:not [ sh:property [ sh:path tm:flag ; sh:pattern "^(HH|LL)$" ; sh:minCount 1 ] ] .
"""
CONTEXT = f"""<{BASE}device/1> <{TYPE}> <{SOSA}Sensor> .
<{BASE}device/1> <{TM}deviceType> <{BASE}not-text> .
""".encode()

numbers = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-500, max_value=500, places=2).map(
        lambda d: f"{d:f}"
    ),
    st.sampled_from(["1e3", "NaN", "", "007", "1.", "+5", ".5", "1_0", " 1", "abc", "٣", "-0.0", "350.00"]),
)
# A time without a zone cannot be compared with one that has a zone in Python; XSD can, a day apart.
zoned = st.sampled_from(
    ["2026-03-04T08:00:00Z", "2026-03-04T08:00:00+01:00", "2026-03-04", "2026-13-04T08:00:00Z"]
)
times = st.sampled_from(
    [
        "2026-03-04T08:00:00Z",
        "2026-03-04T08:00:00",
        "1999-12-31T23:59:59+01:00",
        "2026-03-04",
        "2026-02-30T08:00:00Z",
        "2026-03-04T08:00",
        "2026-03-04 08:00:00Z",
        "2026-03-04T08:00:00.123Z",
        "",
    ]
)
texts = st.one_of(st.sampled_from(["mm[Hg]", "mmHg", "final", "done", "HH", ""]), st.text(max_size=6))


def _literal(text: str, datatype: str = "") -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    body = "".join(escapes.get(c, c) for c in text)
    return f'"{body}"' + (f"^^<{XSD}{datatype}>" if datatype else "")


@st.composite
def observations(draw: st.DrawFn, twin: int, number: int) -> str:
    node = f"<{BASE}obs/{twin}-{number}>"
    code = draw(st.sampled_from(["8480-6", "8462-4", "1-8"]))
    about = {
        TYPE: f"<{SOSA}Observation>",
        f"{SOSA}hasFeatureOfInterest": f"<{BASE}patient/{twin}>",
        f"{TM}record": f"<{BASE}record/{twin}>",
        f"{SOSA}observedProperty": f"<http://loinc.org/rdf/{code}>",
        "http://www.w3.org/ns/prov#wasDerivedFrom": f"<{BASE}file/1#record/{number}>",
    }
    optional = {
        f"{SOSA}hasSimpleResult": numbers.map(lambda t: _literal(t, "decimal")),
        f"{SOSA}resultTime": times.map(lambda t: _literal(t, "dateTime")),
        f"{TM}unit": texts.map(_literal),
        f"{TM}status": texts.map(_literal),
        f"{TM}flag": texts.map(_literal),
        f"{TM}lowValue": numbers.map(lambda t: _literal(t, "decimal")),
        f"{TM}highValue": numbers.map(lambda t: _literal(t, "decimal")),
        f"{SOSA}madeBySensor": st.sampled_from([f"<{BASE}device/1>", f"<{BASE}device/2>"]),
        f"{TM}absentReason": st.sampled_from(['"unknown"', '"nothing"']),
        f"{TM}panel": st.just(f"<{BASE}panel/{twin}>"),
        f"{TM}record": st.just(f"<{BASE}record/nobody>"),
        f"{TM}startTime": zoned.map(lambda t: _literal(t, "dateTime")),
        f"{TM}endTime": zoned.map(lambda t: _literal(t, "dateTime")),
    }
    for predicate in draw(st.lists(st.sampled_from(sorted(optional)), max_size=7, unique=True)):
        about[predicate] = draw(optional[predicate])
    return "".join(f"{node} <{p}> {o} .\n" for p, o in about.items())


@st.composite
def graphs(draw: st.DrawFn) -> list[bytes]:
    """Parts of whole patients."""
    parts = []
    for twin in range(draw(st.integers(1, 4))):
        text = (
            f"<{BASE}patient/{twin}> <{TYPE}> <{TM}PatientTwin> .\n"
            f"<{BASE}patient/{twin}> <{TM}hasRecord> <{BASE}record/{twin}> .\n"
            f"<{BASE}record/{twin}> <{TYPE}> <{TM}PatientRecord> .\n"
        )
        for number in range(draw(st.integers(0, 3))):
            text += draw(observations(twin, number))
        parts.append(text.encode())
    return parts


def _keys(validation: Validation) -> Iterator[tuple[str, ...]]:
    return (result.key for result in validation.results)


SHAPES = [*shipped_shapes(), OWN]
slow = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(graphs())
def test_both_engines_give_the_same(parts: list[bytes]) -> None:
    validation = validate_parts([b"".join(parts)], SHAPES, "both", context=CONTEXT)
    assert [note for note in validation.notes if note.code == "TM-H06"] == []
    assert validation.total > 0


@settings(slow, max_examples=100)
@given(graphs())
def test_parts_give_the_same_as_the_whole(parts: list[bytes]) -> None:
    whole = validate_parts([CONTEXT + b"".join(parts)], SHAPES, "shacl")
    sharded = validate_parts(parts, SHAPES, "shacl", context=CONTEXT)
    assert sorted(_keys(sharded)) == sorted(_keys(whole))
    assert sharded.targets == whole.targets
    assert {(g.shape, g.path, g.component, g.count) for g in sharded.groups} == {
        (g.shape, g.path, g.component, g.count) for g in whole.groups
    }
    if len(parts) > 1:
        assert set(sharded.whole_graph) == {
            "<http://ex/OnePerCode>",
            "<http://ex/Sensor>",
            "<http://ex/Used>",
        }


@settings(slow, max_examples=40)
@given(graphs())
def test_parts_in_several_processes_give_the_same(parts: list[bytes]) -> None:
    together = validate_parts(parts, SHAPES, "shacl", context=CONTEXT, scope="all")
    alone = [validate_parts([part], SHAPES, "shacl", context=CONTEXT, scope="parts") for part in parts]
    merged = merge([*alone, validate_parts(parts, SHAPES, "shacl", context=CONTEXT, scope="whole")])
    if len(parts) == 1:  # then "all" tests in one piece, and nothing is left for the whole graph
        assert merged.total == together.total
    assert sorted(_keys(merged)) == sorted(_keys(together))
    assert merged.targets == together.targets
    assert merged.triples == together.triples
    assert {(g.shape, g.component, g.path, g.count, frozenset(g.focus)) for g in merged.groups} == {
        (g.shape, g.component, g.path, g.count, frozenset(g.focus)) for g in together.groups
    }


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("yes", "boolean"),
        ("2026-03-04", "dateTime"),
        ("300", "byte"),
        ("1e3", "decimal"),
        ("1_000", "integer"),
        ("2026-02-29", "date"),
        ("25:00:00", "time"),
        ("inf", "double"),
    ],
)
def test_ill_typed_literals_are_found_and_kept_as_written(engine: str, text: str, datatype: str) -> None:
    shape = f"""@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> sh:targetNode <urn:x> ;
        sh:property [ sh:path <urn:p> ; sh:datatype <{XSD}{datatype}> ] ."""
    data = f'<urn:x> <urn:p> "{text}"^^<{XSD}{datatype}> .\n'.encode()
    (result,) = validate_parts([data], [shape.encode()], engine).results
    assert result.value == f'"{text}"^^<{XSD}{datatype}>'
    assert is_ill_typed(text, f"{XSD}{datatype}")


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize("text", ["98.60", "007", "+1.0", "-0.50"])
def test_well_typed_literals_are_kept_as_written(engine: str, text: str) -> None:
    shape = """@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> sh:targetNode <urn:x> ;
        sh:property [ sh:path <urn:p> ; sh:minInclusive 1000 ] ."""
    data = f'<urn:x> <urn:p> "{text}"^^<{XSD}decimal> .\n'.encode()
    (result,) = validate_parts([data], [shape.encode()], engine).results
    assert result.value == f'"{text}"^^<{XSD}decimal>'


def test_a_difference_between_engines_is_an_error() -> None:
    # Years after 9999 are dates in XSD, and none for Python.
    shape = f"""@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> sh:targetNode <urn:x> ;
        sh:property [ sh:path <urn:p> ; sh:datatype <{XSD}date> ] ."""
    data = f'<urn:x> <urn:p> "12026-01-01"^^<{XSD}date> .\n'.encode()
    (note,) = validate_parts([data], [shape.encode()], "both").notes
    assert (note.code, note.severity, note.count) == ("TM-H06", Severity.ERROR, 1)
    assert "12026" not in note.message
