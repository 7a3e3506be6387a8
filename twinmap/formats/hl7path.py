r"""References into HL7 v2 messages: ``SEG[(pick)]-field[(pick)][.component[.sub]]``.

``PID-3(5=MR).4.2`` is the second subcomponent of the fourth component of those repetitions of PID-3 whose
fifth component is ``MR``; ``OBX(3.1=64994-7)-5`` the fifth field of those OBX whose OBX-3.1 is that code.
A pick is a number, counted from 1, or tests joined by ``and``; their paths are fields (with components) in a
segment's pick and components in a field's. A word with ``)``, ``'`` or blanks is quoted: ``'St. Mary''s'``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_NUMBER = re.compile(r"\d{1,4}")
_WORD = re.compile(r"[^()'=]*?(?=\s+and\s+\d|\s*(?:\)|$))")
_AND = re.compile(r"\s+and\s+")


class PathError(ValueError):
    """A reference that is not well formed; ``position`` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (character {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class Equal:
    """One test of a pick: the numbers of its path, and the text that stands there."""

    path: tuple[int, ...]
    word: str


Pick = int | tuple[Equal, ...] | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that is well formed; ``component`` and ``sub`` are 0 where not named."""

    segment: str
    segment_pick: Pick
    field: int
    field_pick: Pick
    component: int = 0
    sub: int = 0

    @property
    def cell(self) -> str:
        """The source field that it reads, as the reader counts them: ``PID-3``."""
        return f"{self.segment}-{self.field}"


@lru_cache(maxsize=4096)
def parse(text: str) -> Reference:
    """Parse one reference.

    >>> parse("PID-3(5=MR).4").cell
    'PID-3'

    Raises:
        PathError: It is not well formed.
    """
    scan = _Scan(text)
    segment = scan.segment()
    segment_pick = scan.pick(depth=3)
    if not scan.skip("-"):
        hint = f"; write {segment}-{scan.rest()[1:]}" if scan.rest().startswith(".") else ""
        raise scan.error(f"after the segment a - and the number of a field are needed{hint}")
    field = scan.number("a field")
    field_pick = scan.pick(depth=2)
    component = scan.number("a component") if scan.skip(".") else 0
    sub = scan.number("a subcomponent") if component and scan.skip(".") else 0
    if scan.rest():
        hint = "; a pick stands in ( )" if scan.rest()[0] in "[{" else ""
        raise scan.error(f"nothing may follow here{hint}")
    return Reference(segment, segment_pick, field, field_pick, component, sub)


class _Scan:
    """The text and how far it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def rest(self) -> str:
        return self.text[self.at :]

    def error(self, message: str) -> PathError:
        return PathError(message, self.at + 1)

    def skip(self, word: str) -> bool:
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def segment(self) -> str:
        name = self.match(_SEGMENT)
        if name is None:
            hint = (
                ", in capital letters"
                if self.text[:3].isalnum() and self.text[:3] != self.text[:3].upper()
                else ""
            )
            raise self.error(f"a reference begins with the three characters of a segment{hint}, as in OBX-5")
        return name

    def number(self, what: str) -> int:
        digits = self.match(_NUMBER)
        if digits is None or int(digits) == 0:
            raise self.error(f"the number of {what} is needed, counted from 1")
        return int(digits)

    def pick(self, *, depth: int) -> Pick:
        """A number, or tests whose paths have at most ``depth`` numbers; None where no ``(`` stands here."""
        if not self.skip("("):
            return None
        whole = re.compile(r"\s*(\d{1,6})\s*\)").match(self.text, self.at)
        if whole is not None:
            if int(whole[1]) == 0:
                raise self.error("a pick counts from 1")
            self.at = whole.end()
            return int(whole[1])
        tests = [self.test(depth)]
        while self.match(_AND):
            tests.append(self.test(depth))
        self.match(re.compile(r"\s*"))
        if not self.skip(")"):
            raise self.error("the pick has no end; a ) is needed")
        return tuple(tests)

    def test(self, depth: int) -> Equal:
        path = [self.number("a field" if depth == 3 else "a component")]
        while len(path) < depth and self.skip("."):
            path.append(self.number("a component"))
        self.match(re.compile(r"\s*"))
        if not self.skip("="):
            raise self.error("a pick is a number or a test such as 5=MR")
        self.match(re.compile(r"\s*"))
        return Equal(tuple(path), self.quoted() if self.skip("'") else self.word())

    def word(self) -> str:
        word = self.match(_WORD)
        if not word:
            raise self.error("a word is needed; quote it where it is empty or has ( ) ' or =")
        return word

    def quoted(self) -> str:
        found = self.match(re.compile(r"(?:[^']|'')*'"))
        if found is None:
            raise self.error("the quote has no end")
        return found[:-1].replace("''", "'")
