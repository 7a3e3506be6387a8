"""What ``each`` makes of a document: its records, and the names of the fields that stand in them.

A record knows the items around it (``^`` leads out through them), its place, and the name under which
the fields in it are counted: names joined by dots, indexes of arrays left out, members that ``*`` went
through as ``*``.

A place is a JSON pointer, but for the members of an object whose names are data: places stand in
findings and in IRIs, so such a member is ``*2``, the second one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from twinmap.formats import treepath
from twinmap.formats.treepath import DOCUMENT, Path, Step, Where
from twinmap.limits import LIMITS


@dataclass(slots=True)
class Row:
    """One record: ``node``, the document and the items around it, and where it stands.

    ``key`` is its name where it is a member that ``*`` led to (or stands in one), ``position`` its
    number (from 1) in its array or object; ``parent`` and ``slot`` are the container and index.
    """

    node: Any
    around: tuple[Any, ...] = ()
    place: str = ""
    name: str = ""
    key: str | None = None
    position: int = 1
    parent: Any = None
    slot: Any = None


#: A name that a schema gives; any other name that is come across may be data.
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}")

Tests = Callable[[Sequence[Where]], Callable[[Any], bool]]


def rows(document: Any, each: Sequence[Path], *, tests: Tests = treepath.compile_tests) -> list[Row]:
    """The records of a document: those of the first alternative that leads to something."""
    for path in each:
        if not path.steps:
            return [Row(document)]
        found = [row for row in _walk(Row(document), False, path.steps, tests) if row.node is not None]
        if found:
            return found
    return []


def outward(row: Row, up: int) -> Any:
    """The node from which a path with this ``up`` starts; None above the document."""
    if up == 0:
        return row.node
    if up == DOCUMENT:
        return row.around[0] if row.around else row.node
    return row.around[-up] if up <= len(row.around) else None


def pointer(name: str) -> str:
    """A name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def _walk(row: Row, is_item: bool, steps: Sequence[Step], tests: Tests) -> Iterator[Row]:
    node = row.node
    if type(node) is list:
        for index, item in enumerate(node):
            inner = Row(item, row.around, f"{row.place}/{index}", row.name, row.key, index + 1, node, index)
            yield from _walk(inner, True, steps, tests)
        return
    if not steps:
        yield row
        return
    if type(node) is not dict:
        return
    around = (*row.around, node) if is_item or not row.around else row.around
    step, rest = steps[0], steps[1:]
    if step.axis == "members":
        for member in _picked(_members(row, node, around), step, tests):
            yield from _walk(member, True, rest, tests)
        return
    if step.name in node:
        yield from _step(row, around, step, rest, tests)
    if step.axis == "deep":
        for number, (key, value) in enumerate(node.items(), 1):
            part = pointer(key) if _SCHEMA.fullmatch(key) else f"*{number}"
            name, place = _join(row.name, field_name(key)), f"{row.place}/{part}"
            inner = Row(value, around, place, name, row.key, 1, node, key)
            yield from _walk(inner, False, steps, tests)


def _members(row: Row, node: dict[str, Any], around: tuple[Any, ...]) -> list[Row]:
    name = _join(row.name, "*")
    return [
        Row(value, around, f"{row.place}/*{number}", name, key, number, node, key)
        for number, (key, value) in enumerate(node.items(), 1)
    ]


def _step(row: Row, around: tuple[Any, ...], step: Step, rest: Sequence[Step], tests: Tests) -> Iterator[Row]:
    value, name = row.node[step.name], _join(row.name, field_name(step.name))
    place = f"{row.place}/{pointer(step.name)}"
    if step.pick is None:
        yield from _walk(Row(value, around, place, name, row.key, 1, row.node, step.name), False, rest, tests)
        return
    if type(value) is list:
        items = [
            Row(item, around, f"{place}/{index}", name, row.key, index + 1, value, index)
            for index, item in enumerate(value)
        ]
    else:
        items = [Row(value, around, place, name, row.key, 1, row.node, step.name)]
    for item in _picked(items, step, tests):
        yield from _walk(item, type(value) is list, rest, tests)


def _picked(items: Sequence[Row], step: Step, tests: Tests) -> Sequence[Row]:
    if step.pick is None:
        return items
    if isinstance(step.pick, int):
        return items[step.pick - 1 : step.pick]
    holds = tests(step.pick)
    return [item for item in items if holds(item.node)]


# --- names of fields ------------------------------------------------------------------------------

_PLAIN = re.compile(r"[^.()='\s*](?:[^.()=]*[^.()=\s])?")


#: Longer than this, the name of a member is data.
_LONGEST = 100


def field_name(name: str) -> str:
    """How a member is called in the names of fields: one that is long or has no letter is data, and ``*``."""
    return quoted(name) if len(name) <= _LONGEST and any(map(str.isalpha, name)) else "*"


def quoted(name: str) -> str:
    """A name as it is written in a path: in quotes where it would be read otherwise.

    >>> quoted("a.b")
    "'a.b'"
    """
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def _join(before: str, name: str) -> str:
    return f"{before}.{name}" if before else name


