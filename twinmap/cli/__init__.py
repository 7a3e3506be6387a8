"""The command ``twinmap``. One command, one file of this folder; it is imported when it is used.

A command is a module with a click ``command``, or a plug-in in the group ``twinmap.cli``. It gives its exit
code (:class:`twinmap.errors.Exit`; nothing is 0) or raises. Everything that is raised ends here: one line
for people, an exit code, and never a traceback without ``--debug``.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import PurePath
from types import FrameType, TracebackType
from typing import Any, Self

import click

from twinmap import __version__, registry, renderers
from twinmap.cli import output
from twinmap.errors import Exit, TwinmapError

#: Modules of this folder that are no commands (names that begin with ``_`` are none either).
_NOT_COMMANDS = frozenset({"output"})


class Commands(click.Group):
    """The commands by name; nothing is imported before it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, sorted."""
        return [name for name in registry.names("cli") if name not in _NOT_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a module or plug-in; None where there is none of this name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        loaded = registry.load("cli", cmd_name)
        found: click.Command = getattr(loaded, "command", loaded)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=self.list_commands(ctx)) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with the loggers and warnings of libraries silent: they quote the data."""
        if not ctx.params.get("debug"):
            import logging
            import warnings

            logging.lastResort = None
            warnings.simplefilter("ignore")
        return super().invoke(ctx)


@click.group("twinmap", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="twinmap %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks of errors. They may hold patient data.")
def twinmap(debug: bool) -> None:
    """Semantic mapping for patient digital twins.

    Clinical exports become one validated RDF graph, with a report of what does not mean the same.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and give the exit code.

    Args:
        arguments: What follows the name of the program; those of the process where None.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    debug = False
    with _Signals() as signals:
        try:
            _complete()
            with twinmap.make_context("twinmap", given) as context:
                debug = bool(context.params.get("debug"))
                code = twinmap.invoke(context)
            with output.product_stream() if sys.stdout else nullcontext():
                return int(code or Exit.OK)
        except BaseException as error:  # noqa: BLE001  (every exception becomes an exit code)
            return _told(KeyboardInterrupt() if signals.came else error, debug=debug)


def _complete() -> None:
    """Answer the shell where it asks for completions."""
    import os

    wanted = os.environ.get("_TWINMAP_COMPLETE")
    if wanted:
        from click.shell_completion import shell_complete

        raise click.exceptions.Exit(shell_complete(twinmap, {}, "twinmap", "_TWINMAP_COMPLETE", wanted))


class _Signals:
    """SIGINT and SIGTERM end a command by KeyboardInterrupt, so that it leaves nothing behind.

    ``came`` remembers it: a library may turn the exception into one of its own.
    """

    def __init__(self) -> None:
        self.came = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


# --- exceptions to exit codes ---------------------------------------------------------------------


def _told(error: BaseException, *, debug: bool) -> int:
    """Say what happened in one line, and give the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if debug and not isinstance(error, click.ClickException):
        import traceback

        output.say("".join(traceback.format_exception(error)))
    if isinstance(error, BrokenPipeError):
        output.discard_stdout()
        return Exit.OK
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        output.say(error.format_message())
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, TwinmapError):
        output.show_error(error)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | EOFError | click.Abort):
        output.say("interrupted")
        return Exit.INTERRUPTED
    if isinstance(error, OSError):
        return _input_output(error)
    if isinstance(error, MemoryError):
        output.say("error: there is not enough memory\nhelp: give it less with --memory and --jobs")
        return Exit.INPUT_OUTPUT
    return _bug(error)


def _usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "twinmap"
    output.say(f"error: {renderers.visible(error.format_message())}\nhelp: {path} --help")
    return Exit.USAGE


def _input_output(error: OSError) -> int:
    reason = (error.strerror or type(error).__name__).lower()
    file = f"{error.filename}: " if isinstance(error.filename, str) else ""
    output.say(f"error: {renderers.visible(file + reason)}")
    return Exit.INPUT_OUTPUT


def _bug(error: BaseException) -> int:
    """One line that names the place in the code, and nothing of the data: messages may quote it."""
    output.say(
        f"error: a bug in twinmap: {type(error).__name__} in {_origin(error.__traceback__)}\n"
        "help: please report this line; twinmap --debug COMMAND shows more, which may hold patient data"
    )
    return Exit.INTERNAL


def _origin(trace: TracebackType | None) -> str:
    """``module:line`` of the innermost frame of twinmap, else of the innermost frame."""
    origin = "an unknown place"
    ours = False
    while trace is not None:
        module = str(
            trace.tb_frame.f_globals.get("__name__", PurePath(trace.tb_frame.f_code.co_filename).stem)
        )
        if module.startswith("twinmap.") or not ours:
            ours = ours or module.startswith("twinmap.")
            origin = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return origin
