"""One framed HL7 v2 message to segments: decoding, encoding characters, message type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from twinmap.formats.hl7 import Frame
from twinmap.formats.hl7text import (
    FIELD,
    Delimiters,
    codec,
    decode,
    delimiters,
    escape,
    normaliser,
    resolve_hex,
)
from twinmap.readers._hl7_scope import KNOWN, Segment
from twinmap.readers._hl7_types import component

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
#: Names met in this process that are well formed; bounded by the pattern.
_names = set(KNOWN)


@dataclass(slots=True)
class Message:
    """The segments of a message, each with its name at 0 and its fields by number, and their lines.

    ``issues`` are (line, finding code, message); ``encoding_fault`` is about the whole file.
    """

    number: int
    segments: list[Segment]
    lines: list[int]
    size: int
    issues: list[tuple[int, str, str]] = field(default_factory=list)
    encoding_fault: str | None = None

    @property
    def type(self) -> tuple[str, str]:
        """MSH-9 as code and event: from ``ORU^R01``, ``ORU^R01^ORU_R01`` or ``ORU_R01``."""
        header = self.segments[0]
        return message_type(header[9] if len(header) > 9 else "")


def message_type(raw: str) -> tuple[str, str]:
    """Message code and trigger event of an MSH-9."""
    code, event = component(raw, 1), component(raw, 2)
    if not code or (not event and "_" in code):
        code, _, event = (code or component(raw, 3)).partition("_")
    return code, event


def wanted(kind: tuple[str, str], patterns: Sequence[str]) -> bool:
    """Whether a message type fits one of ``ORU^R01``, ``OUL^*``, ``ADT``; all do where there are none."""
    for pattern in patterns:
        code, _, event = pattern.replace("_", "^").partition("^")
        if fnmatchcase(kind[0], code) and fnmatchcase(kind[1], event.partition("^")[0] or "*"):
            return True
    return not patterns


def read(frame: Frame, encodings: Sequence[str], *, transcoded: bool) -> Message | tuple[str, str]:
    """The message in a frame without fault, or the finding code and reason why it cannot be read.

    Args:
        frame: As framed.
        encodings: What the mapping says, tried first where it is not the default.
        transcoded: The bytes are UTF-8 already, whatever MSH-18 says; U+FFFD stands for what was not valid.
    """
    raw = frame.raw
    head = frame.lines[0][:12].decode("latin-1")
    given = delimiters(head)
    if given is None:
        return "TM-Q06", "MSH declares no field separator or no encoding characters"
    fault, encoding = None, ""
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        declared = "UTF-8" if transcoded else _declared(frame.lines[0], given)
        decoded = decode(raw, declared, ("utf-8",) if transcoded else encodings)
        if decoded is None or (transcoded and "\ufffd" in decoded.text):
            return "TM-Q03", "a message is not valid in any encoding that was tried"
        text, encoding, fault = decoded.text, decoded.encoding, decoded.fault
    rewrite = normaliser(given)
    if rewrite is not None:
        text = rewrite(text)
    if "\\X" in text:
        text = resolve_hex(text, encoding or codec(_declared(frame.lines[0], given)) or "utf-8")
    segments = [line.split(FIELD) for line in text.split("\r")]
    header = segments[0]
    header.insert(1, FIELD)
    header[2] = escape(head[4:].partition(given.field)[0])
    message = Message(frame.number, segments, frame.numbers, len(raw), encoding_fault=fault)
    if given.fault:
        message.issues.append((frame.numbers[0], "TM-Q19", given.fault))
    if "\x1b" in text:
        message.issues.append(
            (frame.numbers[0], "TM-Q03", "bytes switch the character set; kept as they are")
        )
    names = {segment[0] for segment in segments}
    if not names <= _names or "ADD" in names:
        _check_names(message)
    return message


def _declared(header: bytes, given: Delimiters) -> str:
    """The first character set of MSH-18; MSH-1, the field separator, is no field of the split."""
    fields = header.decode("latin-1").split(given.field)
    return re.split(r"[~^]", fields[17].replace(given.repetition or "~", "~"))[0] if len(fields) > 17 else ""


def _check_names(message: Message) -> None:
    """Leave out lines that are no segments, and report them; ADD is kept and reported."""
    segments, lines = [], []
    for segment, line in zip(message.segments, message.lines, strict=True):
        name = segment[0]
        if name not in _names and _NAME.fullmatch(name):
            _names.add(name)
        if name not in _names:
            message.issues.append((line, "TM-Q06", "a line of a message is not a segment; it is not read"))
            continue
        if name == "ADD":
            message.issues.append((line, "TM-Q07", "a field goes on in an ADD segment, which is not joined"))
        segments.append(segment)
        lines.append(line)
    message.segments, message.lines = segments, lines
