"""A window that slides over a JSON file: values are decoded where it stands, faults are stepped over."""

from __future__ import annotations

import codecs
import re
from typing import Any, BinaryIO, NamedTuple

from twinmap.formats.jsonlex import JsonError, decode_at
from twinmap.limits import LIMITS

#: Bytes read at once.
CHUNK = 1 << 20

_SPACE = re.compile(r"[ \t\n\r]*")
#: A quote, or a run of brackets: a file of nothing but brackets is gone through in few steps.
_STRUCTURE = re.compile(r'"|[\[{]+|[\]}]+')
_IN_STRING = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[,\]}\s]")
#: A byte that the encoding does not know, as surrogateescape gives it.
UNFIT = re.compile("[\udc80-\udcff]")
#: How near to the end of the window a fault may be the window's own: the longest word is -Infinity.
_NEAR = 16


class Item(NamedTuple):
    """A value of the file: ``text`` as it stands there, ``line`` (from 1) where it starts.

    ``place`` is empty for a document, ``/entry/4`` for an item of a member that is read one by one.
    """

    value: Any
    text: str
    line: int
    place: str = ""


class Fault(NamedTuple):
    """What stands in the place of an item that cannot be read; ``code`` as in :class:`JsonError`."""

    code: str
    message: str
    text: str
    line: int
    place: str = ""


def too_large() -> str:
    """What is said of an item that is over the limit."""
    return f"larger than {LIMITS.record_bytes:,} bytes"


def too_many() -> str:
    """What is said of an item with more values than the limit."""
    return f"more than {LIMITS.json_values:,} values"


def like_ascii(encoding: str) -> bool:
    """Whether ASCII text has the same bytes in an encoding."""
    return "\n{".encode(encoding) == b"\n{"


