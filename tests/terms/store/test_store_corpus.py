"""Real terminology of others: what is loaded is what other code counts in the files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap.terms import snomed
from twinmap.terms.store import open_store
from twinmap.terms.store.add import add
from twinmap.terms.store.editions import Source, Tally

pytestmark = pytest.mark.corpus


def only(folder: Path, store: Path) -> Source:
    (source,) = add(folder, store).sources
    return source


def tally(source: Source, name: str) -> Tally:
    (found,) = (item for item in source.tallies if item.file.endswith(name))
    return found


def lines(path: Path) -> list[list[str]]:
    """The rows of an RF2 file without its remarks and its header, cut by hand."""
    text = [line for line in path.read_text("utf-8").split("\n") if line.strip() and not line.startswith("#")]
    return [line.rstrip("\r").split("\t") for line in text[1:]]


def test_rf2_mini_release(corpus: Path, store: Path) -> None:
    folder = corpus / "terminology" / "snomed-rf2-mini" / "SnomedCT_MiniRF2_Base_snapshot"
    source = only(folder, store)
    terms = folder / "Snapshot" / "Terminology"
    concepts = lines(terms / "sct2_Concept_Snapshot_INT_20180731.txt")
    links = lines(terms / "sct2_Relationship_Snapshot_INT_20180731.txt")
    is_a = [(row[4], row[5]) for row in links if row[7] == "116680003" and row[2] == "1"]
    assert source.editions[0].version == "20180731"
    assert tally(source, "sct2_Concept_Snapshot_INT_20180731.txt").kept == len(concepts) == 17
    assert tally(source, "sct2_Relationship_Snapshot_INT_20180731.txt").kept == len(is_a)
    above = {code: _above(code, is_a) for code, *_ in concepts}
    pairs = [(upper, lower) for upper in above for lower in above]
    with open_store(store) as opened:
        answers = opened.subsumes("snomed", pairs)
        placed = {code for code in above if snomed.ROOT in {code, *above[code]}}
        assert 0 < len(placed) < len(concepts)
        assert answers == [
            upper == lower or upper in above[lower] or (None if lower not in placed else False)
            for upper, lower in pairs
        ]
        assert all(item.exists for item in opened.lookup(("snomed", code) for code, *_ in concepts))


def _above(code: str, is_a: list[tuple[str, str]]) -> set[str]:
    """Everything above a code, by walking up."""
    parents = {parent for child, parent in is_a if child == code}
    return parents.union(*(_above(parent, is_a) for parent in parents)) if parents else set()


@pytest.mark.parametrize(
    ("name", "count"), [("SnomedCT_MiniRF2", 13), ("SnomedCT_MiniRF2_Extension_snapshot", 2)]
)
def test_the_other_mini_releases(name: str, count: int, corpus: Path, store: Path) -> None:
    source = only(corpus / "terminology" / "snomed-rf2-mini" / name, store)
    assert [(edition.count, edition.content) for edition in source.editions] == [(count, "fragment")]


def test_omop_vocabulary(corpus: Path, store: Path) -> None:
    folder = corpus / "csv" / "omop-synthea27nj"
    source = only(folder, store)
    with (folder / "CONCEPT.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tally(source, "CONCEPT.csv").kept == len(rows)
    counts = {edition.name: edition.count for edition in source.editions}
    for vocabulary in {row["vocabulary_id"] for row in rows}:
        assert counts[f"{vocabulary} in OMOP"] == sum(row["vocabulary_id"] == vocabulary for row in rows)
    snomed = [row for row in rows if row["vocabulary_id"] == "SNOMED"]
    with open_store(store) as opened:
        found = opened.lookup(("snomed", row["concept_code"]) for row in snomed)
    assert [(item.display, item.status) for item in found] == [
        (row["concept_name"], "inactive" if row["invalid_reason"] else "active") for row in snomed
    ]


def test_omop_tables_without_concepts_are_refused(corpus: Path, store: Path) -> None:
    from twinmap.errors import InputOutputError

    with pytest.raises(InputOutputError, match="no concepts"):
        add(corpus / "terminology" / "omop-vocab-seeds", store)


@pytest.mark.parametrize("name", ["r4-conceptmap-valueset", "us-core-terminology"])
def test_fhir_terminology(name: str, corpus: Path, store: Path) -> None:
    folder = corpus / "terminology" / name
    source = only(folder, store)
    read = {item.file: item for item in source.tallies}
    resources = {path.name: json.loads(path.read_bytes()) for path in folder.glob("*.json")}
    loaded = {name: item for name, item in resources.items() if item["resourceType"] in _COUNT}
    assert read.keys() == loaded.keys()
    for file, resource in loaded.items():
        expected = sum(1 for _ in _COUNT[resource["resourceType"]](resource))
        assert read[file].read == expected, file
        assert (
            read[file].kept + sum(read[file].refused.values()) + sum(read[file].skipped.values()) == expected
        )
    urls = {edition.uri for edition in source.editions if edition.kind != "codes"}
    assert urls == {item["url"] for item in loaded.values() if item["resourceType"] != "CodeSystem"}


def _concepts(resource: dict[str, Any]) -> Iterator[Any]:
    for concept in resource.get("concept", ()):
        yield concept
        yield from _concepts(concept)


def _members(resource: dict[str, Any]) -> Iterator[Any]:
    compose = resource.get("compose", {})
    for part in (*compose.get("include", ()), *compose.get("exclude", ())):
        yield from part.get("concept", ())
    yield from _contained(resource.get("expansion", {}))


def _contained(item: dict[str, Any]) -> Iterator[Any]:
    for inner in item.get("contains", ()):
        yield inner
        yield from _contained(inner)


def _targets(resource: dict[str, Any]) -> Iterator[Any]:
    for group in resource.get("group", ()):
        for element in group.get("element", ()):
            yield from element.get("target", ())


_COUNT = {"CodeSystem": _concepts, "ValueSet": _members, "ConceptMap": _targets}


@pytest.mark.parametrize("name", ["sssom-py", "sssom-spec", "mimic-code-maps"])
def test_sssom(name: str, corpus: Path, store: Path) -> None:
    folder = corpus / "terminology" / name
    source = only(folder, store)
    assert len(source.tallies) >= 2
    for item in source.tallies:
        path = folder / item.file
        text = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
        rows = list(csv.reader(text, delimiter="," if path.suffix == ".csv" else "\t"))[1:]
        assert item.read == sum(map(bool, rows)), item.file
        assert item.lost == 0
    with open_store(store) as opened:
        duck = opened.ready("mapping")
        denied = duck.value("SELECT count(*) FROM mapping WHERE negated")
    stated = [line for path in folder.rglob("*.tsv") for line in path.read_text("utf-8").splitlines()]
    assert denied == sum("\tNot\t" in line for line in stated)


def test_mimic_rows_that_are_no_mappings_are_told(corpus: Path, store: Path) -> None:
    added = add(corpus / "terminology" / "mimic-code-maps", store)
    refused = [item for item in added.findings if item.code == "TM-L15" and item.where is not None]
    lines = [item.details.get("lines", [item.where.line]) for item in refused if item.where]
    assert [27, 39] in [found[:2] for found in lines]
    count = sum(sum(item.refused.values()) for item in added.sources[0].tallies)
    assert sum(map(len, lines)) == sum(item.count for item in refused) == count > 3 * len(refused)
    with open_store(store) as opened:
        (mapped,) = opened.mappings([("mimic", "220045")])[("mimic", "220045")][:1]
        assert (mapped.predicate, mapped.target) == ("skos:exactMatch", "8867-4")


def test_loinc_rows(corpus: Path, store: Path) -> None:
    folder = corpus / "terminology" / "loinc-hapi-tests"
    source = only(folder, store)
    with (folder / "LoincIeeeMedicalDeviceCodeMappingTable.csv").open(encoding="utf-8", newline="") as file:
        devices = {(row["LOINC_NUM"], row["IEEE_CF_CODE10"]) for row in csv.DictReader(file)}
    with (folder / "Top2000CommonLabResultsSi.csv").open(encoding="utf-8", newline="") as file:
        names = {row["LOINC #"]: row["Long Common Name"] for row in csv.DictReader(file)}
    assert source.editions[0].count == len({code for code, _ in devices} | names.keys())
    with open_store(store) as opened:
        found = opened.lookup(("loinc", code) for code in names)
        assert [item.display for item in found] == [*names.values()]
        mapped = opened.mappings(("loinc", code) for code, _ in devices)
        assert {(code, item.target) for (_, code), items in mapped.items() for item in items} == devices


def test_files_that_are_no_terminology(corpus: Path, store: Path) -> None:
    from twinmap.errors import InputOutputError

    for name in ("fhir/r4-examples-observation", "hl7v2/hapi", "terminology/iomt-fhir-templates"):
        with pytest.raises(InputOutputError, match="no terminology"):
            add(corpus / name, store)


def test_the_maps_of_the_v2_guide(corpus: Path, store: Path) -> None:
    folder = corpus / "terminology" / "v2-to-fhir-maps"
    source = only(folder, store)
    (path,) = (folder / "codesystems").glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row][2:]
    assert [(item.read, item.kept) for item in source.tallies] == [(len(rows), len(rows))]
    with open_store(store) as opened:
        mapped = opened.mappings(("v2-0080", row[0]) for row in rows)
    assert {code: items[0].target for (_, code), items in mapped.items()} == {row[0]: row[6] for row in rows}
