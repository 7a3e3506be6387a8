"""The second count of HL7 v2 messages: made on raw bytes, by other code than the first.

It counts ``MSH`` at line starts, with what may stand before it there (MLLP bytes, a byte order mark, up to 40
blanks), and one more where the file begins with text of no message. The books of a run compare it with what
:mod:`twinmap.formats.hl7` gave.
"""

from __future__ import annotations

import re

_LEAD = rb"[\x0b\x1c\x1a\x00]{0,16}(?:\xef\xbb\xbf)?[\x0b\x1c\x1a\x00]{0,16}"
_ODD_START = re.compile(rb"[\r\n](?!MSH)" + _LEAD + rb"[ \t]{0,40}MSH")
_ANY_START = re.compile(_LEAD + rb"[ \t]{0,40}(?:MSH|FHS|BHS|BTS|FTS)")
_BLANK = rb"[\x0b\x1c\x1a\x00]{0,16}(?:\xef\xbb\xbf)?[ \t\x0b\x0c\x1c\x1a\x00]*"
_BLANK_LINES = re.compile(rb"(?:" + _BLANK + rb"[\r\n])*")
_BLANK_LINE = re.compile(_BLANK)
#: More than the longest line start.
_OVERLAP = 128


class Counter:
    """Takes a file in blocks of any size; :meth:`finish` gives the count."""

    def __init__(self) -> None:
        self._total = 0
        self._tail = b"\n"
        self._head: bytes | None = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file."""
        data = self._tail + chunk
        ends = [end + b"MSH" for end in (b"\r", b"\n") if end in data]
        plain = sum(data.count(start) for start in ends)
        self._total += plain - sum(self._tail.count(start) for start in ends)
        if data.count(b"MSH") != plain:
            self._total += sum(match.end() > len(self._tail) for match in _ODD_START.finditer(data))
        self._tail = data[-_OVERLAP:]
        if self._head is not None:
            self._head = self._foreign(self._head + chunk, last=False)

    def finish(self) -> int:
        """The count, when all is fed."""
        if self._head is not None:
            self._foreign(self._head, last=True)
        return self._total

    def _foreign(self, head: bytes, *, last: bool) -> bytes | None:
        """Add one where the first line that is not blank begins no message and no batch.

        Returns:
            What has to be looked at again with more of the file behind it; None when it is decided.
        """
        blank = _BLANK_LINES.match(head)
        rest = head[blank.end() :] if blank else head
        if len(rest) < _OVERLAP and not last and not re.search(rb"[\r\n]", rest):
            return rest
        if _BLANK_LINE.fullmatch(rest):
            return rest[:_OVERLAP]
        self._total += _ANY_START.match(rest) is None
        return None
