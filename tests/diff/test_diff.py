"""Two sides compared through the command line: what is the same, what changed, and who the patients are."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from twinmap import api
from twinmap.cli import twinmap as group
from twinmap.compare import run as comparison
from twinmap.diff import content
from twinmap.diff import run as diff_run
from twinmap.errors import InputOutputError, UsageError
from twinmap.renderers import text
from twinmap.renderers._difference import change, totals
from twinmap.terms.store.add import add

ROOT = Path(__file__).parent.parent.parent
KEY = ROOT / "examples" / "demo.key"
MAPPING = """\
twinmap: 1
id: {id}
version: 1.0.0
source: {{format: csv, files: "*.csv", timezone: UTC}}
patient: {{id: $(p), system: mrn, identifiers: [{{id: $(i), system: mrn}}]}}
key: [n]
time: $(t)
systems: {{mrn: "urn:mrn"}}
observe: {{result: {{code: loinc:$(code), value: {value}, unit: {unit}}}}}
"""
ROWS = [
    "1,p1,2026-01-01T08:00:00Z,8480-6,120,mm[Hg]",
    "2,p1,2026-01-01T09:00:00Z,8480-6,130,mm[Hg]",
    "3,p2,2026-01-01T08:00:00Z,8867-4,70,/min",
    "4,p2,2026-01-02T08:00:00Z,8867-4,70,/min",
    "5,p3,2026-02-02T08:00:00Z,29463-7,80,kg",
]
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Run a mapping over rows as a source in a folder of its own, each once; nothing may change what it gives."""
    made: dict[tuple[str, tuple[str, ...], str, str, str], Path] = {}

    def run(name: str, rows: list[str], value: str, unit: str, key: Path) -> Path:
        asked = (name, tuple(rows), value, unit, key.read_text())
        if asked not in made:
            folder = made[asked] = tmp_path_factory.mktemp("made")
            data = folder / f"{name}-data"
            data.mkdir()
            lines = "".join(f"{row},{row[2:4]}\n" for row in rows)
            (data / "d.csv").write_text(f"n,p,t,code,v,u,i\n{lines}")
            (folder / f"{name}.yaml").write_text(MAPPING.format(id="m", value=value, unit=unit))
            mapping, out = folder / f"{name}.yaml", folder / name
            api.run(mapping, data=[str(data)], out=out, key_file=key, engine="none", jobs=1)
        return made[asked]

    return run


@pytest.fixture
def make(tmp_path: Path, runs: Make) -> Make:
    """Give the output folder of a mapping that is run over rows, the test's own; mapping and data lie beside it."""

    def copy(name: str, rows: list[str], value: str = "$(v)", unit: str = "$(u)", key: Path = KEY) -> Path:
        shutil.copytree(runs(name, rows, value, unit, key), tmp_path, dirs_exist_ok=True)
        return tmp_path / name

    return copy


def _diff(*arguments: object) -> tuple[Result, Any]:
    done = CliRunner().invoke(group, ["diff", *map(str, arguments), "-f", "json"], standalone_mode=False)
    return done, json.loads(done.stdout)["difference"] if done.exception is None else None


def test_the_same_twice_is_no_difference(make: Make) -> None:
    done, found = _diff(make("one", ROWS), make("two", list(reversed(ROWS))))
    assert done.return_value == 0
    assert found["equal"]
    assert {(row["a"], row["b"], row["same"]) for row in found["statements"]} == {
        (2, 2, 2),
        (1, 1, 1),
        (3, 3, 3),
    }
    assert found["changes"] == []


def test_of_what_is_the_same_nothing_is_told(make: Make) -> None:
    """Two units within each side are no difference between the sides."""
    rows = [*ROWS, "7,p1,2026-01-01T10:00:00Z,8480-6,16,kPa", "8,p1,2026-01-01T11:00:00Z,8867-4,16,kPa"]
    report = api.diff(make("one", rows), make("two", [*rows, ROWS[0].replace("1,p1", "9,p9")])).report
    assert {row["concept"] for row in report.relations} <= {"systolic-blood-pressure"}
    assert [finding["code"] for finding in report.findings if finding["severity"] != "info"] == []
    same = {row["concept"]: row["the_same"] for row in report.difference["concepts"]}
    assert same["heart-rate"]
    assert not same["systolic-blood-pressure"]


