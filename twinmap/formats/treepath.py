"""The paths of json and fhir: what stands inside ``$( )``, parsed and followed.

::

    path = [up] step {"." step}  |  "."  |  "record:key"  |  "record:index"
    up   = "/" | "^"{"^"}            the document; so many items out
    step = name ["(" pick ")"]       a name with . ( ) = or blanks at its ends: 'quoted', '' for '
    pick = number | path "=" word {" and " path "=" word}
    each = path {" | " path}         here a step may be * (all members) or follow .. (at any depth)

A step leads from an object to the member of that name, and through an array to that of each item, so a
path may give several values. A number picks within each parent; 1 is the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from twinmap.formats.jsonlex import text_of

#: As ``Path.up``: the path begins at the document.
DOCUMENT = -1


class PathError(ValueError):
    """A malformed path; ``position`` (from 0) is the place in its text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Where:
    """One condition of a pick: some value at ``path`` is ``word``."""

    path: Path
    word: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``axis`` is ``child``, ``members`` (all members) or ``deep`` (at any depth)."""

    name: str
    pick: int | tuple[Where, ...] | None = None
    axis: str = "child"


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path. ``up`` counts the items to go out; ``about`` is ``key`` or ``index`` of the record."""

    text: str
    steps: tuple[Step, ...] = ()
    up: int = 0
    about: str | None = None


def parse(text: str, *, levels: int | None = None) -> Path:
    """The path that a reference names.

    Args:
        text: What stands inside ``$( )``.
        levels: How many items out ``^`` may lead at most (see :func:`levels_of`); None for any number.

    Raises:
        PathError: It is malformed, or leads above the document.
    """
    if text.startswith("record:"):
        about = text.removeprefix("record:")
        if about not in {"key", "index"}:
            raise PathError('a record has "record:key" and "record:index"', len("record:"))
        return Path(text, about=about)
    parser = _Parser(text, wild=False)
    path = parser.path()
    parser.at_end()
    _within(path, levels)
    return path


def parse_each(text: str) -> tuple[Path, ...]:
    """The alternatives of ``each``, first to last.

    Raises:
        PathError: One is malformed.
    """
    parser = _Parser(text, wild=True)
    found = [parser.path()]
    while parser.take(" | "):
        found.append(parser.path())
    parser.at_end()
    for path in found:
        _within(path, 0)
    return tuple(found)


def levels_of(each: Sequence[Path]) -> int | None:
    """How many items out ``^`` may lead from a record of ``each``; None where it cannot be known."""
    if any(step.axis == "deep" for path in each for step in path.steps):
        return None
    return max((len(path.steps) for path in each), default=0)


def _within(path: Path, levels: int | None) -> None:
    if levels is not None and path.up > levels:
        depth = {0: "is the document", 1: "is one level below it"}.get(levels, f"is {levels} levels below it")
        raise PathError(f'"{"^" * path.up}" leads above the document: the record {depth}', 0)


_NAME = re.compile(r"[^.()=]+")
_WORD = re.compile(r"(?:(?! and )[^)])+")
_STAR = re.compile(r"\*(?=[.()=]| \| |$)")
_NUMBER = re.compile(r"\s*([0-9]+)\s*(?=\)|$)")


class _Parser:
    """Reads one path after the other from a text."""

    def __init__(self, text: str, *, wild: bool) -> None:
        self.text = text
        self.at = 0
        self.wild = wild

    def take(self, what: str) -> bool:
        if self.text.startswith(what, self.at):
            self.at += len(what)
            return True
        return False

    def at_end(self) -> None:
        if self.at < len(self.text):
            raise PathError(f'"{self.text[self.at]}" cannot stand here', self.at)

    def path(self, *, inner: bool = False) -> Path:
        start, up = self.at, 0
        if self.take("/"):
            up = DOCUMENT
        while self.take("^"):
            if up == DOCUMENT:
                raise PathError('"/" is the document: nothing is above it', self.at - 1)
            up += 1
        if inner and up:
            raise PathError("a pick is read inside the item", start)
        if not up and self._is_record():
            self.at += 1
            return Path(".")
        steps = [self._step(first=True, inner=inner)]
        while self.take("."):
            steps.append(self._step(first=False, inner=inner))
        return Path(self.text[start : self.at], tuple(steps), up)

    def _is_record(self) -> bool:
        return self.text.startswith(".", self.at) and not self.text.startswith("..", self.at)

    def _step(self, *, first: bool, inner: bool) -> Step:
        start = self.at
        deep = self.take(".." if first else ".")
        if deep and not self.wild:
            raise PathError('".." (any depth) is for "each" alone', start)
        if _STAR.match(self.text, self.at):
            if not self.wild or inner:
                raise PathError('"*" (all members) is for "each" alone; quote a name: \'*\'', self.at)
            self.at += 1
            return Step("*", self._pick(), "members")
        name = self._quoted() or self._name(inner=inner)
        return Step(name, self._pick(), "deep" if deep else "child")

    def _name(self, *, inner: bool) -> str:
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise PathError("a name is missing", self.at)
        name = match[0]
        if self.wild:
            name = name.split(" | ", maxsplit=1)[0]
            if not name:
                raise PathError("a name is missing", self.at)
            if name.strip().startswith("|") or name.endswith("|"):
                raise PathError('"|" stands between two paths, with a blank on either side', self.at)
        end = self.at + len(name)
        if inner and self.text.startswith("=", end):
            name = name.rstrip()
        if name != name.strip():
            raise PathError("a name with blanks at its ends is written in quotes", self.at)
        if not name:
            raise PathError("a name is missing", self.at)
        if name[0] in "^/":
            raise PathError(f'"{name[0]}" stands only at the start; quote a name that has it', self.at)
        self.at = end
        return name

    def _quoted(self) -> str | None:
        if not self.text.startswith("'", self.at):
            return None
        start, parts = self.at, []
        self.at += 1
        while True:
            end = self.text.find("'", self.at)
            if end < 0:
                raise PathError("the quote is not closed", start)
            parts.append(self.text[self.at : end])
            self.at = end + 1
            if not self.take("'"):
                break
            parts.append("'")
        text = "".join(parts)
        if not text:
            raise PathError("an empty name", start)
        return text

    def _pick(self) -> int | tuple[Where, ...] | None:
        start = self.at
        if not self.take("("):
            return None
        number = _NUMBER.match(self.text, self.at)
        if number is not None:
            if int(number[1]) == 0:
                raise PathError("1 is the first", self.at)
            self.at = number.end()
            found: int | tuple[Where, ...] = int(number[1])
        else:
            tests = [self._where()]
            while self.take(" and "):
                tests.append(self._where())
            found = tuple(tests)
        if not self.take(")"):
            raise PathError("the bracket is not closed", start)
        return found

    def _where(self) -> Where:
        while self.take(" "):
            pass
        path = self.path(inner=True)
        while self.take(" "):
            pass
        if not self.take("="):
            raise PathError('a pick is a number or "path=word"', self.at)
        while self.take(" "):
            pass
        word = self._quoted()
        if word is None:
            match = _WORD.match(self.text, self.at)
            word = match[0].strip() if match else ""
            if not word:
                raise PathError("a word is missing", self.at)
            self.at = match.end() if match else self.at
        return Where(path, word)


