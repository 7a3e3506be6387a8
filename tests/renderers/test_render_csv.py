"""The CSV renderer: one table that statistics read and that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace

import pytest

from twinmap.renderers import Report
from twinmap.renderers.csv import COLUMNS, cell, render

DIFFERENCE = {
    "by": "patient",
    "equal": False,
    "sides": [{"side": "A", "name": "one"}, {"side": "B", "name": "two", "unread": {"urn:x": 4}}],
    "graphs": {
        "equal": False, "a": {"quads": 7, "sha256": "0a"}, "b": {"quads": 9, "sha256": "0b"}
    },
    "statements": [
        {"kind": "observation", "system": "http://loinc.org", "code": "8867-4", "a": 3, "b": 2, "same": 2},
        {"kind": "patient", "a": 2, "b": 1, "same": 1},
    ],
    "together": [{"kind": "observation", "by": "the record", "n": 1}],
    "changes": [
        {"kind": "observation", "system": "http://loinc.org", "code": "8867-4", "what": "value_text",
         "by": "the record", "n": 1, "ratio": 0.1, "places": []},
        {"kind": "patient", "system": None, "code": None, "what": "sex", "by": "the patient", "n": 1,
         "before": "-male", "after": None, "places": []},
    ],
    "concepts": [
        {"concept": "heart-rate", "a": 3, "b": 2, "patients_a": 2, "patients_b": 1, "patients_both": 1},
        {"concept": "body-height", "a": 1, "b": 0, "patients_a": 1, "patients_b": 0, "patients_both": 0},
    ],
    "patients": [{"patient": "p", "a": 4, "b": 3}, {"patient": "q", "a": 1, "b": 0}],
    "months": [{"month": None, "a": 1, "b": 0}, {"month": "2026-01", "a": 2, "b": 2}],
}  # fmt: skip
AGREEMENT = {
    "concept": "heart-rate", "source_a": "A", "source_b": "B", "relation": "related", "pairs": 87,
    "patients": 12, "coverage": {"events_a": 90, "events_b": 88}, "unit": "/min", "verdict": "agree", "why": "w",
    "bias": {"value": -1.5, "low": -2.0, "high": -1.0},
    "limits": {"lower": {"value": -6.5}, "upper": {"value": 3.0}},
}  # fmt: skip


def table(report: Report) -> dict[str, list[dict[str, str]]]:
    """The rows by view, without the columns that are empty."""
    views: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(render(report), newline="")):
        views.setdefault(row.pop("view"), []).append({name: text for name, text in row.items() if text})
    return views


def test_a_diff_has_every_view_whichever_was_asked_for(report: Report) -> None:
    found = table(replace(report, difference=DIFFERENCE, agreement=[AGREEMENT]))
    assert found["total"] == [
        {
            "source_a": "one",
            "source_b": "two",
            "n": "1",
            "a": "5",
            "b": "3",
            "same": "3",
            "patients_a": "2",
            "patients_b": "1",
            "patients_both": "1",
            "verdict": "not the same",
        }
    ]
    assert found["graph"][0]["said_b"] == "0b"
    assert found["unread"] == [{"key": "urn:x", "b": "4"}]
    assert found["concept"][1] == {
        "key": "body-height",
        "a": "1",
        "b": "0",
        "patients_a": "1",
        "patients_b": "0",
        "patients_both": "0",
        "relation": "only A has it",
    }
    assert found["patient"] == [{"key": "p", "a": "4", "b": "3"}, {"key": "q", "a": "1", "b": "0"}]
    assert found["time"][0] == {"key": "no time", "a": "1", "b": "0"}
    assert found["statement"][0] == {
        "kind": "observation",
        "code": "loinc:8867-4",
        "a": "3",
        "b": "2",
        "same": "2",
    }
    assert [row["message"] for row in found["change"]] == ["0.1 times as large", "'-male -> nothing"]
    assert found["change"][1]["said_a"] == "'-male"
    (agreed,) = found["agreement"]
    assert (agreed["pairs"], agreed["bias_low"], agreed["limit_lower"]) == ("87", "-2.0", "-6.5")


def test_a_run_has_its_findings_relations_and_books(report: Report) -> None:
    found = table(report)
    assert {"total", "concept", "patient"}.isdisjoint(found)
    assert Counter({view: len(found[view]) for view in ("finding", "relation", "signature")}) == {
        "finding": len(report.findings),
        "relation": len(report.relations),
        "signature": len(report.concepts),
    }
    finding = found["finding"][1]
    assert (finding["code"], finding["n"], finding["source_a"]) == ("TM-Q11", "38", "laboratory")
    assert finding["place"] == "feed/2026-03.hl7, record 5113 (line 61224), OBX[3], OBX-5: xxxx"
    said = {row["relation"] for row in found["facet"] if row["key"] == "systolic-blood-pressure"}
    assert said == {"same", "disjoint", "unknown", "broader"}
    read = {row["source_a"]: row["n"] for row in found["records"] if row["key"] == "read"}
    assert read == {source: str(book["read"]) for source, book in report.ledger["records"].items()}


def test_it_is_as_rfc_4180_has_it() -> None:
    finding = {"code": "TM-L01", "severity": "error", "message": 'say "a, b"\nand c', "count": 1}
    lines = render(Report(findings=[finding])).split("\r\n")
    assert lines[0] == ",".join(COLUMNS)
    assert '"say ""a, b""␊and c"' in lines[1]
    assert lines[2:] == [""]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", " =", "\u00a0@"])
def test_no_cell_is_a_formula(sign: str) -> None:
    assert cell(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"


@pytest.mark.parametrize("sign", ["\t", "\r", "\n"])
def test_no_cell_begins_with_a_control_character(sign: str) -> None:
    assert cell(f"{sign}=1")[0] in "␉␍␊"


@pytest.mark.parametrize("number", ["-1", "+1.5", "-.5e-3", "12", -0.25, 7])
def test_numbers_stay_numbers(number: object) -> None:
    assert cell(number) == str(number)


@pytest.mark.parametrize("text", ["-1+2", "+1\n", "-\u0661", "-1e", "-"])
def test_what_only_begins_like_a_number_is_none(text: str) -> None:
    assert cell(text).startswith("'")
