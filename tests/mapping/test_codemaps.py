"""Code maps: every row maps, is said not to map, or is a finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap.diagnostics import Span
from twinmap.mapping.ast import CodeMap
from twinmap.mapping.codemaps import Source, concept_map, sssom
from twinmap.mapping.context import Findings

HEAD = "subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tobject_label\tmapping_justification\n"
MANUAL = "semapv:ManualMappingCuration"


def read(text: str, name: str = "m.sssom.tsv", **systems: str) -> tuple[CodeMap | None, Findings]:
    report = Findings()
    source = Source(name, text, Span("map.yaml", 3, 9), report, {"lab": "https://lab.example.org", **systems})
    made = (
        concept_map(source)
        if name.endswith(".json")
        else sssom(source, "," if name.endswith(".csv") else "\t")
    )
    return made, report


def rows(*cells: str) -> str:
    return HEAD + "".join(f"{line}\t{MANUAL}\n" for line in cells)


def meant(made: CodeMap | None) -> dict[str, list[tuple[str, str, str | None]]]:
    assert made is not None
    return {code: [(m.predicate, m.code, m.display) for m in ms] for (_, code), ms in made.entries.items()}


def test_predicates_are_kept_and_rows_are_in_order() -> None:
    made, report = read(
        rows(
            "lab:a\tskos:exactMatch\t\tloinc:1-8\tOne",
            "lab:a\tskos:broadMatch\t\tloinc:2-6\t",
            "lab:b\thttp://www.w3.org/2004/02/skos/core#narrowMatch\t\tsnomed:22\tTwo",
            "lab:a\tskos:exactMatch\t\tloinc:1-8\tOne",
        )
    )
    assert report == []
    assert meant(made) == {
        "a": [("skos:exactMatch", "1-8", "One"), ("skos:broadMatch", "2-6", None)],
        "b": [("skos:narrowMatch", "22", "Two")],
    }
    assert made is not None
    assert set(made.entries) == {("https://lab.example.org", "a"), ("https://lab.example.org", "b")}
    assert {m.system for ms in made.entries.values() for m in ms} == {
        "http://loinc.org",
        "http://snomed.info/sct",
    }


def test_not_never_maps() -> None:
    made, report = read(rows("lab:a\tskos:exactMatch\tNot\tloinc:1-8\t"))
    assert (meant(made), report) == ({}, [])


def test_no_term_found_is_said_on_purpose() -> None:
    made, report = read(rows("lab:a\tskos:exactMatch\t\tsssom:NoTermFound\t"))
    assert (meant(made), report) == ({}, [])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("lab:a\towl:sameAs\t\tloinc:1-8\t", 'the predicate "owl:sameAs" does not say what a code means'),
        ("lab:a\tskos:exactMatch\tnot\tloinc:1-8\t", 'the predicate_modifier "not" does not exist'),
        ("lab:a\tskos:exactMatch\t\t\t", "this row lacks its subject or its object"),
        ("GLU\tskos:exactMatch\t\tloinc:1-8\t", '"GLU" is not a CURIE'),
        ("lab:a\tskos:exactMatch\t\tnew:1\t", 'the prefix "new" is not a known system'),
        ("lab:a\tskos:exactMatch\t\tloinc:1-8\tx\ty\tz", "this row has 8 cells, the header 6"),
    ],
)
def test_a_bad_row_is_a_finding_with_its_line(row: str, message: str) -> None:
    made, report = read("# remark\n" + rows("lab:z\tskos:exactMatch\t\tloinc:1-8\t", row))
    assert list(meant(made)) == ["z"]
    (finding,) = report
    assert finding.message == message
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("m.sssom.tsv", 4)


def test_many_bad_rows_are_counted() -> None:
    _, report = read(rows(*["x\tskos:exactMatch\t\tloinc:1-8\t"] * 50))
    assert len(report) == 21
    assert report[-1].message == "30 more rows of m.sssom.tsv are wrong"


def test_prefixes_of_the_file() -> None:
    made, report = read(
        "#curie_map:\t\t\n#  OBJ: http://loinc.org/rdf/\t\t\n#  OWN: https://own.example.org/\n"
        + rows("OWN:a\tskos:exactMatch\t\tOBJ:1-8\t")
    )
    assert report == []
    assert made is not None
    assert list(made.entries) == [("https://own.example.org/", "a")]
    assert made.entries["https://own.example.org/", "a"][0].system == "http://loinc.org"


def test_what_is_no_sssom_table() -> None:
    for text in ("", "#only: remarks\n", "a\tb\nc\td\n"):
        made, report = read(text)
        assert made is None
        assert [item.code for item in report] == ["TM-L15"]


def test_missing_justification_is_a_warning() -> None:
    made, report = read("subject_id,predicate_id,object_id\nlab:a,skos:exactMatch,loinc:1-8\n", "m.sssom.csv")
    assert list(meant(made)) == ["a"]
    assert [(item.code, item.severity.value) for item in report] == [("TM-L15", "warning")]


# --- FHIR -----------------------------------------------------------------------------------------


def fhir(*targets: dict[str, object], **group: object) -> str:
    body = {"source": "https://lab.example.org", "target": "http://loinc.org|2.77", **group}
    element = {"code": "a", "target": list(targets)}
    return json.dumps({"resourceType": "ConceptMap", "group": [{**body, "element": [element]}]})


@pytest.mark.parametrize(
    ("key", "word", "predicate"),
    [
        ("equivalence", "equal", "skos:exactMatch"),
        ("equivalence", "equivalent", "skos:exactMatch"),
        ("equivalence", "wider", "skos:broadMatch"),
        ("equivalence", "subsumes", "skos:broadMatch"),
        ("equivalence", "narrower", "skos:narrowMatch"),
        ("equivalence", "specializes", "skos:narrowMatch"),
        ("equivalence", "inexact", "skos:relatedMatch"),
        ("equivalence", "relatedto", "skos:relatedMatch"),
        ("relationship", "equivalent", "skos:exactMatch"),
        ("relationship", "source-is-narrower-than-target", "skos:broadMatch"),
        ("relationship", "source-is-broader-than-target", "skos:narrowMatch"),
        ("relationship", "related-to", "skos:relatedMatch"),
    ],
)
def test_relationships(key: str, word: str, predicate: str) -> None:
    made, report = read(fhir({"code": "1-8", key: word, "display": "One"}), "m.json")
    assert report == []
    assert meant(made) == {"a": [(predicate, "1-8", "One")]}
    assert made is not None
    assert made.entries["https://lab.example.org", "a"][0].system == "http://loinc.org"


@pytest.mark.parametrize(
    "target",
    [
        {"equivalence": "unmatched"},
        {"equivalence": "disjoint", "code": "x"},
        {"relationship": "not-related-to", "code": "x"},
    ],
)
def test_what_does_not_map(target: dict[str, object]) -> None:
    made, report = read(fhir(target), "m.json")
    assert (meant(made), report) == ({}, [])


@pytest.mark.parametrize(
    "text",
    [
        fhir({"code": "x", "equivalence": "same"}),
        fhir({"code": "x"}),
        fhir({"equivalence": "equal"}),
        fhir({"code": "x", "equivalence": "equal", "dependsOn": [{"property": "p"}]}),
        fhir({"code": "x", "equivalence": "equal"}, target=None),
        fhir({"code": "x", "equivalence": "equal"}, source=None),
        "{",
        "[" * 100_000,
        "[]",
        '{"resourceType": "ValueSet"}',
    ],
)
def test_what_cannot_be_read_is_a_finding(text: str) -> None:
    made, report = read(text, "m.json")
    assert [item.code for item in report] == ["TM-L15"]
    assert made is None or meant(made) == {}


@pytest.mark.corpus
def test_the_sssom_files_of_others(corpus: Path) -> None:
    files = [*(corpus / "terminology").glob("sssom-*/**/*.tsv")]
    assert len(files) > 30
    mapped = 0
    for file in files:
        made, report = read(file.read_text("utf-8"), file.name)
        assert made is not None or report, file.name
        mapped += len(made.entries) if made else 0
        assert all(item.where is not None for item in report)
    assert mapped > 100


@pytest.mark.corpus
def test_the_concept_maps_of_others(corpus: Path) -> None:
    for file in (corpus / "terminology").rglob("ConceptMap*.json"):
        made, report = read(file.read_text("utf-8"), file.name)
        assert made is not None, report
        assert made.entries or report


@pytest.mark.parametrize("relationship", [["equivalent"], {}, 3, None])
def test_a_relationship_that_is_no_word_is_a_finding(relationship: object) -> None:
    target = {"code": "8480-6", "relationship": relationship}
    group = {
        "source": "https://lab.example.org",
        "target": "http://loinc.org",
        "element": [{"code": "A", "target": [target]}],
    }
    made, report = read(json.dumps({"resourceType": "ConceptMap", "group": [group]}), "m.json")
    assert meant(made) == {}
    (found,) = report
    assert (found.code, found.message) == ("TM-L15", 'the element "A" has a target without a relationship')


def test_a_column_that_stands_twice_is_refused() -> None:
    """Which of the two counts is not for us to say."""
    made, report = read(
        HEAD.strip() + "\tobject_id\n" + f"lab:a\tskos:exactMatch\t\tloinc:1-8\tOne\t{MANUAL}\tloinc:2-6\n"
    )
    assert made is None
    (found,) = report
    assert (found.code, found.message) == ("TM-L15", 'm.sssom.tsv has two columns called "object_id"')
