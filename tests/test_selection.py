"""Codes that are looked for, left out and made more or less severe: by a run, a diff and check, and said by each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twinmap import api, lint, registry
from twinmap.checks.semantic import u03_convertible_units, v02_implausible
from twinmap.cli import main
from twinmap.diagnostics import Finding, Severity
from twinmap.errors import InputOutputError, UsageError
from twinmap.renderers import Report, load_report
from twinmap.selection import Selection
from twinmap.testing import sample

KEY = Path(__file__).parent.parent / "examples" / "demo.key"
MAPPING = """\
twinmap: 1
id: {id}
version: 1.0.0
source: {{format: csv, files: {id}.csv, timezone: UTC}}
patient: {{id: $(pid), system: mrn}}
key: [pid, at]
time: $(at)
observe:
  body-weight: {{value: $(weight), unit: {unit}}}
"""
ROWS = "pid,at,weight\n1,2026-03-01T08:00:00,{}\n2,2026-03-01T08:00:00,heavy\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kilograms and pounds (U03), one value in each that is no number (Q11, set aside)."""
    for name, unit, value in (("ward", "kg", "80"), ("home", '"[lb_av]"', "176.4")):
        (tmp_path / f"{name}.yaml").write_text(MAPPING.format(id=name, unit=unit))
        (tmp_path / f"{name}.csv").write_text(ROWS.format(value))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(project: Path, settings: str = "", **more: Any) -> api.Outcome:
    text = f"sources: [{{mapping: ward.yaml}}, {{mapping: home.yaml}}]\n{settings}"
    (project / "twinmap.yaml").write_text(text)
    return api.run(project, **{"out": project / "out", "key_file": KEY, "engine": "none", "jobs": 1, **more})


def codes(outcome: api.Outcome) -> set[str]:
    return {finding.code for finding in outcome.findings}


def chosen(outcome: api.Outcome) -> Any:
    return json.loads((outcome.out / "manifest.json").read_text())["summary"]["selection"]


def test_what_is_ignored_is_counted_and_said_in_every_report(project: Path) -> None:
    whole = ran(project)
    assert {"TM-Q11", "TM-U03"} <= codes(whole)
    one = ran(project, ignore=["Q11", "U"])
    assert codes(one) == {code for code in codes(whole) if not code.startswith(("TM-Q11", "TM-U"))}
    assert {finding.id for finding in one.findings} < {finding.id for finding in whole.findings}
    assert chosen(one)["ignore"] == ["TM-Q11", "TM-U"]
    assert chosen(one)["left_out"]["TM-Q11"] == {"findings": 2, "count": 2}
    assert one.left_out == len(whole.findings) - len(one.findings)
    report = load_report(one.out)
    for name in ("text", "concise", "html"):
        assert "eft out: 2 findings of TM-Q11, 1 finding of TM-U03" in registry.load(
            "renderers", name
        ).render(report)
    assert json.loads(registry.load("renderers", "json").render(report))["selection"] == chosen(one)
    (log,) = json.loads(registry.load("renderers", "sarif").render(report))["runs"]
    assert log["properties"]["selection"] == chosen(one)


def test_books_quarantine_and_relations_do_not_depend_on_what_is_chosen(project: Path) -> None:
    kept = ("ledger.json", "quarantine.jsonl", "relations.jsonl", "tables/observation.parquet")
    ran(project)
    whole = {name: (project / "out" / name).read_bytes() for name in kept}
    assert b"a-narrower" in whole["relations.jsonl"] or b"equivalent" in whole["relations.jsonl"]
    for given in ({"select": ["T"]}, {"ignore": ["Q", "U", "M"]}):
        ran(project, **given)
        assert {name: (project / "out" / name).read_bytes() for name in kept} == whole


def test_what_is_not_selected_is_not_computed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(v02_implausible, "check", lambda _: asked.append("V02") or [])
    one = ran(project, select=["u3"])
    assert (codes(one), asked) == ({"TM-U03"}, [])
    assert list(chosen(one)["left_out"]) == ["TM-Q11"]  # it is come across while records are read
    assert "only TM-U03 was looked for" in registry.load("renderers", "text").render(load_report(one.out))
    ran(project, ignore=["V02"])
    assert asked == ["V02"]


def test_findings_in_the_graph_follow_and_jobs_do_not_matter(project: Path) -> None:
    settings = "ignore: [Q11]\nseverity: {U: error, U03: info}\n"
    told = []
    for jobs in (1, 2):
        outcome = ran(project, settings, jobs=jobs)
        told.append([(outcome.out / name).read_bytes() for name in ("graph.nq", "findings.jsonl")])
        assert chosen(outcome)["severity"] == {"TM-U": "error", "TM-U03": "info"}
    assert told[0] == told[1]
    graph = told[0][0].decode()
    assert "TM-U03" in graph
    assert "TM-Q11" not in graph


