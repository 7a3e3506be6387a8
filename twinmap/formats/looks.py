"""What a file looks like by its first bytes; for messages alone, nothing is read by a guess."""

from __future__ import annotations

import re
from typing import NamedTuple


class Look(NamedTuple):
    """A format by its name in mappings ("" for those that are not read), and what people call it."""

    format: str
    name: str


_HL7 = re.compile(rb"(?:MSH|FHS|BHS)[^\w\s]")
_JSON = re.compile(rb"\[?\s*\{|\[\s*\]")
#: PKWARE APPNOTE 4.3.7; ISO 32000-1, 7.5.2; Apache Parquet, File Format.
_PACKED = {b"PK\x03\x04": "a zip archive or a spreadsheet", b"%PDF-": "PDF", b"PAR1": "Parquet"}
#: What stands in no text; UTF-16 with its mark is text.
_BINARY = re.compile(rb"(?!\xff\xfe|\xfe\xff)[\s\S]*?[\x00-\x08\x0e-\x1a]")


def like(start: bytes) -> Look | None:
    r"""What a file that begins so looks like; None where it may be anything, a table among others.

    >>> like(b"MSH|^~\\&|LAB").format, like(b'{"resourceType": "Patient"').format, like(b"a,b")
    ('hl7v2', 'fhir', None)
    """
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x0b")
    for magic, name in _PACKED.items():
        if start.startswith(magic):
            return Look("", name)
    if _HL7.match(text):
        return Look("hl7v2", "HL7 v2")
    if _JSON.match(text):
        return Look("fhir", "FHIR") if b'"resourceType"' in text else Look("json", "JSON")
    if text.startswith(b"<"):
        return Look("", "XML or HTML")
    return Look("", "binary data") if _BINARY.match(start) else None