@pytest.mark.parametrize("kept", [0, 1])
def test_what_is_not_the_same_is_compared_by_itself(
    kept: int, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is the same that was done with all; else again. Either way it says what a table of the rest says."""
    other = [
        *ROWS[:kept],
        *(row.replace("-01-", "-03-") for row in ROWS[kept:4]),
        ROWS[4].replace("80,kg", "176,lb"),
    ]
    sides = make("one", ROWS), make("two", other)
    seen: list[Path | None] = []
    whole = comparison.run

    def counted(duck: Any, tables: Any, catalogue: Any) -> Any:
        seen.append(tables.get("observation"))
        return whole(duck, tables, catalogue)

    monkeypatch.setattr(comparison, "run", counted)
    api.diff(*sides, out=tmp_path / "diff")
    assert len(seen) == 1 + kept

    def by_itself(*given: Any) -> Any:
        told, apart = content.compare(*given)
        copies = {kind: path.with_suffix(".copy.parquet") for kind, path in apart.items()}
        for kind, path in apart.items():
            copies[kind].write_bytes(path.read_bytes())
        return told, copies

    monkeypatch.setattr(diff_run, "content", SimpleNamespace(compare=by_itself))
    api.diff(*sides, out=tmp_path / "again")
    assert len(seen) == 3 + kept
    for name in ("diff.json", "relations.jsonl", "findings.jsonl", "agreement.jsonl"):
        assert (tmp_path / "diff" / name).read_text() == (tmp_path / "again" / name).read_text()
    relations = [
        json.loads(line) for line in (tmp_path / "diff" / "relations.jsonl").read_text().splitlines()
    ]
    counts = {row["concept"]: (row["counts"]["n_a"], row["counts"]["n_b"]) for row in relations}
    assert counts == {
        "systolic-blood-pressure": (2 - kept, 2 - kept),
        "heart-rate": (2, 2),
        "body-weight": (1, 1),
    }


def test_a_difference_within_both_sides_is_none_between_them(make: Make, tmp_path: Path) -> None:
    """Each side has two units, one of them for values that the other lacks; nothing of the meaning differs."""
    rows = [*ROWS[:2], "7,p1,2026-01-01T10:00:00Z,8480-6,16,kPa"]
    other = [row.replace(",1", ",2", 1) if "kPa" in row else row.replace(",130,", ",131,") for row in rows]
    report = api.diff(make("one", rows), make("two", [row.replace("-01T", "-03T") for row in other])).report
    units = [facet for row in report.relations for facet in row["facets"] if facet["facet"] == "unit"]
    assert sorted((facet["a"], facet["b"]) for facet in units) == [("kPa", "kPa"), ("mm[Hg]", "mm[Hg]")]
    assert [item["code"] for item in report.findings if item["code"].startswith("TM-U")] == []


def test_a_statement_that_one_side_lacks_is_counted(make: Make) -> None:
    done, found = _diff(make("one", ROWS), make("two", ROWS[:3] + ROWS[4:]))
    assert done.return_value == 1
    (heart,) = (row for row in found["statements"] if row["code"] == "8867-4")
    assert (heart["a"], heart["b"], heart["same"]) == (2, 1, 1)
    (covered,) = (row for row in found["concepts"] if row["concept"] == "heart-rate")
    assert covered == {
        "concept": "heart-rate",
        "a": 2,
        "b": 1,
        "patients_a": 1,
        "patients_b": 1,
        "patients_both": 1,
        "the_same": False,
    }
    assert [(row["month"], row["a"], row["b"]) for row in found["months"]] == [
        ("2026-01", 4, 3),
        ("2026-02", 1, 1),
    ]


def test_a_statement_that_stands_twice_on_one_side_is_a_difference(make: Make) -> None:
    again = "6,p2,2026-01-02T08:00:00Z,8867-4,70,/min"
    done, found = _diff(make("one", ROWS), make("two", [*ROWS, again]))
    assert done.return_value == 1
    (heart,) = (row for row in found["statements"] if row["code"] == "8867-4")
    assert (heart["a"], heart["b"], heart["same"]) == (2, 3, 2)


def test_what_a_side_has_is_the_same_changed_or_its_alone(make: Make) -> None:
    """One value changes; one patient has one value, on each side another one."""
    other = [ROWS[0].replace(",120,", ",125,"), *ROWS[1:4], ROWS[4].replace("p3", "p4")]
    _, found = _diff(make("one", ROWS), make("two", other))
    known = {name: n for name, n in totals(found).items() if not name.startswith("patients")}
    assert known == {"a": 8, "b": 8, "same": 5, "changed": 1, "alone_a": 2, "alone_b": 2}


def test_what_could_not_be_read_of_a_side_is_told(make: Make) -> None:
    """A row with too many cells is set aside: that B lacks it is no difference of meaning."""
    done, _ = _diff(make("one", ROWS), make("two", [ROWS[0] + ",more", *ROWS[1:]]))
    found = json.loads(done.stdout)
    wrong = [item for item in found["findings"] if item["code"] == "TM-Q01"]
    assert [(item["sources"], item["places"][0]["source"]) for item in wrong] == [(["B"], "B")]
    assert wrong[0]["severity"] == "error"


def test_of_what_only_one_side_has_more_the_rest_is_said_to_be_the_same(make: Make) -> None:
    page = api.diff(make("one", ROWS), make("two", ROWS[1:])).report
    assert re.search("systolic-blood-pressure .*the same, and more in A", text.render(page))


def test_the_same_value_in_another_unit_is_the_same(make: Make) -> None:
    pounds = [row.replace("80,kg", "176.3698097479,[lb_av]") for row in ROWS]
    done, found = _diff(make("one", ROWS), make("two", pounds))
    assert done.return_value == 0, found["statements"]


def test_a_value_a_little_apart_is_another_one(make: Make) -> None:
    done, _ = _diff(make("one", ROWS), make("two", [row.replace("120,mm", "120.0000001,mm") for row in ROWS]))
    assert done.return_value == 1


def test_what_a_new_version_of_a_mapping_changes_is_told(make: Make, tmp_path: Path) -> None:
    """Same files, other mapping: the value doubles, and the unit becomes another one."""
    one, two = make("one", ROWS), make("two", ROWS, value="= $(v) * 2", unit='"mm[Hg]"')
    _, found = _diff(one, two)
    told = {(row["code"], row["what"]): row for row in found["changes"]}
    assert told["8480-6", "value_text"]["ratio"] == 2
    assert (told["8867-4", "unit"]["before"], told["8867-4", "unit"]["after"]) == ("/min", "mm[Hg]")
    assert told["8480-6", "value_text"]["n"] == 2
    assert ("8480-6", "unit") not in told
    assert found["together"] == [{"kind": "observation", "by": "the record and the code", "n": 5}]
    text = CliRunner().invoke(group, ["diff", str(one), str(two)], standalone_mode=False).stdout
    assert "2 times as large" in text
    assert "/min -> mm[Hg]" in text


def test_runs_of_different_keys_meet_by_their_identifiers(make: Make, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    other.write_bytes(bytes(range(32)).hex().encode())
    other.chmod(0o600)
    done, found = _diff(make("one", ROWS), make("two", ROWS, key=other))
    assert done.return_value == 0, found
    assert sum(1 for row in found["patients"] if row["a"] and row["b"]) == 3


def test_where_no_patient_is_of_both_the_way_is_named(make: Make) -> None:
    one = make("one", ROWS)
    other = make("two", [row.replace(",p", ",q") for row in ROWS])
    assert "--crosswalk" in text.render(api.diff(one, other).report).splitlines()[0]
    assert "--crosswalk" not in text.render(api.diff(one, one).report)


def test_one_source_of_a_run_is_a_side(make: Make) -> None:
    out = make("one", ROWS)
    done, _ = _diff(f"{out}#m", out)
    assert done.return_value == 0
    with pytest.raises(UsageError, match="no source"):
        api.diff(f"{out}#nobody", out)


def test_a_mapping_with_its_data_is_a_side(make: Make, tmp_path: Path) -> None:
    out = make("one", ROWS)
    done, _ = _diff(out, f"{tmp_path / 'one.yaml'}={tmp_path / 'one-data'}", "--key-file", KEY)
    assert done.return_value == 0


def test_the_output_is_a_report_and_no_run_is_lost(make: Make, tmp_path: Path) -> None:
    one, two = make("one", ROWS), make("two", ROWS[1:])
    before = {path.name for path in one.iterdir()}
    with pytest.raises(UsageError, match="output of a run"):
        api.diff(one, two, out=one)
    assert {path.name for path in one.iterdir()} == before
    for _ in range(2):
        api.diff(one, two, out=tmp_path / "d")
    names = {path.name for path in (tmp_path / "d").iterdir()}
    made = {
        "diff.json",
        "findings.jsonl",
        "relations.jsonl",
        "agreement.jsonl",
        "manifest.json",
        "report.html",
    }
    assert names == made
    page = (tmp_path / "d" / "report.html").read_text()
    assert "What differs" in page
    assert "Observations by concept" in page


@pytest.mark.parametrize("view", ["concept", "facet", "patient", "time"])
def test_every_view_counts(view: str, make: Make) -> None:
    one, two = make("one", ROWS), make("two", ROWS[1:])
    text = CliRunner().invoke(group, ["diff", str(one), str(two), "--by", view], standalone_mode=False).stdout
    assert {"concept": "systolic", "facet": "Facets that differ", "patient": "by patient", "time": "2026-01"}[
        view
    ] in text


def test_a_folder_that_is_no_run_is_told(tmp_path: Path, make: Make) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        api.diff(tmp_path / "empty", make("one", ROWS))


def test_the_graph_of_a_run_says_what_its_tables_say(make: Make) -> None:
    one = make("one", ROWS)
    done, found = _diff(one, one / "graph.nq")
    assert done.return_value == 0, found
    assert {(row["a"], row["b"], row["same"]) for row in found["statements"]} == {
        (2, 2, 2),
        (1, 1, 1),
        (3, 3, 3),
    }


def test_the_graph_of_the_example_says_what_its_tables_say(example: Path) -> None:
    """Four sources, all kinds of statement; nothing that the graph holds is told apart from the tables."""
    done, found = _diff(example, example / "graph.nq")
    different = [row for row in found["statements"] if not row["a"] == row["b"] == row["same"]]
    assert (done.return_value, different) == (0, [])
    assert "unread" not in found["sides"][1]


def test_two_graphs_are_compared_whole(make: Make, tmp_path: Path) -> None:
    one = make("one", ROWS)
    lines = (one / "graph.nq").read_text().splitlines(keepends=True)
    other = tmp_path / "other.nq"
    other.write_text("".join(reversed([*lines, lines[0]])))
    done, found = _diff(one / "graph.nq", other)
    assert (done.return_value, found["graphs"]["equal"]) == (0, True)
    other.write_text("".join([*lines, "<urn:x> <urn:y> _:b <urn:g> .\n"]))
    done, found = _diff(one / "graph.nq", other)
    assert (done.return_value, found["graphs"]["equal"]) == (1, False)
    assert found["sides"][1]["unread"]["urn:y"] == 1
    text = (
        CliRunner().invoke(group, ["diff", str(one / "graph.nq"), str(other)], standalone_mode=False).stdout
    )
    assert "The graphs are not the same" in text
    assert "urn:y" in text


def test_units_that_are_none_are_told_apart(make: Make) -> None:
    one, two = (
        make(name, [row.replace("mm[Hg]", unit) for row in ROWS])
        for name, unit in (("one", "furlong"), ("two", "parsec"))
    )
    assert _diff(one, two)[0].return_value == 1
    assert _diff(one, one / "graph.nq")[0].return_value == 0


@pytest.mark.parametrize("damage", ["missing", "cut", "column", "manifest", "a diff"])
def test_a_damaged_side_is_told(damage: str, make: Make, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    one = make("one", ROWS)
    table = one / "tables" / "observation.parquet"
    side = one
    if damage == "missing":
        table.unlink()
    elif damage == "cut":
        table.write_bytes(table.read_bytes()[:100])
    elif damage == "column":
        pq.write_table(pq.read_table(table).drop_columns(["twin"]), table)
    elif damage == "manifest":
        manifest = json.loads((one / "manifest.json").read_text())
        (one / "manifest.json").write_text(json.dumps({**manifest, "inputs": [{}]}))
    else:
        side = tmp_path / "d"
        api.diff(one, one, out=side)
    with pytest.raises(UsageError if damage == "a diff" else InputOutputError):
        api.diff(side, make("two", ROWS))


def test_a_graph_without_patients_is_compared(make: Make, tmp_path: Path) -> None:
    one = make("one", ROWS)
    lines = (one / "graph.nq").read_text().splitlines(keepends=True)
    cut = tmp_path / "cut.nq"
    cut.write_text(
        "".join(line for line in lines if "hasFeatureOfInterest" not in line and "#record>" not in line)
    )
    done, found = _diff(one, cut)
    assert done.return_value == 1
    assert not found["equal"]


def test_statements_without_a_number_at_their_place_are_compared(make: Make) -> None:
    outs = make("one", ROWS), make("other", [ROWS[0], ROWS[1].replace("130", "131"), *ROWS[2:]])
    for out in outs:
        path = out / "tables" / "observation.parquet"
        table = pq.read_table(path)
        at = table.schema.get_field_index("ordinal")
        none = pa.nulls(len(table), table.schema.field(at).type)
        pq.write_table(table.set_column(at, table.schema.field(at).with_nullable(nullable=True), none), path)
    _, found = _diff(*outs)
    (one,) = [row for row in found["statements"] if row["code"] == "8480-6"]
    assert (found["equal"], one["a"], one["b"], one["same"]) == (False, 2, 2, 1)


def test_the_terminology_that_is_loaded_answers(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = make("one", ROWS), make("other", ROWS[:4])
    release = {"resourceType": "CodeSystem", "url": "http://loinc.org", "name": "LOINC", "version": "2.82"}
    loinc = tmp_path / "loinc.json"
    concept = [{"code": "8867-4", "display": "Heart rate"}]
    loinc.write_text(json.dumps(release | {"status": "active", "content": "fragment", "concept": concept}))
    monkeypatch.setenv("TWINMAP_TERMS", str(tmp_path / "terms"))
    add(loinc, tmp_path / "terms")
    api.diff(*outs, out=tmp_path / "diff")
    manifest = json.loads((tmp_path / "diff" / "manifest.json").read_text("utf-8"))
    assert [(item["name"], item["version"]) for item in manifest["terminology"]] == [("LOINC", "2.82")]


def test_a_finding_with_more_in_its_place_is_read(make: Make) -> None:
    """A later version may say more of a place."""
    out = make("one", [ROWS[0] + ",more", *ROWS[1:]])
    rows = [json.loads(line) for line in (out / "findings.jsonl").read_text("utf-8").splitlines()]
    rows[0]["places"][0]["column"] = 3
    (out / "findings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done, _ = _diff(out, make("two", ROWS))
    assert done.return_value == 1


@pytest.mark.parametrize(
    ("row", "said"), [({"before": "kg"}, "kg -> nothing"), ({"after": "g"}, "nothing -> g")]
)
def test_a_change_that_one_side_alone_says(row: dict[str, str], said: str) -> None:
    assert change({"what": "unit", **row}) == said
