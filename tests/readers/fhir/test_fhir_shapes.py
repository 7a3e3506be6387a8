"""Data types in the shapes of a request."""

from __future__ import annotations

from typing import Any

import pytest

from twinmap.model import Field, Shape

LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"


EMPTY = dict.fromkeys(
    ("kind", "text", "comparator", "low", "high", "unit", "unit_system", "system", "code", "display")
)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        (
            {
                "valueQuantity": {
                    "value": 6.30,
                    "unit": "mmol/l",
                    "system": UCUM,
                    "code": "mmol/L",
                    "comparator": "<",
                }
            },
            {"kind": "quantity", "text": "6.3", "comparator": "<", "unit": "mmol/L", "unit_system": UCUM},
        ),
        (
            {"valueQuantity": {"value": 5, "system": "urn:oid:2.16.840.1.113883.6.8", "code": "%"}},
            {"kind": "quantity", "text": "5", "unit": "%", "unit_system": UCUM},
        ),
        (
            {"valueQuantity": {"value": 5, "unit": "beats"}},
            {"kind": "quantity", "text": "5", "unit": "beats", "unit_system": ""},
        ),
        (
            {"valueQuantity": {"value": 5, "unit": "beats", "system": "urn:oid:2.16.840.1.113883.6.8"}},
            {"kind": "quantity", "text": "5", "unit": "beats", "unit_system": UCUM + "|"},
        ),
        (
            {"valueQuantity": {"value": 5, "system": UCUM}},
            {"kind": "quantity", "text": "5"},
        ),
        (
            {"valueQuantity": {"value": 5, "system": "urn:x", "code": "b", "unit": "beats"}},
            {"kind": "quantity", "text": "5", "unit": "b", "unit_system": "urn:x"},
        ),
        ({"valueString": "12"}, {"kind": "text", "text": "12"}),
        ({"valueBoolean": False}, {"kind": "boolean", "text": "false"}),
        ({"valueInteger": 3}, {"kind": "quantity", "text": "3"}),
        ({"valueTime": "08:15:00"}, {"kind": "time", "text": "08:15:00"}),
        ({"valueDateTime": "2026"}, {"kind": "time", "text": "2026"}),
        (
            {"valuePeriod": {"start": "2025", "end": "2026"}},
            {"kind": "time", "text": "2025", "low": "2025", "high": "2026"},
        ),
        (
            {
                "valueCodeableConcept": {
                    "coding": [{"system": "urn:local", "code": "1"}, {"system": SNOMED, "code": "8517006"}]
                }
            },
            {"kind": "code", "text": "8517006", "system": SNOMED, "code": "8517006"},
        ),
        (
            {
                "valueCodeableConcept": {
                    "text": "Ex",
                    "coding": [{"system": "urn:local", "code": "1", "display": "one"}],
                }
            },
            {"kind": "code", "text": "Ex", "system": "urn:local", "code": "1", "display": "one"},
        ),
        ({"valueCodeableConcept": {"text": "smoker"}}, {"kind": "text", "text": "smoker"}),
        (
            {"valueRange": {"low": {"value": 4, "unit": "mg"}, "high": {"value": 7, "unit": "mg"}}},
            {"kind": "range", "text": "4-7", "low": "4", "high": "7", "unit": "mg", "unit_system": ""},
        ),
        ({"valueRange": {"high": {"value": 7}}}, {"kind": "range", "high": "7"}),
        (
            {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            {"kind": "ratio", "text": "1:128", "low": "1", "high": "128"},
        ),
        (
            {
                "valueRatio": {
                    "numerator": {"value": 1, "unit": "mg"},
                    "denominator": {"value": 2, "unit": "dL"},
                }
            },
            {"kind": "ratio", "text": "1:2", "low": "1", "high": "2", "unit": "mg/dL", "unit_system": ""},
        ),
        (
            {
                "valueSampledData": {
                    "origin": {"value": 0, "unit": "mV"},
                    "period": 10,
                    "dimensions": 1,
                    "data": "1 2 E",
                }
            },
            {"kind": "sampled", "text": "1 2 E", "unit": "mV", "unit_system": ""},
        ),
        (
            {"dataAbsentReason": {"coding": [{"system": "urn:r", "code": "unknown", "display": "Unknown"}]}},
            {"kind": "absent", "system": "urn:r", "code": "unknown", "display": "Unknown"},
        ),
        (
            {
                "valueQuantity": {
                    "unit": "mg",
                    "extension": [{"url": "http://x/data-absent-reason", "valueCode": "masked"}],
                }
            },
            {"kind": "absent", "code": "masked"},
        ),
        (
            {
                "valueQuantity": {
                    "_value": {"extension": [{"url": "http://x/data-absent-reason", "valueCode": "error"}]}
                }
            },
            {"kind": "absent", "code": "error"},
        ),
        (
            {"_valueString": {"extension": [{"url": "http://x/data-absent-reason", "valueCode": "unknown"}]}},
            {"kind": "absent", "code": "unknown"},
        ),
    ],
)
def test_values(fhir: Any, elements: dict[str, Any], expected: dict[str, str]) -> None:
    assert fhir.one(fhir.observation(**elements), "value", Shape.VALUE) == [EMPTY | expected]