class Names:
    """Gives the names of the leaves of documents; each distinct name is made once.

    Args:
        each: Where ``*`` goes through the members of an object, their names are written ``*``.
        prefix: The name of the document itself.
    """

    def __init__(self, each: Sequence[Path] = (), prefix: str = "") -> None:
        self._root = _Name(prefix)
        self._at = {prefix: self._root}
        self._nested = any(step.axis == "deep" for path in each for step in path.steps)
        for path in each:
            at = self._root
            for step in path.steps:
                at.star = at.star or step.axis == "members"
                at = at.child(step.name)

    def of(self, node: Any, name: str = "") -> list[str]:
        """The name of every leaf in a node that is called ``name``, one entry a value, nulls too."""
        if type(node) is not dict and type(node) is not list:
            return [name or "."]
        found: list[str] = []
        _collect(node, self._named(name), found)
        return found

    def split(self, document: Any, records: Sequence[Row]) -> tuple[list[list[str]], list[str]]:
        """The names of each record, and those of the document's leaves that stand in none of them."""
        slots: dict[int, set[Any]] = {}
        for row in records:
            if row.parent is None:
                return [self.of(row.node, row.name)], []
            slots.setdefault(id(row.parent), set()).add(row.slot)
        inside = [
            _outside(row.node, self._named(row.name), slots) if self._nested else self.of(row.node, row.name)
            for row in records
        ]
        return inside, _outside(document, self._root, slots)

    def _named(self, name: str) -> _Name:
        at = self._at.get(name)
        if at is None:
            at = self._at[name] = _Name(name)
        return at


class _Name:
    """A name and the names below it; where there are more than a row may have columns, one ``*``."""

    __slots__ = ("below", "name", "star")

    def __init__(self, name: str) -> None:
        self.name = name
        self.star = False
        self.below: dict[str, _Name] = {}

    def child(self, key: str) -> _Name:
        name = "*" if self.star or len(self.below) >= LIMITS.columns else field_name(key)
        if name == "*":
            key = ""  # a name that JSON may have, but without a letter
        if key not in self.below:
            self.below[key] = _Name(_join(self.name, name))
        return self.below[key]


def _collect(node: Any, at: _Name, found: list[str]) -> None:
    kind = type(node)
    if kind is dict:
        below = at.below
        for key, value in node.items():
            name = below.get(key) or at.child(key)
            kind = type(value)
            if kind is dict or kind is list:
                _collect(value, name, found)
            else:
                found.append(name.name)
    elif kind is list:
        for item in node:
            _collect(item, at, found)
    else:
        found.append(at.name)


def _outside(node: Any, at: _Name, slots: dict[int, set[Any]]) -> list[str]:
    """The names of the leaves of a node that stand in none of the slots."""
    taken = slots.get(id(node), ())
    if type(node) is dict:
        pairs: Iterable[tuple[_Name, Any]] = (
            (at.below.get(key) or at.child(key), value) for key, value in node.items() if key not in taken
        )
    elif type(node) is list:
        pairs = ((at, item) for index, item in enumerate(node) if index not in taken)
    else:
        return [at.name]
    return [name for below, value in pairs for name in _outside(value, below, slots)]


# --- which fields a path reads --------------------------------------------------------------------

#: A regular expression for the name of one step, where it is not the name itself.
Spelling = Callable[[str], str]


def _spelled(name: str) -> str:
    return re.escape(field_name(name))


def fields_read(path: Path, each: Sequence[Path] = (), *, spelled: Spelling = _spelled) -> str:
    """A regular expression (RE2 and Python) that fits the names of the fields that a path reads.

    A path reads what it leads to, with all below it, and what its picks look at. Where ``^`` leads
    depends on the arrays of the document, so every level is taken.
    """
    if path.about:
        return r"[^\s\S]"
    starts = {""}
    if path.up != DOCUMENT:
        starts = {
            _steps(one.steps[: len(one.steps) - cut], spelled) for one in each for cut in _cuts(path, one)
        }
    found: list[str] = []
    for start in sorted(starts or {""}):
        for count, step in enumerate(path.steps, 1):
            tests = step.pick if isinstance(step.pick, tuple) else ()
            found.extend(
                _dotted(start, _steps((*path.steps[:count], *test.path.steps), spelled)) for test in tests
            )
        found.append(_dotted(start, _steps(path.steps, spelled)))
    return "(?:" + "|".join(f"(?:{one})(?:\\..*)?" if one else ".*" for one in found) + ")"


def _cuts(path: Path, each: Path) -> range:
    return range(1, len(each.steps) + 1) if path.up else range(1)


def _steps(steps: Sequence[Step], spelled: Spelling) -> str:
    parts = []
    for step in steps:
        name = r"\*" if step.axis == "members" else spelled(step.name)
        parts.append(rf"(?:.*\.)?{name}" if step.axis == "deep" else name)
    return r"\.".join(parts)


def _dotted(before: str, after: str) -> str:
    return rf"{before}\.{after}" if before and after else before or after
