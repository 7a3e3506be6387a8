"""A saved run is read back from the JSON files of its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap.errors import InputOutputError, UsageError
from twinmap.renderers import Report, load_report


def save(report: Report, folder: Path) -> None:
    summary = {"concepts": report.concepts, "validation": report.validation, "excerpts": report.excerpts}
    manifest = {**report.run, "summary": summary, "host": "ward7", "started": "2026-03-01T08:00:00Z"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "ledger.json").write_text(json.dumps(report.ledger), encoding="utf-8")
    for name in ("findings", "relations"):
        lines = [json.dumps(line) + "\n" for line in getattr(report, name)]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


def test_what_was_saved_is_read_back(report: Report, tmp_path: Path) -> None:
    save(report, tmp_path)
    assert load_report(tmp_path) == report


def test_times_and_host_stay_out(report: Report, tmp_path: Path) -> None:
    save(report, tmp_path)
    assert not {"host", "started"} & set(load_report(tmp_path).run)


def test_only_the_manifest_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    loaded = load_report(tmp_path)
    assert [loaded.findings, loaded.relations, loaded.concepts] == [[], [], []]
    assert (loaded.excerpts, loaded.ledger, loaded.validation, loaded.run) == ({}, {}, None, {})


def test_the_version_is_that_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"twinmap": "0.9.1"}', encoding="utf-8")
    assert load_report(tmp_path).run["tool"] == {"name": "twinmap", "version": "0.9.1"}


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_another_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not the output of a run"):
        load_report(tmp_path / name)


@pytest.mark.parametrize("line", ['{"cut', "[1]", "\x00", '{"a": ' * 5000])
def test_a_damaged_file_is_named_with_its_line(report: Report, tmp_path: Path, line: str) -> None:
    save(report, tmp_path)
    with (tmp_path / "findings.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)
    with pytest.raises(InputOutputError, match=r"findings\.jsonl:8"):
        load_report(tmp_path)


def test_a_line_separator_inside_a_string_is_no_line_end(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "findings.jsonl").write_text('{"message": "a\u2028b\x85c"}\n', encoding="utf-8")
    assert load_report(tmp_path).findings == [{"message": "a\u2028b\x85c"}]


@pytest.mark.parametrize(
    "summary",
    [
        [],
        "cut",
        None,
        {"concepts": {}},
        {"concepts": ["heart-rate"]},
        {"validation": "conforms"},
        {"excerpts": []},
        {"excerpts": {"m.yaml:1:1": ["text", "3"]}},
    ],
)
def test_a_summary_that_is_none_is_told(tmp_path: Path, summary: object) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"summary": summary}), encoding="utf-8")
    with pytest.raises(InputOutputError, match="summary"):
        load_report(tmp_path)
