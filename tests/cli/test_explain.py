"""``twinmap explain``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from twinmap import registry
from twinmap.cli.explain import command
from twinmap.errors import UsageError


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("name", ["TM-O05", "o05", "empty"])
def test_a_page_is_printed_by_code_or_name(name: str) -> None:
    page = run(name)
    assert page.startswith(
        "TM-O05 empty (warning)\n\nA file holds no record.\n\nWhat it means\n  The file is there"
    )
    assert "\n\nWhat to do\n  Ask the sender" in page
    assert "``" not in page


def test_the_list_has_every_code() -> None:
    lines = run("--list").splitlines()
    assert [line.split()[0] for line in lines] == [code.code for code in registry.codes()]
    assert "TM-O05  warning  A file holds no record." in lines


def test_an_unknown_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        run("TM-O55")
    assert raised.value.help is not None
    assert "TM-O05" in raised.value.help


@pytest.mark.parametrize("arguments", [(), ("TM-O05", "--list")])
def test_one_code_or_the_list(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="one code, or --list"):
        run(*arguments)
