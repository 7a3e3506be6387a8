"""What people see on stderr, and the product on stdout; the only module that imports rich.

Colour only on a terminal, or where FORCE_COLOR asks for it; never where NO_COLOR is set. Text from data
is never read as markup: the renderers show what is hidden in it, and rich gets it as ``Text`` only.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from twinmap import registry, renderers
from twinmap.errors import InputOutputError, TwinmapError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

    from twinmap.diagnostics import Finding

#: Seconds before a progress bar appears on a terminal.
BAR_AFTER = 1.0
#: Seconds between two lines of progress in CI.
LINE_EVERY = 30.0

_STYLES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^TM-\w+ error:"), "bold red"),
    (re.compile(r"^TM-\w+ warning:"), "bold yellow"),
    (re.compile(r"^TM-\w+ info:"), "bold blue"),
    (re.compile(r"^error:"), "bold red"),
    (re.compile(r"^ *(?:-->|:::) "), "blue"),
    (re.compile(r"^ *\d* \|"), "blue"),
    (re.compile(r"(?<=\| )[ …]*\^+$"), "bold yellow"),
    (re.compile(r"^help:"), "bold green"),
    (re.compile(r"^docs: .*"), "dim"),
)


# --- the terminal ---------------------------------------------------------------------------------


def wants_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether text on this stream is coloured."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR", "")
    if forced:
        return forced != "0"
    return stream.isatty() and environ.get("TERM") != "dumb"


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    colour = wants_colour(stream)
    return Console(
        file=stream,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
        legacy_windows=False,
    )


def styled(plain: str) -> Text:
    """The text of the text renderer with the styles of a compiler's message."""
    from rich.text import Text

    text = Text()
    for line in plain.splitlines(keepends=True):
        part = Text(line)
        for pattern, style in _STYLES:
            match = pattern.search(line.rstrip("\n"))
            if match:
                part.stylize(style, *match.span())
        text.append_text(part)
    return text


def say(plain: str, *, quiet: bool = False) -> None:
    """Print lines for people on stderr; escapes of a terminal in them must already be shown.

    A stderr that is closed or full is no reason to fail: what counts is the exit code and the product.
    """
    if quiet or not plain:
        return
    stream: TextIO | None = sys.stderr  # None where the shell closed it
    if stream is None:
        return
    line = plain if plain.endswith("\n") else plain + "\n"
    try:
        if wants_colour(stream):
            _console(stream).print(styled(line), end="")
        else:
            stream.write(line)
            stream.flush()
    except (OSError, ValueError):
        return


def write_product(product: str | bytes, path: Path | None = None) -> None:
    """Write the product as UTF-8: to stdout, or to a file that appears whole or not at all.

    A link stays, and what it leads to is replaced; a device or a pipe is written to. A reader of stdout
    that went away is quiet.

    Raises:
        InputOutputError: It cannot be written, as when the disk is full.
    """
    data = product.encode("utf-8", "backslashreplace") if isinstance(product, str) else product
    if path is None:
        with product_stream() as stream:
            stream.write(data)
        return
    from tempfile import NamedTemporaryFile

    from twinmap.safeio import full_disk

    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        path = Path(os.path.realpath(path))
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise full_disk(error, path) from error


