"""The shapes made from concept and facet files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from twinmap.lift.shapes import concept_shapes, facet_shapes
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets
from twinmap.validate.lint import lint
from twinmap.validate.rdf import lexical
from twinmap.validate.results import Validation
from twinmap.validate.run import validate_parts
from twinmap.validate.safety import shard_safety
from twinmap.validate.shapes import ShapesGraph

SOSA = "http://www.w3.org/ns/sosa/"
TM = "https://w3id.org/twinmap/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TWIN = "https://w3id.org/twinmap/shapes#"


def observation(code: str, **about: str) -> bytes:
    node = "<https://twin.invalid/obs/1>"
    lines = [
        f"{node} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{SOSA}Observation> .",
        f"{node} <{SOSA}observedProperty> <{code}> .",
    ]
    names = {"value": f"{SOSA}hasSimpleResult"}
    lines += [f"{node} <{names.get(key, TM + key)}> {term} ." for key, term in about.items()]
    return ("\n".join(lines) + "\n").encode()


def decimal(text: str) -> str:
    return f'"{text}"^^<{XSD}decimal>'


def check(data: bytes, engine: str = "shacl") -> Validation:
    documents = [concept_shapes(catalogue().concepts.values()).encode(), facet_shapes(facets()).encode()]
    return validate_parts([data], documents, engine)


def broken(data: bytes, engine: str = "shacl") -> set[str]:
    """The short names of the shapes that are not met; the focus is always the observation."""
    found = check(data, engine)
    assert {result.focus for result in found.results} <= {"<https://twin.invalid/obs/1>"}
    return {group.name.removeprefix("twin:") for group in found.groups}


SYSTOLIC, GLUCOSE_MOLAR = "http://loinc.org/rdf/8480-6", "http://loinc.org/rdf/14749-6"


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize(
    ("code", "about", "expected"),
    [
        (SYSTOLIC, {"value": decimal("120"), "unit": '"mm[Hg]"'}, set()),
        (
            SYSTOLIC,
            {"value": decimal("16.0"), "unit": '"kPa"'},
            {"systolic-blood-pressure-unit", "systolic-blood-pressure-value"},
        ),
        (SYSTOLIC, {"value": decimal("-999"), "unit": '"mm[Hg]"'}, {"systolic-blood-pressure-value"}),
        (SYSTOLIC, {"value": decimal("350.1"), "unit": '"mm[Hg]"'}, {"systolic-blood-pressure-value"}),
        (SYSTOLIC, {"value": '"high"', "unit": '"mm[Hg]"'}, {"systolic-blood-pressure-value"}),
        (SYSTOLIC, {"value": decimal("120")}, {"systolic-blood-pressure-hasUnit"}),
        (SYSTOLIC, {"absentReason": '"not-performed"'}, set()),
        (
            "http://snomed.info/id/271649006",
            {"value": decimal("400"), "unit": '"mm[Hg]"'},
            {"systolic-blood-pressure-value"},
        ),
        (GLUCOSE_MOLAR, {"value": decimal("5.5"), "unit": '"mmol/L"'}, set()),
        (GLUCOSE_MOLAR, {"value": decimal("99"), "unit": '"mg/dL"'}, {"glucose-SCnc-unit"}),
        (GLUCOSE_MOLAR, {"value": decimal("180"), "unit": '"mmol/L"'}, {"glucose-SCnc-value"}),
        ("http://loinc.org/rdf/55423-8", {"value": decimal("9000"), "unit": '"{steps}/d"'}, set()),
        ("http://loinc.org/rdf/72166-2", {"valueCode": "<http://snomed.info/id/8517006>"}, set()),
        (
            "http://loinc.org/rdf/72166-2",
            {"valueCode": "<http://snomed.info/id/1>"},
            {"smoking-status-value"},
        ),
        ("http://loinc.org/rdf/72166-2", {"value": '"never"'}, {"smoking-status-hasValue"}),
        ("http://loinc.org/rdf/9999-9", {"value": decimal("-1"), "unit": '"x"'}, set()),
        (SYSTOLIC, {"site": f"<{TM}site-upper-arm>", "over": '"1 d"', "absentReason": '"unknown"'}, set()),
        (SYSTOLIC, {"site": f"<{TM}site-elbw>", "absentReason": '"unknown"'}, {"Facets-site"}),
        (SYSTOLIC, {"over": '"a day"', "absentReason": '"unknown"'}, {"Facets-over"}),
    ],
)
def test_what_the_shapes_demand(code: str, about: dict[str, str], expected: set[str], engine: str) -> None:
    assert broken(observation(code, **about), engine) == expected


def test_the_text_is_the_same_every_time_and_has_nothing_unknown() -> None:
    text = concept_shapes(catalogue().concepts.values()) + facet_shapes(facets())
    assert text == concept_shapes(catalogue().concepts.values()) + facet_shapes(facets())
    graph = ShapesGraph.parse([text.encode()])
    assert lint(graph) == []
    assert not any(map(graph.was_blank, graph.shapes))


def test_every_shape_can_be_tested_patient_by_patient() -> None:
    graph = ShapesGraph.parse(
        [concept_shapes(catalogue().concepts.values()).encode(), facet_shapes(facets()).encode()]
    )
    judged = shard_safety(graph)
    assert len(judged) > len(catalogue().concepts)
    assert [shape for shape, safety in judged.items() if not safety.safe] == []


def test_every_code_with_an_iri_is_reached_once() -> None:
    graph = ShapesGraph.parse([concept_shapes(catalogue().concepts.values()).encode()])
    reached = [target.term for shape in graph.roots for target in graph.targets(shape)]
    assert len(reached) == len(set(reached))
    concepts = [c for c in catalogue().concepts.values() if c.kind == "quantity"]
    codes = {
        f"<http://loinc.org/rdf/{code.code}>" for c in concepts for code in c.codes if "loinc" in code.system
    }
    assert codes <= set(reached)


def test_limits_are_those_of_the_concept_and_converted_outwards() -> None:
    graph = ShapesGraph.parse([concept_shapes(catalogue().concepts.values()).encode()])
    for concept in catalogue().concepts.values():
        limits, shape = concept.limits, f"<{TWIN}{concept.name}-value>"
        reached = any("loinc" in code.system for code in concept.codes)
        if limits and reached and concept.kind == "quantity" and limits.unit == concept.unit:
            low, high = (graph.value(shape, name) for name in ("minInclusive", "maxInclusive"))
            assert (low and float(lexical(low))) == limits.hard_low, concept.name
            assert (high and float(lexical(high))) == limits.hard_high, concept.name
    # 3000 mg/dL of glucose, 180.156 g/mol.
    molar = graph.value(f"<{TWIN}glucose-SCnc-value>", "maxInclusive")
    exact = Fraction(3000) * 10 / Fraction("180.156")
    assert molar is not None
    assert exact <= Fraction(lexical(molar)) <= exact * Fraction("1.00002")


def test_a_concept_of_a_project_gets_its_shape(tmp_path: Path) -> None:
    (tmp_path / "pain.yaml").write_text(
        """concept: pain-score
label: "Pain, \\"0-10\\""
definition: How strong pain is.
kind: quantity
codes:
  - {code: "38208-5"}
unit: "{score}"
limits:
  hard: {low: 0, high: 10, unit: "{score}", source: the scale}
facets: {accepted: [], required: []}
window: 1 h
"""
    )
    graph = ShapesGraph.parse([concept_shapes(catalogue([tmp_path]).concepts.values()).encode()])
    assert graph.values(f"<{TWIN}pain-score>", "targetNode") == ("<http://loinc.org/rdf/38208-5>",)
    assert lexical(graph.value(f"<{TWIN}pain-score-value>", "maxInclusive") or "") == "10.0"
