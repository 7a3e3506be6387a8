"""Codes taken apart into facets and axes."""

from __future__ import annotations

import pytest

from twinmap.compare.meaning import Said, of_code
from twinmap.compare.signature import Contradiction, compared_facets, merged
from twinmap.terms import replaced
from twinmap.terms.concepts import catalogue
from twinmap.terms.loinc import check_digit_ok

LOINC = "http://loinc.org"


def facets_of(code: str) -> dict[str, str]:
    found = of_code(LOINC, code, catalogue())
    return {name: said.value for name, said in found.facets.items() if not said.implied}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("8459-0", {"posture": "tm:posture-sitting"}),
        ("8490-5", {"statistic": "tm:statistic-mean", "over": "1 d"}),
        ("59408-5", {"method": "tm:method-pulse-oximetry", "specimen": "tm:specimen-arterial-blood"}),
        ("1558-6", {"specimen": "tm:specimen-serum-plasma", "meal": "tm:meal-fasting"}),
        ("3142-7", {"origin": "tm:origin-reported"}),
        ("8332-9", {"site": "tm:site-rectum"}),
        ("8480-6", {}),
    ],
)
def test_loinc_codes(code: str, expected: dict[str, str]) -> None:
    assert facets_of(code) == expected


def test_pt_implies_a_reading_and_yields_to_what_is_stated() -> None:
    found = of_code(LOINC, "8480-6", catalogue())
    assert found.facets["statistic"].implied
    said, wrong = merged({"statistic": "tm:statistic-mean"}, found.facets)
    assert said["statistic"].value == "tm:statistic-mean"
    assert wrong == ()


def test_what_has_no_word_stays_an_axis() -> None:
    assert of_code(LOINC, "8480-6", catalogue()).residual == {"system": "Arterial system"}
    assert of_code(LOINC, "8867-4", catalogue()).residual == {}, "XXX leaves the system open"
    assert of_code(LOINC, "8331-1", catalogue()).residual == {}, "Mouth is a site"


def test_a_deprecated_code_means_its_replacement_and_keeps_its_name() -> None:
    old, new = (of_code(LOINC, code, catalogue()) for code in ("2710-2", "59408-5"))
    assert (old.group, old.facets) == (new.group, new.facets)
    assert old.curie == "loinc:2710-2"


def test_replacements_are_known_codes() -> None:
    for old, new in replaced._table().items():
        assert check_digit_ok(old)
        assert check_digit_ok(new)
        assert catalogue().by_code(LOINC, new) is not None
        assert catalogue().by_code(LOINC, old) is None, "a deprecated code is no code of a concept"


def test_codes_without_a_concept_are_their_own_group() -> None:
    assert of_code("https://lab.invalid/codes", "GLU7", catalogue()).group == "https://lab.invalid/codes|GLU7"
    assert of_code(None, "GLU7", catalogue()).group == "GLU7"


def test_the_more_specific_of_code_and_statement_is_kept() -> None:
    fixed = {"specimen": Said("tm:specimen-serum-plasma", "LOINC SYSTEM")}
    assert merged({"specimen": "tm:specimen-serum"}, fixed)[0]["specimen"].value == "tm:specimen-serum"
    assert merged({"specimen": "tm:specimen-blood"}, fixed)[0]["specimen"].value == "tm:specimen-serum-plasma"
    assert merged({"specimen": "tm:specimen-urine"}, fixed)[1] == (
        Contradiction("specimen", "tm:specimen-urine", "tm:specimen-serum-plasma"),
    )


def test_free_text_tells_no_signatures_apart() -> None:
    assert "performer" not in compared_facets(), "names of people belong into no report"
