"""What a test expects against a statement."""

from __future__ import annotations

from typing import Any

import pytest

from twinmap.diagnostics import Finding, Severity
from twinmap.errors import UsageError
from twinmap.terms.concepts import catalogue
from twinmap.testing.expect import compare, compare_findings

ROW: dict[str, Any] = {
    "code_system": "http://loinc.org",
    "code": "8480-6",
    "value_kind": "quantity",
    "value_text": "16.0",
    "value_system": None,
    "value_code": None,
    "unit": "kPa",
    "unit_raw": "kPa",
    "canon_num": 120.010200867,
    "canon_unit": "mm[Hg]",
    "start_us": 1_772_349_300_000_000,
    "end_us": None,
    "site": "tm:site-upper-arm",
    "status": None,
    "linking": True,
}
CODED = ROW | {
    "value_kind": "coded",
    "value_text": None,
    "value_system": "http://snomed.info/sct",
    "value_code": "8517006",
}


def differences(row: dict[str, Any] = ROW, **expected: str) -> list[str]:
    return compare([expected], {"observation": [row]}, catalogue())


@pytest.mark.parametrize(
    "expected",
    [
        {"code": "loinc:8480-6"},
        {"code": "systolic-blood-pressure"},
        {"code": "loinc:8480-6", "value": "16"},
        {"value": "16.00", "unit": "kPa"},
        {"value": "120", "unit": "mm[Hg]", "tolerance": "0.1"},
        {"value": "16000", "unit": "Pa"},
        {"time": "2026-03-01T08:15+01:00"},
        {"start": "2026-03-01T07:15"},
        {"site": "upper-arm", "status": "", "unit": "kPa"},
        {"site": "tm:site-upper-arm", "linking": "true"},
    ],
)
def test_as_expected(expected: dict[str, str]) -> None:
    assert differences(**expected) == []


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"code": "loinc:8462-4"}, "loinc:8462-4: code is loinc:8480-6"),
        ({"value": "120", "unit": "mm[Hg]"}, "value is 120.010200867 mm[Hg], expected 120 mm[Hg]"),
        ({"value": "16.0", "unit": "mg/dL"}, "value is 16.0 kPa, expected 16.0 mg/dL"),
        ({"value": "high"}, "value is 16.0 kPa, expected high"),
        ({"site": "wrist"}, "site is upper-arm, expected wrist"),
        ({"site": ""}, "site is upper-arm, expected nothing"),
        ({"status": "final"}, "status is missing, expected final"),
        ({"end": "2026-03-01T07:15Z"}, "end is missing, expected 2026-03-01T07:15Z"),
        ({"time": "2026-03-01T08:15Z"}, "time is 2026-03-01T07:15:00Z, expected 2026-03-01T08:15Z"),
    ],
)
def test_a_difference_in_words(expected: dict[str, str], message: str) -> None:
    (found,) = differences(**expected)
    assert found.endswith(message)


def test_a_coded_value() -> None:
    assert differences(CODED, value="snomed:8517006") == []
    assert differences(CODED, value="8517006") == []
    assert differences(CODED, value="snomed:266919005") == [
        "value snomed:266919005: value is 8517006, expected snomed:266919005"
    ]


def test_each_expected_statement_needs_one_of_its_own() -> None:
    twice = [{"code": "loinc:8480-6"}, {"code": "loinc:8480-6"}]
    assert compare(twice, {"observation": [ROW]}, catalogue()) == ["no observation is left for loinc:8480-6"]
    assert compare(twice, {"observation": [ROW, ROW]}, catalogue()) == []


def test_no_statement_is_expected() -> None:
    assert compare([], {"patient": [ROW]}, catalogue()) == []
    assert compare([], {"observation": [ROW]}, catalogue()) == ["1 statements were made, none was expected"]


@pytest.mark.parametrize(
    ("expected", "message"), [({"sight": "wrist"}, 'no "sight"'), ({"time": "noon"}, '"noon" is not a time')]
)
def test_what_cannot_be_expected(expected: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        differences(**expected)


def test_findings_that_are_worth_knowing_need_not_be_expected() -> None:
    def finding(code: str, severity: Severity) -> Finding:
        return Finding(code, "slug", severity, "message")

    found = [finding("TM-U01", Severity.INFO), finding("TM-Q11", Severity.WARNING)]
    assert compare_findings(["TM-Q11"], found) == []
    assert compare_findings(["TM-U01", "TM-Q11"], found) == []
    assert compare_findings([], found) == ["TM-Q11 was not expected: message"]
    assert compare_findings(["TM-Q11", "TM-Q12"], found) == ["TM-Q12 was not found"]


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "sNaN"])
def test_what_is_no_number_is_compared_as_text(value: str) -> None:
    (found,) = differences(value=value, tolerance="NaN")
    assert found.endswith(f"value is 16.0 kPa, expected {value}")
    assert differences(ROW | {"value_kind": "string", "value_text": value, "unit": None}, value=value) == []
