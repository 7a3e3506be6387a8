"""What went wrong in a YAML text, in words a mapping author can act on: above all, what to quote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from twinmap.formats.yamlnodes import Node, Scalar

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_OPEN, _CLOSE = "{[", "}]"
_BEFORE_VALUE = (": ", ", ", "{", "[")


class Trouble(NamedTuple):
    """A syntax error: line and column from 1; ``mended`` is the text with the value quoted."""

    message: str
    line: int
    column: int
    length: int
    help: str | None
    mended: str | None = None


@dataclass(slots=True)
class Shifts:
    """Quotes that were put in to read on behind an error, so that places are those of the file."""

    _inserted: dict[int, list[int]] = field(default_factory=dict)
    _lines: dict[int, str] = field(default_factory=dict)

    def add(self, trouble: Trouble, line: str) -> None:
        """A value of this line, which reads ``line`` in the file, was quoted."""
        self._lines.setdefault(trouble.line, line)
        last = trouble.column + trouble.length + 1
        self._inserted.setdefault(trouble.line, []).extend([trouble.column, last])

    def original(self, number: int, line: str) -> str:
        """The line as it is in the file; ``line`` is how it reads now."""
        return self._lines.get(number, line)

    def column(self, number: int, column: int) -> int:
        """The column in the file of a column in the mended text."""
        inserted = self._inserted.get(number, ())
        return column - sum(place < column for place in inserted)


def quote(text: str) -> str:
    """The text in quotes, as YAML reads it back: double ones, or single ones where those need no escape.

    >>> quote("mm[Hg]")
    '"mm[Hg]"'
    """
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def refused(event: yaml.NodeEvent) -> Iterator[str]:
    """What of an event is refused: aliases, anchors, tags."""
    if isinstance(event, yaml.AliasEvent):
        yield f"the alias *{event.anchor}"
        return
    if event.anchor is not None:
        yield f"the anchor &{event.anchor}"
    if getattr(event, "tag", None) is not None:
        yield "a tag (!)"


def comma(before: Scalar, value: Node, key: Scalar) -> str | None:
    """The help where an unquoted comma cut a value of a flow mapping in two, or None."""
    text = getattr(value, "text", None)
    if text is None or getattr(value, "quoted", True) or value.span.line != key.span.line:
        return None
    raw = key.span.text[value.span.column - 1 : key.span.column - 1 + key.span.length]
    return f"if the comma belongs to the value, quote it: {before.text}: {quote(raw)}"


def explain(error: yaml.YAMLError, text: str) -> Trouble:
    """Words, place and help for an error of the YAML scanner or parser."""
    if isinstance(error, yaml.reader.ReaderError):
        return _bad_character(error, text)
    problem = str(getattr(error, "problem", None) or "")
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None)
    start = getattr(error, "context_mark", None) or mark
    if mark is None:
        return Trouble("this is not YAML", 1, 1, 1, None)
    lines = _BREAK.split(text)
    for words, judge in _JUDGES:
        at = start if judge in _AT_START else mark
        if at is not None and (words in problem or words in context):
            line = lines[at.line] if at.line < len(lines) else ""
            found = judge(_Case(problem, line, at.line + 1, at.column, text))
            if found is not None:
                return found
    return Trouble(f"this is not YAML: {context or problem}", mark.line + 1, mark.column + 1, 1, None)


def _bad_character(error: yaml.reader.ReaderError, text: str) -> Trouble:
    lines = _BREAK.split(text[: error.position])
    code = error.character if isinstance(error.character, int) else ord(error.character)
    message = f"the character U+{code:04X} is not allowed in YAML"
    advice = "remove it; within double quotes it can be written as an escape"
    return Trouble(message, len(lines), len(lines[-1]) + 1, 1, advice)


class _Case(NamedTuple):
    """A syntax error: its line and where in it (``column`` from 0)."""

    problem: str
    line: str
    number: int
    column: int
    text: str

    @property
    def character(self) -> str:
        return self.line[self.column : self.column + 1]

    def trouble(self, message: str, advice: str) -> Trouble:
        return Trouble(message, self.number, self.column + 1, 1, advice)

    def quoting(self, message: str, column: int) -> Trouble:
        """The trouble that is mended by quoting the value that begins at ``column``."""
        raw = raw_value(self.line, column)
        if not raw or raw[0] in "\"'":
            return self.trouble(message, "quote the whole value")
        mended = self.line[:column] + quote(raw) + self.line[column + len(raw) :]
        text = _replace_line(self.text, self.number, mended)
        return Trouble(message, self.number, column + 1, len(raw), f"quote it: {quote(raw)}", text)


def _cannot_start(case: _Case) -> Trouble:
    if case.character == "\t":
        return case.trouble("a tab cannot indent", "indent with blanks")
    return case.quoting(f'"{case.character}" cannot begin a value', case.column)


def _bare_sign(case: _Case) -> Trouble:
    return case.quoting(f'"{case.character}" cannot begin a value', case.column)


def _open_quote(case: _Case) -> Trouble | None:
    if "end of" not in case.problem:
        return None
    before = case.line[case.column - 1 : case.column]
    if before and before not in " {[,:":
        # The quote stands inside a value that something before it, such as "?", has cut off.
        return case.quoting("a quote cannot stand here unquoted", _value_start(case.line, case.column))
    return case.trouble("this quote is never closed", "close it, or quote the whole value")


def _inside_value(case: _Case) -> Trouble | None:
    got = re.fullmatch(r"expected ',' or '(.)', but got '(.+)'", case.problem)
    if got is None or got[2].startswith(("<stream", "<block", "<document")):
        return None
    if not any(mark in case.line[: case.column] for mark in _BEFORE_VALUE):
        return None  # the line is not part of the collection: that was never closed
    start = _value_start(case.line, case.column)
    return case.quoting(f'"{case.character}" cannot stand inside an unquoted value here', start)


def _never_closed(case: _Case) -> Trouble | None:
    close = {"{": "}", "[": "]"}.get(case.character)
    if close is None:
        return None
    return case.trouble(f'this "{case.character}" is never closed', f'close it with "{close}"')


def _second_colon(case: _Case) -> Trouble:
    start = case.line.find(": ")
    advice = "indent it as its neighbours, or quote a value that contains a colon and a blank"
    if 0 <= start < case.column and (raw := case.line[start + 2 :].split(" #")[0].strip()):
        advice = f"if it is one value, quote it: {quote(raw)}"
    return case.trouble("a second key begins inside a value", advice)


def _no_colon(case: _Case) -> Trouble:
    return case.trouble("a key must be followed by a colon and a blank", "write key: value")


def _escape(case: _Case) -> Trouble:
    return case.trouble(
        "a backslash begins an escape here", "use single quotes: nothing is an escape in them"
    )


def _out_of_place(case: _Case) -> Trouble:
    if case.character in _CLOSE and case.character:
        return case.trouble(f'this "{case.character}" closes nothing', "remove it, or quote the value")
    return case.trouble("this does not fit the block it stands in", "indent it as its neighbours")


#: What PyYAML says, and who explains it: the first that fits and has an answer.
_JUDGES: tuple[tuple[str, Callable[[_Case], Trouble | None]], ...] = (
    ("cannot start any token", _cannot_start),
    ("while scanning an alias", _bare_sign),
    ("while scanning an anchor", _bare_sign),
    ("unknown escape character", _escape),
    ("while scanning a quoted scalar", _open_quote),
    ("while scanning a double-quoted scalar", _open_quote),
    ("expected ',' or", _inside_value),
    ("while parsing a flow", _never_closed),
    ("mapping values are not allowed", _second_colon),
    ("could not find expected ':'", _no_colon),
    ("but found", _out_of_place),
)

#: These point to where the broken thing begins, not to where the scanner gave up.
_AT_START = frozenset({_open_quote, _never_closed, _no_colon, _bare_sign})


def _replace_line(text: str, number: int, line: str) -> str:
    start = 0
    for _ in range(number - 1):
        found = _BREAK.search(text, start)
        assert found is not None
        start = found.end()
    end = _BREAK.search(text, start)
    return text[:start] + line + (text[end.start() :] if end else "")


def raw_value(line: str, column: int) -> str:
    """The text of a value from ``column`` (from 0) to where its author most likely meant it to end.

    Inside ``{ }`` or ``[ ]`` that is the next comma or closing bracket on its own level, else the end
    of the line or a comment.
    """
    depth = _flow_depth(line[:column])
    level = 0
    for index in range(column, len(line)):
        character = line[index]
        if line.startswith(" #", index):
            return line[column:index].rstrip()
        if depth > 0 and level == 0 and character in ",}]":
            return line[column:index].rstrip()
        level += (character in _OPEN) - (character in _CLOSE)
    return line[column:].rstrip()


def _value_start(line: str, column: int) -> int:
    """Where the unquoted value that ends before ``column`` begins."""
    ends = [line.rfind(mark, 0, column) + len(mark) for mark in _BEFORE_VALUE if mark in line[:column]]
    found = max(ends, default=0)
    while found < column and line[found] == " ":
        found += 1
    return found


def _flow_depth(before: str) -> int:
    """How many brackets are open, quoted text aside."""
    bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'", "", before)
    return sum(bare.count(mark) for mark in _OPEN) - sum(bare.count(mark) for mark in _CLOSE)
