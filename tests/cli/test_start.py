"""What is imported before it is needed: nothing heavy. Help and completion stay as quick as click is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: What takes long to load in the standard library and in twinmap, and what no help needs.
SLOW = (
    "email",
    "hashlib",
    "importlib.metadata",
    "twinmap.diagnostics",
    "twinmap.model",
    "twinmap.renderers._report",
    "twinmap.safeio",
)
HEAVY = ("pandas", "numpy", "pyarrow", "duckdb", "rdflib", "rich", "pyshacl", "shacl", "pyoxigraph", "yaml")


def imported(*arguments: str, **environ: str) -> set[str]:
    """The heavy packages that a command has imported at its end."""
    return {name.partition(".")[0] for name in modules(*arguments, **environ)} & set(HEAVY)


def modules(*arguments: str, **environ: str) -> set[str]:
    """The modules that a command has imported at its end."""
    code = (
        "import json, sys\nfrom twinmap.cli import main\nmain(sys.argv[1:])\n"
        "sys.stderr.write('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, **environ},
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("run", "--help"),
        ("check", "--help"),
        ("validate", "--help"),
        ("completion", "bash"),
        ("explain", "TM-L01"),
        ("nosuch",),
    ],
)
def test_nothing_heavy_is_imported(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) == set()


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("check", "--help")])
def test_the_help_imports_nothing_slow(arguments: tuple[str, ...]) -> None:
    assert modules(*arguments) & set(SLOW) == set()


def test_completion_imports_nothing_heavy() -> None:
    words = {"_TWINMAP_COMPLETE": "bash_complete", "COMP_WORDS": "twinmap run --rep", "COMP_CWORD": "2"}
    assert imported(**words) == set()


def test_check_needs_no_engine(here: Path) -> None:
    assert imported("check", "m.yaml") == {"yaml"}
    assert imported("check", "m.yaml", "--against", "no-column.csv") == {"yaml"}


def test_check_tries_data_with_the_engine_alone(here: Path) -> None:
    assert imported("check", "m.yaml", "--against", "vitals.csv") <= {"duckdb", "numpy", "yaml"}


def test_a_run_imports_what_it_uses(here: Path) -> None:
    """pandas alone takes a fifth of a second; it is there for frames, rdflib for JSON-LD, rich for colours."""
    arguments = ("run", "m.yaml", "-o", "out", "-q", "--engine", "none")
    assert imported(*arguments) <= {"duckdb", "numpy", "pyarrow", "pyoxigraph", "yaml"}
    pytest.importorskip("shacl")
    assert imported(*arguments[:-2]) & {"pandas", "rdflib", "pyshacl", "rich"} == set()


def test_completion_knows_commands_options_and_formats() -> None:
    def complete(words: str) -> list[str]:
        environ = {
            "_TWINMAP_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        done = subprocess.run(
            [sys.executable, "-m", "twinmap"],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, **environ},
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert complete("twinmap ru") == ["run"]
    assert complete("twinmap run --rep") == ["--report"]
    assert complete("twinmap report out -f h") == ["html"]
