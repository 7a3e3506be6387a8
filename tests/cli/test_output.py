"""Streams, colour, progress, the last line."""

from __future__ import annotations

import errno
import io
import re
import subprocess
import sys

import pytest

from twinmap.cli import output
from twinmap.diagnostics import Finding, Severity, Span
from twinmap.errors import InputOutputError, UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


FINDING = Finding(
    "TM-L01",
    "no-such-column",
    Severity.ERROR,
    "column [red]x[/red] [/foo] \x1b[2J is not there",
    where=Span("a.yaml", 3, 5, 4, "key: [bold]"),
    help="add it",
)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def terminal_as_stderr(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called in the test itself: pytest sets its own stderr between set-up and call."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.mark.parametrize(
    ("environ", "tty", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"CI": "true"}, False, False),
    ],
)
def test_when_text_is_coloured(environ: dict[str, str], tty: bool, wanted: bool) -> None:
    assert output.wants_colour(Terminal() if tty else io.StringIO(), environ) is wanted


def test_findings_for_people_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_findings([FINDING])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("TM-L01 error: column [red]x[/red] [/foo] ␛[2J is not there\n")
    assert "\x1b" not in err


def test_findings_for_machines_go_to_stdout(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    output.show_findings([FINDING], "json")
    out, err = capsysbinary.readouterr()
    assert err == b""
    assert out.startswith(b'{\n  "schema"')


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UsageError, match='"pdf"'):
        output.show_findings([FINDING], "pdf")


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_findings([FINDING], quiet=True)
    output.say("hello", quiet=True)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_same_text_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_as_stderr(monkeypatch)
    output.show_findings([FINDING])
    shown = terminal.getvalue()
    assert ESCAPE.search(shown)
    plain = ESCAPE.sub("", shown)
    assert "\x1b" not in plain
    assert plain.splitlines()[0] == "TM-L01 error: column [red]x[/red] [/foo] ␛[2J is not there"
    assert "3 | key: [bold]\n  |     ^^^^\n" in plain


def test_long_lines_are_not_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_as_stderr(monkeypatch)
    monkeypatch.setenv("COLUMNS", "40")
    output.say("word " * 100)
    assert len(ESCAPE.sub("", terminal.getvalue()).splitlines()) == 1


def test_an_error_is_said_with_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_error(UsageError("no such\nthing", help="look there", findings=[FINDING]))
    err = capsys.readouterr().err
    assert err.startswith("TM-L01 error:")
    assert err.endswith("error: no such␊thing\nhelp: look there\n")


def test_an_error_that_is_a_finding_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_error(
        InputOutputError("gone", findings=[Finding("TM-O01", "missing", Severity.ERROR, "gone")])
    )
    assert capsys.readouterr().err == "TM-O01 error: gone\ndocs: twinmap explain TM-O01\n\n1 error\n"


def test_the_last_line_of_a_run() -> None:
    records = {"read": 450_994, "mapped": 450_991, "filtered": 0, "unclaimed": 0, "set_aside": 3, "lost": 0}
    assert output.summary_line(
        records, triples=2_604_771, patients=1_204, seconds=41.2, errors=2, warnings=5
    ) == (
        "450,994 records read = 450,991 mapped + 0 filtered + 0 unclaimed + 3 set aside, 0 lost · "
        "2,604,771 triples · 1,204 patients · 41.2 s · 2 errors 5 warnings"
    )


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Full(), encoding="utf-8"))
    with pytest.raises(InputOutputError, match="cannot write to standard output: no space left"):
        output.write_product("x")


def test_a_closed_pipe_is_quiet() -> None:
    code = "from twinmap.cli.output import write_product\nfor _ in range(1000): write_product('x' * 1000)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_rich_is_imported_only_where_there_is_colour() -> None:
    code = (
        "import sys\nfrom twinmap.cli.output import say, progress\nsay('x')\n"
        "with progress() as advance: advance(5)\n"
        "sys.exit([m for m in sys.modules if m.split('.')[0] in ('rich', 'pandas', 'duckdb')] != [])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"x\n")


# --- progress -------------------------------------------------------------------------------------


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_progress_in_ci_is_a_line_every_thirty_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    clock = Clock()
    with output.progress("reading a\x1b[2Jb", clock=clock) as advance:
        for _ in range(70):
            clock.now += 1
            advance(20_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "reading a␛[2Jb: 600.0 MB, 30 s",
        "reading a␛[2Jb: 1.2 GB, 60 s",
    ]


def test_progress_in_a_pipe_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with output.progress(clock=clock) as advance:
        clock.now += 1000
        advance(100)
    assert capsys.readouterr().err == ""


def test_a_bar_appears_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_as_stderr(monkeypatch)
    clock = Clock()
    with output.progress("reading [red]x[/red]", clock=clock) as advance:
        clock.now += 0.5
        advance(10)
        assert terminal.getvalue() == ""
        clock.now += 1
        advance(10)
    assert "reading [red]x[/red]" in terminal.getvalue()


def test_quiet_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_as_stderr(monkeypatch)
    monkeypatch.setenv("CI", "true")
    clock = Clock()
    with output.progress(quiet=True, clock=clock) as advance:
        clock.now += 1000
        advance(100)
    assert terminal.getvalue() == ""
