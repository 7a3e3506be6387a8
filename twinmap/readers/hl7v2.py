"""HL7 v2: files of messages, one record a message or, with ``each``, a segment.

``each: OBX`` (or PV1, DG1, RXA, AL1, ZXY …) makes a record of every such segment, with the segments of its
group in scope; without ``each`` the message is the record. ``_record`` is the number of the message in the
file, ``_part`` names the segment as ``OBX[3]`` (the third OBX of the message), ``_line`` is its line.

References are those of :mod:`twinmap.formats.hl7path`, and ``record:index`` (the number of the segment in its
message, without ``each`` of the message in its file) and ``record:zone`` (the offset that MSH-7 has, such as
``-0600``: what times without an offset may be read in). Blanks at the ends of a value are taken off, as the
standard calls them optional: ``trim: false`` changes nothing here.

How the books balance: a message counts as ``filtered`` where ``messages`` leaves it out, and where it holds
no segment of ``each`` (noted by type, TM-Q09); the cells of both are in ``FileCounts.cells``. A cell is a
field that is not empty; those of segments that are no record go with the first record of their message, marked
as standing around it.
MSH-1 and MSH-2 are no cells. Of messages set aside only the raw text is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from twinmap import safeio
from twinmap.formats import hl7path
from twinmap.formats.hl7 import Frame, Framing, Remark
from twinmap.model import FileCounts, InputFile, Issue, Note, Reader, Request, SetAside

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_TYPE = re.compile(r"[A-Z]{3}(\^[A-Z0-9]{3})?")


class Hl7Reader(Reader):
    """The reader of HL7 v2 messages, batches of them and MLLP captures."""

    def parse(self, path: str, *, each: str | None = None) -> str | None:
        """Say what is wrong with a reference, or with ``each``; None where they are well formed."""
        if each is not None and (problem := self.parse_each(each)):
            return problem
        if path in ("record:index", "record:zone"):
            return None
        if path.startswith("record:"):
            return "an HL7 v2 record has record:index and record:zone"
        try:
            hl7path.parse(path)
        except hl7path.PathError as error:
            return str(error)
        return None

    def parse_each(self, each: str) -> str | None:
        """Say what is wrong with ``each``: it is the name of a segment."""
        if _SEGMENT.fullmatch(each):
            return None
        return f'"each" is the name of a segment in HL7 v2, such as OBX, not "{each}"'

    def cells(self, path: str) -> tuple[str, ...]:
        """The cells that a well-formed reference reads, as ``_cells`` names them."""
        if path.startswith("record:"):
            return ("MSH-7",) if path == "record:zone" else ()
        return (hl7path.parse(path).cell,)

    def read(self, file: InputFile, request: Request) -> Iterator[Any | SetAside | Issue | Note | FileCounts]:
        """Read one file; see :class:`twinmap.model.Reader`."""
        for _, event in self.read_many(file, (request,)):
            yield event

    def read_many(self, file: InputFile, requests: Sequence[Request]) -> Iterator[tuple[int, Any]]:
        """Read one file for several requests: every message is framed and decoded once.

        The encodings are those of the first request.

        Yields:
            The number of the request, and an event as :meth:`read` gives it. What is wrong with a message or
            the file is told with the first request that takes it; the cells of a message that none takes are
            counted with the first of all.
        """
        with safeio.open_bytes(file.path) as stream:
            yield from _Reading(file, requests, Framing(stream)).events()


@dataclass(slots=True)
class _Reading:
    """One file being read."""

    file: InputFile
    requests: Sequence[Request]
    framing: Framing
    #: For each request the messages that it does not take.
    filtered: list[int] = field(default_factory=list)
    #: Message types that are wanted and hold no record, and how often.
    without: Counter[str] = field(default_factory=Counter)
    #: Encoding faults: how often, and the first line.
    encodings: dict[str, list[int]] = field(default_factory=dict)

    def events(self) -> Iterator[tuple[int, Any]]:
        from twinmap.readers._hl7_block import Block

        number = self.file.number
        blocks = [Block(number, request) for request in self.requests]
        self.filtered = [0] * len(blocks)
        for event in self.framing:
            if isinstance(event, Remark):
                yield 0, Note(number, event.code, event.message, event.line, event.details)
            elif event.fault is not None:
                yield from self._set_aside(event, *event.fault)
            else:
                yield from self._message(event, blocks)
        for at, block in enumerate(blocks):
            for made in block.flush():
                yield at, made
        for note in self._notes():
            yield 0, note
        for at, block in enumerate(blocks):
            cells = dict(sorted(block.skipped.items()))
            counts = (self.framing.messages, self.filtered[at], self.framing.second, cells, block.items)
            yield at, FileCounts(number, *counts)

    def _message(self, frame: Frame, blocks: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        from twinmap.readers import _hl7_message

        encodings = self.requests[0].options.encoding
        message = _hl7_message.read(frame, encodings, transcoded=self.framing.transcoded)
        if isinstance(message, tuple):
            yield from self._set_aside(frame, *message)
            return
        kind, wanted, taker = message.type, False, -1
        for at, (request, block) in enumerate(zip(self.requests, blocks, strict=True)):
            fits = _hl7_message.wanted(kind, request.options.messages)
            wanted = wanted or fits
            if not (fits and block.add(message)):
                self.filtered[at] += 1
                continue
            taker = at if taker < 0 else taker
            if block.full:
                for event in block.flush():
                    yield at, event
        if taker < 0:
            blocks[0].skip(message)
            self.without[_name(kind)] += wanted
        for line, code, text in message.issues:
            yield max(taker, 0), Issue(self.file.number, message.number, line, "", code, text)
        if message.encoding_fault:
            self.encodings.setdefault(message.encoding_fault, [0, frame.numbers[0]])[0] += 1

    def _set_aside(self, frame: Frame, code: str, message: str) -> Iterator[tuple[int, SetAside]]:
        raw = frame.raw.encode("latin-1").decode("utf-8", "backslashreplace")
        aside = SetAside(self.file.number, frame.number, frame.numbers[0], "", code, message, raw)
        for at in range(len(self.requests)):
            yield at, aside

    def _notes(self) -> Iterator[Note]:
        number, name = self.file.number, self.file.name
        if self.framing.messages and not self.framing.begun:
            yield Note(number, "TM-O04", f"{name} is not HL7 v2: no line begins with MSH")
        for fault, (count, line) in self.encodings.items():
            yield Note(number, "TM-Q03", fault, line, {"messages": count})
        segments = " or ".join(sorted({request.each for request in self.requests if request.each}))
        for kind, count in sorted(self.without.items()):
            if count:
                text = f"messages of type {kind} hold no {segments}"
                yield Note(number, "TM-Q09", text, None, {"type": kind, "messages": count})


def _name(kind: tuple[str, str]) -> str:
    """A message type for a message; what has not the form of one may be anything, and is not shown."""
    name = "^".join(filter(None, kind))
    return name if _TYPE.fullmatch(name) else "(unknown)"


READER = Hl7Reader()
