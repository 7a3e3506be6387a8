"""What several commands take: the kinds of values of their options, and when findings fail a command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from twinmap import registry
from twinmap.errors import Exit

if TYPE_CHECKING:
    from twinmap.diagnostics import Severity

Function = TypeVar("Function", bound=Callable[..., Any])


class Named(click.ParamType[str]):
    """The name of one of a group of the registry (``renderers``); looked up when it is used."""

    name = "name"

    def __init__(self, group: str) -> None:
        self.group = group

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, if there is one."""
        known = registry.names(self.group)
        if value not in known:
            self.fail(f'"{value}" is none of {", ".join(known)}', param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """The names, as in the help."""
        return f"[{'|'.join(registry.names(self.group))}]"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem[Any]]:
        """The names that begin with what was typed."""
        return [CompletionItem(name) for name in registry.names(self.group) if name.startswith(incomplete)]


class Pair(click.ParamType[tuple[str, str]]):
    """Two texts with a sign between them: ``NAME=VALUE``."""

    name = "pair"

    def __init__(self, sign: str, metavar: str) -> None:
        self.sign, self.metavar = sign, metavar

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The two parts; neither may be empty."""
        first, sign, second = str(value).partition(self.sign)
        if not (first and sign and second):
            self.fail(f'"{value}" is not {self.metavar}', param, ctx)
        return first, second

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """The form, as in the help."""
        return self.metavar


class ReportFile(Pair):
    """``FORMAT:PATH`` of a report; the format must be known."""

    def __init__(self) -> None:
        super().__init__(":", "FORMAT:PATH")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Format and path."""
        fmt, path = super().convert(value, param, ctx)
        return Named("renderers").convert(fmt, param, ctx), path


class Memory(click.ParamType[int]):
    """An amount of memory, ``800MB`` or ``2GB`` (decimal), as megabytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Megabytes; 128 at least: below that nothing runs."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})\s*(MB|GB|M|G)", str(value), re.IGNORECASE)
        if match is None:
            self.fail(f'"{value}" is not an amount of memory such as 800MB or 2GB', param, ctx)
        megabytes = int(match[1]) * (1000 if match[2][0] in "gG" else 1)
        if megabytes < 128:
            self.fail("128MB is the least", param, ctx)
        return megabytes


def params(function: Function) -> Function:
    """The option ``--set``."""
    kind = Pair("=", "NAME=VALUE")
    return click.option("--set", "params", type=kind, multiple=True, help="A parameter of the mappings.")(
        function
    )


def key_file(when: str = "") -> Callable[[Function], Function]:
    """The option ``--key-file``; ``when`` says when it is needed, if not always."""
    told = f"The secret of the patient ids{when}; else TWINMAP_KEY_FILE, the project's, your own."
    return click.option("--key-file", type=click.Path(path_type=Path), help=told)


def crosswalk(function: Function) -> Function:
    """The option ``--crosswalk``."""
    return click.option(
        "--crosswalk",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A CSV file of patients who are one: system_a, id_a, system_b, id_b.",
    )(function)


def effort(function: Function) -> Function:
    """The options ``--jobs`` and ``--memory``."""
    memory = click.option(
        "--memory",
        type=Memory(),
        default="1GB",
        show_default=True,
        help="Memory over all workers, 128MB at least.",
    )
    jobs = click.option(
        "-j", "--jobs", type=click.IntRange(min=1), help="Worker processes (default: the cores)."
    )
    return jobs(memory(function))


def fail_on(default: str) -> Callable[[Function], Function]:
    """The option ``--fail-on``."""
    return click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "info", "never"]),
        default=default,
        show_default=True,
        help="Exit with 1 where a finding is at least this severe.",
    )


def chosen_codes(function: Function) -> Function:
    """The options ``--select`` and ``--ignore``."""
    select = click.option(
        "--select",
        metavar="CODE",
        multiple=True,
        help="Look only for these codes (TM-U03) or families (U).",
    )
    ignore = click.option(
        "--ignore", metavar="CODE", multiple=True, help="Count these codes or families, and leave them out."
    )
    return select(ignore(function))


def verdict(severities: Iterable[Severity], threshold: str) -> Exit:
    """The exit code of findings of these severities."""
    if threshold == "never":
        return Exit.OK
    from twinmap.diagnostics import Severity

    least = Severity(threshold).rank
    return Exit.FINDINGS if any(severity.rank >= least for severity in severities) else Exit.OK
