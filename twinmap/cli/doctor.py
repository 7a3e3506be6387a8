"""``twinmap doctor``: what a bug report and an auditor need to know of an installation."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import fields

import click

from twinmap import __version__, registry
from twinmap.cli.output import write_product
from twinmap.errors import TwinmapError
from twinmap.limits import LIMITS

#: The groups of the registry that plug-ins may add to.
GROUPS = ("readers", "writers", "renderers", "checks", "cli")


@click.command("doctor")
def command() -> None:
    """Print versions, plug-ins, the id of the key, and limits.

    Nothing is made or changed, and no secret is printed.
    """
    write_product("".join(f"{name:<28}{value}\n" if name else "\n" for name, value in _facts()))


def _facts() -> Iterator[tuple[str, str]]:
    yield "twinmap", __version__
    yield "python", f"{platform.python_version()} ({platform.system()} {platform.machine()})"
    yield "cores", str(os.cpu_count())
    yield from ((name, _version(name)) for name in _dependencies())
    yield "", ""
    yield "readers", ", ".join(registry.names("readers"))
    yield "report formats", ", ".join(registry.names("renderers"))
    for group in GROUPS:
        for entry in registry.plugins_of(group):
            yield "plug-in", f"{entry.name} in {group}, from {entry.value}"
    yield "", ""
    yield "key", _key()
    yield "", ""
    yield from ((f"limit {field.name}", f"{getattr(LIMITS, field.name):,}") for field in fields(LIMITS))


def _dependencies() -> list[str]:
    """The packages that twinmap needs here, sorted."""
    from importlib.metadata import requires

    needed = requires("twinmap") or []
    return sorted({_name(text) for text in needed if "extra ==" not in text})


def _name(requirement: str) -> str:
    end = next((i for i, char in enumerate(requirement) if char in "<>=!~ ;[("), len(requirement))
    return requirement[:end]


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _key() -> str:
    """The id of the key that a run would take, and where it lies; none is made."""
    from twinmap.privacy import known_key

    try:
        key = known_key()
    except TwinmapError as error:
        return error.message
    return f"{key.id} from {key.origin}" if key else "none yet; the first run makes one"
