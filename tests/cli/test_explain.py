"""``twinmap explain``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from twinmap import registry
from twinmap.cli.explain import command
from twinmap.errors import UsageError
from twinmap.mapping.load import load
from twinmap.mapping.project import builtin, builtins


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
    with pytest.raises(UsageError, match="one name, or --list"):
        run(*arguments)


@pytest.mark.parametrize("name", ["u3", "U03", "TM-u03", "tm-u3", "convertible-units"])
def test_a_code_is_found_in_any_case_and_without_its_zero(name: str) -> None:
    assert run(name).startswith("TM-U03 convertible-units (")


def test_a_ready_made_mapping_says_what_it_is_for_and_what_it_states() -> None:
    page = run("builtin:openmhealth")
    assert page.startswith("builtin:openmhealth 1.0.0 (json)\n\nData points of the Open mHealth schemas")
    assert (
        "\nParameters\n  patient       optional; whose data it is, where the header names no user\n" in page
    )
    assert (
        "    when heart_rate.value is there\n"
        "      observation heart-rate\n"
        "        value         $(heart_rate.value)\n"
        "        unit          $(heart_rate.unit)\n" in page
    )
    assert page.endswith("    otherwise report\n")


@pytest.mark.parametrize("name", builtins())
def test_every_ready_made_mapping_can_be_explained(name: str) -> None:
    page = run(f"builtin:{name}")
    assert page.startswith(f"builtin:{name} ")
    assert "\nStates\n" in page
    document = load(builtin(name)).document
    assert document is not None
    for param in document.params.values():
        assert f"  {param.name:<14}{'required' if param.default is None else 'optional'}; " in page
    for record_set in document.records:
        assert f"\n  {record_set.name}" in page
        for choice in record_set.choices:
            assert choice.kind in page


def test_auto_is_what_the_standards_say() -> None:
    page = run("auto")
    assert "builtin:auto/fhir-r4 1.0.0 (fhir)\n\nWhat FHIR R4 (4.0.1) itself says" in page
    assert "builtin:auto/hl7v2 1.0.0 (hl7v2)" in page
    assert "      absent        $(dataAbsentReason)\n" in page
    assert "  immunizations (each RXA of VXU^*)\n    when RXA-21 is D\n" in page
    assert run("builtin:auto/hl7v2") in page


def test_an_unknown_mapping_is_refused() -> None:
    with pytest.raises(UsageError, match="no ready-made mapping"):
        run("builtin:nope")
