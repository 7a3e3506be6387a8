"""HL7 v2 framing: bytes to messages, messages to lines; no meaning.

A file is read once, in blocks of a megabyte; beyond that one message is held at a time. Segments may end
with CR (the standard), LF or CRLF. A byte order mark, MLLP bytes (VT before a message, FS after it), blank
lines and the batch envelope (FHS, BHS, BTS, FTS) are taken off; batch counts are checked.

When a message is known to be cut, and set aside as such:

- its MLLP frame is open: VT came before it, but no FS before the next VT or the end of the file;
- it is the last one, its last line has no end, and that line is not the start of a segment; or is MSH
  without a message type; or a batch envelope is open (a BHS without BTS, an FHS without FTS).

A last line without its end is not enough: half of all files are written so. Nor is a missing trailer: the
standard makes trailers optional; it is remarked on.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from twinmap.formats.hl7count import Counter
from twinmap.formats.hl7text import Delimiters, delimiters
from twinmap.limits import LIMITS, Limits

_CHUNK = 1 << 20
#: A message longer than this is read line by line, so that its start is not searched again and again.
_PATIENCE = 4 * _CHUNK
#: Digits of a count; a longer one is none.
_COUNT_DIGITS = 9
#: What is kept of a message over the limit.
_KEPT = 1_000_000
#: VT and FS of MLLP, and what old systems leave at the ends of files.
_EDGES = "\x0b\x1c\x1a\x00"
_BLANK = _EDGES + " \t\x0c"
_LEADING = re.compile("[\x0b\x1c\x1a\x00]{0,16}(?:\xef\xbb\xbf)?[\x0b\x1c\x1a\x00]{0,16}")
_START = re.compile(r"[ \t]{0,40}(MSH|FHS|BHS|BTS|FTS)")
_PART_OF_NAME = re.compile(r"[A-Z][A-Z0-9]{0,2}")
#: Field separators of an MSH that reaches to MSH-9.
_TO_TYPE = 8
#: The starts of the lines of a message that needs no second look (see :func:`heads_of`).
_PLAIN = re.compile(r"MSH\|(?:,(?!MSH|FHS|BHS|BTS|FTS|ADD)[A-Z][A-Z0-9]{2}(?:\||(?=,|$)))*")
_MOST_HEADS = 10_000


def heads_of(lines: Sequence[str]) -> str:
    """The first four characters of every line, joined by commas: which segments, in which order."""
    return ",".join([line[:4] for line in lines])


def are_plain(heads: str) -> bool:
    """Whether they are those of one message of well-formed segments with the usual field separator."""
    return _PLAIN.fullmatch(heads) is not None


@dataclass(slots=True)
class Frame:
    """One message, its bytes as Latin-1 text: lines without their ends, and their numbers (from 1).

    ``heads`` is that of :func:`heads_of` where the lines are known to be plain, else None. ``fault`` is a
    finding code and a reason where the message cannot be read. A frame that does not begin with MSH is the
    text before the first message.
    """

    number: int
    lines: list[str]
    numbers: Sequence[int]
    heads: str | None = None
    given: Delimiters | None = None
    fault: tuple[str, str] | None = None
    #: The lines joined by LF, where they were cut from it.
    text: str | None = None

    @property
    def raw(self) -> str:
        """The message with CR between its segments, its bytes as Latin-1."""
        return "\r".join(self.lines)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the file as a whole: a finding code, one line, and numbers."""

    code: str
    message: str
    line: int | None = None
    details: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Envelope:
    """A batch (BHS) or a file of batches (FHS) that is open; ``inside`` counts what its trailer counts."""

    name: str
    line: int
    inside: int = 0


@dataclass(slots=True)
class _Open:
    """A message that is being collected line by line."""

    number: int
    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    size: int = 0
    fault: tuple[str, str] | None = None


