"""Concept files: look-up, the code that states a value, and a project's own with clear errors."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from twinmap.errors import UsageError
from twinmap.terms import loinc, snomed
from twinmap.terms.concepts import Catalogue, Concept, catalogue

SHIPPED = list(catalogue().concepts.values())
LOINC = loinc.SYSTEM


def concept(name: str) -> Concept:
    found = catalogue().get(name)
    assert found is not None
    return found


# --- look-up --------------------------------------------------------------------------------------


def test_by_code() -> None:
    known = catalogue()
    assert known.by_code(LOINC, "8459-0") is concept("systolic-blood-pressure")
    assert known.by_code(snomed.SYSTEM, "271649006") is concept("systolic-blood-pressure")
    assert known.by_code(snomed.SYSTEM, "78564009") is None  # pulse rate is only related
    assert known.by_code(LOINC, "9999-9") is None


@pytest.mark.parametrize(
    ("code", "fixed"),
    [
        ("8480-6", {}),
        ("8459-0", {"posture": "sitting"}),
        ("76534-7", {"method": "noninvasive"}),
        ("99504-3", {"specimen": "interstitial-fluid"}),
        ("96608-5", {"statistic": "mean"}),
        ("40443-4", {"activity": "at-rest"}),
        ("8332-9", {"site": "rectum"}),
        ("75539-7", {"site": "temporal-artery"}),
        ("8479-8", {"method": "palpation"}),
        ("55426-1", {"statistic": "max"}),
        ("67129-7", {"activity": "at-rest", "method": "palpation", "site": "peripheral-artery"}),
        ("6690-2", {"specimen": "whole-blood", "method": "automated-count"}),
        ("33914-3", {"specimen": "serum-plasma", "method": "mdrd"}),
        ("98979-8", {"specimen": "blood", "method": "ckd-epi-race-free"}),
        ("67151-1", {"specimen": "serum-plasma", "method": "high-sensitivity"}),
        ("6301-6", {"specimen": "platelet-poor-plasma"}),
        ("41953-1", {"over": "1 d", "method": "calculation"}),
        ("0-0", {}),
    ],
)
def test_pre_coordinated_codes_decompose(code: str, fixed: dict[str, str]) -> None:
    assert catalogue().facets_of(LOINC, code) == fixed


def test_counterparts_decompose_too() -> None:
    resting = (
        "https://developer.apple.com/documentation/healthkit",
        "HKQuantityTypeIdentifierRestingHeartRate",
    )
    assert catalogue().by_code(*resting) is concept("heart-rate")
    assert catalogue().facets_of(*resting) == {"activity": "at-rest"}


def test_axes() -> None:
    axes = catalogue().axes("8480-6")
    assert axes is not None
    assert (axes.component, axes.property, axes.scale) == ("Intravascular systolic", "Pres", "Qn")
    assert catalogue().axes("0-0") is None


def test_panel_and_members() -> None:
    panel = concept("blood-pressure")
    assert panel.members["systolic"] == "systolic-blood-pressure"
    assert concept("systolic-blood-pressure").panel == "blood-pressure"
    assert concept("heart-rate").panel is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("spo2", "oxygen-saturation"),
        ("heart_rate", "heart-rate"),
        ("systolc-blood-pressure", "systolic-blood-pressure"),
        ("weigth", "body-weight"),
        ("haemoglobin", "hemoglobin"),
    ],
)
def test_suggestions(text: str, name: str) -> None:
    assert catalogue().suggest(text)[0] == name


def test_no_suggestion_for_what_is_like_nothing() -> None:
    assert catalogue().suggest("quarterly revenue") == []


# --- which code states a value --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "molar", "given", "code"),
    [
        ("glucose", None, {}, "74774-1"),
        ("glucose", False, {}, "74774-1"),
        ("glucose", True, {}, "77135-2"),
        ("glucose", True, {"specimen": "interstitial-fluid"}, "105272-9"),
        ("glucose", False, {"specimen": "tm:specimen-interstitial-fluid"}, "99504-3"),
        ("glucose", False, {"specimen": "capillary-blood"}, "32016-8"),
        ("glucose", False, {"specimen": "capillary-blood", "method": "glucometer"}, "32016-8"),
        ("glucose", None, {"specimen": "serum"}, "2345-7"),
        ("glucose", True, {"specimen": "snomed:119361006"}, "14749-6"),
        ("glucose", False, {"meal": "fasting", "specimen": "serum-plasma"}, "2345-7"),
        ("glucose", False, {"specimen": "lab:GREEN-TUBE"}, "74774-1"),
        ("glucose", False, {"specimen": "urine"}, None),
        ("hba1c", True, {}, "59261-8"),
        ("hba1c", None, {}, "4548-4"),
        ("hemoglobin", True, {}, "59260-0"),
        ("potassium", True, {}, "77142-8"),
        ("potassium", False, {}, None),
        ("creatinine", False, {}, "2160-0"),
        ("creatinine", True, {}, "14682-9"),
        ("systolic-blood-pressure", None, {"posture": "sitting", "method": "oscillometry"}, "8480-6"),
        ("oxygen-saturation", None, {"method": "pulse-oximetry"}, "2708-6"),
        ("steps", None, {"over": "1 d"}, "55423-8"),
    ],
)
def test_code_for(name: str, molar: bool | None, given: dict[str, str], code: str | None) -> None:
    found = concept(name).code_for(molar, given)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("item", SHIPPED, ids=lambda item: item.name)
def test_a_template_supplies_no_site_posture_or_method(item: Concept) -> None:
    for molar in (None, True, False):
        code = item.code_for(molar)
        supplied = set(code.fixes) if code else set()
        # Unless LOINC has no term that leaves it open: a platelet's width of distribution is counted by a machine.
        without = set.intersection(*(set(other.fixes) for other in item.codes))
        assert supplied <= {"specimen"} | without, item.name


def test_the_unit_follows_the_property() -> None:
    glucose = concept("glucose")
    codes = {code.code: code for code in glucose.codes}
    assert glucose.unit_of(codes["2345-7"]) == "mg/dL"
    assert glucose.unit_of(codes["14749-6"]) == "mmol/L"
    assert glucose.unit == "mg/dL"
    weight = concept("body-weight")
    assert weight.unit_of(weight.preferred()) == "kg"


# --- a project's own ------------------------------------------------------------------------------

GRIP = """
    concept: grip-strength
    label: Grip strength
    kind: quantity
    codes:
      - {system: "https://lab.example/codes", code: GRIP, display: Grip strength}
      - {code: "83174-3", axes: {component: Grip, property: Force, time: Pt, system: Hand, scale: Qn}}
    unit: "N"
    accepts: ["N"]
    facets: {accepted: [posture, site, method], required: [posture]}
    limits: {hard: {low: 0, high: 1500, unit: "N", source: ours}}
    window: 1 h
