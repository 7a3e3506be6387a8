"""One framed HL7 v2 message to segments: decoding, encoding characters, message type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from twinmap.formats.hl7 import Frame, heads_of
from twinmap.formats.hl7text import (
    FIELD,
    Delimiters,
    codec,
    decode,
    header_start,
    normaliser,
    resolve_hex,
)
from twinmap.readers._hl7_types import component

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")


@dataclass(slots=True)
class Message:
    """The lines of a message in the standard encoding characters, one a segment, and their line numbers.

    MSH-1 and MSH-2 stand in the first line as escaped text, so that in every line field n is the n-th piece
    between ``|``, counted from 0. ``heads`` is :func:`twinmap.formats.hl7.heads_of` of the lines. ``issues``
    are (line, finding code, message); ``encoding_fault`` is about the whole file.
    """

    number: int
    lines: list[str]
    numbers: Sequence[int]
    heads: str
    size: int
    issues: list[tuple[int, str, str]] = field(default_factory=list)
    encoding_fault: str | None = None

    @property
    def type(self) -> tuple[str, str]:
        """MSH-9 as code and event: from ``ORU^R01``, ``ORU^R01^ORU_R01`` or ``ORU_R01``."""
        header = self.lines[0].split(FIELD, 10)
        return message_type(header[9] if len(header) > 9 else "")


@lru_cache(maxsize=1024)
def message_type(raw: str) -> tuple[str, str]:
    """Message code and trigger event of an MSH-9."""
    code, event = component(raw, 1), component(raw, 2)
    if not code or (not event and "_" in code):
        code, _, event = (code or component(raw, 3)).partition("_")
    return code, event


@lru_cache(maxsize=1024)
def wanted(kind: tuple[str, str], patterns: tuple[str, ...]) -> bool:
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
    given = frame.given
    if given is None:
        return "TM-Q06", "MSH declares no field separator or no encoding characters"
    text = "\n".join(frame.lines) if frame.text is None else frame.text
    heads, fault, encoding = frame.heads, None, ""
    plain = text
    if not text.isascii():
        raw = text.encode("latin-1")
        declared = "UTF-8" if transcoded else _declared(frame.lines[0], given)
        decoded = decode(raw, declared, ("utf-8",) if transcoded else encodings)
        if decoded is None or (transcoded and "\ufffd" in decoded.text):
            return "TM-Q03", "a message is not valid in any encoding that was tried"
        text, encoding, fault = decoded.text, decoded.encoding, decoded.fault
    rewrite = normaliser(given)
    if rewrite is not None:
        text, heads = rewrite(text), None
    if "\\X" in text:
        text = resolve_hex(text, encoding or codec(_declared(frame.lines[0], given)) or "utf-8")
    lines = list(frame.lines) if text is plain else text.split("\n")
    rest = lines[0].split(FIELD, 2)
    lines[0] = header_start(given) + (rest[2] if len(rest) > 2 else "")
    message = Message(frame.number, lines, frame.numbers, heads or "", len(text), encoding_fault=fault)
    if given.fault:
        message.issues.append((frame.numbers[0], "TM-Q21", given.fault))
    if "\x1b" in text:
        message.issues.append(
            (frame.numbers[0], "TM-Q03", "bytes switch the character set; kept as they are")
        )
    if heads is None:
        _look_at_lines(message)
    return message


def _declared(header: str, given: Delimiters) -> str:
    """The first character set of MSH-18; MSH-1, the field separator, is no field of the split."""
    fields = header.split(given.field)
    return re.split(r"[~^]", fields[17].replace(given.repetition or "~", "~"))[0] if len(fields) > 17 else ""


def _look_at_lines(message: Message) -> None:
    """Leave out lines that are no segments, and report them; ADD is kept and reported."""
    lines, numbers = [], []
    for line, number in zip(message.lines, message.numbers, strict=True):
        name = line.partition(FIELD)[0]
        if not _NAME.fullmatch(name):
            text = "a line of a message is not a segment; it is not read"
            message.issues.append((number, "TM-Q06", text))
            continue
        if name == "ADD":
            message.issues.append(
                (number, "TM-Q07", "a field goes on in an ADD segment, which is not joined")
            )
        lines.append(line)
        numbers.append(number)
    message.lines, message.numbers, message.heads = lines, numbers, heads_of(lines)
