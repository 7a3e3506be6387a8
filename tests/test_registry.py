"""Things found by name: codes as people write them, and checks of plug-ins."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from twinmap import registry
from twinmap.errors import UsageError


@pytest.mark.parametrize("name", ["TM-U03", "tm-u3", "u3", "U03", "convertible_units"])
def test_a_code_is_found_as_people_write_it(name: str) -> None:
    assert registry.code(name).code == "TM-U03"


@pytest.mark.parametrize("name", ["u33", "u", "3", "TM-", "u003"])
def test_what_is_no_code_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="there is no finding code"):
        registry.code(name)


def test_what_a_file_defines_is_known_without_importing_it() -> None:
    every = [code.code for code in registry.codes() if hasattr(code.module, "written")]
    assert [code.code for code in registry.codes_with("written")] == every
    assert len(every) > 20
    assert "TM-U03" not in every


def plugged(monkeypatch: pytest.MonkeyPatch, name: str) -> dict[str, tuple[str, str]]:
    point = EntryPoint(name, "toys.check", "twinmap.checks")
    monkeypatch.setattr(registry, "plugins_of", lambda group: [point] if group == "checks" else [])
    return registry._code_files.__wrapped__()


def test_a_check_of_a_plug_in_is_one_of_the_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugged(monkeypatch, "x98_toy_found")["TM-X98"] == ("toys.check", "toy_found")


def test_a_code_of_ours_goes_before_that_of_a_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugged(monkeypatch, "u03_mine")["TM-U03"][1] == "convertible_units"


def test_a_check_that_is_not_called_like_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match='"toy" is no check'):
        plugged(monkeypatch, "toy")


@pytest.mark.parametrize(
    ("group", "name"), [("targets", "twin"), ("facets", "site"), ("concepts", "heart-rate")]
)
def test_shipped_files_have_names_too(group: str, name: str) -> None:
    assert name in registry.names(group)


@pytest.mark.parametrize(
    ("points", "found"),
    [("[twinmap.writers]\ntoy = toys\n", True), ("[console_scripts]\ntoy = toys:main\n", False)],
)
def test_plug_ins_are_looked_for_where_a_distribution_has_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: str, found: bool
) -> None:
    about = tmp_path / "toys-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(points)
    monkeypatch.setattr(sys, "path", [str(tmp_path), "no such folder"])
    monkeypatch.setattr(registry, "_may_have_plugins", registry._may_have_plugins.__wrapped__)
    assert [each.name for each in registry.plugins_of("writers")] == ["toy"] * found
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    assert registry._may_have_plugins() is found


def test_plug_ins_may_lie_in_an_archive_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.zip").write_bytes(b"")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "some.zip")])
    assert registry._may_have_plugins.__wrapped__()


def test_a_distribution_that_cannot_be_read_is_left_to_importlib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toys-1.0.dist-info" / "entry_points.txt").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert registry._may_have_plugins.__wrapped__()