def test_a_value_keeps_its_text(fhir: Any) -> None:
    path = fhir.folder / "a.json"
    path.write_text('{"resourceType": "Observation", "valueQuantity": {"value": 2.50, "unit": "g"}}', "utf-8")
    (row,) = fhir.read(
        path, Field("v", "value", Shape.VALUE), Field("t", "value"), Field("k", "value", Shape.KEY)
    ).rows
    assert (row["v"][0]["text"], row["t"], row["k"]) == ("2.50", "2.50", '{"unit":"g","value":2.50}')


def test_a_value_without_a_number_is_an_issue(fhir: Any) -> None:
    found = fhir.read(
        fhir.write(fhir.observation(valueQuantity={"unit": "mg"})), Field("v", "value", Shape.VALUE)
    )
    assert [row["v"] for row in found.rows] == [None]
    assert [(issue.code, issue.path) for issue in found.issues] == [("TM-Q16", "value")]


def test_values_of_picked_components(fhir: Any) -> None:
    path = fhir.write(fhir.pressure)
    for pick, kinds in {
        "component(code=loinc:8480-6).value": ["quantity"],
        "component(code=http://loinc.org|8480-6).value": ["quantity"],
        "component(code=LN:8480-6).value": None,
        "component(code=8462-4).value": ["absent"],
        "component(code=snomed:8480-6).value": None,
        "component.value": ["quantity", "absent"],
        "component(2).value": ["absent"],
    }.items():
        (row,) = fhir.read(path, Field("v", pick, Shape.VALUE)).rows
        assert [value["kind"] for value in row["v"] or ()] == (kinds or []), pick


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        (
            {"coding": [{"system": LOINC, "code": "1", "display": "a"}, {"code": "2"}], "text": "t"},
            [(LOINC, "1", "a"), (None, "2", None)],
        ),
        ({"coding": [{"system": LOINC, "code": "1"}], "text": "t"}, [(LOINC, "1", "t")]),
        ({"text": "t"}, [(None, None, "t")]),
        ({"coding": [{"display": "d"}], "text": "t"}, [(None, None, "t")]),
        ({}, None),
        ("plain", [(None, "plain", None)]),
        ({"system": LOINC, "code": "1"}, [(LOINC, "1", None)]),
    ],
)
def test_codes(fhir: Any, concept: Any, expected: Any) -> None:
    found = fhir.one(fhir.observation(code=concept), "code", Shape.CODE)
    assert (found and [tuple(item.values()) for item in found]) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Patient/123"}, [("123", None, None)]),
        ({"reference": "Patient/123/_history/2"}, [("123", None, None)]),
        (
            {"reference": "https://a.example/fhir/Patient/123"},
            [("123", "https://a.example/fhir/Patient", None)],
        ),
        ({"reference": "urn:uuid:a-b"}, [("a-b", None, None)]),
        ({"reference": "Patient?identifier=urn:s|7"}, [("7", "urn:s", None)]),
        ({"reference": "#c"}, [("9", "urn:s", None)]),
        ({"reference": "#d"}, None),
        ({"identifier": {"system": "urn:s", "value": "8"}}, [("8", "urn:s", None)]),
        ({"display": "Ada"}, None),
        ("7", [("7", None, None)]),
    ],
)
def test_identifiers_of_references(fhir: Any, reference: Any, expected: Any) -> None:
    contained = [{"resourceType": "Patient", "id": "c", "identifier": [{"system": "urn:s", "value": "9"}]}]
    resource = fhir.observation(subject=reference, contained=contained)
    found = fhir.one(resource, "subject", Shape.IDENTIFIER)
    assert (found and [tuple(item.values()) for item in found]) == expected


