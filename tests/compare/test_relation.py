"""The relation of two signatures: laws that hold for all of them, and the verdicts that the rules name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.compare.meaning import of_code
from twinmap.compare.relation import FacetComparison, Nature, Relation, relation, verdict
from twinmap.compare.signature import Signature, merged
from twinmap.model import RELATIONS
from twinmap.terms import loinc, systems
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets

SHIPPED = catalogue()
CODES = sorted(
    {(code.system, code.code) for concept in SHIPPED.concepts.values() for code in concept.codes}
    | {("http://snomed.info/sct", "271649006"), ("https://lab.invalid/codes", "GLU7")}
)
UNITS = [None, "mm[Hg]", "kPa", "/min", "%", "1", "mg/dL", "mmol/L", "mmol/mol", "Cel", "[degF]", "kg"]
TURNED = {"a-narrower": "a-broader", "a-broader": "a-narrower"}


def signature(code: str, unit: str | None = None, source: str = "s", **stated: str) -> Signature:
    """A signature of a CURIE, a unit and facet words."""
    system, _, plain = code.rpartition(":")
    uri = systems.systems()[system].uri if system in systems.systems() else f"https://{system}.invalid"
    meaning = of_code(uri, plain, SHIPPED)
    curies = {
        name: facets()[name].curie(word) if facets()[name].type == "words" else word
        for name, word in stated.items()
    }
    said, wrong = merged(curies, meaning.facets)
    return Signature(1, source, meaning, unit, facets=said, contradictions=wrong, match=meaning.match)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """Signatures of shipped codes with any unit and any words beside them."""
    system, code = draw(st.sampled_from(CODES))
    named = draw(
        st.lists(st.sampled_from(["site", "method", "posture", "specimen", "statistic"]), unique=True)
    )
    stated = {
        name: facets()[name].curie(draw(st.sampled_from(sorted(facets()[name].words)))) for name in named
    }
    meaning = of_code(system, code, SHIPPED)
    said, wrong = merged(stated, meaning.facets)
    match, received = draw(
        st.sampled_from([("=", None), ("narrower", "lab:A"), ("broader", "lab:B"), ("related", "lab:C")])
    )
    return Signature(
        1,
        "s",
        meaning,
        draw(st.sampled_from(UNITS)),
        facets=said,
        contradictions=wrong,
        match=match,
        received=received,
    )


@given(signatures(), signatures())
def test_a_relation_turns_round(a: Signature, b: Signature) -> None:
    there, back = relation(a, b), relation(b, a)
    assert back.relation == TURNED.get(there.relation, there.relation)
    assert {item.turned().relation + item.facet for item in back.facets} == {
        item.relation + item.facet for item in there.facets
    }


@given(signatures(), signatures())
def test_a_physical_conversion_turns_round_exactly(a: Signature, b: Signature) -> None:
    there, back = relation(a, b).conversion, relation(b, a).conversion
    assert (there is None) == (back is None)
    if there is not None and back is not None and there.rule_class == "physical":
        assert there.factor * back.factor == 1
        assert there.factor * back.offset + there.offset == 0


@given(signatures())
def test_a_signature_means_the_same_as_itself(a: Signature) -> None:
    found = relation(a, a)
    assert found.conversion is None
    assert found.relation == ("not-comparable" if a.contradictions else "equivalent")


@given(signatures(), signatures())
def test_every_difference_is_explained(a: Signature, b: Signature) -> None:
    found = relation(a, b)
    assert found.relation in RELATIONS
    assert found.relation != "conflicting", "that is said of events"
    assert found.facets[0].facet == "component"
    for item in found.facets:
        assert item.relation in ("=", "narrower", "broader", "disjoint", "unknown")
    if found.relation in ("related", "not-comparable"):
        assert any(item.relation in ("disjoint", "unknown") for item in found.facets) or {
            item.relation for item in found.facets
        } >= {"narrower", "broader"}


@given(signatures(), signatures(), st.floats(min_value=0, max_value=1e6))
def test_values_decide_nothing(a: Signature, b: Signature, median: float) -> None:
    moved = replace(a, profile=replace(a.profile, n=7, quantiles=(median,) * 5, low=median, high=median))
    assert relation(moved, b) == relation(a, b)


CASES = [
    # R1: a physical conversion keeps the meaning
    (("loinc:8480-6", "kPa"), ("loinc:8480-6", "mm[Hg]"), "equivalent"),
    (("loinc:8310-5", "Cel"), ("loinc:8310-5", "[degF]"), "equivalent"),
    (("loinc:2345-7", "mg/dL"), ("loinc:14749-6", "mmol/L"), "equivalent"),
    (("loinc:2823-3", "mmol/L"), ("loinc:2823-3", "meq/L"), "equivalent"),
    (("loinc:74774-1", "mg/dL"), ("loinc:77135-2", "mmol/L"), "equivalent"),
    # R2: an empirical one does not, nor does another context
    (("loinc:4548-4", "%"), ("loinc:59261-8", "mmol/mol"), "related"),
    (("loinc:2345-7", "mg/dL"), ("loinc:99504-3", "mg/dL"), "related"),
    (("loinc:76215-3", "mm[Hg]"), ("loinc:76534-7", "mm[Hg]"), "related"),
    (("loinc:8480-6", "mm[Hg]"), ("loinc:96608-5", "mm[Hg]"), "related"),
    (("loinc:8331-1", "Cel"), ("loinc:8329-5", "Cel"), "related"),
    # R3: what one side leaves open makes it the broader one
    (("loinc:76534-7", "mm[Hg]"), ("loinc:8480-6", "mm[Hg]"), "a-narrower"),
    (("loinc:2708-6", "%"), ("loinc:59408-5", "%"), "a-broader"),
    (("loinc:8310-5", "Cel"), ("loinc:8332-9", "Cel"), "a-broader"),
    (("loinc:74774-1", "mg/dL"), ("loinc:2345-7", "mg/dL"), "a-broader"),
    (("loinc:8480-6", None), ("loinc:8480-6", "mm[Hg]"), "a-broader"),
    # R5: another quantity
    (("loinc:8480-6", "mm[Hg]"), ("loinc:8462-4", "mm[Hg]"), "not-comparable"),
    (("loinc:8867-4", "/min"), ("loinc:8867-4", "mm[Hg]"), "not-comparable"),
    (("loinc:2160-0", "mg/dL"), ("loinc:2161-8", "mg/dL"), "not-comparable"),
    # elsewhere: an exact counterpart is the concept, a deprecated code its replacement
    (("snomed:271649006", "mm[Hg]"), ("loinc:8480-6", "mm[Hg]"), "equivalent"),
    (("loinc:2710-2", "%"), ("loinc:59408-5", "%"), "equivalent"),
    (("mdc:147842", "/min"), ("loinc:8867-4", "/min"), "a-narrower"),
    (("lab:GLU", "mg/dL"), ("lab:GLU", "mg/dL"), "equivalent"),
    (("lab:GLU", "mg/dL"), ("lab:GLUC", "mg/dL"), "related"),
]


@pytest.mark.parametrize(("a", "b", "expected"), CASES, ids=[f"{a[0]}-{b[0]}-{e}" for a, b, e in CASES])
def test_relations(a: tuple[str, str | None], b: tuple[str, str | None], expected: str) -> None:
    assert relation(signature(*a), signature(*b)).relation == expected


def test_a_code_and_a_facet_say_the_same() -> None:
    """LOINC 8459-0 (sitting) = 8480-6 + posture sitting."""
    by_code = signature("loinc:8459-0", "mm[Hg]")
    beside = signature("loinc:8480-6", "mm[Hg]", posture="sitting")
    assert relation(by_code, beside).relation == "equivalent"
    assert relation(by_code, signature("loinc:8480-6", "mm[Hg]", posture="standing")).relation == "related"


def test_narrower_in_one_facet_and_broader_in_another_is_related() -> None:
    a = signature("loinc:8480-6", "mm[Hg]", site="wrist")
    b = signature("loinc:8480-6", "mm[Hg]", posture="sitting")
    found = relation(a, b)
    assert found.relation == "related"
    assert {item.facet: item.relation for item in found.facets if item.relation != "="} == {
        "site": "narrower",
        "posture": "broader",
        "method": "unknown",
    }


def test_a_map_that_is_not_exact_is_never_equivalent() -> None:
    target = signature("loinc:8480-6", "mm[Hg]")
    line = replace(target, match="narrower", received="lab:ART-SYS")
    cuff = replace(target, match="narrower", received="lab:NIBP-SYS")
    assert relation(line, target).relation == "a-narrower"
    assert relation(target, line).relation == "a-broader"
    assert relation(line, cuff).relation == "related"
    assert relation(line, line).relation == "equivalent"


def test_a_statement_against_its_own_code_is_not_comparable() -> None:
    wrong = signature("loinc:2160-0", "mg/dL", specimen="urine")
    found = relation(wrong, signature("loinc:2160-0", "mg/dL"))
    assert found.relation == "not-comparable"
    assert [item.nature for item in found.facets if item.facet == "specimen"] == [Nature.CONTRADICTED]


def test_an_axis_that_was_not_verified_is_equal_to_nothing() -> None:
    """8890-6 and 76477-9 have a system that is not known here."""
    axes = [SHIPPED.axes(code) for code in ("8889-8", "76477-9")]
    assert [item.system for item in axes if item] == [loinc.UNKNOWN, loinc.UNKNOWN]
    found = relation(signature("loinc:8889-8", "/min"), signature("loinc:76477-9", "/min"))
    assert [(item.relation, item.a) for item in found.facets if item.facet == "loinc-system"] == [
        ("unknown", "?")
    ]
    assert found.relation == "related"


def _facet(name: str, relation_: str, nature: Nature = Nature.PLAIN) -> FacetComparison:
    a, b = {"narrower": ("x", None), "broader": (None, "y")}.get(relation_, ("x", "y"))
    return FacetComparison(name, a, b, relation_, nature=nature)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([("component", "disjoint"), ("site", "disjoint"), ("posture", "narrower")], "not-comparable"),
        ([("site", "disjoint"), ("posture", "narrower")], "related"),
        ([("posture", "narrower"), ("site", "=")], "a-narrower"),
        ([("posture", "broader"), ("site", "=")], "a-broader"),
        ([("posture", "broader"), ("site", "narrower")], "related"),
        ([("site", "unknown")], "related"),
        ([("site", "=")], "equivalent"),
        ([], "equivalent"),
    ],
)
def test_the_worst_holds(found: list[tuple[str, str]], expected: str) -> None:
    assert verdict([_facet(*item) for item in found]) == expected


def test_unknown_on_both_sides_counts_as_the_same() -> None:
    assert (
        verdict([FacetComparison("posture", None, None, "unknown", nature=Nature.REQUIRED)]) == "equivalent"
    )


def test_a_scale_that_only_a_regression_ties_is_related() -> None:
    assert verdict([_facet("unit", "disjoint", Nature.EMPIRICAL)]) == "related"
    assert verdict([_facet("unit", "disjoint")]) == "not-comparable"


def test_the_conversion_is_told() -> None:
    found: Relation = relation(signature("loinc:2345-7", "mg/dL"), signature("loinc:14749-6", "mmol/L"))
    assert found.conversion is not None
    assert found.conversion.rule == "glucose-molar-mass"
    assert round(float(found.conversion.factor * 100), 3) == 5.551
    assert [item.nature for item in found.facets if item.facet == "unit"] == [Nature.CONVERTED]
    assert found.conversion.turned().turned() == found.conversion
