"""One release at a time: two editions that lie in one folder or archive would be merged into one that is neither."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from twinmap.terms.store.loader import Loader

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

#: Which part of a release a file is, and what its name says of the release; None where it says nothing.
Part = tuple[str, str | None]


def by_role(
    claims: Sequence[Claim], loader: Loader, what: str, part: Callable[[Claim], Part]
) -> defaultdict[str, list[Claim]]:
    """The files of a release by their roles.

    Args:
        claims: The files.
        loader: Where they are loaded into.
        what: What a release is called, for people.
        part: Says which part a file is. A release has each part once, and is one.

    Raises:
        InputOutputError: They are of two releases (O04).
    """
    roles: defaultdict[str, list[Claim]] = defaultdict(list)
    parts: dict[str, Claim] = {}
    named: tuple[str, Claim] | None = None
    for item in claims:
        name, release = part(item)
        other = parts.setdefault(name, item)
        if release is not None:
            named = named or (release, item)
            other = named[1] if named[0] != release else other
        if other is not item:
            one, two = _apart(other.file.name, item.file.name)
            raise loader.unusable(
                f"{loader.package.path} holds two {what}: {one} and {two}",
                help="add each alone; of two versions of one system the newer one answers",
            )
        roles[item.role].append(item)
    return roles


def root(name: str, folders: re.Pattern[str]) -> str | None:
    """What stands before the first of the folders that every release has.

    >>> root("A/Snapshot/Terminology/c.txt", re.compile("Snapshot"))
    'A'
    """
    path = name.split("/")
    found = next((place for place, part in enumerate(path[:-1]) if folders.fullmatch(part)), None)
    return None if found is None else "/".join(path[:found])


def _apart(one: str, two: str) -> tuple[str, str]:
    """Two names of files without the end that they share: the roots of the two releases.

    >>> _apart("2.80/LoincTable/Loinc.csv", "LoincTable/Loinc.csv"), _apart("a/x.csv", "a/y.csv")
    (('2.80', '.'), ('a/x.csv', 'a/y.csv'))
    """
    ours, theirs = one.split("/"), two.split("/")
    while ours and theirs and ours[-1] == theirs[-1]:
        ours.pop()
        theirs.pop()
    return "/".join(ours) or ".", "/".join(theirs) or "."
