"""Which files the record sets of a mapping read, and what to say where there are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from twinmap import registry, safeio
from twinmap.errors import InputOutputError
from twinmap.formats import looks
from twinmap.mapping.ast import Document, RecordSet
from twinmap.mapping.auto import FRAGMENTS

#: Files that are looked at to say what a folder holds, and kinds of them that are told.
_LOOKED_AT, _TOLD = 10_000, 4
_START = 4096


def files(document: Document, record_set: RecordSet, root: Path, named: Sequence[str] = ()) -> list[Path]:
    """The files of a record set below a folder, or the one file that is named itself.

    Args:
        document: The mapping.
        record_set: One of its record sets.
        root: The folder of the data, or the file.
        named: Globs in place of the record set's own.
    """
    patterns = tuple(named) or record_set.files
    if root.is_dir():
        return safeio.matching(root, patterns or ("**/*",))
    # Where all record sets read the same files, the one file that is named is meant, whatever its name.
    only = not patterns or bool(named) or len({other.files for other in document.records}) == 1
    return [root] if only or safeio.fits(root, patterns) else []


def all_there(root: Path, patterns: Iterable[str]) -> None:
    """Refuse where a name that is no glob leads to nothing.

    Raises:
        InputOutputError: A named file is missing (O01).
    """
    for name in patterns:
        if root.is_dir() and not set(name) & set("*?[") and not safeio.matching(root, [name]):
            message = f"{root / name} does not exist"
            advice = safeio.near(root / name) or f"the folder was looked into: {_there(root)}"
            raise registry.fault("TM-O01", message, help=advice)


def below(root: Path, patterns: Iterable[str], found: Sequence[Path]) -> str | None:
    """What to say where a folder itself holds none of the files of a source, and folders below it do."""
    if not root.is_dir() or not found or any("/" in pattern for pattern in patterns):
        return None
    if any(path.parent == root for path in found):
        return None
    names = ", ".join(dict.fromkeys(str(path.parent.relative_to(root)) for path in found[:_TOLD]))
    return f"{root} itself holds no {' or '.join(patterns)}: {len(found):,} from below it ({names})"


def nothing_fits(owner: str, root: Path, patterns: Sequence[str], advice: str | None) -> InputOutputError:
    """What to say where no file of a source is there: what was looked for, where, and what is there (O01).

    Names of files may be personal; they are for the terminal.
    """
    names = " or ".join(patterns)
    if root.is_dir():
        message = f"{owner}: no file fits {names} in {root}; {_there(root)}"
    else:
        message = f"{owner}: {root} fits none of its names, {names}"
        advice = advice or "name a file that is called so, or the folder that holds them"
    return registry.fault("TM-O01", message, help=advice)


def _there(root: Path) -> str:
    kinds = _kinds(root)
    return f"it holds {', '.join(kinds)}" if kinds else "it holds no file at all"


def _kinds(root: Path) -> list[str]:
    """``12 *.hl7 (HL7 v2: builtin:hl7v2?)``: the files below a folder by their endings, the most first."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in islice(safeio.matching(root, ["**/*"]), _LOOKED_AT):
        found[_ending(path)].append(path)
    ranked = sorted(found.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    told = [f"{len(paths):,} {ending}{_guess(paths[0])}" for ending, paths in ranked[:_TOLD]]
    rest = sum(len(paths) for _, paths in ranked[_TOLD:])
    return [*told, f"{rest:,} others"] if rest else told


def _ending(path: Path) -> str:
    last = path.suffix.lower()
    if last in {".gz", ".zst"}:
        last = path.with_suffix("").suffix.lower() + last
    return f"*{last}" if last else "without an ending"


def _guess(path: Path) -> str:
    found = look(path)
    return f" ({found.name}: {_ready(found)}?)" if found and found.format in FRAGMENTS else ""


def _ready(found: looks.Look) -> str:
    return f"builtin:{FRAGMENTS[found.format]}"


def look(path: Path) -> looks.Look | None:
    """What a file looks like; None where it may be anything or cannot be read."""
    with suppress(OSError, InputOutputError), safeio.open_bytes(path) as file:
        return looks.like(file.read(_START))
    return None


def advice(paths: Iterable[Path], expected: Iterable[str]) -> str | None:
    """What a file that is not of the format that a mapping ``expected`` looks like, and what reads it."""
    wanted = {"json" if name == "ndjson" else name for name in expected}
    for path in paths:
        found = look(path)
        if found is not None and found.format not in wanted:
            ready = (
                f"{_ready(found)} reads it" if found.format in FRAGMENTS else "name the file that is meant"
            )
            return f"{path.name} looks like {found.name}; {ready}"
    return None
