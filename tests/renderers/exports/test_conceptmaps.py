"""FHIR ConceptMaps of R4 and R5: well-formed, grouped by systems, and saying what the relations say."""

from __future__ import annotations

import importlib.metadata
import json
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from twinmap.diagnostics import Span
from twinmap.mapping import codemaps
from twinmap.mapping.context import Findings
from twinmap.renderers import Report, conceptmap_r4, conceptmap_r5
from twinmap.renderers._alignments import alignments

Make = Callable[..., Any]
Json = dict[str, Any]
SIG = "https://twin.example.org/sig"
#: What each release allows, by the name of the attribute.
WORDS = {
    "equivalence": {
        *("relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes"),
        *("inexact", "unmatched", "disjoint"),
    },
    "relationship": {
        *("related-to", "equivalent", "source-is-narrower-than-target"),
        *("source-is-broader-than-target", "not-related-to"),
    },
}
RELEASES = [(conceptmap_r4, "equivalence"), (conceptmap_r5, "relationship")]
both = pytest.mark.parametrize(("release", "attribute"), RELEASES, ids=["R4", "R5"])


def targets(document: Json) -> Iterator[tuple[Json, Json, Json]]:
    """Group, element and target of each mapping."""
    for group in document.get("group", ()):
        for element in group["element"]:
            for target in element.get("target", ()):
                yield group, element, target


def made(release: Any, report: Report) -> Json:
    document: Json = json.loads(release.render(report))
    return document


@both
def test_structure(release: Any, attribute: str, compared: Report) -> None:
    """Cardinalities, value sets and invariants of the release that touch what is written."""
    document = made(release, compared)
    assert document["resourceType"] == "ConceptMap"
    assert document["status"] == "draft"
    assert re.fullmatch(r"[A-Z]\w{1,254}", document["name"])
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", document["id"])
    assert not set("|#") & set(document["url"])
    pairs = [(group["source"], group.get("target")) for group in document["group"]]
    assert len(pairs) == len(set(pairs))
    for group in document["group"]:
        codes = [element["code"] for element in group["element"]]
        assert codes == sorted(set(codes))
        assert all(re.fullmatch(r"\S+( \S+)*", code) for code in codes)
        assert all(element.get("target") or element.get("noMap") for element in group["element"])
    for group, _, target in targets(document):
        assert target[attribute] in WORDS[attribute]
        assert target["comment"]
        assert ("code" in target) == ("target" in group)
        assert {entry for entry in target if entry not in {"code", "display", attribute, "comment"}} <= {
            *("dependsOn", "product"),
            *(["property"] if attribute == "relationship" else []),
        }


@both
def test_every_relation_that_is_told_is_there_once(release: Any, attribute: str, compared: Report) -> None:
    words = conceptmap_r4.EQUIVALENCE if attribute == "equivalence" else conceptmap_r5.RELATIONSHIP
    found = [
        (group["source"], element["code"], target[attribute], group["target"], target["code"])
        for group, element, target in targets(made(release, compared))
        if "target" in group
    ]
    told = alignments(compared).positive
    assert told
    assert sorted(found) == sorted(
        (i.subject.system, i.subject.code, words[i.relation], i.object.system, i.object.code) for i in told
    )


@both
def test_the_direction(release: Any, attribute: str, report_of: Make, signature: Make) -> None:
    """Sitting is narrower than any posture: the target is wider, the source is narrower."""
    report = report_of([signature("a", "8480-6", "mm[Hg]"), signature("b", "8459-0", "mm[Hg]")])
    ((_, element, target),) = targets(made(release, report))
    assert (element["code"], target["code"]) == ("8459-0", "8480-6")
    assert (
        target[attribute]
        == {"equivalence": "wider", "relationship": "source-is-narrower-than-target"}[attribute]
    )


@both
def test_minted_terms_say_what_they_stand_for(release: Any, attribute: str, compared: Report) -> None:
    for group, element, target in targets(made(release, compared)):
        assert ("dependsOn" in target) == (group["source"] == SIG and "target" in group)
        assert ("product" in target) == (group.get("target") == SIG)
        assert element["code"] != "8480-6" or group["source"] == "http://loinc.org"
    depends = [d for _, _, target in targets(made(release, compared)) for d in target.get("dependsOn", ())]
    wrist = [entry for entry in depends if "site-wrist" in str(entry)]
    tm = "https://w3id.org/twinmap/ns#"
    assert wrist[0] == (
        {"property": f"{tm}site", "system": tm, "value": "site-wrist", "display": "wrist"}
        if attribute == "equivalence"
        else {"attribute": "site", "valueCoding": {"system": tm, "code": "site-wrist", "display": "wrist"}}
    )


@both
def test_what_nothing_relates_to_has_no_target(release: Any, attribute: str, compared: Report) -> None:
    found = {
        (group["source"], element["display"]): element
        for group in made(release, compared)["group"]
        if "target" not in group
        for element in group["element"]
    }
    assert set(found) == {
        ("http://loinc.org", "Body height"),
        (SIG, "Systolic blood pressure (site: finger)"),
    }
    for element in found.values():
        if attribute == "relationship":
            assert (element["noMap"], "target" in element) == (True, False)
        else:
            assert [target["equivalence"] for target in element["target"]] == ["unmatched"]


