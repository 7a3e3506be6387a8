"""doctor, completion, schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twinmap import __version__, registry
from twinmap.cli import doctor
from twinmap.limits import LIMITS
from twinmap.privacy import read_key


def test_doctor_names_versions_limits_and_the_key(here: Path, cli: Any) -> None:
    out = cli("doctor").out
    lines = dict(line.split(maxsplit=1) for line in out.splitlines() if line and not line.startswith("limit"))
    assert lines["twinmap"] == __version__
    assert lines["duckdb"][0].isdigit()
    assert lines["key"] == f"{read_key(here / 'key').id} from {here / 'key'}"
    assert "ab" * 16 not in out
    assert f"limit mapping_bytes         {LIMITS.mapping_bytes:,}\n" in out


def test_doctor_makes_no_key(tmp_path: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("TWINMAP_KEY_FILE", raising=False)
    assert "none yet; the first run makes one" in cli("doctor").out
    assert list(tmp_path.iterdir()) == []


def test_the_first_run_says_that_it_made_a_key(here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "config"))
    monkeypatch.delenv("TWINMAP_KEY_FILE")
    key = here / "config" / "twinmap" / "key"
    first = cli("run", "m.yaml", "-o", "out", "--engine", "none")
    assert f"made a new key for patient ids: {key}" in first.err
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text().strip() not in first.said
    assert "made a new key" not in cli("run", "m.yaml", "-o", "out", "--engine", "none").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell: str, cli: Any) -> None:
    assert f"_TWINMAP_COMPLETE={shell}_complete" in cli("completion", shell).out


def test_the_schema_is_json_schema(cli: Any) -> None:
    document = json.loads(cli("schema").out)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"twinmap", "id", "version"} <= set(document["required"])


def test_a_long_run_is_told_in_a_line_each(here: Path, cli: Any) -> None:
    """Many findings: one line each on the terminal, the whole in the report."""
    header, row = Path("vitals.csv").read_text().splitlines()
    rules = "\n".join(f"  - {{name: r{n}, heart-rate: {{value: $(hr), unit: $(u{n})}}}}" for n in range(14))
    text = Path("m.yaml").read_text()
    Path("many.yaml").write_text(text[: text.index("observe:")] + f"observe:\n{rules}\n")
    units = ",".join(f"u{n}" for n in range(14))
    Path("many.csv").write_text(f"{header},{units}\n{row},{','.join(f'furlong{n}' for n in range(14))}\n")
    done = cli("run", "many.yaml", "-s", "many.csv", "-o", "out", "--engine", "none")
    assert done.code == 0
    assert "-->" not in done.err
    assert "in full: twinmap report out\n" in done.err
    assert cli("report", "out").out.count("-->") >= 14


def test_ready_made_mappings_are_listed_with_what_they_read(cli: Any) -> None:
    lines = dict(line.split(maxsplit=1) for line in cli("run", "--list").out.splitlines())
    assert lines["builtin:synthea-csv"] == "The CSV export of Synthea"
    assert all(text.strip() and not text.endswith(".") for text in lines.values())


def test_doctor_names_the_groups_that_plug_ins_may_add_to() -> None:
    for group in doctor.GROUPS:
        assert registry.names(group)


def test_the_least_memory_is_in_the_help(cli: Any) -> None:
    assert "128MB at least" in " ".join(cli("run", "--help").out.split())
    assert "128MB is the least" in cli("run", "m.yaml", "--memory", "127MB", "-o", "out").err
