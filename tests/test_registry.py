"""Things found by name: codes as people write them, and checks of plug-ins."""

from __future__ import annotations

from importlib.metadata import EntryPoint

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
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == "twinmap.checks" else [])
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