def test_identifiers(fhir: Any) -> None:
    found = fhir.one(fhir.patient, "identifier", Shape.IDENTIFIER)
    assert [tuple(item.values()) for item in found] == [
        ("0042", "urn:oid:1.2.3", "MR"),
        ("7", "urn:other", None),
    ]
    assert fhir.one(fhir.patient, "identifier(system=urn:other)", Shape.TEXT) == "7"
    assert fhir.one(fhir.patient, "identifier(type=MR)", Shape.TEXT) == "0042"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"effectiveDateTime": "2026-03"}, ("2026-03", None)),
        ({"effectiveInstant": "2026-03-01T08:15:00Z"}, ("2026-03-01T08:15:00Z", None)),
        ({"effectivePeriod": {"start": "2025", "end": "2026"}}, ("2025", "2026")),
        ({"effectivePeriod": {"end": "2026"}}, (None, "2026")),
        ({"effectiveTiming": {"event": ["2025", "2026", "2027"]}}, ("2025", "2027")),
        ({"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2025"}}}}, ("2025", None)),
        ({"effectiveTiming": {"code": {"text": "daily"}}}, None),
        ({}, None),
    ],
)
def test_times(fhir: Any, elements: dict[str, Any], expected: Any) -> None:
    found = fhir.one(fhir.observation(**elements), "effective", Shape.TIME)
    assert (found and tuple(found.values())) == expected


def test_an_age_is_no_time(fhir: Any) -> None:
    resource = {"resourceType": "Condition", "onsetAge": {"value": 42, "unit": "a"}}
    found = fhir.read(fhir.write(resource), Field("v", "onset", Shape.TIME), "onset")
    assert [(row["v"], row["onset"]) for row in found.rows] == [(None, "42")]
    assert [issue.code for issue in found.issues] == ["TM-Q12"]


@pytest.mark.parametrize(
    ("ranges", "expected", "issues"),
    [
        ([{"low": {"value": 3.5, "unit": "g"}, "high": {"value": 5.0}}], ("3.5", "5.0", None), 0),
        ([{"text": "negative"}], (None, None, "negative"), 0),
        (
            [{"low": {"value": 1}}, {"low": {"value": 2}, "type": {"coding": [{"code": "therapeutic"}]}}],
            ("1", None, None),
            0,
        ),
        ([{"low": {"value": 1}}, {"low": {"value": 1}}], ("1", None, None), 0),
        ([{"low": {"value": 1}}, {"low": {"value": 2}}], None, 1),
        ([{"low": {"value": 1}, "age": {}}, {"low": {"value": 2}, "age": {}}], None, 1),
    ],
)
def test_reference_ranges(fhir: Any, ranges: list[Any], expected: Any, issues: int) -> None:
    found = fhir.read(
        fhir.write(fhir.observation(referenceRange=ranges)), Field("v", "referenceRange", Shape.RANGE)
    )
    (row,) = found.rows
    assert (row["v"] and tuple(row["v"].values())) == expected
    assert [issue.code for issue in found.issues] == ["TM-Q16"] * issues


def test_text_of_composites(fhir: Any) -> None:
    resource = fhir.observation(
        code={"coding": [{"code": "c1"}, {"code": "c2"}]},
        category=[{"coding": [{"code": "a"}]}, {"coding": [{"code": "b"}]}],
        valueRange={"low": {"value": 4}, "high": {"value": 7}},
        effectivePeriod={"start": "2025"},
        subject={"reference": "Patient/1"},
        note=[{"text": "Ada felt ill", "time": "2026"}],
        meta={"versionId": "1"},
        method={"extension": []},
    )
    names = (
        "code",
        "category",
        "value",
        "effective",
        "subject",
        "note",
        "meta",
        "method",
        "code.coding.code",
    )
    found = fhir.read(fhir.write(resource), *names)
    (row,) = found.rows
    assert [row[name] for name in names] == [
        "c1",
        None,
        "4",
        "2025",
        "Patient/1",
        "Ada felt ill",
        None,
        None,
        None,
    ]
    assert [(issue.code, issue.path) for issue in found.issues] == [
        ("TM-Q16", "category"),
        ("TM-Q16", "meta"),
        ("TM-Q16", "code.coding.code"),
    ]
    assert "Ada" not in str(found.issues)
