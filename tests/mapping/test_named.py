"""The mappings that arguments stand for: files, tests, projects and folders, each mapping once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinmap.diagnostics import Severity
from twinmap.errors import InputOutputError, UsageError
from twinmap.mapping import named as beside
from twinmap.mapping.load import loads
from twinmap.mapping.named import each_once, has_tests, read_tests, subjects
from twinmap.mapping.project import from_arguments, is_tests, load_project, mapping_of
from twinmap.selection import Selection


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.yaml", "a.test.yaml", "b.yml", "b.test.yml", "c.yaml"):
        (tmp_path / name).write_text("x: y\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def named(*names: str) -> list[str]:
    return [subject.named for subject in each_once(item for name in names for item in subjects(name))]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.test.yaml"], ["a.yaml"]),
        (["a.test.yaml", "a.yaml", "b.test.yml", "b.yml", "c.yaml"], ["a.yaml", "b.yml", "c.yaml"]),
        ([".", "a.yaml", "./c.yaml"], ["a.yaml", "b.yml", "c.yaml"]),
        (["builtin:hl7v2", "builtin:hl7v2"], ["builtin:hl7v2"]),
    ],
)
def test_each_mapping_once(names: list[str], found: list[str]) -> None:
    assert named(*names) == found


def test_a_mapping_of_a_project_is_taken_with_it(folder: Path) -> None:
    """With its parameters; once for each source that gives others."""
    (folder / "twinmap.yaml").write_text(
        "sources: [{mapping: a.yaml, set: {p: x}}, {name: two, mapping: a.yaml, set: {p: y}}, "
        "{name: three, mapping: a.yaml, set: {p: y}}]\n"
    )
    for names in (["a.yaml", "twinmap.yaml", "c.yaml"], ["twinmap.yaml", "a.test.yaml", "c.yaml"]):
        found = each_once(item for name in names for item in subjects(name))
        assert [subject.params for subject in found] == [{"p": "x"}, {"p": "y"}, None]


def test_a_file_of_tests_knows_its_mapping() -> None:
    assert mapping_of(Path("x/a.test.yaml")) == Path("x/a.yaml")
    assert mapping_of(Path("a.test.test.yml")) == Path("a.test.yml")
    assert is_tests(Path("a.test.yml"))
    assert not is_tests(Path("test.yaml"))
    assert beside.tests_beside(Path("x/a.yaml")) == Path("x/a.test.yaml")


@pytest.mark.usefixtures("folder")
def test_a_run_leaves_tests_out() -> None:
    project = from_arguments(["a.test.yaml", "a.yaml", "b.yml", "b.test.yml"], (), {})
    assert [str(binding.mapping) for binding in project.bindings] == ["a.yaml", "b.yml"]
    with pytest.raises(UsageError, match=r"a\.test\.yaml is a file of tests"):
        from_arguments(["a.test.yaml", "b.yml"], (), {})


def test_a_project_is_run_alone(folder: Path) -> None:
    (folder / "twinmap.yaml").write_text("sources: []\n")
    for names in (["a.yaml", "twinmap.yaml"], ["twinmap.yaml", "a.yaml"], [".", "a.yaml"], ["a.yaml", "."]):
        with pytest.raises(UsageError, match="does not stand beside other mappings"):
            from_arguments(names, (), {})


def test_tests_that_are_no_file_are_said(folder: Path) -> None:
    (folder / "d.yaml").write_text("x: y\n")
    os.mkfifo(folder / "d.test.yaml")
    assert has_tests(folder / "d.yaml")
    assert not has_tests(folder / "c.yaml")
    with pytest.raises(InputOutputError, match="is not a regular file"):
        read_tests(folder / "d.test.yaml")


def test_what_record_sets_inherit_counts_for_each() -> None:
    """A file of 35 kB of rules and record sets made a quarter of a million rules."""
    head = "twinmap: 1\nid: t\nversion: 1.0.0\nsource: {format: csv, timezone: UTC}\npatient: {id: $(p)}\nkey: [p]\n"
    rules = "".join(f"  - heart-rate: {{value: $(a{i}), unit: /min}}\n" for i in range(100))
    sets = "".join(f"  r{i}: {{files: a{i}.csv}}\n" for i in range(100))
    loaded = loads(f"{head}observe:\n{rules}records:\n{sets}")
    (finding,) = loaded.findings
    assert (finding.code, loaded.document) == ("TM-L05", None)
    assert finding.message.startswith("100 record sets inherit ")
    few = loads(f"{head}observe:\n{rules}records:\n" + sets.partition("  r9:")[0])
    assert few.document is not None
    assert len(few.document.records) == 9


# --- projects -------------------------------------------------------------------------------------


def project(folder: Path, more: str = "", source: str = "mapping: a.yaml") -> Path:
    (folder / "twinmap.yaml").write_text(f"sources: [{{{source}}}]\n{more}")
    return folder / "twinmap.yaml"


@pytest.mark.parametrize(
    "more",
    ["severity: {TM-Q11: fatal}", "severity: {TM-Q99: error}", "ignore: [TM-Q11, nonsense]", "identity: [a]"],
)
def test_a_setting_that_cannot_be_used_is_a_finding(folder: Path, more: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_project(project(folder, more))
    assert [finding.code for finding in caught.value.findings] == ["TM-L06"]
    assert load_project(project(folder, "severity: {Q11: error}\nignore: [L09]")).selection == Selection(
        ignore=("TM-L09",), severity={"TM-Q11": Severity.ERROR}
    )


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ("twinmap: 2", "mapping: a.yaml"),
        ("", 'mapping: a.yaml, name: "a\\nb"'),
        ("", 'mapping: a.yaml, name: "a\\0b"'),
        ("", 'mapping: a.yaml, files: "**x"'),
        ("", 'mapping: a.yaml, files: [a.csv, ""]'),
    ],
)
def test_what_nobody_can_be_called_is_a_finding(folder: Path, more: str, source: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_project(project(folder, more, source))
    (found,) = caught.value.findings
    assert (found.code, found.where is not None) == ("TM-L06", True)
    assert load_project(project(folder, "twinmap: 1", "mapping: a.yaml, name: Müller 1, files: a/*.csv"))


def test_a_project_without_sources_does_nothing(folder: Path) -> None:
    (folder / "twinmap.yaml").write_text("twinmap: 1\nsources: []\n")
    with pytest.raises(UsageError) as caught:
        load_project(folder / "twinmap.yaml")
    assert [found.message for found in caught.value.findings] == ["a project needs a list of sources"]


@pytest.mark.parametrize("text", ["word", "[a]", '""'])
def test_what_is_no_table_is_no_project(folder: Path, text: str) -> None:
    (folder / "twinmap.yaml").write_text(text)
    with pytest.raises(UsageError, match="is not a project") as caught:
        load_project(folder / "twinmap.yaml")
    assert [finding.code for finding in caught.value.findings] == ["TM-L06"]


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ("", "mapping: a.yaml, data: nowhere"),
        ("identity: {crosswalk: nowhere.csv}", "mapping: a.yaml"),
        ("shapes: [nowhere.ttl]", "mapping: a.yaml"),
        ("concepts: [nowhere.yaml]", "mapping: a.yaml"),
    ],
)
def test_a_missing_file_is_never_passed_over(folder: Path, more: str, source: str) -> None:
    with pytest.raises(InputOutputError, match=r"nowhere.* does not exist"):
        from_arguments([str(project(folder, more, source))], (), {})


# --- the data of a mapping ------------------------------------------------------------------------


def bound(names: list[str], *data: str) -> list[str | None]:
    found = from_arguments(names, data, {}).bindings
    return [None if binding.data is None else str(binding.data) for binding in found]


def test_data_is_given_by_the_name_of_a_mapping(folder: Path) -> None:
    for name in ("x", "y", "day=1"):
        (folder / name).mkdir()
    assert bound(["a.yaml", "c.yaml"], "a=x", "c.yaml=y") == ["x", "y"]
    assert bound(["a.yaml", "c.yaml"], "c=y") == [None, "y"]
    assert bound(["builtin:hl7v2"], "hl7v2=x") == ["x"]
    assert bound(["a.yaml"], "x") == ["x"]


def test_a_path_may_hold_the_sign(folder: Path) -> None:
    """As the folders of partitioned data do; it was passed over in silence."""
    (folder / "day=1").mkdir()
    assert bound(["a.yaml"], "day=1") == ["day=1"]
    assert bound(["a.yaml", "c.yaml"], "a=day=1") == ["day=1", None]


@pytest.mark.parametrize(
    ("names", "data"),
    [
        (["a.yaml"], ["b=x"]),
        (["a.yaml", "c.yaml"], ["b=x"]),
        (["a.yaml", "c.yaml"], ["x"]),
        (["a.yaml"], ["x", "a=x"]),
        (["builtin:hl7v2"], []),
    ],
)
def test_data_that_is_of_no_mapping(folder: Path, names: list[str], data: list[str]) -> None:
    (folder / "x").mkdir()
    with pytest.raises(UsageError):
        bound(names, *data)
