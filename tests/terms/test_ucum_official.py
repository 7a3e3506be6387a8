"""The functional tests that accompany UCUM: 564 cases, and 9 names."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from twinmap.terms.ucum import convert, display_name, is_valid

pytestmark = pytest.mark.corpus


def _agrees(result: Decimal, outcome: str) -> bool:
    """Whether a result is the outcome, to as many significant digits as the outcome has."""
    expected = Decimal(outcome)
    digits = len(expected.as_tuple().digits)
    return Decimal(f"{result:.{digits - 1}e}") == expected


@pytest.fixture(scope="module")
def official(corpus: Path) -> ET.Element:
    return ET.parse(corpus / "ucum" / "ucum-java" / "UcumFunctionalTests.xml").getroot()


def _cases(official: ET.Element, section: str) -> list[ET.Element]:
    found = official.find(section)
    assert found is not None
    return found.findall("case")


def test_no_category_is_left_out(official):
    sections = {element.tag for element in official if element.tag != "history"}
    assert sections == {"validation", "displayNameGeneration", "conversion", "multiplication", "division"}
    assert sum(len(_cases(official, section)) for section in sections) == len(list(official.iter("case")))


def test_validation(official):
    cases = _cases(official, "validation")
    wrong = [case.attrib for case in cases if is_valid(case.get("unit")) != (case.get("valid") == "true")]
    assert (len(cases), wrong) == (529, [])


def test_display_name(official):
    cases = _cases(official, "displayNameGeneration")
    assert len(cases) == 9
    assert [display_name(case.get("unit")) for case in cases] == [case.get("display") for case in cases]


def test_conversion(official):
    cases = _cases(official, "conversion")
    assert len(cases) == 30
    for case in cases:
        value = convert(Decimal(case.get("value")), case.get("srcUnit"), case.get("dstUnit"))
        assert _agrees(value, case.get("outcome")), case.attrib


@pytest.mark.parametrize(("section", "operator", "count"), [("multiplication", ".", 2), ("division", "/", 3)])
def test_arithmetic(official, section, operator, count):
    cases = _cases(official, section)
    assert len(cases) == count
    for case in cases:
        first, second = Decimal(case.get("v1")), Decimal(case.get("v2"))
        value = first * second if operator == "." else first / second
        unit = f"({case.get('u1')}){operator}({case.get('u2')})"
        assert _agrees(convert(value, unit, case.get("uRes") or "1"), case.get("vRes")), case.attrib
