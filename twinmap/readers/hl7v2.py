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
field that is not empty; those of segments that are no record go with the first record of their message.
MSH-1 and MSH-2 are no cells. Of messages set aside only the raw text is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from twinmap import safeio
from twinmap.formats import hl7path
from twinmap.formats.hl7 import Frame, Framing, Remark
from twinmap.model import FileCounts, InputFile, Issue, Note, Request, SetAside

_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_TYPE = re.compile(r"[A-Z]{3}(\^[A-Z0-9]{3})?")


class Hl7Reader:
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
        with safeio.open_bytes(file.path) as stream:
            yield from _Reading(file, request, Framing(stream)).events()


@dataclass(slots=True)
class _Reading:
    """One file being read."""

    file: InputFile
    request: Request
    framing: Framing
    filtered: int = 0
    #: Message types without a record, and how often.
    without: Counter[str] = field(default_factory=Counter)
    #: Encoding faults: how often, and the first line.
    encodings: dict[str, list[int]] = field(default_factory=dict)

    def events(self) -> Iterator[Any]:
        from twinmap.readers._hl7_block import Block

        number = self.file.number
        block = Block(number, self.request)
        for event in self.framing:
            if isinstance(event, Remark):
                yield Note(number, event.code, event.message, event.line, event.details)
            elif event.fault is not None:
                yield self._set_aside(event, *event.fault)
            else:
                yield from self._message(event, block)
        yield from block.flush()
        yield from self._notes()
        cells = dict(sorted(block.skipped.items()))
        yield FileCounts(number, self.framing.messages, self.filtered, self.framing.second, cells)

    def _message(self, frame: Frame, block: Any) -> Iterator[Any]:
        from twinmap.readers import _hl7_message

        options = self.request.options
        message = _hl7_message.read(frame, options.encoding, transcoded=self.framing.transcoded)
        if isinstance(message, tuple):
            yield self._set_aside(frame, *message)
            return
        for line, code, text in message.issues:
            yield Issue(self.file.number, message.number, line, "", code, text)
        if message.encoding_fault:
            self.encodings.setdefault(message.encoding_fault, [0, frame.numbers[0]])[0] += 1
        kind = message.type
        if not _hl7_message.wanted(kind, options.messages):
            self.filtered += 1
            block.skip(message)
        elif not block.add(message):
            self.filtered += 1
            block.skip(message)
            name = "^".join(filter(None, kind))
            self.without[name if _TYPE.fullmatch(name) else "(unknown)"] += 1
        if block.full:
            yield from block.flush()

    def _set_aside(self, frame: Frame, code: str, message: str) -> SetAside:
        raw = frame.raw.encode("latin-1").decode("utf-8", "backslashreplace")
        return SetAside(self.file.number, frame.number, frame.numbers[0], "", code, message, raw)

    def _notes(self) -> Iterator[Note]:
        number, name = self.file.number, self.file.name
        if self.framing.messages and not self.framing.begun:
            yield Note(number, "TM-O04", f"{name} is not HL7 v2: no line begins with MSH")
        for fault, (count, line) in self.encodings.items():
            yield Note(number, "TM-Q03", fault, line, {"messages": count})
        for kind, count in sorted(self.without.items()):
            text = f"messages of type {kind} hold no {self.request.each}"
            yield Note(number, "TM-Q09", text, None, {"type": kind, "messages": count})


READER = Hl7Reader()
