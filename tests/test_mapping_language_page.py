"""The examples of docs/mapping-language.md are mappings that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinmap import registry
from twinmap.cli import main
from twinmap.diagnostics import Severity
from twinmap.mapping.auto import FRAGMENTS
from twinmap.mapping.definitions import OBSERVATION_SLOTS, SELF_DESCRIBING, Table, definitions
from twinmap.mapping.expressions import FUNCTIONS
from twinmap.mapping.load import loads
from twinmap.mapping.project import load_project
from twinmap.terms.facets import facets

PAGE = (Path(__file__).parents[1] / "docs" / "mapping-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

#: Blocks that are not mappings: tests beside one, and a project.
OTHERS = ("tests:", "sources:")
MAPPINGS = [block for block in BLOCKS if not block.startswith(OTHERS)]

#: What a fragment leaves out.
REST = {
    "twinmap": "1",
    "id": "fragment",
    "version": "1.0.0",
    "source": "{format: csv, files: data.csv, timezone: UTC}",
    "patient": "{id: $(patient), system: local}",
    "key": "[id]",
}

SSSOM = """\
#curie_map:
#  lab: https://lab.example.org/tests
subject_id\tpredicate_id\tobject_id\tmapping_justification
lab:GLU\tskos:exactMatch\tloinc:2345-7\tsemapv:ManualMappingCuration
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "lab.sssom.tsv").write_text(SSSOM, encoding="utf-8")
    (tmp_path / "maps" / "units.tsv").write_text("from\tto\nK/UL\t10*3/uL\n", encoding="utf-8")
    return tmp_path


def whole(block: str) -> str:
    given = set(re.findall(r"^([a-z]+):", block, re.MULTILINE))
    return "".join(f"{key}: {text}\n" for key, text in REST.items() if key not in given) + block


def test_the_page_has_examples() -> None:
    assert len(MAPPINGS) >= 6
    assert len(BLOCKS) - len(MAPPINGS) == len(OTHERS)


@pytest.mark.parametrize("block", MAPPINGS, ids=lambda block: block.split("\n")[0][:30])
def test_an_example_loads(block: str, folder: Path) -> None:
    loaded = loads(whole(block), folder=folder)
    assert loaded.usable, loaded.findings
    assert [f for f in loaded.findings if f.severity is not Severity.INFO] == []


#: A test of each example, in the order of the page; the first one's stands in the page itself.
CASES = (
    next(block for block in BLOCKS if block.startswith("tests:")),
    """
  - name: inherited slots
    given:
      persons: {person_id: p1, born: 1970-03, sex: f}
      weights: {person_id: p1, day: 2026-03-01, kg: "70.50"}
    expect:
      - {kind: patient, birth_date: 1970-03, sex: female}
      - {code: body-weight, value_text: "70.50", unit: kg, time: "2026-03-01"}
    findings: []
""",
    """
  - name: alternatives and expressions
    given: {id: 1, patient: p1, observed: "", received: "2026-03-01T08:00Z", kg: 70, g: 250, height: 1.8, height_unit: ""}
    expect:
      - {code: body-weight, value: 70.25, unit: kg, time: "2026-03-01T08:00Z"}
      - {code: body-height, value: 1.8, unit: cm}
""",
    """
  - name: arrays in arrays
    set: {patient: P-17}
    given:
      text: |
        {"body": {"timezone": "Europe/Zurich", "measuregrps": [
          {"grpid": 1, "category": 1, "date": 1772352900, "measures": [
            {"type": 10, "value": 1234, "unit": -1}, {"type": 9, "value": 80, "unit": 0}]},
          {"grpid": 2, "category": 2, "date": 1772352900, "measures": [{"type": 10, "value": 120, "unit": 0}]}]}}
    expect:
      - {code: systolic-blood-pressure, value: 123.4, unit: "mm[Hg]", time: "2026-03-01T08:15Z"}
      - {code: diastolic-blood-pressure, value: 80, unit: "mm[Hg]"}
""",
    """
  - name: a code map, a look-up, a map of words
    given:
      records:
        - {sample: 1, test: GLU, result: 97, unit_id: 7, unit_text: "", material: S, patient: p1, id: 1}
        - {sample: 2, test: NEW, result: 5.4, unit_id: 0, unit_text: mmol/L, material: "", patient: p1, id: 2}
      unit: [{unit_id: 7, ucum: mg/dL}]
    expect:
      - {code: "loinc:2345-7", raw_code: GLU, value: 97, unit: mg/dL, specimen: serum}
    findings: [TM-C01]
""",
    """
  - name: parts of a text, a map of units
    given:
      text: |
        MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260301093000||ORU^R01^ORU_R01|M1|P|2.5.1
        PID|1||77^^^HOSP^MR
        OBR|1||A7|24323-8^Panel^LN|||20260301081500
        OBX|1|ST|85354-9^Blood pressure^LN||120/80|mm[Hg]|||||F
        OBX|2|NM|6690-2^Leukocytes^LN||5.1|K/UL|||||F
        OBX|3|NM|6690-2^Leukocytes^LN||5.1|K/UL|||||X
    expect:
      - {code: systolic-blood-pressure, value: 120, unit: "mm[Hg]", time: "2026-03-01T14:15Z"}
      - {code: diastolic-blood-pressure, value: 80}
      - {code: "loinc:6690-2", value: 5.1, unit: "10*3/uL"}
""",
    """
  - name: what the standard says
    given:
      text: |
        {"resourceType": "Bundle", "type": "collection", "entry": [
          {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p1",
            "identifier": [{"system": "urn:oid:2.16.756.5.30.1", "value": "77"}]}},
          {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Observation", "id": "o1", "status": "final",
            "subject": {"reference": "urn:uuid:1"}, "effectiveDateTime": "2026-03-01T08:15:00Z",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "valueQuantity": {"value": 62, "unit": "bpm", "system": "http://unitsofmeasure.org", "code": "/min"}}}]}
    expect: [{code: heart-rate, value: 62, unit: /min}]
    findings: []
""",
)


