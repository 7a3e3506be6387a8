"""The exceptions of twinmap, one branch for each exit code.

    TwinmapError
    ├── UsageError         2   the command line, the project or a mapping cannot be used
    ├── InputOutputError   3   missing, truncated, unreadable, disk full; nothing was published
    └── InternalError      4   a bug in twinmap, books that do not balance included

Findings are not exceptions: what is wrong in a mapping or in the data is returned as
:class:`twinmap.diagnostics.Finding`. An exception stops the command.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twinmap.diagnostics import Finding


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    INPUT_OUTPUT = 3
    INTERNAL = 4
    INTERRUPTED = 130


class TwinmapError(Exception):
    """Base of all; ``exit_code`` is what the command returns.

    Args:
        message: One line for the user; never holds a patient value.
        help: One action that mends it.
        findings: What is known about the places, shown before the message.
    """

    exit_code = Exit.INTERNAL

    def __init__(self, message: str, *, help: str | None = None, findings: Sequence[Finding] = ()) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help
        self.findings = tuple(findings)


class UsageError(TwinmapError):
    """The command line, the project or a mapping cannot be used."""

    exit_code = Exit.USAGE


class InputOutputError(TwinmapError):
    """A file is missing, truncated or unreadable, or the output cannot be written."""

    exit_code = Exit.INPUT_OUTPUT


class InternalError(TwinmapError):
    """A bug in twinmap; ``lost`` other than 0 is one."""

    exit_code = Exit.INTERNAL
