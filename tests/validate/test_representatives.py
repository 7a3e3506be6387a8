"""Testing the statements that stand for all others gives what testing all of them gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twinmap.engine.duck import Duck, connect
from twinmap.engine.parts import Part, columns_of
from twinmap.lift import target
from twinmap.steps.validate import generated_shapes
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets
from twinmap.validate import representatives
from twinmap.validate.files import shipped_shapes
from twinmap.validate.needs import Unreadable, needs
from twinmap.validate.representatives import triples, validate_part
from twinmap.validate.results import Validation
from twinmap.validate.run import validate_parts
from twinmap.validate.shapes import ShapesGraph

BASE = "https://twin.invalid/"
GRAPHS = [f"{BASE}graph/source/ward", f"{BASE}graph/links"]
LOINC = "http://loinc.org"
PREFIXES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <urn:ex:> .
"""

#: What columns may hold: few values, good ones and bad ones; None is no value.
VALUES: dict[str, list[Any]] = {
    "twin": ["t1", "t2", "t3"],
    "patient_record": ["r1", "r2", "r3", None],
    "encounter": ["e1", "e2", None, None],
    "device": ["d1", None, None],
    "panel": ["p1", "p2", "p3", None, None],
    "status": ["final", "final", "nonsense", None],
    "code_system": [LOINC],
    "code": ["8480-6", "8462-4", "8867-4", "8310-5", "99-9"],
    "value_kind": ["quantity", "quantity", "quantity", "absent", "string", "coded"],
    "comparator": [None, None, "<", "~"],
    "value_system": [None, LOINC],
    "value_code": [None, None, "LA6576-8"],
    "absent_reason": [None, None, "unknown", "nonsense"],
    "unit": ["mm[Hg]", "mm[Hg]", "/min", "Cel", "", None],
    "unit_raw": ["mmHg", None],
    "time_precision": ["second", "second", "day", "month", "year"],
    "time_origin": ["zone"],
    "flag": [None, None, "H", ""],
    "low_text": [None, None, "1", "9"],
    "high_text": [None, "5"],
}


def row(chance: random.Random, number: int) -> dict[str, Any]:
    """One statement as no mapping would make it."""
    found = {column.name: None for column in columns_of("observation", tuple(facets()))}
    found |= {name: chance.choice(values) for name, values in VALUES.items()}
    value = chance.choice([0, 36.5, 37, 70, 120, 120.5, 299, 301, 9999, -1])
    found |= {"id": f"o{number}", "source": "ward", "file": 1, "record": number, "part": "", "ordinal": 0}
    found |= {"value_text": str(value) if found["value_kind"] == "quantity" else "word"}
    found |= {
        "start_us": chance.choice([None, 0, 10**15, 2 * 10**15]),
        "end_us": chance.choice([None, None, 10**15]),
    }
    if chance.random() < 0.3:
        found |= {"site": "tm:upper-arm"}
    return found


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with connect(tmp_path / "work") as duck:
        yield duck


def part(duck: Duck, rows: list[dict[str, Any]]) -> Part:
    columns = columns_of("observation", tuple(facets()))
    made = {c.name: (c.type, [row[c.name] for row in rows]) for c in columns}
    duck.register("observations", made)
    twins = [("t1", "r1"), ("t2", "r2"), ("t3", "r3")]
    duck.register(
        "known",
        {
            "source": ("VARCHAR", ["ward"] * 3),
            "twin": ("VARCHAR", [twin for twin, _ in twins]),
            "patient_record": ("VARCHAR", [record for _, record in twins]),
        },
    )
    relations = {
        "twin": "(SELECT DISTINCT twin FROM known ORDER BY ALL)",
        "record": "known",
        "observation": "observations",
    }
    lifts = target.lifts("twin", BASE, target.Facets.shipped(), catalogue(()).by_unit())
    return Part(duck, relations, lifts, lambda system, code: target.code_iri(BASE, system, code))


