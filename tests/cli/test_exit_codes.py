"""The exit codes of every command: one test a cell of the table in docs/exit-codes.md."""

from __future__ import annotations

import errno
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap.cli import _NOT_COMMANDS
from twinmap.errors import Exit
from twinmap.registry import names

FAST = ("--engine", "none", "--jobs", "1")

#: command -> what happens -> the arguments and the exit code.
CELLS: dict[str, dict[str, tuple[tuple[str, ...], Exit]]] = {
    "run": {
        "fine": (("m.yaml", "-o", "out"), Exit.OK),
        "our own output is replaced": (("m.yaml", "-o", "done", *FAST), Exit.OK),
        "not ours, with --force": (("m.yaml", "-o", "not-ours", "--force", *FAST), Exit.OK),
        "an empty file": (("m.yaml", "-s", "empty.csv", "-o", "out", *FAST), Exit.OK),
        "a record set aside": (("m.yaml", "-s", "ragged.csv", "-o", "out", *FAST), Exit.OK),
        "findings, and no --fail-on": (("m.yaml", "-s", "no-number.csv", "-o", "out", *FAST), Exit.OK),
        "the list of mappings": (("--list",), Exit.OK),
        "--fail-on": (
            ("m.yaml", "-s", "no-number.csv", "-o", "out", "--fail-on", "warning", *FAST),
            Exit.FINDINGS,
        ),
        "no output folder": (("m.yaml",), Exit.USAGE),
        "no project": ((), Exit.USAGE),
        "an unknown option": (("m.yaml", "--outt", "out"), Exit.USAGE),
        "an unknown format": (("m.yaml", "-o", "out", "-f", "xls"), Exit.USAGE),
        "an unknown report format": (("m.yaml", "-o", "out", "--report", "pdf:r.pdf"), Exit.USAGE),
        "a report into a folder that is not there": (
            ("m.yaml", "-o", "out", "--report", "html:no/r.html"),
            Exit.USAGE,
        ),
        "a base that is no IRI": (("m.yaml", "-o", "out", "--base", "here"), Exit.USAGE),
        "too little memory": (("m.yaml", "-o", "out", "--memory", "1MB"), Exit.USAGE),
        "an unknown ready-made mapping": (("builtin:nope", "-s", ".", "-o", "out"), Exit.USAGE),
        "a mapping that cannot be used": (("unknown-key.yaml", "-o", "out"), Exit.USAGE),
        "a YAML bomb": (("bomb.yaml", "-o", "out"), Exit.USAGE),
        "a column that is not there": (("m.yaml", "-s", "no-column.csv", "-o", "out", *FAST), Exit.USAGE),
        "an output folder that is not ours": (("m.yaml", "-o", "not-ours"), Exit.USAGE),
        "a missing mapping": (("missing.yaml", "-o", "out"), Exit.INPUT_OUTPUT),
        "a missing file": (("m.yaml", "-s", "missing.csv", "-o", "out"), Exit.INPUT_OUTPUT),
        "a missing key": (("m.yaml", "-o", "out", "--key-file", "nokey"), Exit.INPUT_OUTPUT),
        "a cut gz": (("m.yaml", "-s", "cut.csv.gz", "-o", "out", *FAST), Exit.INPUT_OUTPUT),
        "another format": (("m.yaml", "-s", "other.csv", "-o", "out", *FAST), Exit.INPUT_OUTPUT),
        "--on-error stop": (
            ("m.yaml", "-s", "ragged.csv", "-o", "out", "--on-error", "stop", *FAST),
            Exit.INPUT_OUTPUT,
        ),
    },
    "check": {
        "fine": (("m.yaml",), Exit.OK),
        "fine against the data": (("m.yaml", "--against", "vitals.csv"), Exit.OK),
        "a warning": (("warned.yaml",), Exit.OK),
        "an error that is ignored": (("unknown-key.yaml", "--ignore", "L"), Exit.OK),
        "an error that is not selected": (("unknown-key.yaml", "--select", "TM-L09"), Exit.OK),
        "--fail-on never": (("unknown-key.yaml", "--fail-on", "never"), Exit.OK),
        "--fail-on warning": (("warned.yaml", "--fail-on", "warning"), Exit.FINDINGS),
        "an unknown key": (("unknown-key.yaml",), Exit.FINDINGS),
        "a YAML bomb": (("bomb.yaml",), Exit.FINDINGS),
        "a column that is not there": (("m.yaml", "--against", "no-column.csv"), Exit.FINDINGS),
        "statistics": (("unknown-key.yaml", "--statistics"), Exit.FINDINGS),
        "nothing named": ((), Exit.USAGE),
        "a folder without a mapping": (("nothing",), Exit.USAGE),
        "an unknown ready-made mapping": (("builtin:nope",), Exit.USAGE),
        "an unknown code": (("m.yaml", "--ignore", "TM-L99"), Exit.USAGE),
        "an unknown format": (("m.yaml", "-f", "pdf"), Exit.USAGE),
        "a missing file": (("missing.yaml",), Exit.INPUT_OUTPUT),
        "missing data": (("m.yaml", "--against", "missing.csv"), Exit.INPUT_OUTPUT),
    },
    "test": {
        "all pass": (("good",), Exit.OK),
        "named by the file of tests": (("good/m.test.yaml",), Exit.OK),
        "one fails": (("failing",), Exit.FINDINGS),
        "a file of tests that cannot be used": (("broken",), Exit.USAGE),
        "no tests": (("m.yaml",), Exit.USAGE),
        "nothing named": ((), Exit.USAGE),
        "a missing file": (("missing.yaml",), Exit.INPUT_OUTPUT),
    },
    "validate": {
        "conforms": (("fine.ttl", "--shapes", "shapes.ttl"), Exit.OK),
        "the output of a run": (("done",), Exit.OK),
        "--fail-on never": (("wrong.ttl", "--shapes", "shapes.ttl", "--fail-on", "never"), Exit.OK),
        "a violation": (("wrong.ttl", "--shapes", "shapes.ttl"), Exit.FINDINGS),
        "shapes that cannot be used": (("fine.ttl", "--shapes", "broken.ttl"), Exit.USAGE),
        "a suffix that is not known": (("graph.xyz",), Exit.USAGE),
        "a folder that is no output": (("nothing",), Exit.USAGE),
        "nothing named": ((), Exit.USAGE),
        "a missing file": (("missing.ttl",), Exit.INPUT_OUTPUT),
        "a graph that is not RDF": (("broken.ttl", "--shapes", "shapes.ttl"), Exit.INPUT_OUTPUT),
    },
    "diff": {
        "the same": (("done", "done"), Exit.OK),
        "a mapping with its data, and a view": (("done", "m.yaml=vitals.csv", "--by", "patient"), Exit.OK),
        "they differ": (("done", "m.yaml=no-number.csv"), Exit.FINDINGS),
        "one side": (("done",), Exit.USAGE),
        "a folder that is no output": (("done", "nothing"), Exit.USAGE),
        "no such source": (("done", "done#nobody"), Exit.USAGE),
        "an unknown view": (("done", "done", "--by", "moon"), Exit.USAGE),
        "the output of a run in the way": (("done", "done", "-o", "done"), Exit.USAGE),
        "a missing mapping": (("done", "missing.yaml"), Exit.INPUT_OUTPUT),
    },
    "report": {
        "fine": (("done", "-f", "json"), Exit.OK),
        "to a file": (("done", "-f", "html", "-o", "r.html"), Exit.OK),
        "an unknown format": (("done", "-f", "pdf"), Exit.USAGE),
        "a folder that is no output": (("nothing",), Exit.USAGE),
        "a file that cannot be written": (("done", "-o", "no/r.txt"), Exit.INPUT_OUTPUT),
    },
    "explain": {
        "fine": (("TM-L01",), Exit.OK),
        "all": (("--list",), Exit.OK),
        "an unknown code": (("TM-L99",), Exit.USAGE),
    },
    "schema": {"fine": ((), Exit.OK), "an argument": (("m.yaml",), Exit.USAGE)},
    "completion": {"fine": (("bash",), Exit.OK), "an unknown shell": (("tcsh",), Exit.USAGE)},
    "doctor": {"fine": ((), Exit.OK), "an argument": (("m.yaml",), Exit.USAGE)},
    "terms": {
        "added": (("add", "lab.sssom.tsv", "--store", "terms"), Exit.OK),
        "a store that is not there yet": (("status", "--store", "terms"), Exit.OK),
        "an unknown option": (("add", "lab.sssom.tsv", "--stroe", "terms"), Exit.USAGE),
        "only the shipped terms to look in": (("find", "glucose", "--store", "terms"), Exit.OK),
        "a missing file": (("add", "missing.zip", "--store", "terms"), Exit.INPUT_OUTPUT),
        "no terminology": (("add", "vitals.csv", "--store", "terms"), Exit.INPUT_OUTPUT),
        "a cut gz": (("add", "cut.csv.gz", "--store", "terms"), Exit.INPUT_OUTPUT),
        "no map": (("verify", "graph.xyz", "--store", "terms"), Exit.USAGE),
        "a missing map": (("verify", "missing.tsv", "--store", "terms"), Exit.INPUT_OUTPUT),
    },
}

