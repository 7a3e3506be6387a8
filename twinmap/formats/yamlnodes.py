"""The one door for YAML: text to a tree of nodes that know where they stand.

Scalars stay text as written (``0042``, ``no``, ``12:30``); nothing is typed, nothing is resolved. What
could be a bomb or run code is refused while the events arrive, before anything is built: aliases,
anchors, tags, nesting, size and number of nodes. Duplicate keys and keys without a value are findings.

The pure Python scanner of PyYAML is used on purpose: the C one crashes on deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import yaml

from twinmap import registry
from twinmap.diagnostics import Finding, Span
from twinmap.formats import yamlhelp
from twinmap.limits import LIMITS, Limits

_HALF = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")

#: What stands before or behind a value: there are hardly more values than these.
_SIGNS = "\n,:-?]}"

#: After so many findings the rest of a broken file teaches nothing new.
_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written; ``quoted`` where quotes or a block style say that it is text."""

    text: str
    span: Span
    quoted: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing stands here: a key or an item without a value (already reported)."""
        return not self.text and not self.quoted

    def at(self, offset: int, length: int = 1) -> Span:
        """The place of a part of the text, or of the whole where quotes or folds have moved it."""
        part = self.text[offset : offset + length]
        line, start = self.span.text, self.span.column - 1
        found = line.find(part, start + offset, start + offset + length + 16) if part else -1
        if found < 0:
            return self.span
        return Span(self.span.file, self.span.line, found + 1, max(len(part), 1), line)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


class Entry(NamedTuple):
    """One key of a mapping, with its place, and what it holds."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; keys are unique."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, name: str) -> Node | None:
        """The value of a key, or None."""
        return next((entry.value for entry in self.entries if entry.key.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """The key itself, for its place, or None."""
        return next((entry.key for entry in self.entries if entry.key.text == name), None)


Node = Scalar | Sequence | Mapping


class Parsed(NamedTuple):
    """The root (None where the text could not be read to its end) and everything that is wrong."""

    root: Node | None
    findings: tuple[Finding, ...]


def parse(data: bytes | str, file: str, *, limits: Limits = LIMITS) -> Parsed:
    """Read one YAML document.

    Args:
        data: The content of the file; bytes are UTF-8, with or without a byte order mark.
        file: Its name, for the places of findings.
        limits: What is too large, too deep or too many.
    """
    if len(data) > limits.mapping_bytes:
        return _too_large(f"the file is larger than {limits.mapping_bytes:,} bytes", file)
    text, problem = _decode(data, file)
    if problem is not None:
        return Parsed(None, (problem,))
    # Scanning costs some 20 µs a value: what can hardly be within the limit is not scanned at all.
    if sum(map(text.count, _SIGNS)) > limits.mapping_nodes:
        return _too_large(f"more than {limits.mapping_nodes:,} lines, keys and items", file)
    return _parse_text(text, file, limits)


def _too_large(message: str, file: str) -> Parsed:
    advice = "move tables of values to files: map: maps/name.tsv"
    return Parsed(None, (registry.finding("TM-L05", message, where=Span(file, 1, 1), help=advice),))


def _decode(data: bytes | str, file: str) -> tuple[str, Finding | None]:
    if isinstance(data, str):
        return data.removeprefix("\ufeff"), None
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        lines = _BREAK.split(before)
        span = Span(file, len(lines), len(lines[-1]) + 1)
        message = f"byte {data[error.start]:#04x} is not UTF-8"
        return "", registry.finding("TM-L03", message, where=span, help="save the file as UTF-8")


def _parse_text(text: str, file: str, limits: Limits) -> Parsed:
    """Parse; where quoting a value would mend the syntax, read on behind it to find what else is wrong."""
    broken: list[Finding] = []
    shifts = yamlhelp.Shifts()
    while True:
        builder = _Builder(text, file, limits, shifts)
        try:
            root = builder.build()
        except yaml.YAMLError as error:
            trouble = yamlhelp.explain(error, text)
            broken.append(builder.broken(trouble))
            if trouble.mended is None or len(broken) >= _ENOUGH:
                return Parsed(None, (*broken, *builder.findings))
            shifts.add(trouble, builder.line(trouble.line))
            text = trouble.mended
        else:
            return Parsed(root, (*broken, *builder.findings))


@dataclass(slots=True)
class _Frame:
    """A collection that is being read."""

    line: int
    column: int
    flow: bool
    seen: dict[str, Scalar] | None = None
    children: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    key: Scalar | None = None


class _Stop(Exception):  # noqa: N818 - not an error: the rest of the file is not worth reading
    pass


class _Builder:
    """Makes nodes of events, with a stack of its own: no recursion on input."""

    def __init__(self, text: str, file: str, limits: Limits, shifts: yamlhelp.Shifts) -> None:
        self.findings: list[Finding] = []
        self._shifts = shifts
        self._text = text
        self._file = file
        self._limits = limits
        self._lines = _BREAK.split(text)
        self._stack: list[_Frame] = []
        self._root: Node | None = None
        self._nodes = 0
        self._documents = 0

    def line(self, number: int) -> str:
        """The text of a line of the file, counted from 1."""
        now = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        return self._shifts.original(number, now)

    def broken(self, trouble: yamlhelp.Trouble) -> Finding:
        """The finding of a syntax error."""
        span = self._at(trouble.line, trouble.column, trouble.length)
        return registry.finding("TM-L03", trouble.message, where=span, help=trouble.help)

    def build(self) -> Node | None:
        """The root, or None where reading was stopped.

        Raises:
            yaml.YAMLError: The text is not YAML.
        """
        try:
            for event in _events(self._text, self._limits.mapping_depth):
                self._take(event)
        except _TooDeepError as error:
            with suppress(_Stop):
                self._too_deep(self._at(error.mark.line + 1, error.mark.column + 1, 1))
            return None
        except _Stop:
            return None
        if self._root is None:
            self._report("TM-L03", "the file is empty", self._at(1, 1, 1), "twinmap init writes an example")
        return self._root

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            self._guard(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._report(
                        "TM-L03", "a second document begins here", self._span(event), "one file, one mapping"
                    )
                    raise _Stop
            case yaml.AliasEvent():
                self._place(Scalar("", self._span(event)))
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._stack.append(_Frame(*_start(event), bool(event.flow_style), {}))
            case yaml.SequenceStartEvent():
                self._stack.append(_Frame(*_start(event), bool(event.flow_style)))
            case yaml.CollectionEndEvent():
                self._close()

    def _guard(self, event: yaml.NodeEvent) -> None:
        """Refuse what may not be in a mapping, before anything is made of it."""
        self._nodes += 1
        span = self._span(event)
        if self._nodes > self._limits.mapping_nodes:
            self._report(
                "TM-L05", f"more than {self._limits.mapping_nodes:,} values", span, "move tables to files"
            )
            raise _Stop
        if isinstance(event, yaml.CollectionStartEvent) and len(self._stack) >= self._limits.mapping_depth:
            self._too_deep(span)
        for what in yamlhelp.refused(event):
            raw = yamlhelp.raw_value(span.text, span.column - 1)
            advice = f"if it is text, quote it: {yamlhelp.quote(raw)}; reuse is by maps and by inheritance"
            if not self._again(message := f"{what} is not allowed"):
                self._report("TM-L05", message, span, advice)

    def _again(self, message: str) -> bool:
        """Count what was refused before, where it stands first."""
        for index, finding in enumerate(self.findings):
            if finding.message == message:
                self.findings[index] = replace(finding, count=finding.count + 1)
                return True
        return False

    def _too_deep(self, span: Span) -> None:
        deepest = f"nested deeper than {self._limits.mapping_depth} levels"
        self._report("TM-L05", deepest, span, "no mapping needs that")
        raise _Stop

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        node = Scalar(self._whole_characters(event), self._span(event), event.style is not None)
        if node.empty and event.anchor is None and event.tag is None:
            self._no_value(node)
        self._place(node)

    def _whole_characters(self, event: yaml.ScalarEvent) -> str:
        """The text with two escapes of one character joined, as in JSON; half a character is refused."""
        text: str = event.value
        if not _HALF.search(text):
            return text
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            advice = "write the character itself, or both of its escapes"
            self._report("TM-L03", "an escape is half of a character", self._span(event), advice)
            return _HALF.sub("\ufffd", text)

    def _no_value(self, node: Scalar) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is None:
            return
        if frame.seen is None:
            self._report("TM-L06", "an item of this list is empty", node.span, 'write "" for an empty text')
        elif frame.key is None:
            self._report("TM-L06", "a value stands without a key", node.span, "write key: value")
        else:
            advice = 'write its value; slot: "" leaves a slot unbound'
            if frame.flow and frame.entries:
                advice = yamlhelp.comma(frame.entries[-1].key, frame.entries[-1].value, frame.key) or advice
            name = " ".join(frame.key.text.split())  # a key may go over several lines, a message may not
            self._report("TM-L06", f'the key "{name}" has no value', frame.key.span, advice)

    def _place(self, node: Node) -> None:
        """Put a finished node where it belongs: the root, an item, a key or a value."""
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if frame.seen is None:
            frame.children.append(node)
        elif frame.key is not None:
            self._entry(frame, frame.key, node)
            frame.key = None
        elif isinstance(node, Scalar):
            frame.key = node
        else:
            self._report("TM-L06", "a key must be text", node.span, "write key: value")
            frame.key = Scalar("", node.span)

    def _entry(self, frame: _Frame, key: Scalar, value: Node) -> None:
        assert frame.seen is not None
        first = frame.seen.get(key.text)
        if first is not None and not key.empty:
            line = first.span.line
            message = f'the key "{key.text}" stands here for the second time; the first is in line {line}'
            self._report("TM-L04", message, key.span, "keep one; alternatives are written a | b")
        elif not key.empty:
            frame.seen[key.text] = key
            frame.entries.append(Entry(key, value))

    def _close(self) -> None:
        frame = self._stack.pop()
        span = self._at(frame.line, frame.column, 1)
        if frame.seen is None:
            self._place(Sequence(tuple(frame.children), span))
        else:
            self._place(Mapping(tuple(frame.entries), span))

    def _span(self, event: yaml.Event) -> Span:
        line, column = _start(event)
        end = event.end_mark
        if end is not None and end.line + 1 == line:
            return self._at(line, column, end.column + 1 - column)
        return self._at(line, column, len(self.line(line).rstrip()) + 1 - column)

    def _at(self, number: int, column: int, length: int) -> Span:
        """A span of the file from a place in the text as it reads now."""
        first = self._shifts.column(number, column)
        last = self._shifts.column(number, column + max(length, 1))
        line = self.line(number)
        return Span(self._file, number, min(first, len(line) + 1), max(last - first, 1), line)

    def _report(self, code: str, message: str, span: Span, advice: str) -> None:
        self.findings.append(registry.finding(code, message, where=span, help=advice))
        if len(self.findings) >= _ENOUGH:
            raise _Stop


def _start(event: yaml.Event) -> tuple[int, int]:
    """Line and column, from 1, where an event begins."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _TooDeepError(yaml.YAMLError):
    def __init__(self, mark: yaml.Mark) -> None:
        super().__init__()
        self.mark = mark


class _Loader(yaml.SafeLoader):
    """Counts open brackets while scanning: the scanner looks ahead, quadratically, before any event."""

    deepest = LIMITS.mapping_depth

    def fetch_flow_collection_start(self, TokenClass: type[yaml.Token]) -> None:  # noqa: N803 (theirs)
        if self.flow_level >= self.deepest:
            raise _TooDeepError(self.get_mark())
        super().fetch_flow_collection_start(TokenClass)


def _events(text: str, deepest: int) -> Iterator[yaml.Event]:
    loader = _Loader(text)
    loader.deepest = deepest
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]
    finally:
        loader.dispose()
