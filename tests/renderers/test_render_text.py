"""The text renderer: like a compiler's errors."""

from __future__ import annotations

from pathlib import Path

from twinmap.diagnostics import Finding, Place, Severity, Span
from twinmap.renderers import Excerpt, Report
from twinmap.renderers.text import render, width


def test_a_finding_in_a_mapping_is_said_like_a_compiler() -> None:
    span = Span("mappings/bp.yaml", 14, 14, 7, "    value:   systolc")
    finding = Finding(
        "TM-L01", "no-such-column", Severity.ERROR, 'column "systolc" is not in watch.csv', where=span,
        help='did you mean "systolic"?',
    )  # fmt: skip
    assert render(Report.of([finding])) == (
        'TM-L01 error: column "systolc" is not in watch.csv\n'
        "   --> mappings/bp.yaml:14:14\n"
        "   |\n"
        "14 |     value:   systolc\n"
        "   |              ^^^^^^^\n"
        "   |\n"
        'help: did you mean "systolic"?\n'
        "docs: twinmap explain TM-L01\n"
        "\n"
        "1 error\n"
    )


def test_a_finding_in_the_data_shows_places_and_how_often() -> None:
    places = tuple(
        Place("lab", "a.hl7", n, line=n * 10, part="OBX[3]", field="OBX-5", shape="9x") for n in (4, 5, 6)
    )
    finding = Finding("TM-Q11", "not-a-number", Severity.WARNING, "not a number", places=places, count=38)
    assert render(Report.of([finding])) == (
        "TM-Q11 warning: not a number\n"
        "  --> lab: a.hl7, record 4 (line 40), OBX[3], OBX-5: 9x\n"
        "  ::: lab: a.hl7, record 5 (line 50), OBX[3], OBX-5: 9x\n"
        "  ::: lab: a.hl7, record 6 (line 60), OBX[3], OBX-5: 9x\n"
        "   = 38 times; the first 3 are shown\n"
        "docs: twinmap explain TM-Q11\n"
        "\n"
        "1 warning\n"
    )


def test_a_finding_without_a_place_names_the_rule_or_the_sources() -> None:
    about = {"code": "TM-U01", "severity": "info", "message": "m", "sources": ["a", "b"], "count": 9}
    assert render(Report(findings=[about])).splitlines()[1:4] == ["  --> a", "  ::: b", "   = 9 times"]
    assert render(Report(findings=[about | {"rule": "icu#r/bp"}])).splitlines()[1] == "  --> icu#r/bp"


def test_the_text_of_a_whole_run_is_as_it_was(report: Report) -> None:
    """After a wanted change: write the new text to the file and read the difference."""
    kept = Path(__file__).with_name("sample_report.txt")
    assert render(report) == kept.read_text(encoding="utf-8")


def test_the_relations_end_with_what_they_mean(report: Report) -> None:
    assert (
        "\n\nrelated: the same quantity, measured in another way or place or state; "
        "compare with a stated bias; do not pool\n"
        "broader: one says what the other leaves open; "
    ) in render(report)


def test_nothing_found_is_nothing_said() -> None:
    assert render(Report()) == ""


def test_the_caret_stands_under_wide_and_hidden_characters() -> None:
    text = "血\tx: bad"
    report = Report(
        findings=[{"code": "TM-L02", "severity": "error", "message": "m", "where": "a.yaml:3:6"}],
        excerpts={"a.yaml:3:6": Excerpt(text, 3)},
    )
    line, caret = render(report).splitlines()[3:5]
    assert line == "3 | 血␉x: bad"
    assert width(caret.rstrip("^")) == width(line.removesuffix("bad"))
    assert caret.endswith("^^^")


def test_a_long_line_is_shown_around_the_place() -> None:
    text = "x" * 5000 + "HERE" + "y" * 5000
    report = Report(
        findings=[{"code": "TM-L02", "severity": "error", "message": "m", "where": "a.yaml:1:5001"}],
        excerpts={"a.yaml:1:5001": Excerpt(text, 4)},
    )
    line, caret = render(report).splitlines()[3:5]
    assert len(line) < 120
    assert line[caret.index("^") : caret.rindex("^") + 1] == "HERE"


def test_a_run_ends_with_relations_and_books(report: Report) -> None:
    text = render(report)
    assert (
        "Systolic blood pressure: ward-monitor and wristband are related, "
        "because site (upper arm ↔ wrist) and method (oscillometry ↔ cuffless) differ\n"
        "  units converted: kPa × 7.50062 = mm[Hg]\n"
        "  311 patients in both, 101 in ward-monitor alone, 493 in wristband alone\n"
        "  facet "
    ) in text
    assert (
        "Systolic blood pressure: ehr is broader than ward-monitor, because ehr is less specific in method"
        in text
    )
    assert "  site       upper arm     wrist      disjoint  mappings/ward.yaml:14" in text
    assert (
        "records, laboratory: 13,251 read = 13,213 mapped + 36 filtered + 0 unclaimed + 2 set aside, 0 lost\n"
        in text
    )
    assert text.endswith("\n\n1 error, 4 warnings and 2 notes\n")