"""


def write(folder: Path, text: str, name: str = "own.yaml") -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def with_grip(folder: Path, **changes: str) -> Path:
    """The grip file with lines changed: the key is the start of a line, None takes it out."""
    lines = dedent(GRIP).strip("\n").split("\n")
    changed = [next((new for old, new in changes.items() if line.startswith(old)), line) for line in lines]
    return write(folder, "\n".join(changed) + "\n")


def test_a_projects_concept_joins_the_shipped_ones(tmp_path: Path) -> None:
    known = catalogue([with_grip(tmp_path)])
    grip = known.by_code("https://lab.example/codes", "GRIP")
    assert isinstance(known, Catalogue)
    assert grip is known.get("grip-strength")
    assert grip is not None
    assert (grip.unit, grip.window_us, grip.definition) == ("N", 3_600_000_000, "Grip strength")
    assert grip.codes[1].axes is not None
    assert known.axes("83174-3") == grip.codes[1].axes
    assert known.get("heart-rate") == concept("heart-rate")
    assert known.get("systolic-blood-pressure") == concept("systolic-blood-pressure")
    assert catalogue().get("grip-strength") is None


def test_a_folder_of_concepts(tmp_path: Path) -> None:
    with_grip(tmp_path)
    write(tmp_path, "not read", "notes.txt")
    assert catalogue([tmp_path]).get("grip-strength") is not None


@pytest.mark.parametrize(
    ("changes", "line", "message", "help_"),
    [
        ({"kind": "knd: quantity"}, 3, 'unknown key "knd"', 'did you mean "kind"?'),
        ({"kind": "kind: number"}, 3, '"kind" is one of', None),
        ({"concept": "concept: Grip Strength"}, 1, "is not a name", None),
        ({"label": "label: {a: b}"}, 2, '"label" must be given as text', None),
        ({"unit": "window: 2 h"}, 11, "stands twice", None),
        ({"unit": "# no unit"}, 1, "a quantity needs a unit", "unit: mm[Hg]"),
        ({"facets": "facets: {accepted: [posure]}"}, 9, 'there is no facet "posure"', "facets: site"),
        ({"facets": "facets: {accepted: [site], required: [posture]}"}, 9, "required but not accepted", None),
        (
            {"limits": "limits: {hard: {low: 5, high: 1, unit: N, source: x}}"},
            10,
            '"low" must be below',
            None,
        ),
        ({"limits": "limits: {hard: {low: a, unit: N, source: x}}"}, 10, '"low" must be a number', None),
        ({"limits": "limits: {hard: {low: 1, source: x}}"}, 10, '"unit" must be given', None),
        ({"limits": "limits: {}"}, 10, "limits need one unit", None),
        ({"window": "window: soon"}, 11, "is not a length of time", '"5 min"'),
        (
            {"window": "counterparts: [{code: 'x:1', relation: exactMatch, source: x}]"},
            11,
            "prefix",
            '"system"',
        ),
        (
            {"window": "counterparts: [{code: 'mdc:1', relation: same, source: x}]"},
            11,
            '"relation" is one of',
            None,
        ),
        ({"window": "values: {yes: Yes}"}, 11, '"yes" is not a code', "snomed:"),
        ({"window": "members: {left: grip-left}"}, None, 'there is no concept "grip-left"', None),
        ({"  - {code": "  - {code: '83174-4'}"}, 6, "is not a LOINC code", "83174-3"),
        (
            {"  - {code": "  - {code: '83174-3', fixes: {site: wirst}}"},
            6,
            "no word of the facet site",
            "wrist",
        ),
        ({"  - {code": "  - {code: '83174-3', fixes: {over: soon}}"}, 6, "no word of the facet over", None),
        ({"  - {code": "  - {code: '8480-6'}"}, None, "loinc:8480-6 belongs to", None),
        (
            {"concept": "concept: heart-rate"},
            None,
            '"heart-rate" is defined in heart-rate.yaml',
            "another name",
        ),
        ({"codes": "codes: []\nx:"}, 5, 'unknown key "x"', "known keys"),
        ({"kind": "kind: quantity\nmargin: {sd: 1, unit: kg, source: x}"}, 4, 'a margin needs "bias"', None),
        (
            {"kind": "kind: quantity\nmargin: {bias: 1, each: 1, unit: kg, source: x}"},
            4,
            'or else "each"',
            None,
        ),
        ({"kind": "kind: quantity\nmargin: {percent: -8, unit: kg, source: x}"}, 4, "not negative", None),
        ({"concept": "concept: &a grip"}, 1, "anchors and tags", None),
        ({"label": "label: *a"}, 2, "aliases", None),
        ({"label": "label: !!str x"}, 2, "anchors and tags", None),
        ({"label": "label: [a"}, None, "not YAML", None),
    ],
)
def test_errors_of_a_concept_file_name_the_line(
    tmp_path: Path, changes: dict[str, str], line: int | None, message: str, help_: str | None
) -> None:
    path = with_grip(tmp_path, **changes)
    with pytest.raises(UsageError) as caught:
        catalogue([path])
    text = caught.value.message
    assert message in text
    assert text.startswith(f"{path}:{line}:" if line else str(path))
    assert help_ is None or help_ in (caught.value.help or "")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "must hold one mapping"),
        (b"- a\n", "must hold one mapping"),
        (b"a: 1\n---\nb: 2\n", "more than one document"),
        (b"\xff\xfe\x00", "cannot be read as UTF-8"),
        (b"a: \x01\n", "not YAML"),
        (b"? [a]\n: b\n", "a key must be text"),
        (b"a: " + b"[" * 100 + b"]" * 100, "nested deeper"),
        (b"a: " + b"[" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_concept_file_is_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(raw)
    with pytest.raises(UsageError, match=re.escape(message)):
        catalogue([path])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        catalogue([tmp_path / "nowhere.yaml"])


def test_scalars_stay_text(tmp_path: Path) -> None:
    path = with_grip(
        tmp_path, **{"  - {system": '  - {system: "https://lab.example/codes", code: 0042, display: no}'}
    )
    grip = catalogue([path]).get("grip-strength")
    assert grip is not None
    assert (grip.codes[0].code, grip.codes[0].display) == ("0042", "no")