@pytest.mark.parametrize("number", range(len(MAPPINGS)))
def test_an_example_does_what_the_page_says(
    number: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each example is run on a record or two."""
    assert len(CASES) == len(MAPPINGS)
    (folder / "m.yaml").write_text(whole(MAPPINGS[number]), encoding="utf-8")
    case = CASES[number]
    tests = case if case.startswith("tests:") else f"tests:{case}"
    (folder / "m.test.yaml").write_text(tests, encoding="utf-8")
    code = main(["test", str(folder / "m.yaml")])
    said = capsys.readouterr()
    assert code == 0, said.out + said.err


def test_the_formats_are_those_of_the_readers() -> None:
    """Neither the page nor the JSON Schema offers a format that nothing reads."""
    rows = re.findall(r"^\| ([a-z0-9, ]+) \|", PAGE.partition("| format | a path is |")[2], re.MULTILINE)
    shown = {name for row in rows[:5] for name in row.split(", ")}
    readers = set(registry.names("readers", plugins=False))
    assert shown - {"any"} == readers
    source = definitions(())["source"]
    assert isinstance(source, Table)
    assert set(re.findall(r"[a-z0-9]+", source.keys["format"].doc.partition(";")[0])) - {"or"} == readers
    assert FRAGMENTS.keys() == SELF_DESCRIBING <= readers


def test_the_keys_slots_and_facets_are_those_of_the_language() -> None:
    source = definitions(())["source"]
    assert isinstance(source, Table)
    (row,) = re.findall(r"^\| `source` \|.*$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`([a-z ]+)`", row.replace("`source`", "", 1))) == {
        "format",
        "files",
        "messages",
        " ".join(key for key in source.keys if key not in {"format", "files", "messages"}),
    }
    part = PAGE.partition("**Slots** of an observation: ")[2].partition("Words of facets")[0]
    slots, device, names = re.findall(r"`([a-z\s]+)`", part)
    assert {*slots.split(), device} == set(OBSERVATION_SLOTS)
    assert set(names.split()) == facets().keys() - OBSERVATION_SLOTS.keys()
    functions = re.search(r"functions `([a-z\s]+)`", PAGE)
    assert functions
    assert set(functions[1].split()) == set(FUNCTIONS)


def test_the_project_loads(tmp_path: Path) -> None:
    for name in ("icu-monitor.yaml", "home-cuff.yaml"):
        (tmp_path / name).write_text(MAPPINGS[0], encoding="utf-8")
    path = tmp_path / "twinmap.yaml"
    path.write_text(next(block for block in BLOCKS if block.startswith("sources:")), encoding="utf-8")
    project = load_project(path)
    assert [binding.name for binding in project.bindings] == ["icu", "home"]
    assert project.bindings[1].params == {"patient": "P-17"}


def test_links_lead_somewhere() -> None:
    folder = Path(__file__).parents[1] / "docs"
    for page in [*folder.glob("*.md"), *folder.glob("decisions/*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
