"""A column of codes, of systems or of units may hold anything: messages show what is known, of the rest the shape."""

from __future__ import annotations

import pytest

from twinmap.api import Outcome, run
from twinmap.compare.meaning import of_code, said, said_unit
from twinmap.diagnostics import Finding
from twinmap.terms.concepts import catalogue

CANARY = "Zebedee"
MAPPING = """\
twinmap: 1
id: {0}
version: 1.0.0
source: {{format: csv, files: {0}.csv, timezone: UTC}}
patient: {{id: $(p), system: mrn}}
time: $(t)
key: [p, t, c, v, u]
device: {{id: $(d)}}
observe:
  result: {{code: {{from: $(c), system: $(s)}}, value: $(v), unit: $(u)}}
"""
WARD = f"""\
p,t,s,c,v,u,d
1,2026-03-01T08:00:00,http://lab.example.org,{CANARY},1.5,mg,M1
1,2026-03-01T08:01:00,http://lab.example.org,{CANARY},1.6,,M1
1,2026-03-01T08:02:00,{CANARY},8867-4,70,/min,M1
1,2026-03-01T08:03:00,http://loinc.org,8867-4,70,mg{{{CANARY}}},M1
1,2026-03-01T08:04:00,http://loinc.org,{CANARY},70,,M1
1,2026-03-01T08:05:00,http://loinc.org,7755123-4,70,mg,M1
1,2026-03-01T08:06:00,http://snomed.info/sct,77551234991,70,mg,M1
1,2026-03-01T08:07:00,http://loinc.org,8867-4,70,/min,M1
1,2026-03-01T08:08:00,http://loinc.org,8480-7,70,mm[Hg],M1
1,2026-03-01T08:09:00,http://loinc.org,8867-4,70,,M1
"""
#: Readings that both sources have.
SAME = "".join(f"1,2026-03-01T09:{n:02}:00,http://lab.example.org,{CANARY}2,{n}.5,mg,M1\n" for n in range(40))
BAND = f"""\
p,t,s,c,v,u,d
1,2026-03-01T08:00:00,http://lab.example.org,{CANARY},9.5,mg,M1
1,2026-03-01T08:01:00,http://lab.example.org,{CANARY},9.6,kg,M1
1,2026-03-01T08:02:00,http://lab.example.org,{CANARY},9.6,mm{{{CANARY}}},M1
1,2026-03-01T08:03:00,http://lab.example.org,{CANARY},9.6,m,M1
1,2026-03-01T08:07:00,http://loinc.org,8867-4,70,Hz,M1
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("codes")
    for name, text in {"ward": WARD, "band": BAND}.items():
        (folder / f"{name}.yaml").write_text(MAPPING.format(name))
        (folder / f"{name}.csv").write_text(text + SAME)
    (folder / "key").write_bytes(bytes(range(32)))
    mappings = [folder / "ward.yaml", folder / "band.yaml"]
    return run(mappings, out=folder / "out", key_file=folder / "key", engine="none", jobs=1)


def _of(outcome: Outcome, code: str) -> list[Finding]:
    return [item for item in outcome.findings if item.code == code]


def test_no_message_holds_what_is_not_known_to_be_a_code(outcome: Outcome) -> None:
    shown = [(item.code, item.message, item.help) for item in outcome.findings]
    for canary in (CANARY, "7755123", "77551234991"):
        assert [each for each in shown if canary in f"{each[1]} {each[2]}"] == []


def test_each_of_the_codes_is_told(outcome: Outcome) -> None:
    """What would hold the canary is there; else the test above could not fail."""
    found = {item.code for item in outcome.findings}
    assert {"TM-C03", "TM-C04", "TM-D02", "TM-U02", "TM-U03", "TM-U05", "TM-U06", "TM-X01"} <= found


def test_what_is_known_is_readable(outcome: Outcome) -> None:
    said = {item.message for item in outcome.findings}
    assert "heart-rate: numbers of ward have no unit" in said
    assert 'code "xxxxxxx": numbers of ward have no unit' in said
    assert "loinc:xxxxxxx: numbers of ward have no unit" in said
    assert "8480-7 has not the check digit of LOINC" in said
    assert 'a code of shape "9999999-9" has not the check digit of LOINC' in said
    assert "heart-rate: loinc:8867-4 is a number rate (NRat), and its unit is mg{xxxxxxx}" in said


@pytest.mark.parametrize(
    ("system", "code", "shown"),
    [
        ("http://loinc.org", "8480-6", "systolic-blood-pressure"),
        ("http://loinc.org", "2823-3", "loinc:2823-3"),
        ("http://loinc.org", "99999-7", "loinc:99999-9"),
        ("http://snomed.info/sct", "271649006", "systolic-blood-pressure"),
        ("http://snomed.info/sct", "73211009", "snomed:73211009"),
        ("http://snomed.info/sct", "73211008", "snomed:99999999"),
        ("http://hl7.org/fhir/sid/icd-10", "I10", "icd10:x99"),
        ("http://lab.example.org", "GLU", 'code "xxx"'),
        (None, "GLU", 'code "xxx"'),
    ],
)
def test_how_a_code_is_named(system: str | None, code: str, shown: str) -> None:
    meaning = of_code(system, code, catalogue())
    expected = meaning.concept.name if meaning.concept and shown.startswith("loinc:") else shown
    assert meaning.said == expected
    if meaning.concept is None:
        assert said(system, code) == shown


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("mmol/L", "mmol/L"),
        ("{beats}/min", "{beats}/min"),
        ("{steps}", "{steps}"),
        ("{Muster}/min", "{xxxxxx}/min"),
        ("mg{M1}/dL{beats}", "mg{x9}/dL{beats}"),
        (None, ""),
    ],
)
def test_how_a_unit_is_named(unit: str | None, shown: str) -> None:
    assert said_unit(unit) == shown
