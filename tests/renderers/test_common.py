"""Counting, grouping, naming places and the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.renderers import Report
from twinmap.renderers._common import grouped, located, place_text
from twinmap.renderers._facts import balance, book, concept_label, facts, fields, verdict
from twinmap.renderers._names import FileNames


def test_findings_that_differ_in_the_statement_only_are_one() -> None:
    same = {"code": "TM-Q11", "severity": "warning", "message": "not a number", "places": [{"record": 1}]}
    groups = grouped(
        [same | {"statement": "a"}, same | {"statement": "b", "count": 4}, same | {"message": "other"}]
    )
    assert [(group.count, len(group.places)) for group in groups] == [(5, 2), (1, 1)]


@pytest.mark.parametrize(
    ("where", "spot"),
    [
        ("mappings/bp.yaml:14:5", ("mappings/bp.yaml", 14, 5)),
        ("C:\\maps\\bp.yaml:1:2", ("C:\\maps\\bp.yaml", 1, 2)),
        ("no line", None),
        (None, None),
    ],
)
def test_where_is_taken_apart(where: str | None, spot: tuple[str, int, int] | None) -> None:
    assert located(where) == spot


def test_a_place_is_one_line() -> None:
    place = {"record": 12, "line": 88, "part": "OBX[3]", "field": "OBX-5", "shape": "99.9"}
    assert place_text(place, "a.hl7") == "a.hl7, record 12 (line 88), OBX[3], OBX-5: 99.9"


def test_a_book_adds_up() -> None:
    outcomes = {"read": 4, "mapped": 3, "set_aside": 1, "lost": 0}
    assert (
        balance(outcomes, "records") == "4 read = 3 mapped + 0 filtered + 0 unclaimed + 1 set aside, 0 lost"
    )


def test_cells_are_summed_over_fields_and_lost_is_counted() -> None:
    ledger = {
        "records": {"a": {"read": 2, "mapped": 2, "lost": 0, "files": {"1": {"read": 2, "mapped": 2}}}},
        "cells": {
            "a": {"x": {"read": 5, "mapped": 3, "missing": 2}, "y": {"read": 4, "mapped": 1, "unread": 2}}
        },
    }
    report = Report(ledger=ledger)
    assert book(report, "records")["a"]["read"] == 2
    cells = book(report, "cells")["a"]
    assert (cells["read"], cells["mapped"], cells["missing"], cells["unread"], cells["lost"]) == (
        9,
        4,
        2,
        2,
        1,
    )
    assert {name: outcomes["lost"] for name, outcomes in fields(report, "a").items()} == {"x": 0, "y": 1}
    assert facts(report).lost == 1


def test_facts_of_a_run(report: Report) -> None:
    known = facts(report)
    assert known.sources == ("ehr", "laboratory", "ward-monitor", "wristband")
    assert (known.records["read"], known.records["mapped"], known.lost) == (450_994, 450_955, 0)
    assert (known.concepts, known.shared) == (5, 4)
    assert known.differing == ("systolic-blood-pressure", "heart-rate", "glucose")
    assert known.unsaid == ()
    assert known.relations == {"related": 3, "a-broader": 1, "equivalent": 1}
    assert known.severities == {"error": 1, "warning": 4, "info": 2}


def test_the_verdict_says_what_differs_and_that_nothing_is_lost(report: Report) -> None:
    meaning, books = verdict(report)
    assert meaning == (
        "1 of 4 shared concepts means the same in every source; "
        "systolic blood pressure, heart rate and glucose do not."
    )
    assert books == (
        "450,994 records read from 4 sources: none lost, 3 set aside. The graph conforms to its shapes. "
        "1 error, 4 warnings and 2 notes."
    )


def test_the_verdict_of_other_runs(report: Report) -> None:
    same = report.relations[-1]
    assert (
        verdict(replace(report, relations=[same]))[0]
        == "The one shared concept means the same in every source."
    )
    assert verdict(replace(report, relations=report.relations[:1]))[0] == (
        "Systolic blood pressure does not mean the same in every source."
    )
    open_ = {**same, "unsaid": ["site"]}
    assert verdict(replace(report, relations=[open_]))[0] == "Body temperature is not known to differ."
    both = verdict(replace(report, relations=[*report.relations[:1], open_]))[0]
    assert both == (
        "Systolic blood pressure does not mean the same in every source. Body temperature is not known to differ."
    )
    other = verdict(replace(report, relations=[same, {**open_, "concept": "heart-rate"}]))[0]
    assert other == (
        "1 of 2 shared concepts means the same in every source. Heart rate is not known to differ."
    )
    assert verdict(replace(report, relations=[], findings=[]))[0] == "No concept is shared by two sources."
    assert verdict(replace(report, relations=[]))[0] == "1 error to look at."
    assert verdict(Report()) == ("Nothing was found.", "")
    assert verdict(Report(findings=report.findings)) == ("1 error, 4 warnings and 2 notes to look at.", "")
    lost = {"records": {"a": {"read": 3, "mapped": 2, "lost": 1}}}
    assert verdict(Report(ledger=lost)) == (
        "1 of what was read is lost: do not use this result.",
        "3 records read from 1 source: 1 lost, none set aside.",
    )
    failed = replace(report, validation={"conforms": False, "violations": 2})
    assert "The graph does not conform to its shapes: 2 violations." in verdict(failed)[1]


def test_a_title_is_a_label_or_a_code_as_it_is() -> None:
    rows = [{"concept": "loinc:20565-8"}, {"concept": "loinc:20565-8", "label": "Carbon dioxide"}]
    assert concept_label(Report(concepts=rows), "loinc:20565-8") == "Carbon dioxide"
    assert concept_label(Report(concepts=rows[:1]), "loinc:20565-8") == "loinc:20565-8"


def test_names_of_input_files_are_hidden() -> None:
    names = FileNames(
        Report(
            findings=[{"places": [{"source": "lab", "file": "feed/Weber_Anna.hl7", "record": 1}]}],
            run={"inputs": [{"source": "band", "number": 2, "name": "Hans Müller/watch.csv"}]},
        )
    )
    assert names.label({"source": "band", "file": "Hans Müller/watch.csv"}) == "band file 2"
    assert names.label({"source": "band"}) == "band"
    assert names.hide('not in "Hans Müller/watch.csv".') == 'not in "band file 2".'
    assert names.hide("in watch.csv, in /data/x/watch.csv:3") == "in band file 2, in band file 2:3"
    assert names.hide("Weber_Anna.hl7 is cut") == "lab file is cut"
    assert names.hide("mywatch.csv watch.csvx") == "mywatch.csv watch.csvx"
    assert names.hide_all({"watch.csv": ["watch.csv", 3]}) == {"band file 2": ["band file 2", 3]}


@settings(deadline=None)
@given(
    st.text(st.characters(), max_size=20), st.sampled_from(['"{}"', "in {}: cut", "({})", "{} is cut", "{}."])
)
def test_any_name_of_an_input_file_is_hidden(text: str, sentence: str) -> None:
    name = f"§{text}§"
    hidden = FileNames(Report(run={"inputs": [{"source": "lab", "number": 7, "name": name}]}))
    assert hidden.hide(sentence.format(name)) == sentence.format("lab file 7")


def test_two_files_of_one_name_are_not_taken_for_each_other() -> None:
    inputs = [{"source": "a", "number": n, "name": f"ward{n}/data.csv"} for n in (1, 2)]
    names = FileNames(Report(run={"inputs": inputs}))
    assert names.hide("ward1/data.csv, ward2/data.csv, data.csv") == "a file 1, a file 2, input file"