class Window:
    """The part of a file that is in memory, and the position in it."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._unfit = self._replaced = False
        self._ended = False
        #: Whether the rest of the file has been given up.
        self.over = False
        self._buffer = ""
        self._pos = 0
        self._mark = 0
        self._mark_line = 1
        if self._fill() and self._buffer.startswith("\ufeff"):
            self._buffer = self._buffer[1:]

    @property
    def line(self) -> int:
        """The line of the position, from 1."""
        self._mark_line += self._buffer.count("\n", self._mark, self._pos)
        self._mark = self._pos
        return self._mark_line

    def ahead(self, mark: re.Pattern[str]) -> bool:
        """Whether this stands anywhere in the window."""
        return mark.search(self._buffer, self._pos) is not None

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            self._pos = _SPACE.match(self._buffer, self._pos).end()  # type: ignore[union-attr]
            if self._pos < len(self._buffer):
                return self._buffer[self._pos]
            if not self._fill():
                return ""

    def advance(self) -> None:
        """Step over the character that was peeked."""
        self._pos += 1

    def item(self, place: str = "") -> Item | Fault:
        """The value at the position, which moves behind it."""
        self.peek()
        line = self.line
        while True:
            try:
                value, end = decode_at(self._buffer, self._pos)
            except JsonError as error:
                if self._may_go_on(error):
                    continue
                return self._fault(error, line, place)
            whole = self._ended or end < len(self._buffer) or type(value) in {dict, list}
            if whole or not self._fill():
                break
        text = self._buffer[self._pos : end]
        if self._unfit and UNFIT.search(text):
            return self._fault(JsonError("TM-Q03", f"not {self._encoding}"), line, place)
        self._pos = end
        if len(text) > LIMITS.record_bytes:
            return Fault("TM-Q15", too_large(), text[:CHUNK], line, place)
        return Item(value, text, line, place)

    def rest(self, code: str, message: str) -> Fault:
        """All that is left, as one fault; the rest of the file is not read."""
        line = self.line
        text = self._clean(self._buffer[self._pos :])
        self._buffer, self._pos, self._mark, self._ended, self.over = "", 0, 0, True, True
        return Fault(code, message.replace("{line}", str(line)), text, line)

    def _may_go_on(self, error: JsonError) -> bool:
        """Whether the value only seems wrong because the window ends in it; then it is widened."""
        if error.position is None or self._ended or len(self._buffer) - self._pos > LIMITS.record_bytes:
            return False
        if self._too_many():
            return False
        near = error.position >= len(self._buffer) - _NEAR
        return (near or "unterminated" in error.message) and self._fill()

    def _too_many(self) -> bool:
        """Whether what is in the window, a value that goes on behind it, has more values than the limit."""
        return self._buffer.count(",", self._pos) > LIMITS.json_values

    def _fault(self, error: JsonError, line: int, place: str) -> Fault:
        code, message = error.code, error.message
        if len(self._buffer) - self._pos > LIMITS.record_bytes:
            code, message = "TM-Q15", too_large()
        elif error.position is not None and not self._ended and self._too_many():
            code, message = "TM-Q15", too_many()
        elif error.position is not None:
            before = self._buffer.rfind("\n", 0, error.position)
            below = self._buffer.count("\n", self._pos, error.position)
            message += f" (line {line + below}, column {error.position - before})"
        return Fault(code, message, self._clean(self._skip()), line, place)

    def _skip(self) -> str:
        """Move behind the value at the position, told by brackets and quotes alone; gives its text."""
        start, depth, quoted, text = self._pos, 0, False, ""
        pattern = _STRUCTURE if self._buffer[start : start + 1] in {"[", "{", '"'} else _SCALAR_END
        at = start
        while True:
            match = (_IN_STRING if quoted else pattern).search(self._buffer, at)
            if match is None or (match[0] == "\\" and match.end() == len(self._buffer)):
                done = (len(self._buffer) if match is None else match.start()) - self._pos
                if done > LIMITS.record_bytes:
                    text = text or self._buffer[self._pos : self._pos + CHUNK]
                    self._pos += done
                    done = 0
                if not self._fill():
                    end, self.over = len(self._buffer), True
                    break
                at = self._pos + done
                continue
            at = end = match.end()
            if pattern is _SCALAR_END:
                end = match.start()
                break
            if quoted:
                at += match[0] == "\\"
                quoted = match[0] == "\\"
            elif match[0] == '"':
                quoted = True
            elif match[0][0] in "[{":
                depth += len(match[0])
            else:
                depth -= len(match[0])
                end += min(depth, 0)  # the last of these brackets may close what is around the value
            if depth <= 0 and not quoted:
                break
        text = text or self._buffer[self._pos : end]
        self._pos = end
        return text

    def _fill(self) -> bool:
        """Read on; what lies before the position is let go. The window doubles while a value is open."""
        if self._ended:
            return False
        data = self._stream.read(max(CHUNK, len(self._buffer) - self._pos))
        more = self._decoded(data)
        self._ended = not data
        if self._ended and not more:
            return False
        self._mark_line, self._mark = self.line, 0
        self._buffer, self._pos = self._buffer[self._pos :] + more, 0
        return True

    def _decoded(self, data: bytes) -> str:
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            self._unfit = True
            text = self._decoded_in_part(error.object, final=not data)
        return text.replace("\ufffd", "\udcff") if self._replaced else text

    def _decoded_in_part(self, data: bytes, *, final: bool) -> str:
        """The text with a mark for what does not fit: the byte itself, where characters are bytes."""
        state = self._decoder.getstate()[1]  # the byte order, where the start of the file told it
        self._replaced = not like_ascii(self._encoding)
        errors = "replace" if self._replaced else "surrogateescape"
        self._decoder = codecs.getincrementaldecoder(self._encoding)(errors)
        self._decoder.setstate((b"", state))
        return self._decoder.decode(data, final=final)

    def _clean(self, text: str) -> str:
        if not self._unfit:
            return text
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
