"""A saved run is read back from the JSON files of its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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


SAVED = {
    "findings.jsonl": {"code": "TM-U03", "places": [{"record": 1}], "sources": ["a"], "count": 1},
    "relations.jsonl": {
        "concept": "c",
        "source_a": "a",
        "source_b": "b",
        "relation": "related",
        "counts": {"n_a": 1},
        "facets": [{"facet": "site", "relation": "="}],
    },
    "agreement.jsonl": {
        "concept": "c",
        "source_a": "a",
        "source_b": "b",
        "pairs": 3,
        "patients": 1,
        "bias": {"value": 1.5, "low": None, "high": None},
    },
    "ledger.json": {"records": {"a": {"read": 1, "files": {}}}, "cells": {"a": {"f": {"read": 1}}}},
    "diff.json": {
        "equal": False,
        "sides": [{"side": "A", "name": "a"}],
        "concepts": [],
        "months": [],
        "statements": [{"kind": "k", "a": 1, "b": 1, "same": 1}],
        "patients": [],
        "together": [{"kind": "k", "by": "the code", "n": 0}],
        "changes": [],
    },
}
DAMAGED = [
    ("findings.jsonl", ("count",), "3"),
    ("findings.jsonl", ("count",), True),
    ("findings.jsonl", ("places",), ["p"]),
    ("findings.jsonl", ("places", 0, "record"), "1"),
    ("findings.jsonl", ("sources",), "a"),
    ("findings.jsonl", ("message",), 7),
    ("relations.jsonl", ("facets",), {"site": 1}),
    ("relations.jsonl", ("facets", 0, "relation"), None),
    ("relations.jsonl", ("relation",), "alike"),
    ("relations.jsonl", ("counts",), [1]),
    ("agreement.jsonl", ("pairs",), None),
    ("agreement.jsonl", ("bias", "value"), "1.5"),
    ("agreement.jsonl", ("bias",), {}),
    ("ledger.json", ("records",), []),
    ("ledger.json", ("records", "a", "read"), "1"),
    ("ledger.json", ("cells", "a", "f"), 1),
    ("diff.json", ("equal",), 0),
    ("diff.json", ("by",), "code"),
    ("diff.json", ("sides", 0, "side"), "C"),
    ("diff.json", ("statements", 0), []),
    ("diff.json", ("statements", 0, "same"), None),
    ("diff.json", ("patients",), None),
]


def _write(folder: Path, name: str, value: object) -> None:
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    (folder / name).write_text(json.dumps(value) + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", SAVED)
def test_what_a_run_writes_is_read(tmp_path: Path, name: str) -> None:
    _write(tmp_path, name, SAVED[name])
    load_report(tmp_path)


@pytest.mark.parametrize(
    ("name", "path", "value"), DAMAGED, ids=[f"{n}:{'.'.join(map(str, p))}={v}" for n, p, v in DAMAGED]
)
def test_what_no_run_writes_is_told_with_its_place(
    tmp_path: Path, name: str, path: tuple[str | int, ...], value: object
) -> None:
    """Valid JSON, but of another type than renderers rely on: exit 3 in every format, and no traceback."""
    document = json.loads(json.dumps(SAVED[name]))
    inside: Any = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    _write(tmp_path, name, document)
    with pytest.raises(InputOutputError, match=rf"{path[0]}.*{name}.*changed since the run"):
        load_report(tmp_path)