def told(validation: Validation) -> object:
    groups = [replace(group, samples=()) for group in validation.groups]
    return groups, validation.results, validation.total, dict(validation.targets)


def both(duck: Duck, rows: list[dict[str, Any]], shapes: tuple[bytes, ...]) -> tuple[Validation, Validation]:
    made = part(duck, rows)
    some = validate_part(made, shapes, "shacl", b"", GRAPHS)
    assert some is not None
    ends = [f" <{name}> .\n".encode() for name in GRAPHS]
    whole = triples((block for kind in made.relations for block in made.lines(kind)), ends)
    return some, validate_parts([whole], shapes, "shacl", scope="parts")


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(representatives, "_MANY", 0)
    monkeypatch.setattr(representatives, "_FEWER", 0)


def ours() -> tuple[bytes, ...]:
    return (*shipped_shapes(), generated_shapes(catalogue(()).concepts.values()))


@pytest.mark.parametrize("seed", range(12))
def test_the_same_results_as_of_all(duck: Duck, seed: int) -> None:
    chance = random.Random(seed)
    some, all_ = both(duck, [row(chance, number) for number in range(150)], ours())
    assert told(some) == told(all_)
    assert some.total > 0


#: Shapes of users, whose results hang on values, ends, pairs, forms and patients in many ways.
FOREIGN = {
    "values": "ex:a sh:targetClass sosa:Observation; sh:property [sh:path tm:status; sh:in ('final' 'amended')],"
    " [sh:path sosa:phenomenonTime; sh:pattern '^2001'], [sh:path tm:unit; sh:minLength 3; sh:hasValue 'Cel'].",
    "ends": "ex:a sh:targetSubjectsOf tm:unit; sh:property [sh:path sosa:hasSimpleResult; sh:minExclusive 0;"
    " sh:maxInclusive 120.5].",
    "ends within or": "ex:a sh:targetClass sosa:Observation; sh:or ([sh:path sosa:hasSimpleResult; sh:maxInclusive 37]"
    " [sh:path sosa:hasSimpleResult; sh:minInclusive 120.5]).",
    "not": "ex:a sh:targetClass sosa:Observation; sh:not [sh:path sosa:hasSimpleResult; sh:hasValue 120.5].",
    "pairs": "ex:a sh:targetClass sosa:Observation; sh:property [sh:path sosa:phenomenonTime; sh:lessThan tm:endTime],"
    " [sh:path tm:unit; sh:disjoint tm:flag], [sh:path tm:unit; sh:equals tm:sourceUnit].",
    "closed": "ex:a sh:targetClass sosa:Observation; sh:closed true; sh:ignoredProperties (rdf:type tm:unit).",
    "alternatives": "ex:a sh:targetClass sosa:Observation; sh:property [sh:path [sh:alternativePath (tm:unit tm:flag"
    " tm:status)]; sh:maxCount 1; sh:nodeKind sh:Literal].",
    "a choice first": "ex:a sh:targetClass sosa:Observation; sh:property [sh:path ([sh:alternativePath (sosa:madeBySensor"
    " tm:record)] tm:twin); sh:minCount 1; sh:maxCount 0].",
    "panels": "ex:a sh:targetObjectsOf tm:panel; sh:property [sh:path ([sh:inversePath tm:panel] sosa:observedProperty);"
    " sh:maxCount 1].",
    "patients": "ex:a sh:targetClass tm:PatientTwin; sh:property [sh:path [sh:inversePath tm:twin]; sh:maxCount 0].",
    "codes": "ex:a sh:targetNode <http://loinc.org/rdf/8867-4>; sh:path [sh:inversePath sosa:observedProperty];"
    " sh:property [sh:path sosa:hasSimpleResult; sh:maxInclusive 100], [sh:path tm:encounter; sh:minCount 1].",
    "types": "ex:a sh:targetClass sosa:Observation; sh:property [sh:path sosa:phenomenonTime; sh:datatype xsd:date],"
    " [sh:path tm:record; sh:class tm:PatientTwin].",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_shapes_of_users(duck: Duck, name: str) -> None:
    chance = random.Random(name)
    rdf = "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> ."
    some, all_ = both(
        duck, [row(chance, n) for n in range(200)], ((PREFIXES + rdf + FOREIGN[name]).encode(),)
    )
    assert told(some) == told(all_)
    assert some.total > 0


@pytest.mark.parametrize(
    "shape",
    [
        # Rows of two kinds together; members that all are wrong; a node that may be a row.
        "ex:a sh:targetObjectsOf tm:encounter; sh:property [sh:path ([sh:inversePath tm:encounter] tm:record);"
        " sh:maxCount 1].",
        "ex:a sh:targetObjectsOf tm:panel; sh:property [sh:path [sh:inversePath tm:panel]; sh:class tm:Condition].",
        "ex:a sh:targetObjectsOf tm:panel; sh:property [sh:path ([sh:inversePath tm:panel] tm:unit); sh:nodeKind sh:IRI].",
        "ex:a sh:targetNode <https://twin.invalid/obs/o1>; sh:property [sh:path tm:unit; sh:maxCount 0].",
        # A patient's observations are counted; a query; members of a panel are compared.
        "ex:a sh:targetClass tm:PatientTwin; sh:property [sh:path [sh:inversePath sosa:hasFeatureOfInterest];"
        " sh:maxCount 3].",
        "ex:a sh:targetClass sosa:Observation; sh:sparql [sh:select 'SELECT $this WHERE { $this ?p ?o }'].",
        "ex:a sh:targetObjectsOf tm:panel; sh:property [sh:path [sh:inversePath tm:panel]; sh:minCount 2].",
        "ex:a sh:targetClass sosa:Observation; sh:property [sh:path (tm:panel [sh:inversePath tm:panel]); sh:maxCount 2].",
        "ex:a sh:targetClass sosa:Observation; sh:property [sh:path [sh:oneOrMorePath tm:panel]; sh:maxCount 2].",
        "ex:a sh:targetClass sosa:Observation; sh:property [sh:path tm:unit; sh:qualifiedValueShape ex:b;"
        " sh:qualifiedMinCount 1].",
        "ex:a sh:targetNode <http://loinc.org/rdf/8867-4>; sh:path [sh:inversePath sosa:observedProperty]; sh:maxCount 3 .",
    ],
)
def test_what_cannot_be_read_is_not_guessed(duck: Duck, shape: str) -> None:
    graph = ShapesGraph.parse([(PREFIXES + shape).encode()])
    lifts = target.lifts("twin", BASE, target.Facets.shipped(), {})
    rows = dict(map(representatives._terms, (lifts["observation"], lifts["condition"])))
    with pytest.raises(Unreadable):
        needs(graph, rows)


def test_few_are_tested_where_many_are_alike(duck: Duck, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    rows = [row(chance, 0) for _ in range(1)]
    rows = [rows[0] | {"id": f"o{n}", "record": n} for n in range(5000)]
    tested: list[int] = []
    original = validate_parts

    def counted(parts: Any, *args: Any, **options: Any) -> Validation:
        tested.append(parts[0].count(b"sosa/Observation>"))
        return original(parts, *args, **options)

    monkeypatch.setattr(representatives, "validate_parts", counted)
    monkeypatch.setattr(representatives, "_FEWER", 3)
    good = {
        "twin": "t1",
        "patient_record": "r1",
        "code": "8867-4",
        "value_kind": "quantity",
        "value_text": "70",
    }
    good |= {"unit": "/min", "status": "final", "absent_reason": None, "comparator": None, "low_text": None}
    good |= {
        "value_code": None,
        "flag": None,
        "high_text": None,
        "panel": None,
        "start_us": 0,
        "end_us": None,
    }
    rows = [old | good for old in rows]
    validate_part(part(duck, rows), ours(), "shacl", b"", GRAPHS)
    assert sum(tested) < 10