def test_the_exit_code_follows_the_severities_that_are_set(project: Path) -> None:
    (finding,) = (each for each in ran(project).findings if each.code == "TM-U03")
    assert finding.severity is u03_convertible_units.SEVERITY is Severity.INFO
    command = [
        "run",
        str(project),
        "-o",
        "out",
        "--key-file",
        str(KEY),
        "--engine",
        "none",
        "-q",
        "--select",
        "U",
    ]
    ran(project)
    assert main([*command, "--fail-on", "error"]) == 0
    (changed,) = ran(project, "severity: {convertible-units: error}").findings[:1]
    assert (changed.id, changed.severity) == (finding.id, Severity.ERROR)
    assert main([*command, "--fail-on", "error"]) == 1


def test_the_command_line_goes_before_the_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "TM-U03" not in codes(ran(project, "ignore: U"))
    assert codes(ran(project, "ignore: U\nselect: Q", select=["U03"])) == {"TM-U03"}
    assert codes(ran(project, "select: [U, Q]", ignore=["Q"])) == {"TM-U03"}
    assert main(["run", ".", "-o", "out", "--key-file", str(KEY), "--engine", "none", "--ignore", "q11"]) == 0
    *_, before, last = capsys.readouterr().err.splitlines()
    assert last.endswith(" 1 warning 2 left out") or " 2 left out" in last
    assert main(["run", ".", "-o", "out", "--select", "U99"]) == 2
    assert "there is no finding code" in capsys.readouterr().err
    assert main(["run", ".", "-o", "out", "--ignore", "Ö"]) == 2
    assert "there is no family" in capsys.readouterr().err
    assert before


def test_a_diff_leaves_out_as_a_run_does(project: Path) -> None:
    sides = (f"ward.yaml={project}/ward.csv", f"home.yaml={project}/home.csv")
    whole = api.diff(*sides, key_file=KEY, jobs=1)
    assert "TM-U03" in {finding["code"] for finding in whole.report.findings}
    one = api.diff(*sides, key_file=KEY, jobs=1, ignore=["U03"])
    assert "TM-U03" not in {finding["code"] for finding in one.report.findings}
    assert one.report.selection["left_out"] == {"TM-U03": {"findings": 1, "count": 1}}
    assert one.report.relations == whole.report.relations
    none = api.diff(*sides, key_file=KEY, jobs=1, select=["X"])
    assert (none.report.findings, none.report.selection["left_out"]) == ([], {})


def test_a_diff_takes_what_the_projects_of_its_sides_say(project: Path) -> None:
    """Of a project that is run for it, and of finished runs; what both ignore is left out."""
    ran(project, "severity: {U03: warning}\nignore: [U02, M]\n")
    sides = ("out#ward", "out#home")
    for name in ("ward.yaml", "ward.csv"):
        (project / "alone").mkdir(exist_ok=True)
        (project / "alone" / name).write_text((project / name).read_text())
    (project / "alone" / "twinmap.yaml").write_text(
        "sources: [{mapping: ward.yaml}]\nseverity: {U03: warning}\nignore: [U02, M]\n"
    )

    def told(a: str, b: str, **more: Any) -> tuple[Any, dict[str, Any]]:
        report = api.diff(a, b, key_file=KEY, jobs=1, **more).report
        found = {row["severity"] for row in report.findings if row["code"] == "TM-U03"}
        return found, {**report.selection, "left_out": ...}

    says: dict[str, Any] = {"severity": {"TM-U03": "warning"}, "left_out": ...}
    both = {"ignore": ["TM-U02", "TM-M"]}
    assert told(*sides) == ({"warning"}, says | both)
    assert told("alone", "home.yaml=home.csv") == ({"warning"}, says)
    assert told("home.yaml=home.csv", "out#ward") == ({"warning"}, says)
    assert told(*sides, ignore=["T"]) == ({"warning"}, says | {"ignore": ["TM-U02", "TM-M", "TM-T"]})
    assert told(*sides, select=["U03"]) == ({"warning"}, says | {"select": ["TM-U03"]})
    ran(project, "severity: {U03: error, U: info}\nignore: U\n", out=project / "other")
    higher = {"severity": {"TM-U": "info", "TM-U03": "error"}, "ignore": ["TM-U02"], "left_out": ...}
    assert told("out#ward", "other#home") == ({"error"}, higher)


def test_sides_that_look_for_something_else_look_for_both() -> None:
    one, other = Selection.of(["U", "Q"], ["P"]), Selection.of(["U", "T"], ["P01", "T02"])
    both = one.beside(other)
    assert (both.select, both.ignore) == (("TM-U", "TM-Q", "TM-T"), ("TM-P01",))
    assert one.beside(Selection()) == Selection()
    assert one.beside(one) == one


@pytest.mark.parametrize("wrong", [{"severity": {"TM-U": "bad"}}, {"ignore": "U"}, {"left_out": {"TM-U": 1}}])
def test_a_selection_that_no_run_wrote_is_told(project: Path, wrong: Any) -> None:
    manifest = ran(project).out / "manifest.json"
    found = json.loads(manifest.read_text())
    found["summary"]["selection"] = wrong
    manifest.write_text(json.dumps(found))
    with pytest.raises(InputOutputError, match="changed since the run"):
        load_report(manifest.parent)


