"""Every difference that the comparison finds has a page, and every page that tells of one is reached."""

from __future__ import annotations

import pytest

from twinmap import registry
from twinmap.checks import explanations
from twinmap.checks.explanations import code
from twinmap.compare.meaning import RESIDUAL
from twinmap.compare.relation import FacetComparison, Nature
from twinmap.model import RELATIONS
from twinmap.terms.facets import facets

A, B = "a", "b"


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (FacetComparison("unit", "kPa", "mm[Hg]", "=", "UCUM", Nature.CONVERTED), "TM-U03"),
        (FacetComparison("unit", "mg/dL", "mmol/L", "=", "glucose-molar-mass", Nature.CONVERTED), "TM-U04"),
        (FacetComparison("unit", "kPa", "kPa", "=", "same unit"), None),
        (FacetComparison("unit", "kPa", None, "narrower"), "TM-U02"),
        (FacetComparison("unit", "kPa", "/min", "disjoint", "UCUM"), "TM-U05"),
        (FacetComparison("unit", "mmol/L", "/L", "disjoint", "UCUM"), "TM-U08"),
        (FacetComparison("unit", "[iU]/L", "U/L", "disjoint", "UCUM"), "TM-U09"),
        (FacetComparison("unit", "meq/L", "mmol/L", "=", "calcium-charge", Nature.CONVERTED), "TM-U14"),
        (
            FacetComparison(
                "unit", "mg/dL", "meq/L", "=", "calcium-molar-mass+calcium-charge", Nature.CONVERTED
            ),
            "TM-U04",
        ),
        (FacetComparison("annotation", "FEU", "DDU", "disjoint", "x"), "TM-U12"),
        (FacetComparison("annotation", "creatinine", None, "narrower", "x"), "TM-G01"),
        (FacetComparison("unit", "%", "mmol/mol", "disjoint", "x", Nature.EMPIRICAL), "TM-U15"),
        (FacetComparison("property", "MFr", "SFr", "disjoint", "x", Nature.EMPIRICAL), "TM-U15"),
        (FacetComparison("specimen", A, B, "disjoint", "x", Nature.CONTRADICTED), "TM-F06"),
        (FacetComparison("component", A, B, "narrower", "x", Nature.MAPPED), "TM-G01"),
        (FacetComparison("component", A, B, "unknown", "x", Nature.MAPPED), "TM-G01"),
        (FacetComparison("component", A, B, "unknown", "x"), None),
        (FacetComparison("site", A, None, "narrower"), "TM-G01"),
        (FacetComparison("site", A, None, "narrower", "x", Nature.REQUIRED), "TM-M01"),
        (FacetComparison("site", None, None, "unknown", "x", Nature.REQUIRED), "TM-M02"),
        (FacetComparison("method", A, B, "disjoint", "m#r/x and LOINC METHOD"), "TM-F02"),
        (FacetComparison("method", A, B, "disjoint", "LOINC METHOD"), "TM-C09"),
        (FacetComparison("loinc-method", A, B, "disjoint", "LOINC METHOD"), "TM-C09"),
        (FacetComparison("loinc-method", "?", B, "unknown", "LOINC METHOD"), None),
        (FacetComparison("origin", A, B, "disjoint", "LOINC METHOD"), "TM-F10"),
        (FacetComparison("statistic", "tm:statistic-point", "tm:statistic-mean", "disjoint"), "TM-G03"),
        (FacetComparison("statistic", "tm:statistic-maximum", "tm:statistic-mean", "disjoint"), "TM-C10"),
        (FacetComparison("event", None, None, "disjoint", "", Nature.SAME_EVENT), "TM-X01"),
    ],
)
def test_the_page_of_a_difference(item: FacetComparison, wanted: str | None) -> None:
    assert code(item) == wanted
    assert code(item.turned()) == wanted


@pytest.mark.parametrize("name", [name for name, facet in facets().items() if facet.type != "text"])
def test_every_facet_that_differs_has_a_page(name: str) -> None:
    assert code(FacetComparison(name, A, B, "disjoint")) in {item.code for item in registry.codes()}


def test_two_pages_never_tell_of_one_difference() -> None:
    told = [item for code in registry.codes() for item in explanations.told(code)]
    plain = [(item.facet, item.relation, item.nature) for item in told if item.when is None]
    assert len(plain) == len(set(plain)) > 25


def test_a_page_that_tells_of_a_difference_is_reached() -> None:
    """A facet, a relation or a nature that is misspelt would be silent."""
    known = {
        "",
        *("component", "property", "unit", "subject", "scale", "adjustment", "annotation", "event"),
        *facets(),
        *(f"loinc-{name}" for name in RESIDUAL),
    }
    for each in registry.codes():
        for item in explanations.told(each):
            assert item.facet in known, each.code
            assert item.relation in {"disjoint", explanations.OPEN, "unknown", "="}, each.code


def test_relations_are_named_once() -> None:
    assert RELATIONS[0] == "not-comparable"
    assert RELATIONS[-1] == "equivalent"