#: What each command calls: made to fail, it stands for a bug.
WORK = {
    "run": ("twinmap.api.run", ("m.yaml", "-o", "out")),
    "check": ("twinmap.lint.check", ("m.yaml",)),
    "test": ("twinmap.testing.run.run_tests", ("good",)),
    "validate": ("twinmap.api.validate_graph", ("fine.ttl",)),
    "diff": ("twinmap.api.diff", ("done", "done")),
    "report": ("twinmap.renderers.load_report", ("done",)),
    "explain": ("twinmap.renderers.page", ("TM-L01",)),
    "schema": ("twinmap.mapping.schema.json_schema", ()),
    "completion": ("click.shell_completion.get_completion_class", ("bash",)),
    "doctor": ("twinmap.cli.doctor._facts", ()),
    "terms": ("twinmap.terms.store.add.add", ("add", "lab.sssom.tsv", "--store", "terms")),
}

#: Commands with a product on stdout, and arguments that make it.
PRODUCT = {
    "run": ("m.yaml", "-o", "-", *FAST),
    "check": ("m.yaml", "-f", "json"),
    "validate": ("done", "-f", "json"),
    "diff": ("done", "done", "-f", "json"),
    "report": ("done", "-f", "json"),
    "explain": ("--list",),
    "schema": (),
    "completion": ("bash",),
    "doctor": (),
    "terms": ("status", "--store", "terms", "-f", "json"),
}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param([command, *arguments], code, id=f"{command}: {what}")
        for command, cells in CELLS.items()
        for what, (arguments, code) in cells.items()
    ],
)
def test_a_cell(arguments: list[str], code: Exit, here: Path, cli: Any) -> None:
    done = cli(*arguments)
    assert done.code == code, done.said
    if code >= Exit.USAGE:
        assert done.out == ""
        assert re.search(r"^(error: |TM-\w+ error: )", done.err, re.MULTILINE)
        assert not [path.name for path in here.glob("out/*")]


