"""Finds what twinmap is made of by name: readers, writers, renderers, checks, commands, shipped files.

The one place with a dynamic import. A plug-in is a distribution with an entry point in one of the groups
``twinmap.readers``, ``twinmap.writers``, ``twinmap.renderers``, ``twinmap.cli`` and ``twinmap.checks``, whose
name is the name of the thing; that of a check is the name of its file, ``x98_toy_found``.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinmap.errors import InputOutputError, InternalError, UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from importlib.resources.abc import Traversable

    from twinmap.diagnostics import Finding, Severity
    from twinmap.model import Reader


@cache
def shipped(folder: str) -> Traversable:
    """``mappings`` or ``ontologies``: inside the installed package, or beside it in a checkout."""
    root = files("twinmap")
    inside = root / "_data" / folder
    if inside.is_dir() or not isinstance(root, Path):
        return inside
    return root.parent / folder


def label(path: Path | Traversable) -> str:
    """How a mapping file is named to people: ``builtin:NAME`` for ours, else its path."""
    folder = shipped("mappings")
    if isinstance(path, Path) and isinstance(folder, Path) and folder in path.parents:
        return f"builtin:{path.relative_to(folder).with_suffix('').as_posix()}"
    return str(path)


def load(group: str, name: str) -> Any:
    """The thing called ``name`` of a group: a module of ``twinmap.<group>``, or a plug-in.

    Our own come first; a plug-in cannot take their names.

    Raises:
        UsageError: Nothing of that name is installed.
    """
    if name in names(group, plugins=False):
        return importlib.import_module(f"twinmap.{group}.{name}")
    for entry in plugins_of(group):
        if entry.name == name:
            return entry.load()
    known = ", ".join(names(group))
    raise UsageError(f'no {group.removesuffix("s")} is called "{name}"', help=f"one of: {known}")


def plugins_of(group: str) -> Sequence[EntryPoint]:
    """The entry points of a group.

    ``importlib.metadata`` takes longer than all else of the help: it is asked where there may be one.
    """
    if not _may_have_plugins():
        return ()
    from importlib.metadata import entry_points

    return tuple(entry_points(group=f"twinmap.{group}"))


@cache
def _may_have_plugins() -> bool:
    """Whether a distribution in a folder of the path names a group of ours, or one may lie elsewhere."""
    if any(hasattr(each, "find_distributions") for each in sys.meta_path if each is not PathFinder):
        return True
    for folder in map(Path, sys.path):
        if folder.is_file() or any(folder.glob("*.egg")):
            return True
        if any(map(_names_group, folder.glob("*-info/entry_points.txt"))):
            return True
    return False


def _names_group(file: Path) -> bool:
    try:
        return b"[twinmap." in file.read_bytes()
    except OSError:
        return True  # then importlib.metadata decides


def reader(name: str) -> Reader:
    """The reader of a format.

    Raises:
        UsageError: Nothing of that name is installed.
    """
    found: Reader = load("readers", name).READER
    return found


@cache
def names(group: str, *, plugins: bool = True) -> tuple[str, ...]:
    """The names in a group, sorted: of modules, or of shipped files (``targets``, ``facets``, ``concepts``)."""
    inside = files("twinmap") / group
    folder, end = (inside, ".py") if inside.is_dir() else (shipped("ontologies") / group, ".yaml")
    own = {
        entry.name.removesuffix(end)
        for entry in folder.iterdir()
        if entry.name.endswith(end) and not entry.name.startswith("_")
    }
    if plugins:
        own |= {entry.name for entry in plugins_of(group)}
    return tuple(sorted(own))


@dataclass(frozen=True, slots=True)
class Code:
    """A finding code: its name, default severity and page. One module of ``twinmap.checks`` each.

    The module has ``HELP`` (what to do, in one line), and may have ``MESSAGE`` (where a reader or the engine raises
    it), ``check`` or ``TELLS`` (by which :func:`twinmap.checks.run_semantic` finds it), and ``written`` (by
    which :func:`twinmap.checks.run_written` finds it in a mapping).
    """

    code: str
    slug: str
    severity: Severity
    page: str
    module: Any

    @property
    def help(self) -> str | None:
        """What to do, in one line."""
        return getattr(self.module, "HELP", None)


_FILE = re.compile(r"(?P<code>[a-z]\d\d)_(?P<slug>[a-z0-9_]+)")


@cache
def _code_files() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for folder in ("mapping", "data", "semantic"):
        for entry in (files("twinmap") / "checks" / folder).iterdir():
            match = _FILE.fullmatch(entry.name.removesuffix(".py"))
            if match is None:
                continue
            code = f"TM-{match['code'].upper()}"
            if code in found:
                raise InternalError(f"{code} is defined twice")
            found[code] = (f"twinmap.checks.{folder}.{match[0]}", match["slug"])
    return _plugged() | found


def _plugged() -> dict[str, tuple[str, str]]:
    """The codes of plug-ins; a code of ours goes before one of theirs."""
    found: dict[str, tuple[str, str]] = {}
    for entry in plugins_of("checks"):
        match = _FILE.fullmatch(entry.name)
        if match is None:
            raise UsageError(f'the plug-in "{entry.name}" is no check', help="its name is like x98_toy_found")
        found[f"TM-{match['code'].upper()}"] = (entry.module, match["slug"])
    return found


def codes() -> Iterator[Code]:
    """Every finding code in order; imports all checks."""
    return (code(name) for name in sorted(_code_files()))


def codes_with(name: str) -> Iterator[Code]:
    """The finding codes whose module defines ``name`` at its top, in order; imports no other of ours.

    The text of the files tells: where a command shall answer at once, to import them all takes too long.
    """
    return (
        code(each)
        for each in sorted(_code_files())
        if _defines(each, name) and hasattr(code(each).module, name)
    )


@cache
def _defines(name: str, defined: str) -> bool:
    """Whether the file of a code may define a name at its top; of a plug-in that is not known before."""
    ours = re.fullmatch(r"twinmap\.checks\.(\w+)\.(\w+)", _code_files()[name][0])
    if ours is None:
        return True
    file = files("twinmap") / "checks" / ours[1] / f"{ours[2]}.py"
    return re.search(rf"^(?:def )?{defined}\b", file.read_text("utf-8"), re.MULTILINE) is not None


def families() -> tuple[str, ...]:
    """The letters of the families of finding codes, sorted."""
    return tuple(sorted({name[3] for name in _code_files()}))


@cache
def code(name: str) -> Code:
    """The finding code ``TM-U03`` (also ``U03``, ``u3`` or its slug).

    Raises:
        UsageError: There is no such code.
    """
    known = _code_files()
    short = re.fullmatch(r"(?:TM-)?([A-Z])(\d{1,2})", name.upper())
    full = f"TM-{short[1]}{short[2]:0>2}" if short else f"TM-{name.upper().removeprefix('TM-')}"
    if full not in known:
        slug = name.lower().replace("-", "_")
        full = next((key for key, (_, word) in known.items() if word == slug), full)
    if full not in known:
        import difflib

        words = [word.replace("_", "-") for _, word in known.values()]
        close = difflib.get_close_matches(full, known, n=3) or difflib.get_close_matches(
            slug.replace("_", "-")[:100], words, n=3
        )
        raise UsageError(
            f'there is no finding code "{name}"',
            help=f"did you mean {', '.join(close)}?" if close else "twinmap explain --list shows all",
        )
    module_name, slug = known[full]
    module = importlib.import_module(module_name)
    return Code(full, slug.replace("_", "-"), module.SEVERITY, (module.__doc__ or "").strip(), module)


def finding(name: str, message: str, **about: Any) -> Finding:
    """A finding of this code; ``about`` as in :class:`Finding`.

    What is not said of it is its code's own: the severity, and what to do.
    """
    from twinmap.diagnostics import Finding

    known = code(name)
    about["help"] = about.get("help") or known.help
    return Finding(known.code, known.slug, about.pop("severity", known.severity), message, **about)


def fault(name: str, message: str, **about: Any) -> InputOutputError:
    """What is wrong with a file or a folder as a whole, which stops the command; the message names it.

    Args:
        name: The code of its finding, which it carries.
        message: One line.
        about: As in :class:`Finding`.
    """
    found = finding(name, message, **about)
    return InputOutputError(message, help=found.help, findings=[found])
