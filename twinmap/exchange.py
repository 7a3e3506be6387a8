"""New files in the place of old ones: after a fault or a kill the old ones or the new ones, never some of both.

The new files stand in the subfolder :data:`NEW` of a work folder in the same file system. Everything that
stands in their place is moved to :data:`OLD`, then each new one to its place. A journal names what is moved:
with it every step can be taken back, by the same process or by the next one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from os.path import lexists
from pathlib import Path

#: Subfolders of the work folder: what will appear, and what stood there before.
NEW, OLD = "publish", "before"

#: In the work folder while files are put in place: the names that are made, in their order, and those that go.
JOURNAL = "publishing"

#: More bytes than any journal has.
_LONGEST = 1_000_000


def exchange(work: Path, target: Path, made: Sequence[str], gone: Sequence[str]) -> None:
    """Put files and folders of ``NEW`` into ``target``, the first of ``made`` first; take those of ``gone`` away.

    What stood there before is moved away in the opposite order, and is left in ``OLD``. So where the last
    name stands in its place, all do.

    Raises:
        OSError: Something cannot be moved; what stood in ``target`` before stands there again.
    """
    new, old = work / NEW, work / OLD
    for path in new.rglob("*"):
        flush(path)
    old.mkdir()
    try:
        _begin(work, made, gone)
        for name in reversed([*gone, *made]):
            if lexists(target / name):
                (target / name).replace(old / name)
        for name in made:
            (new / name).replace(target / name)
        flush(target)
        (work / JOURNAL).unlink()
    except BaseException:
        _undo(work, target)
        raise


def recover(work: Path, target: Path) -> None:
    """End an exchange that was killed: unless all was in its place, what stood there before is put back."""
    made, _ = begun(work)
    if any(lexists(work / NEW / name) for name in made):
        _undo(work, target)
    (work / JOURNAL).unlink(missing_ok=True)


def begun(work: Path) -> tuple[list[str], list[str]]:
    """The names that are made and those that go, in an exchange without an end; none where there is none."""
    path = work / JOURNAL
    if not path.is_file():
        return [], []
    with path.open("rb") as file:
        text = file.read(_LONGEST)
    try:
        found = json.loads(text)
        made, gone = ([str(name) for name in found[key]] for key in ("made", "gone"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return [], []
    # Whoever wrote it: what is moved stands in the folder itself.
    plain = all(Path(name).name == name for name in (*made, *gone))
    return (made, gone) if plain else ([], [])


def _begin(work: Path, made: Sequence[str], gone: Sequence[str]) -> None:
    note = work / f"{JOURNAL}.new"
    note.write_text(json.dumps({"made": [*made], "gone": [*gone]}), encoding="utf-8")
    flush(note)
    note.replace(work / JOURNAL)
    flush(work)


def _undo(work: Path, target: Path) -> None:
    """Take back what was put in place, as far as it had got; every step may be done twice."""
    new, old = work / NEW, work / OLD
    made, gone = begun(work)
    for name in reversed(made):
        if not lexists(new / name) and lexists(target / name):
            (target / name).replace(new / name)
    for name in [*gone, *made]:
        if lexists(old / name):
            (old / name).replace(target / name)
    flush(target)
    (work / JOURNAL).unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
