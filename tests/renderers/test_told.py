"""What is told of two sources: rows that say the same are one, and the worst comes first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.model import RELATIONS
from twinmap.renderers import Report
from twinmap.renderers._relations import STANDINGS, Way, standing, told
from twinmap.renderers._sentences import (
    LEGEND,
    conversions,
    coverage,
    facet_cells,
    legend,
    others,
    sentence,
)

SITE = ("site", "tm:site-upper-arm", "tm:site-wrist", "disjoint")


def row(said: str, *facets: tuple[str, str | None, str | None, str], **more: object) -> dict[str, Any]:
    """A line of relations.jsonl about a heart rate in A and B."""
    rows = [dict(zip(("facet", "a", "b", "relation"), facet, strict=True)) for facet in facets]
    about = {"concept": "heart-rate", "source_a": "A", "source_b": "B", "relation": said, "facets": rows}
    return about | more


def said(*rows: dict[str, Any]) -> str:
    """The sentence of rows that are told alike."""
    return sentence(Way(rows), "Heart rate").removeprefix("Heart rate: ")


@pytest.mark.parametrize(
    ("record", "sentence_"),
    [
        (row("equivalent", ("site", "x", "x", "=")), "A and B are equivalent, every facet agrees"),
        (
            row("equivalent", ("site", None, None, "unknown"), unsaid=["site"]),
            "A and B are not known to differ: neither says site",
        ),
        (
            row("equivalent", unsaid=["site", "method", "posture"]),
            "A and B are not known to differ: neither says site, method or posture",
        ),
        (row("related", SITE), "A and B are related, because site (upper arm ↔ wrist) differs"),
        (
            row("a-broader", ("site", None, "tm:site-wrist", "broader")),
            "A is broader than B, because A does not say site",
        ),
        (
            row("a-narrower", ("site", "tm:site-wrist", None, "narrower")),
            "A is narrower than B, because B does not say site",
        ),
        (
            row("a-narrower", ("method", "tm:method-ecg", "tm:method-any", "narrower")),
            "A is narrower than B, because B is less specific in method",
        ),
        (
            row("related", conversion={"class": "empirical"}),
            "A and B are related, because only an empirical equation leads from one scale to the other",
        ),
        (
            row(
                "conflicting",
                ("site", None, "tm:site-wrist", "broader"),
                conflict={"code": "TM-X01", "count": 1},
            ),
            "A and B are conflicting, because 1 reading of one device and moment has two values (TM-X01); "
            "A does not say site",
        ),
        (
            row("conflicting", conflict={"code": "TM-X01", "count": 1234}),
            "A and B are conflicting, because 1,234 readings of a device and moment have two values (TM-X01)",
        ),
        (row("related"), "A and B are related"),
    ],
)
def test_a_relation_is_said_with_its_reason(record: dict[str, Any], sentence_: str) -> None:
    assert said(record) == sentence_


def test_what_no_facet_tells_is_in_the_table_too() -> None:
    conflict = {"code": "TM-X01", "count": 2}
    cells = facet_cells(Way((row("conflicting", ("unit", "kPa", "kPa", "="), conflict=conflict),)))
    assert cells[0] == ("same event", "", "", "conflicting", "2 events with two values", "TM-X01")
    assert [line[0] for line in cells] == ["same event", "unit"]


def test_rows_that_differ_in_units_alone_are_one_way() -> None:
    conversion = {"from": "kPa", "to": "mm[Hg]", "factor": "7.50063755419", "class": "physical"}
    rows = [
        row("related", ("unit", "kPa", "mm[Hg]", "="), SITE, conversion=conversion),
        row("related", ("unit", "mm[Hg]", "mm[Hg]", "="), SITE),
        row("related", ("unit", "kPa", "mm[Hg]", "="), (*SITE[:2], "tm:site-finger", SITE[3])),
    ]
    (found,) = told(Report(relations=rows))
    assert [len(way.rows) for way in found.ways] == [2, 1]
    assert facet_cells(found.worst)[0] == ("unit", "kPa, mm[Hg]", "mm[Hg]", "=", "", "")
    assert conversions(found.worst) == "units converted: kPa × 7.50064 = mm[Hg]"


def test_an_event_told_twice_is_no_way_of_others() -> None:
    rows = [row("conflicting", SITE, conflict={"code": "TM-X01", "count": 1}), row("related", SITE)]
    (found,) = told(Report(relations=rows))
    assert [way.standing for way in found.ways] == ["conflicting", "related"]
    assert others(found) == "1 more: related"


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("BC"), st.sampled_from(RELATIONS)), max_size=20
    )
)
def test_nothing_worse_is_hidden(rows: list[tuple[str, str, str]]) -> None:
    """Of each pair the worst is told first; of all pairs and concepts as well."""
    report = Report(
        relations=[
            row(said_, ("method", str(number), "x", "disjoint"), concept=concept, source_b=source)
            for number, (concept, source, said_) in enumerate(rows)
        ]
    )
    found = told(report)
    for item in found:
        assert item.worst.rank == min(way.rank for way in item.ways)
    assert sorted(len(item.ways) for item in found) == sorted(
        len([1 for other in rows if other[:2] == key]) for key in {each[:2] for each in rows}
    )
    worst = [min(item.worst.rank for item in found if item.concept == each.concept) for each in found]
    assert worst == sorted(worst)
    concepts = [item.concept for item in found]
    assert len(set(concepts)) == sum(a != b for a, b in zip([None, *concepts], concepts, strict=False))


def test_how_many_values_a_sentence_is_about() -> None:
    """A signature counts once, in however many rows it stands."""
    concepts = [
        {"concept": "heart-rate", "source": source, "n": n}
        for source, n in (("A", 43), ("A", 1), ("B", 9), ("B", 5))
    ]
    rows = [
        row(
            "not-comparable",
            ("unit", "mm[Hg]", "/min", "disjoint"),
            signature_a=2,
            signature_b=b,
            counts=counts,
        )
        for b, counts in ((3, {"n_a": 1, "n_b": 9}), (4, {"n_a": 1, "n_b": 5}))
    ]
    (found,) = told(Report(relations=rows, concepts=concepts))
    assert (found.worst.of_a, found.worst.of_b) == ((1, 44), (14, 14))
    assert sentence(found.worst, "x") == (
        "x: A (1 of 44 values) and B are not comparable, because unit (mm[Hg] ↔ /min) differs"
    )


def test_other_ways_are_counted() -> None:
    kinds = ["related", "a-broader", "related", "conflicting"]
    rows = [row(kind, ("site", str(number), "x", "disjoint")) for number, kind in enumerate(kinds)]
    (found,) = told(Report(relations=rows))
    assert others(found) == "3 more: 2 related and 1 broader"
    assert others(told(Report(relations=rows[:1]))[0]) == ""


def test_conversions_are_said() -> None:
    def of(**conversion: str) -> str:
        return conversions(Way((row("related", conversion=conversion),)))

    fahrenheit = {"from": "[degF]", "to": "Cel", "factor": "0.555555555556", "class": "physical"}
    assert of(**fahrenheit, offset="-17.7777777778") == "units converted: [degF] × 0.555556 − 17.7778 = Cel"
    assert of(**fahrenheit, offset="0") == "units converted: [degF] × 0.555556 = Cel"
    empirical = {"from": "%", "to": "mmol/mol", "factor": "10.93", "offset": "-23.5", "class": "empirical"}
    assert of(**empirical) == "empirical, not applied: % × 10.93 − 23.5 = mmol/mol"
    assert conversions(Way((row("related"),))) == ""


def test_coverage_is_said_for_each_unit(report: Report) -> None:
    first, *_ = (item for item in told(report) if item.concept == "systolic-blood-pressure")
    assert list(coverage(first.worst)) == [
        "311 patients in both, 101 in ward-monitor alone, 493 in wristband alone"
    ]
    counts = {"patients_a": 2, "patients_b": 1, "patients_both": 1}
    way = Way(tuple(row("related", ("unit", unit, "kPa", "="), counts=counts) for unit in ("kPa", "mm[Hg]")))
    assert list(coverage(way)) == [
        "kPa: 1 patient in both, 1 in A alone, 0 in B alone",
        "mm[Hg] and kPa: 1 patient in both, 1 in A alone, 0 in B alone",
    ]
    assert list(coverage(Way((row("related"),)))) == []


def test_every_relation_has_a_legend() -> None:
    assert tuple(LEGEND) == STANDINGS
    assert set(STANDINGS) - {"unsaid"} == set(RELATIONS)
    names = [names for names, _, _ in legend(STANDINGS)]
    assert names == [
        ["not-comparable"],
        ["conflicting"],
        ["related"],
        ["a-narrower", "a-broader"],
        ["unsaid"],
        ["equivalent"],
    ]
    assert legend(["related"])[0][2] == "compare with a stated bias; do not pool"
    assert legend(["nonsense"]) == []


def test_only_an_equivalence_is_not_known_to_differ() -> None:
    assert standing(row("related", unsaid=["site"])) == "related"
    assert standing(row("equivalent")) == "equivalent"