def test_every_command_is_in_the_table() -> None:
    commands = {name for name in names("cli", plugins=False) if name not in _NOT_COMMANDS}
    assert commands == CELLS.keys() == WORK.keys()
    assert commands - {"test"} == PRODUCT.keys()
    for command, cells in CELLS.items():
        codes = {code for _, code in cells.values()}
        assert {Exit.OK, Exit.USAGE} <= codes, command


def test_the_page_of_the_exit_codes_has_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text("utf-8")
    listed = re.findall(r"^\| (\d+) \|", page, re.MULTILINE)
    assert listed == [str(int(code)) for code in Exit]


# --- 3: output that cannot be written -------------------------------------------------------------


def program(*arguments: str, **about: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "twinmap", *arguments],
        capture_output="stdout" not in about,
        check=False,
        **about,
    )


@pytest.mark.parametrize("command", PRODUCT)
def test_a_full_standard_output_is_3(command: str, here: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = program(command, *PRODUCT[command], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == Exit.INPUT_OUTPUT
    assert done.stderr.splitlines()[-1] == b"error: cannot write to standard output: no space left"
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["explain", "schema"])
def test_a_closed_pipe_is_quiet(command: str, here: Path) -> None:
    arguments = [sys.executable, "-m", "twinmap", command, *PRODUCT[command]]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == Exit.OK


def test_a_closed_standard_output_is_3(here: Path) -> None:
    done = program("schema", stdout=None, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (3, b"error: standard output is closed\n")


@pytest.mark.parametrize("name", ["graph.nq", "findings.jsonl", "manifest.json"])
def test_a_full_disk_is_3_and_leaves_the_old_output(
    name: str, here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The n-th file cannot be written: that of an earlier run stays as it was."""
    before = {path: path.read_bytes() for path in sorted(here.glob("done/*")) if path.is_file()}
    opened = Path.open

    def full(self: Path, mode: str = "r", *about: Any, **more: Any) -> Any:
        if self.name == name and set(mode) & set("wxa"):
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return opened(self, mode, *about, **more)

    monkeypatch.setattr(Path, "open", full)
    done = cli("run", "m.yaml", "-s", "no-number.csv", "-o", "done", *FAST)
    assert (done.code, "no space left" in done.err) == (3, True), done.err
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in sorted(here.glob("done/*")) if path.is_file()} == before
    assert not (here / "done" / ".twinmap").exists()


def test_a_report_that_cannot_be_read_is_3(here: Path, cli: Any) -> None:
    (here / "done" / "findings.jsonl").write_text('{"code": ', encoding="utf-8")
    done = cli("report", "done")
    assert (done.code, "is not JSON" in done.err) == (3, True)


def test_another_run_in_the_folder_is_3(here: Path, cli: Any) -> None:
    from twinmap.safeio import output_folder

    with output_folder(here / "done"):
        done = cli("run", "m.yaml", "-o", "done", *FAST)
    assert done.code == Exit.INPUT_OUTPUT
    assert done.err.startswith("TM-O07 error: another run is writing to done\n")


# --- 4: bugs --------------------------------------------------------------------------------------


def _break(monkeypatch: pytest.MonkeyPatch, target: str, error: BaseException) -> None:
    module, _, name = target.rpartition(".")

    def work(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(importlib.import_module(module), name, work)


@pytest.mark.parametrize("command", WORK)
def test_a_bug_is_4_in_one_line_without_data(
    command: str, here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, arguments = WORK[command]
    _break(monkeypatch, target, KeyError("Zebedee Quagmire"))
    done = cli(command, *arguments)
    assert (done.code, done.out) == (Exit.INTERNAL, "")
    first, second = done.err.splitlines()
    assert re.fullmatch(rf"error: a bug in twinmap: KeyError in twinmap\.cli\.{command}:\d+", first)
    assert second.startswith("help: please report this line")


def test_debug_shows_the_traceback(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from twinmap.cli import main

    _break(monkeypatch, "twinmap.lint.check", KeyError("x"))
    assert main(["--debug", "check", "m.yaml"]) == Exit.INTERNAL
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("reader", ["csv", "json", "fhir", "hl7v2"])
def test_an_unexpected_exception_in_a_reader_is_4(
    reader: str, here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.import_module(f"twinmap.readers.{reader}").READER

    def read(*_: Any) -> Iterator[Any]:
        raise IndexError("Zebedee Quagmire")
        yield

    monkeypatch.setattr(type(found), "read", read)
    text = Path("m.yaml").read_text().replace("format: csv, files: vitals.csv", f"format: {reader}")
    if reader == "hl7v2":
        text = re.sub(r"\$\([a-z_]+\)", "$(OBX-5)", text).replace("[mrn, at]", "[MSH-10]")
    Path("r.yaml").write_text(text)
    done = cli("run", "r.yaml", "-s", "ragged.csv", "-o", "out", *FAST)
    assert done.code == Exit.INTERNAL, done.err
    assert re.match(r"error: a bug in twinmap: IndexError in twinmap\.engine\.stage:\d+\n", done.err)
    assert not list(here.glob("out/*"))


def test_a_lost_record_is_4(here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that drops a row and still counts it."""
    from twinmap.readers.csv import CsvReader

    given = CsvReader.read

    def read(self: CsvReader, *about: Any) -> Iterator[Any]:
        for event in given(self, *about):
            yield event.slice(1) if type(event).__name__ == "RecordBatch" else event

    monkeypatch.setattr(CsvReader, "read", read)
    first = "41,01.03.2026 08:10,70,/min,GLU,1,mg/dL\n"
    Path("ragged.csv").write_text(Path("ragged.csv").read_text().replace("42,", f"{first}42,"))
    done = cli("run", "m.yaml", "-s", "ragged.csv", "-o", "out", *FAST)
    assert done.code == Exit.INTERNAL, done.err
    assert "the books do not balance: 1 records or statements are in none of them" in done.err
    assert not list(here.glob("out/*"))


# --- 130: interrupts ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", WORK)
def test_an_interrupt_is_130(command: str, here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    target, arguments = WORK[command]
    _break(monkeypatch, target, KeyboardInterrupt())
    done = cli(command, *arguments)
    assert (done.code, done.err) == (Exit.INTERRUPTED, "interrupted\n")


_WAITS = """
import sys, time
from pathlib import Path
from twinmap.readers.csv import CsvReader
given = CsvReader.layout
def layout(self, *about):
    Path("reading").touch()
    time.sleep(60)
    return given(self, *about)
CsvReader.layout = layout
from twinmap.cli import main
sys.exit(main(["run", "m.yaml", "-o", "out"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(number: signal.Signals, here: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _WAITS], stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 20
        while not Path("reading").exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.read() == b"interrupted\n"
        assert process.wait() == Exit.INTERRUPTED
    assert list(here.glob("out/*")) == []


# --- what is not a code of its own ----------------------------------------------------------------


def test_nothing_named_is_the_help_and_2(cli: Any) -> None:
    done = cli()
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert "Commands:" in done.err


def test_an_unknown_command_is_2_with_the_one_that_was_meant(cli: Any) -> None:
    done = cli("chekc")
    assert done.code == Exit.USAGE
    assert "Did you mean 'check'?" in done.err


@pytest.mark.parametrize("option", ["--help", "-h", "--version", "-V"])
def test_help_and_version_are_0(option: str, cli: Any) -> None:
    done = cli(option)
    assert (done.code, done.err) == (Exit.OK, "")
    assert "twinmap" in done.out


def test_the_streamed_graph_is_that_of_the_folder(here: Path, cli: Any) -> None:
    done = cli("run", "m.yaml", "-o", "-", "-q")
    assert done.code == Exit.OK
    assert done.out == (here / "done" / "graph.nq").read_text("utf-8")
    assert done.err.startswith("1 record read = 1 mapped + ")


def test_a_report_on_standard_output_is_that_of_the_command(here: Path, cli: Any) -> None:
    streamed = cli("run", "m.yaml", "-o", "done", "-q", "--report", "json:-", "--report", "html:r.html")
    assert json.loads(streamed.out)["summary"]["lost"] == 0
    assert cli("report", "done", "-f", "json").out == streamed.out
    assert cli("report", "done", "-f", "html").out == Path("r.html").read_text("utf-8")