@contextmanager
def product_stream() -> Iterator[BinaryIO]:
    """Standard output as bytes, flushed at the end. A reader that went away is quiet.

    Raises:
        InputOutputError: stdout is closed or cannot be written.
    """
    if sys.stdout is None:
        raise InputOutputError("standard output is closed")
    try:
        sys.stdout.flush()
        yield cast("BinaryIO", sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        reason = "no space left" if error.errno == errno.ENOSPC else os.strerror(error.errno or 0).lower()
        raise InputOutputError(f"cannot write to standard output: {reason}") from error


def discard_stdout() -> None:
    """Send what is still buffered nowhere: Python flushes once more at exit, which must not fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream that is no file has nothing to flush
        return


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


# --- findings, errors, the last line --------------------------------------------------------------


def show_findings(findings: Sequence[Finding], fmt: str = "text", *, quiet: bool = False) -> None:
    """Show findings in a report format: text for people on stderr, all else as the product on stdout.

    Raises:
        UsageError: There is no such format.
        InputOutputError: stdout cannot be written.
    """
    show_report(renderers.Report.of(findings), fmt, quiet=quiet)


def show_report(report: renderers.Report, fmt: str = "text", *, quiet: bool = False) -> None:
    """Show a report as :func:`show_findings` shows findings."""
    rendered: str = registry.load("renderers", fmt).render(report)
    if fmt == "text":
        say(rendered, quiet=quiet)
    else:
        write_product(rendered)


def show_error(error: TwinmapError) -> None:
    """The findings that an exception carries, then what it says (once) and what to do."""
    from twinmap.diagnostics import merge

    found = merge(error.findings)
    said = next((index for index, finding in enumerate(found) if finding.message == error.message), None)
    if said is None:
        show_findings(found)
        advice = [f"help: {renderers.visible(error.help)}"] if error.help else []
        say("\n".join([f"error: {renderers.visible(error.message)}", *advice]))
    else:
        found[said] = replace(found[said], help=error.help or found[said].help)
        show_findings(found)


def summary_line(
    records: Mapping[str, int],
    *,
    triples: int,
    patients: int,
    seconds: float,
    errors: int,
    warnings: int,
    left_out: int = 0,
) -> str:
    """The last line of a run, from the record book summed over the sources.

    >>> summary_line({"read": 4, "mapped": 3, "set_aside": 1}, triples=30, patients=1, seconds=0.25,
    ...              errors=0, warnings=1)
    '4 records read = 3 mapped + 0 filtered + 0 unclaimed + 1 set aside, 0 lost · 30 triples · 1 patient · 0.2 s · 0 errors 1 warning'
    """  # noqa: E501
    from twinmap.model import OUTCOMES

    kinds = [f"{records.get(key, 0):,} {key.replace('_', ' ')}" for key in OUTCOMES["records"][1:-1]]
    read = _count(records.get("read", 0), "record")
    return " · ".join(
        (
            f"{read} read = {' + '.join(kinds)}, {records.get('lost', 0):,} lost",
            _count(triples, "triple"),
            _count(patients, "patient"),
            f"{seconds:.1f} s",
            f"{_count(errors, 'error')} {_count(warnings, 'warning')}"
            + f" {left_out:,} left out" * (left_out > 0),
        )
    )


def _count(value: int, noun: str) -> str:
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


# --- progress -------------------------------------------------------------------------------------


@contextmanager
def progress(
    label: str = "reading",
    *,
    quiet: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[int], None]]:
    """Progress by bytes on stderr: call what is given with the number of bytes that were done.

    On a terminal a bar appears after one second; in CI there is a line every 30 seconds; else nothing.
    How many there will be is not known; ``label`` may come from data.
    """
    bar: _Bar | _Lines | None = None
    if not quiet and sys.stderr.isatty():
        bar = _Bar(label, clock)
    elif not quiet and os.environ.get("CI"):
        bar = _Lines(label, clock)
    try:
        yield bar.advance if bar else _nothing
    finally:
        if isinstance(bar, _Bar):
            bar.stop()


def _nothing(done: int) -> None:
    """Take a number of bytes and say nothing."""


class _Lines:
    """A line every :data:`LINE_EVERY` seconds."""

    def __init__(self, label: str, clock: Callable[[], float]) -> None:
        self._label, self._clock = renderers.visible(label), clock
        self._done, self._start = 0, clock()
        self._next = self._start + LINE_EVERY

    def advance(self, done: int) -> None:
        self._done += done
        now = self._clock()
        if now < self._next:
            return
        self._next = now + LINE_EVERY
        say(f"{self._label}: {_size(self._done)}, {now - self._start:.0f} s")


class _Bar:
    """A bar that appears after :data:`BAR_AFTER` seconds and leaves no trace."""

    def __init__(self, label: str, clock: Callable[[], float]) -> None:
        self._label, self._clock = renderers.visible(label), clock
        self._done, self._start = 0, clock()
        self._progress: Progress | None = None
        self._task: Any = None

    def advance(self, done: int) -> None:
        self._done += done
        if self._progress is None and self._clock() - self._start >= BAR_AFTER:
            self._begin()
        if self._progress is not None:
            self._progress.update(self._task, completed=self._done)

    def _begin(self) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=_console(sys.stderr),
            transient=True,
        )
        self._task = self._progress.add_task(self._label, total=None)
        self._progress.start()

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def _size(count: int) -> str:
    """A number of bytes for people, decimal units: ``1.2 GB``."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
