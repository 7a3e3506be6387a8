"""Files by name: globs, links, pipes, hidden names, names that cannot be written down."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from twinmap.errors import InputOutputError, UsageError
from twinmap.safeio import matching, near, read_bytes, regular_file


def names(root: Path, *patterns: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in matching(root, patterns)]


def make(root: Path, *found: str) -> None:
    for name in found:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def test_globs(tmp_path: Path) -> None:
    make(tmp_path, "b.csv", "a.csv", "below/c.csv", "below/d.json")
    (tmp_path / "folder.csv").mkdir()
    assert names(tmp_path, "*.csv") == ["a.csv", "b.csv"]
    assert names(tmp_path, "*.json", "b.csv", "b.*") == ["below/d.json", "b.csv"]
    assert names(tmp_path, "*/c.csv", "**/*.csv") == ["below/c.csv", "a.csv", "b.csv"]
    assert names(tmp_path, "no.csv") == []


def test_no_sign_stands_for_the_dot_of_a_hidden_name(tmp_path: Path) -> None:
    """Locks of editors, forks of macOS, checkpoints of notebooks."""
    make(tmp_path, "a/x.csv", "a/._x.csv", ".ipynb_checkpoints/x.csv", ".hidden.csv")
    (tmp_path / "a" / ".#x.csv").symlink_to("user@host.1")
    assert names(tmp_path, "*.csv") == ["a/x.csv"]
    assert names(tmp_path, "**/*.csv") == ["a/x.csv"]
    assert names(tmp_path, ".*.csv") == [".hidden.csv"]


def test_the_output_of_a_run_is_no_input(tmp_path: Path) -> None:
    make(tmp_path, "in/a.json", "out/ledger.json", "out/tables/x.json", "busy/y.json", "other/manifest.json")
    (tmp_path / "out" / "manifest.json").write_text(json.dumps({"twinmap": "1", "outputs": {}}))
    (tmp_path / "busy" / ".twinmap").mkdir()
    assert names(tmp_path, "*.json") == ["in/a.json", "other/manifest.json"]


def test_what_is_no_file_is_not_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.csv")
    os.mkfifo(tmp_path / "b.csv")
    (tmp_path / "c.csv").symlink_to("nowhere")
    (tmp_path / "d.csv").symlink_to("d.csv")
    (tmp_path / "e.csv").symlink_to("/dev/zero")
    assert names(tmp_path, "*.csv") == ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]
    for name, what in (
        ("b", "is not a regular file"),
        ("c", "does not exist"),
        ("d", "cannot be read"),
        ("e", "is not a regular file"),
    ):
        with pytest.raises(InputOutputError, match=what):
            regular_file(tmp_path / f"{name}.csv")


@pytest.mark.parametrize("pattern", ["", "/etc/*"])
def test_a_pattern_that_cannot_be_used(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="is no pattern of file names"):
        matching(tmp_path, [pattern])


def test_a_name_must_be_utf_8(tmp_path: Path) -> None:
    """Neither the engine nor a manifest could hold it."""
    path = tmp_path / os.fsdecode(b"\xff.csv")
    try:
        path.write_text("x")
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    with pytest.raises(InputOutputError, match="is not UTF-8"):
        regular_file(path)
    with pytest.raises(InputOutputError, match="does not exist"):
        regular_file(tmp_path / "a\0b")


def test_no_more_is_read_than_asked_for(tmp_path: Path) -> None:
    make(tmp_path, "a")
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_bytes(tmp_path / "a", 100) == b"x" * 100
    assert read_bytes(tmp_path / "a", 10) == b"x" * 11
    with pytest.raises(InputOutputError, match="is not a regular file"):
        read_bytes(Path("/dev/zero"), 10)


def test_the_near_name_is_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "Data.CSV").touch()
    assert near(tmp_path / "Dara.csv") == f'did you mean "{tmp_path / "Data.CSV"}"?'
