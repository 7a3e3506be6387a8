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
        "heart rate: watch and ward are related, because site (wrist ↔ upper arm) differs; "
        "units converted: kPa × 7.5 = mm[Hg] (and 1 more)\n"
        "pulse: watch and ward are equivalent, every facet agrees\n"
    )


def test_nothing_is_nothing() -> None:
    assert render(Report()) == ""