class Framing:
    """Iterates over the frames and remarks of one stream.

    After that ``messages`` is the number of frames given, ``second`` the same number found another way:
    ``MSH`` at line starts in the raw bytes, and one for text before the first of them.

    Args:
        stream: Bytes, already unpacked.
        limits: ``record_bytes`` caps a message.
    """

    def __init__(self, stream: BinaryIO, limits: Limits = LIMITS) -> None:
        self.messages = 0
        self.second = 0
        #: The bytes were UTF-16 and are given as UTF-8; U+FFFD marks what was not valid.
        self.transcoded = False
        #: An MSH or a batch header has been met.
        self.begun = False
        self._stream = stream
        self._limit = limits.record_bytes
        self._open: _Open | None = None
        self._framed = False
        self._framed_since: int | None = None
        self._batches: list[_Envelope] = []
        self._stray = 0
        self._plain: set[str] = set()

    def __iter__(self) -> Iterator[Frame | Remark]:
        first, lines = 1, [""]
        for text, whole in self._pieces():
            lines = text.split("\n")
            frame = self._whole(text, lines, first) if whole and len(text) <= self._limit else None
            if frame is not None:
                yield from self._close(None)
                yield frame
            else:
                for number, line in enumerate(lines, first):
                    yield from self._line(line, number)
            first += len(lines)
        yield from self._close(self._cut_reason(lines[-1]))
        for envelope in reversed(self._batches):
            trailer = "BTS" if envelope.name == "BHS" else "FTS"
            yield Remark(
                "TM-Q08", f"{envelope.name} has no {trailer}: its count is not checked", envelope.line
            )
        if self._stray:
            details = {"lines": self._stray}
            yield Remark("TM-Q06", "text between messages belongs to none of them", None, details)

    def _whole(self, text: str, lines: list[str], first: int) -> Frame | None:
        """The frame of a message that is whole and plain; None where it needs a look at every line."""
        heads = heads_of(lines)
        if heads not in self._plain:
            if not are_plain(heads):
                return None
            if len(self._plain) >= _MOST_HEADS:
                self._plain.clear()
            self._plain.add(heads)
        given = delimiters(lines[0][:12])
        if given is None:
            return None
        self._count()
        return Frame(self.messages, lines, range(first, first + len(lines)), heads, given, text=text)

    def _count(self) -> None:
        self.messages += 1
        self.begun = True
        for envelope in self._batches[-1:]:
            envelope.inside += envelope.name == "BHS"

    # --- line by line

    def _line(self, line: str, number: int) -> Iterator[Frame | Remark]:
        lead = _LEADING.match(line)
        at = lead.end() if lead else 0
        text = line[at:].rstrip(_EDGES)
        if "\x1c" in line[:at]:
            self._framed_since = None
        if "\x0b" in line[:at]:
            if self._framed_since is not None and self.begun:
                yield from self._close(self._unclosed())
            self._framed_since = number
        start = _START.match(text)
        if start is not None:
            yield from self._close(None)
            text = text.lstrip(" \t")
            if start[1] == "MSH":
                self._begin(text, number)
            else:
                self.begun = True
                yield from self._envelope(start[1], text, number)
        elif text.strip(_BLANK):
            self._add(text, number)
        if "\x1c" in line[at + len(text) :]:
            self._framed_since = None

    def _begin(self, text: str, number: int) -> None:
        self._count()
        self._open = _Open(self.messages, [text], [number], len(text))
        if delimiters(text[:12]) is None:
            self._open.fault = ("TM-Q06", "MSH declares no field separator or no encoding characters")

    def _add(self, text: str, number: int) -> None:
        message = self._open
        if message is None and self.begun:
            self._stray += 1
            return
        if message is None:
            self.messages += 1
            fault = ("TM-Q06", "text before the first MSH")
            message = self._open = _Open(self.messages, fault=fault)
        message.lines.append(text)
        message.numbers.append(number)
        message.size += len(text) + 1
        if message.size > self._limit:
            message.fault = ("TM-Q15", f"a message is larger than {self._limit:,} bytes; its start is kept")
            message.lines, message.numbers = ["\r".join(message.lines)[:_KEPT]], message.numbers[:1]
            message.size = 0

    def _close(self, cut: str | None) -> Iterator[Frame]:
        message, self._open = self._open, None
        if message is None:
            return
        if cut and message.fault is None:
            message.fault = ("TM-Q07", f"a message is cut: {cut}")
        if message.size > self._limit or (message.fault and message.fault[0] == "TM-Q15"):
            message.lines = ["\r".join(message.lines)[:_KEPT]]
        given = delimiters(message.lines[0][:12])
        yield Frame(message.number, message.lines, message.numbers, None, given, message.fault)

    def _cut_reason(self, last: str) -> str | None:
        """Why the message that the file ends in is cut; ``last`` is its last line, which has no end."""
        if self._open is None or not last.strip(_BLANK) or "\x1c" in last:
            return self._unclosed()
        separator = self._open.lines[0][3:4]
        if len(self._open.lines) > 1 and _PART_OF_NAME.fullmatch(last):
            return "its last line is a segment name at most"
        if last.startswith("MSH") and last.count(separator) < _TO_TYPE:
            return "its MSH ends before the message type"
        if last.startswith("MSH") and self._open.number > 1:  # alone in a file, a header may be all
            return "the file ends in its MSH"
        if self._batches:
            return f"the file ends in it, before the trailer of its {self._batches[-1].name}"
        return self._unclosed()

    def _unclosed(self) -> str | None:
        return "its MLLP frame is not closed" if self._framed_since is not None else None

    # --- the batch envelope

    def _envelope(self, name: str, text: str, number: int) -> Iterator[Remark]:
        if name in ("FHS", "BHS"):
            for outer in self._batches[-1:]:
                outer.inside += outer.name == "FHS" and name == "BHS"
            self._batches.append(_Envelope(name, number))
            return
        wanted = "BHS" if name == "BTS" else "FHS"
        if name == "FTS":
            while self._batches and self._batches[-1].name == "BHS":
                lost = self._batches.pop()
                yield Remark("TM-Q08", "BHS has no BTS: its count is not checked", lost.line)
        if not self._batches or self._batches[-1].name != wanted:
            yield Remark("TM-Q08", f"{name} without {wanted}", number)
            return
        envelope = self._batches.pop()
        stated = text[4:].partition(text[3:4])[0].strip() if len(text) > 4 else ""
        if not stated:
            return
        things = "messages" if name == "BTS" else "batches"
        if not (stated.isascii() and stated.isdecimal() and len(stated) <= _COUNT_DIGITS):
            yield Remark("TM-Q08", f"{name}-1 is not a number of {things}", number)
        elif int(stated) != envelope.inside:
            message = f"{name}-1 says {int(stated)} {things}, there are {envelope.inside}"
            yield Remark("TM-Q08", message, number, {"stated": int(stated), "read": envelope.inside})

    # --- bytes

    def _pieces(self) -> Iterator[tuple[str, bool]]:
        """Lines joined by LF, and whether they are one message as a whole; at last the rest of the file.

        A line over the limit is given to ``limit`` + 1 characters only: whoever counts sees that.
        """
        tail, skipping = "", False
        for block in self._texts():
            text = block
            if skipping:
                at = block.find("\n")
                text, skipping = (block[at:], False) if at >= 0 else ("", True)
            found = (tail + text).split("\nMSH")
            tail = found.pop()
            for number, piece in enumerate(found):
                message = f"MSH{piece}" if number else piece
                yield message, message.startswith("MSH|") and not self._framed
            tail = f"MSH{tail}" if found else tail
            if len(tail) > min(_PATIENCE, self._limit):
                lines, ended, tail = tail.rpartition("\n")
                if ended:
                    yield lines, False
                if len(tail) > self._limit:
                    tail, skipping = tail[: self._limit + 1], True
        yield tail, False

    def _texts(self) -> Iterator[str]:
        """The stream in blocks, as Latin-1 with LF as line end."""
        held = b""
        for chunk in self._chunks():
            data = held + chunk
            held = data[-1:] if data.endswith(b"\r") else b""
            data = data[: len(data) - len(held)]
            if b"\r" in data:
                data = data.replace(b"\r\n", b"\n") if b"\n" in data else data
                data = data.replace(b"\r", b"\n")
            self._framed = self._framed or b"\x0b" in data or b"\x1c" in data
            yield data.decode("latin-1")
        yield "\n" if held else ""

    def _chunks(self) -> Iterator[bytes]:
        """The stream in blocks, as UTF-8 where a mark or the first letters say UTF-16; counts on the way."""
        first = self._stream.read(_CHUNK)
        codec = _utf16(first)
        self.transcoded = codec is not None
        decoder = codecs.getincrementaldecoder(codec)("replace") if codec else None
        counter = Counter()
        chunk = first
        while chunk:
            data = decoder.decode(chunk).removeprefix("\ufeff").encode("utf-8") if decoder else chunk
            counter.feed(data)
            yield data
            chunk = self._stream.read(_CHUNK)
        rest = decoder.decode(b"", final=True).encode("utf-8") if decoder else b""
        counter.feed(rest)
        self.second = counter.finish()
        yield rest


def _utf16(start: bytes) -> str | None:
    if start.startswith(codecs.BOM_UTF16_LE) or re.match(rb"[MFB]\x00[SH]\x00[HS]\x00", start):
        return "utf-16-le"
    if start.startswith(codecs.BOM_UTF16_BE) or re.match(rb"\x00[MFB]\x00[SH]\x00[HS]", start):
        return "utf-16-be"
    return None