def test_a_saved_report_shows_what_is_chosen_and_counts_the_rest(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = ran(project, ignore=["M"])
    left = {code: counts for code, counts in chosen(whole)["left_out"].items() if code.startswith("TM-M")}
    capsys.readouterr()
    assert main(["report", "out", "-f", "json", "--select", "U", "--select", "Q11", "--ignore", "U03"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {row["code"] for row in shown["findings"]} == {"TM-Q11"}
    assert shown["selection"]["ignore"] == ["TM-M"]
    told = shown["selection"]["left_out"]
    assert told.items() >= left.items()
    assert told["TM-U03"] == {"findings": 1, "count": 1}
    assert sum(row["findings"] for row in told.values()) + 2 == len(whole.findings) + whole.left_out
    assert main(["report", "out", "--select", "U99"]) == 2


def test_validate_leaves_out_and_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "odd.ttl").write_text(
        "@prefix sosa: <http://www.w3.org/ns/sosa/> . <urn:x:o> a sosa:Observation ."
    )
    assert main(["validate", "odd.ttl"]) == 1
    assert main(["validate", "odd.ttl", "--ignore", "H01", "-f", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "TM-H01" in shown["selection"]["left_out"]
    assert "TM-H01" not in {row["code"] for row in shown["findings"]}
    assert main(["validate", "odd.ttl", "--select", "H02"]) == 0


def test_check_reads_no_records_where_only_the_mapping_is_looked_at(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "ward.csv").write_text("pid,at,weight\n" + "1,2026-03-01T08:00:00,heavy\n" * 9)
    assert "TM-Q11" in {item.code for item in lint.check("ward.yaml", against="ward.csv").findings}
    monkeypatch.setattr(sample, "_tried", lambda *_: pytest.fail("records are read"))
    lint.check("ward.yaml", against="ward.csv", select=["L"])


def test_check_takes_the_settings_of_the_project(project: Path) -> None:
    ward = project / "ward.yaml"
    ward.write_text(ward.read_text().replace("key: [pid, at]\n", ""))
    assert [finding.code for finding in lint.check(ward).findings] == ["TM-L10"]
    (project / "twinmap.yaml").write_text("sources: [{mapping: ward.yaml}]\nseverity: {L10: error}\n")
    assert [finding.severity for finding in lint.check(project).findings] == [Severity.ERROR]
    (project / "twinmap.yaml").write_text("sources: [{mapping: ward.yaml}]\nignore: [L]\n")
    linted = lint.check(project)
    assert linted.findings == ()
    assert linted.selection == {"ignore": ["TM-L"], "left_out": {"TM-L10": {"findings": 1, "count": 1}}}
    assert [finding.code for finding in lint.check(project, select=["L10"]).findings] == ["TM-L10"]


@pytest.mark.parametrize(
    ("settings", "place", "advice"),
    [
        ("select: [U03, U93]", "2:15", "did you mean"),
        ("ignore: convertible-unit", "2:9", "did you mean convertible-units"),
        ("severity: {T2: info, Q11: off}", "2:27", "ignore: [Q11] leaves it out"),
        ("severity: {Y: info}", "2:12", "one of: "),
    ],
)
def test_a_setting_that_cannot_be_is_a_finding_with_its_place(
    project: Path, settings: str, place: str, advice: str
) -> None:
    (project / "twinmap.yaml").write_text(f"sources: [{{mapping: ward.yaml}}]\n{settings}\n")
    (finding,) = lint.check(project).findings
    assert (finding.code, str(finding.where).partition("twinmap.yaml:")[2]) == ("TM-L06", place)
    assert advice in (finding.help or "")


def test_one_word_names_a_code_by_number_or_slug_or_a_family() -> None:
    assert Selection.of(["tm-u3", "U03", "convertible-units", "u", "TM-Q"]).select == (
        *("TM-U03",) * 3,
        *("TM-U", "TM-Q"),
    )
    with pytest.raises(UsageError, match="there is no"):
        Selection.of([""])


def test_what_is_left_out_is_counted_by_findings_and_by_how_often() -> None:
    found = [Finding("TM-T01", "no-zone", Severity.INFO, f"{n}", count=n) for n in (1, 39)]
    kept, left = Selection(ignore=("TM-T",)).apply(found)
    assert (kept, left) == ([], {"TM-T01": {"findings": 2, "count": 40}})


def test_a_finding_that_others_tell_of_tells_itself_where_they_are_left_out() -> None:
    row = {"code": "TM-H01", "details": {"told_by": ["TM-V01"], "n": 1}}
    report = Report(findings=[row, {"code": "TM-V01"}])
    assert report.of_codes(lambda code: True).findings[0] == row
    assert report.of_codes(lambda code: code != "TM-V01").findings == [
        {"code": "TM-H01", "details": {"n": 1}}
    ]
