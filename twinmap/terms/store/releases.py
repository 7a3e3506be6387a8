"""One release at a time: two editions that lie in one folder or archive would be merged into one that is neither."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twinmap.errors import InputOutputError
from twinmap.terms.store.loader import Loader

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim


class Part(NamedTuple):
    """Which part of a release a file is, of which there is one; and the folder of the product that it is of."""

    name: str
    root: str | None = None
    product: str = ""


def by_role(
    claims: Sequence[Claim], loader: Loader, what: str, part: Callable[[Claim], Part]
) -> defaultdict[str, list[Claim]]:
    """The files of a release by their roles.

    Args:
        claims: The files.
        loader: Where they are loaded into.
        what: What a release is called, for people.
        part: Says which part a file is. A release has each part once, and a product lies in one folder.

    Raises:
        InputOutputError: They are of two releases (O04).
    """
    roles: defaultdict[str, list[Claim]] = defaultdict(list)
    parts: dict[str, Claim] = {}
    products: dict[str, tuple[str, Claim]] = {}
    for item in claims:
        name, root, product = part(item)
        other = parts.setdefault(name, item)
        if root is not None:
            first = products.setdefault(product, (root, item))
            other = first[1] if first[0] != root else other
        if other is not item:
            raise two(loader, what, *((each.file.name, part(each).root) for each in (other, item)))
        roles[item.role].append(item)
    return roles


def two(
    loader: Loader, what: str, one: tuple[str, str | None], other: tuple[str, str | None]
) -> InputOutputError:
    """The error for a path with two releases (O04), each by a file and its root: what they are, and what to type."""
    path = loader.package.path
    roots = one[1], other[1]
    apart = None not in roots and roots[0] != roots[1]
    first, second = (root or "." for root in roots) if apart else _apart(one[0], other[0])
    folder = Path("FOLDER") if path.is_file() else path
    places = [shlex.quote(str(folder / root)) for root in (first, second)]
    if {first, second} == {one[0], other[0]}:
        advice = f"keep one of the two, then: twinmap terms add {shlex.quote(str(folder))}"
    elif "." in {first, second}:
        advice = f"move {max(places, key=len)} out of it, and add each alone"
    else:
        advice = f"add each alone: twinmap terms add {places[0]}; twinmap terms add {places[1]}"
    if path.is_file():
        advice = f"unpack it to a FOLDER, {advice}"
    return loader.unusable(
        f"{path} holds two {what}: {first} and {second}",
        help=f"{advice}; of two versions of one system the newer one answers",
    )


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
