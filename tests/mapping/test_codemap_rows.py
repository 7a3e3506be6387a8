"""What a code map keeps of its rows: which one is used, their lines and labels, the versions that it names."""

from __future__ import annotations

import json
from pathlib import Path

from twinmap.mapping.ast import CodeMap, Value
from twinmap.mapping.load import load

HEAD = """\
twinmap: 1
id: t
version: 1.0.0
systems: {lab: "https://lab.invalid/codes"}
source: {format: csv, files: t.csv}
patient: {id: $(p)}
key: [p]
"""
KEY = ("https://lab.invalid/codes", "GLU")


def codes(folder: Path, name: str, text: str) -> CodeMap:
    (folder / name).write_text(text, "utf-8")
    rule = (
        f'observe: {{result: {{code: {{from: "lab:$(c)", codes: {name}, unmapped: keep}}, value: $(v)}}}}\n'
    )
    (folder / "t.yaml").write_text(HEAD + rule, "utf-8")
    document = load(folder / "t.yaml").document
    assert document is not None
    (statement,) = document.records[0].choices[0].always
    value = statement.slots["code"]
    assert isinstance(value, Value)
    assert value.codes is not None
    return value.codes


def test_an_exact_match_goes_before_a_broader_one(tmp_path: Path) -> None:
    found = codes(
        tmp_path,
        "m.tsv",
        "subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_source_version\tmapping_justification\n"
        "lab:GLU\tGlucose\tskos:broadMatch\tloinc:74774-1\t2.82\tsemapv:ManualMappingCuration\n"
        "lab:GLU\tGlucose\tskos:exactMatch\tloinc:2345-7\t2.72\tsemapv:ManualMappingCuration\n",
    )
    assert [(match.code, match.line, match.label) for match in found.entries[KEY]] == [
        ("2345-7", 3, "Glucose"),
        ("74774-1", 2, "Glucose"),
    ]
    assert found.versions == {"http://loinc.org": ("2.72", "2.82")}


def test_a_row_twice_is_one(tmp_path: Path) -> None:
    row = "lab:GLU\tskos:exactMatch\tloinc:2345-7\tsemapv:ManualMappingCuration\n"
    head = "# object_source_version: '2.82'\nsubject_id\tpredicate_id\tobject_id\tmapping_justification\n"
    found = codes(tmp_path, "m.tsv", head + row + row)
    assert [match.line for match in found.entries[KEY]] == [3]
    assert found.versions == {"http://loinc.org": ("2.82",)}


def test_a_concept_map_names_its_version(tmp_path: Path) -> None:
    element = {
        "code": "GLU",
        "display": "Glucose",
        "target": [{"code": "2345-7", "equivalence": "equivalent"}],
    }
    for group in (
        {"target": "http://loinc.org", "targetVersion": "2.82"},
        {"target": "http://loinc.org|2.82"},
    ):
        resource = {"resourceType": "ConceptMap", "status": "active"}
        resource |= {"group": [{"source": "https://lab.invalid/codes", "element": [element], **group}]}
        found = codes(tmp_path, "m.json", json.dumps(resource))
        assert found.versions == {"http://loinc.org": ("2.82",)}
        assert found.entries[KEY][0].label == "Glucose"