# --- following a path -----------------------------------------------------------------------------

#: From one node to the nodes of a step; a child that is an array gives its items.
Child = Callable[[Any, list[Any]], None]
#: Gives the :data:`Child` of a name.
Children = Callable[[str], Child]
#: Whether a node is what a pick's word says.
Same = Callable[[Any, str], bool]
#: From a node to all nodes that a path leads to, in order, nulls left out.
Select = Callable[[Any], Sequence[Any]]


def child(name: str) -> Child:
    """The members called ``name`` of a decoded JSON object, or of the objects in an array."""

    def step(node: Any, found: list[Any]) -> None:
        if type(node) is dict:
            value = node.get(name)
            if type(value) is list:
                found.extend(value)
            elif value is not None:
                found.append(value)
        elif type(node) is list:
            for item in node:
                step(item, found)

    return step


def same_text(node: Any, word: str) -> bool:
    """Whether a scalar reads ``word``."""
    return text_of(node) == word


def compile_steps(steps: Sequence[Step], *, children: Children = child, same: Same = same_text) -> Select:
    """A function that follows the steps from a node (``up`` is the caller's).

    >>> compile_steps(parse("name.given(1)").steps)({"name": [{"given": ["Ada", "B"]}]})
    ['Ada']
    """
    if children is child and all(step.pick is None for step in steps):
        return _plain([step.name for step in steps])
    made = [_picking(step, children, same) for step in steps]

    def select(node: Any) -> Sequence[Any]:
        nodes = [node]
        for step in made:
            found: list[Any] = []
            for one in nodes:
                step(one, found)
            if not found:
                return found
            nodes = found
        return _flat(nodes)

    return select


def _plain(names: Sequence[str]) -> Select:
    """Names alone: while there are only objects, a value is a few look-ups away."""
    steps = [child(name) for name in names]

    def select(node: Any) -> Sequence[Any]:
        done = 0
        for name in names:
            if type(node) is not dict:
                break
            node = node.get(name)
            if node is None:
                return ()
            done += 1
        else:
            return _flat(node) if type(node) is list else (node,)
        nodes = [node]
        for step in steps[done:]:
            found: list[Any] = []
            for one in nodes:
                step(one, found)
            if not found:
                return found
            nodes = found
        return _flat(nodes)

    return select


def _picking(step: Step, children: Children, same: Same) -> Child:
    lead = children(step.name)
    if step.pick is None:
        return lead
    if isinstance(step.pick, int):
        index = step.pick - 1

        def nth(node: Any, found: list[Any]) -> None:
            if type(node) is list:
                for item in node:
                    nth(item, found)
                return
            items: list[Any] = []
            lead(node, items)
            found.extend(items[index : index + 1])

        return nth
    holds = compile_tests(step.pick, children=children, same=same)

    def where(node: Any, found: list[Any]) -> None:
        items: list[Any] = []
        lead(node, items)
        found.extend(item for item in items if holds(item))

    return where


def compile_tests(
    tests: Sequence[Where], *, children: Children = child, same: Same = same_text
) -> Callable[[Any], bool]:
    """A function that says whether an item fits all conditions of a pick."""
    made = [(compile_steps(test.path.steps, children=children, same=same), test.word) for test in tests]
    return lambda item: all(any(same(node, word) for node in select(item)) for select, word in made)


def _flat(nodes: Sequence[Any]) -> Sequence[Any]:
    for node in nodes:
        if node is None or type(node) is list:
            return list(_leaves(nodes))
    return nodes


def _leaves(nodes: Sequence[Any]) -> Iterator[Any]:
    for node in nodes:
        if type(node) is list:
            yield from _leaves(node)
        elif node is not None:
            yield node