@both
def test_not_related_only_where_the_components_differ(release: Any, attribute: str, compared: Report) -> None:
    """A value in kg under a code of a pressure says nothing of the code."""
    never = {"equivalence": "disjoint", "relationship": "not-related-to"}[attribute]
    assert alignments(compared).negative
    document = made(release, compared)
    assert never not in {target[attribute] for _, _, target in targets(document)}
    assert "Left out: 3 pairs of terms whose" in document["description"]
    relations = [
        {
            **row,
            "facets": [
                {**facet, "relation": "disjoint"} if facet["facet"] == "component" else facet
                for facet in row["facets"]
            ],
        }
        for row in compared.relations
    ]
    other = made(release, replace(compared, relations=relations))
    assert [target[attribute] for _, _, target in targets(other)].count(never) == 3
    assert "Left out" not in other["description"]


def test_r5_declares_what_it_uses(compared: Report) -> None:
    document = made(conceptmap_r5, compared)
    used = [target for _, _, target in targets(document)]
    attributes = {
        entry["attribute"] for t in used for key in ("dependsOn", "product") for entry in t.get(key, ())
    }
    assert {entry["code"] for entry in document["additionalAttribute"]} == attributes
    assert {entry["code"] for entry in document["property"]} == {"conversion", "finding"}
    values = {(entry["code"], entry["valueString"]) for target in used for entry in target["property"]}
    assert ("conversion", "value in mm[Hg] = value in kPa * 7.50063755419 (UCUM)") in values
    assert ("finding", "TM-F01") in values


def test_lengths_of_time_and_codes_without_a_system(report_of: Make, signature: Make) -> None:
    report = report_of([signature("a", "8480-6", "mm[Hg]"), signature("b", "8459-0", "mm[Hg]")])
    over = {**report.concepts[0], "code_system": None, "code": "SYS", "facets": {"over": "5 min"}}
    report = replace(report, concepts=[over, report.concepts[1]])
    five = made(conceptmap_r5, report)
    ((group, _, target),) = targets(five)
    assert group["source"] == SIG
    assert target["dependsOn"] == [
        {"attribute": "code", "valueCoding": {"code": "SYS"}},
        {"attribute": "over", "valueString": "5 min"},
    ]
    assert {(a["code"], a["type"]) for a in five["additionalAttribute"]} == {
        ("code", "Coding"),
        ("over", "string"),
    }
    ((_, _, target),) = targets(made(conceptmap_r4, report))
    assert target["dependsOn"][1] == {"property": "https://w3id.org/twinmap/ns#over", "value": "5 min"}


@both
def test_our_reader_of_code_maps_reads_it(
    release: Any, attribute: str, report_of: Make, signature: Make
) -> None:
    report = report_of(
        [
            signature("a", "8459-0", "mm[Hg]"),
            signature("a", "2345-7", "mg/dL"),
            signature("b", "8480-6", "mm[Hg]"),
            signature("b", "14749-6", "mmol/L"),
            signature("b", "8302-2", "cm"),
        ]
    )
    found = Findings()
    source = codemaps.Source("m.json", release.render(report), Span("map.yaml", 3, 9), found, {})
    read = codemaps.concept_map(source)
    assert (list(found), read is not None) == ([], True)
    assert {
        code: [(m.predicate, m.code) for m in matches] for (_, code), matches in read.entries.items()
    } == {
        "8459-0": [("skos:broadMatch", "8480-6")],
        "14749-6": [("skos:exactMatch", "2345-7")],
    }


@both
def test_a_date_only_where_one_is_given(
    release: Any, attribute: str, compared: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert "date" not in made(release, compared)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert made(release, compared)["date"] == "2023-11-14"


@both
def test_order_and_version(release: Any, attribute: str, compared: Report) -> None:
    turned = replace(
        compared, relations=[*reversed(compared.relations)], concepts=[*reversed(compared.concepts)]
    )
    assert release.render(turned) == release.render(compared)
    fewer = replace(compared, relations=compared.relations[1:])
    assert made(release, fewer)["version"] != made(release, compared)["version"]


@both
def test_nothing_is_a_map_without_groups(release: Any, attribute: str) -> None:
    document = made(release, Report())
    assert "group" not in document
    assert document["url"] == "https://twin.invalid/ConceptMap/alignment"


# --- against the models of FHIR ----------------------------------------------------------------------

_WITHOUT = not any(importlib.metadata.distributions(name="fhir.resources"))


@pytest.mark.skipif(
    _WITHOUT, reason="fhir.resources 8.3.0 is not installed (pip install fhir.resources==8.3.0)"
)
@pytest.mark.parametrize(
    ("release", "module"),
    [(conceptmap_r4, "fhir.resources.R4B.conceptmap"), (conceptmap_r5, "fhir.resources.conceptmap")],
    ids=["R4B", "R5"],
)
def test_the_models_of_fhir_take_it(release: Any, module: str, compared: Report) -> None:
    """R4B has the ConceptMap of R4; unknown elements, types and lacking ones are refused by these models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = importlib.import_module(module).ConceptMap
        read = model.model_validate_json(release.render(compared))
        wrong = made(release, compared)
        wrong["group"][0]["elements"] = wrong["group"][0].pop("element")
        with pytest.raises(ValueError, match="element"):
            model.model_validate(wrong)
    assert json.loads(read.model_dump_json()) == made(release, compared)
