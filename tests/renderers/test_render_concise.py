"""The concise renderer: one line each."""

from __future__ import annotations

from twinmap.diagnostics import Finding, Place, Severity, Span
from twinmap.renderers import Report
from twinmap.renderers.concise import render

SPAN = Span("mappings/bp.yaml", 14, 14, 7, "    value:   systolc")
PLACE = Place("lab", "a.hl7", 4, line=40, part="OBX[3]", field="OBX-5", shape="9x")


def test_a_finding_is_one_line_with_its_place() -> None:
    findings = [
        Finding("TM-L01", "no-such-column", Severity.ERROR, "no such column", where=SPAN, places=(PLACE,)),
        Finding(
            "TM-Q11", "not-a-number", Severity.WARNING, "not a number", places=(PLACE,), rule="r", count=38
        ),
        Finding("TM-H01", "violation", Severity.ERROR, "too many", rule="twin:sex"),
        Finding("TM-O05", "empty", Severity.INFO, "two\nlines"),
    ]
    assert render(Report.of(findings)) == (
        "mappings/bp.yaml:14:14: TM-L01 error: no such column\n"
        "a.hl7, record 4 (line 40), OBX[3], OBX-5: 9x: TM-Q11 warning: not a number (38 times)\n"
        "twin:sex: TM-H01 error: too many\n"
        "-: TM-O05 info: two␊lines\n"
        "2 errors, 1 warning and 1 note\n"
    )


def test_the_relations_of_two_sources_are_one_line_a_concept() -> None:
    facet = {"facet": "site", "a": "tm:site-wrist", "b": "tm:site-upper-arm", "relation": "disjoint"}
    same = {"facet": "site", "a": "tm:site-wrist", "b": "tm:site-wrist", "relation": "="}
    pair = {"concept": "heart-rate", "source_a": "watch", "source_b": "ward"}
    relations = [
        pair
        | {
            "relation": "related",
            "facets": [facet],
            "conversion": {"from": "kPa", "to": "mm[Hg]", "factor": "7.5"},
        },
        pair | {"relation": "equivalent", "facets": [same]},
        pair | {"concept": "pulse", "relation": "equivalent", "facets": [same]},
    ]
    assert render(Report(relations=relations)) == (
        "heart-rate: watch and ward are related, because site (wrist ↔ upper arm) differs; "
        "units converted: kPa × 7.5 = mm[Hg] (and 1 more: equivalent)\n"
        "pulse: watch and ward are equivalent, every facet agrees\n"
    )


def test_lines_that_would_be_the_same_name_what_they_are_about() -> None:
    findings = [
        Finding("TM-L10", "key", Severity.WARNING, "two records", places=(PLACE,), rule=f"m#r/{name}")
        for name in ("heart-rate", "pulse")
    ]
    findings.append(
        Finding("TM-L10", "key", Severity.WARNING, "three records", places=(PLACE,), rule="m#r/x")
    )
    place = "a.hl7, record 4 (line 40), OBX[3], OBX-5: 9x"
    assert render(Report.of(findings)).splitlines()[:3] == [
        f"{place}: TM-L10 warning: two records [m#r/heart-rate]",
        f"{place}: TM-L10 warning: two records [m#r/pulse]",
        f"{place}: TM-L10 warning: three records",
    ]


def test_the_worst_of_a_concept_is_told() -> None:
    pair = {"concept": "pulse", "source_a": "watch", "source_b": "ward"}
    rows = [
        pair
        | {"relation": said, "facets": [{"facet": "site", "a": str(n), "b": "x", "relation": "disjoint"}]}
        for n, said in enumerate(("a-broader", "related", "not-comparable", "related"))
    ]
    assert render(Report(relations=rows)) == (
        "pulse: watch and ward are not comparable, because site (2 ↔ x) differs (and 3 more: 2 related and 1 broader)\n"
    )


def test_nothing_is_nothing() -> None:
    assert render(Report()) == ""
