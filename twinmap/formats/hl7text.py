r"""The text of HL7 v2 messages: encoding characters, escape sequences, character sets.

Everything behind this module sees one spelling only. A message with other encoding characters is
rewritten to the standard ones, ``|^~\&``, before it is split; so two sources that differ in nothing but
their separators give the same raw text, and a raw text means the same wherever it stands.

Rules: HL7 v2.8.2 chapter 2, sections 2.5.4 (delimiters), 2.7 (escape sequences), 2.14.9 (MSH); the names of
character sets are those of HL7 table 0211.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

FIELD, COMPONENT, REPETITION, ESCAPE, SUBCOMPONENT = "|^~\\&"

#: HL7's asserted null: the value is known to be none.
NULL = '""'

_OF_LETTER = {"F": FIELD, "S": COMPONENT, "R": REPETITION, "E": ESCAPE, "T": SUBCOMPONENT, "P": "#"}
_TO_ESCAPE = {char: f"\\{letter}\\" for letter, char in _OF_LETTER.items() if letter != "P"}
_ESCAPED = str.maketrans({**_TO_ESCAPE, "\r": "\\X0D\\", "\n": "\\X0A\\"})

# What may stand between two escape characters: a delimiter, highlighting, bytes in hex, formatting.
_SEQUENCE = r"[FSRETPHN]|[Xx](?:[0-9A-Fa-f]{2})+|\.(?:br|sp|in|ti|fi|nf|ce|sk) ?[+-]?\d{0,3}"
_KNOWN = re.compile(rf"\\({_SEQUENCE})\\")
_UNKNOWN = re.compile(r"\\[^\\]+\\")
_CHARSET_SWITCH = re.compile(r"\\[CM](?:[0-9A-Fa-f]{2})+\\")
_HEX = re.compile(r"\\[Xx]((?:[0-9A-Fa-f]{2})+)\\")
#: Lines or blanks that one formatting command may ask for.
_MOST_BLANK = 100


# --- escape sequences -----------------------------------------------------------------------------


def unescape(raw: str) -> str:
    r"""The text that a component stands for; sequences that are not known stay as they are.

    >>> unescape(r"a\T\b\.br\c \Q\ d")
    'a&b\nc \\Q\\ d'
    """
    return _KNOWN.sub(_meaning, raw) if ESCAPE in raw else raw


def _meaning(match: re.Match[str]) -> str:
    body = match[1]
    if body in _OF_LETTER:
        return _OF_LETTER[body]
    if body in "HN":
        return ""
    if body[0] in "Xx":
        data = bytes.fromhex(body[1:])
        return data.decode("ascii") if data.isascii() else match[0]
    command, number = body[1:3], min(int(re.sub(r"\D", "", body[3:]) or 1), _MOST_BLANK)
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * number
    return " " * number if command == "sk" else ""


def escape(text: str) -> str:
    """Write a text so that :func:`unescape` gives it back, with line ends as hex."""
    return text.translate(_ESCAPED)


def escape_fault(raw: str) -> str | None:
    """What is wrong with the escape sequences of a raw text, or None; a lone escape character is not."""
    if ESCAPE not in raw:
        return None
    rest = _KNOWN.sub(lambda match: "" if _meaning(match) != match[0] else match[0], raw)
    if _CHARSET_SWITCH.search(rest):
        return "an escape sequence switches the character set; it is kept as it is"
    if _UNKNOWN.search(rest):
        return "an escape sequence is not known; it is kept as it is"
    if "\\E\\" in raw and _KNOWN.search(unescape(raw)):
        return "a text is escaped twice; one level is undone"
    return None


def resolve_hex(text: str, encoding: str) -> str:
    r"""Replace ``\Xhh..\`` of bytes that are not ASCII by their characters in the message's encoding."""

    def character(match: re.Match[str]) -> str:
        data = bytes.fromhex(match[1])
        if data.isascii():
            return match[0]
        try:
            return data.decode(encoding).translate(_ESCAPED)
        except UnicodeDecodeError:
            return match[0]

    return _HEX.sub(character, text)


# --- encoding characters --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delimiters:
    """MSH-1 and MSH-2 of one message; what is absent is empty. ``fault`` says what is odd about them.

    ``sent`` is MSH-2 as it stands in the message.
    """

    sent: str
    field: str
    component: str
    repetition: str = ""
    escape: str = ""
    subcomponent: str = ""
    fault: str | None = None


@lru_cache(maxsize=1024)
def delimiters(head: str) -> Delimiters | None:
    r"""The encoding characters that the start of an MSH, BHS or FHS segment declares.

    Args:
        head: The segment to its second field separator at least; ``MSH|^~\&|`` is enough.

    Returns:
        None where there are none: a field separator must be no letter, digit or blank, and MSH-2 not empty.
        ``^~\\&`` with a doubled escape character, as JSON would write it, is taken as ``^~\&``.
    """
    if len(head) < 5 or head[3].isalnum() or not head[3].isprintable() or head[3].isspace():
        return None
    field = head[3]
    sent = chars = head[4:12].partition(field)[0]
    if not chars or any(char.isalnum() or char.isspace() for char in chars[:4]):
        return None
    fault = None
    if len(chars) > 4 and chars[2] == chars[3]:
        chars, fault = chars[:2] + chars[3:], "MSH-2 has its escape character twice"
    if len(set(chars[:4]) | {field}) <= len(chars[:4]):
        fault = "MSH-2 has one character in two roles; the first role holds"
    once: list[str] = []
    for char in chars[:4].ljust(4, "\0"):
        once.append("" if char in (*once, field, "\0") else char)
    return Delimiters(sent, field, once[0], once[1], once[2], once[3], fault)


@cache
def header_start(given: Delimiters) -> str:
    r"""How a normalised MSH begins: its first two fields as escaped text, so that field n is piece n.

    >>> header_start(delimiters("MSH|^~\&|"))
    'MSH|\F\|\S\\R\\E\\T\|'
    """
    return f"MSH|{escape(given.field)}|{escape(given.sent)}|"


@cache
def normaliser(given: Delimiters) -> Callable[[str], str] | None:
    """The function that rewrites a message to the standard encoding characters; None for those."""
    own = (given.field, given.component, given.repetition, given.escape, given.subcomponent)
    if own == (FIELD, COMPONENT, REPETITION, ESCAPE, SUBCOMPONENT):
        return None
    standard = {char: word for char, word in zip(own, "|^~\\&", strict=True) if char}
    literal = {"F": own[0], "S": own[1], "R": own[2], "E": own[3], "T": own[4]}

    def rewrite(match: re.Match[str]) -> str:
        if match.lastindex:
            meant = literal.get(match[1])
            return f"\\{match[1]}\\" if not meant else _TO_ESCAPE.get(meant, meant)
        char = match[0]
        if char == given.escape:
            return _TO_ESCAPE.get(char, char) if char != ESCAPE else ESCAPE
        return standard.get(char) or _TO_ESCAPE[char]

    specials = "".join(dict.fromkeys((*standard, *"|^~\\&")))
    single = f"[{re.escape(specials)}]"
    if not given.escape:
        return lambda text: re.sub(single, rewrite, text)
    mark = re.escape(given.escape)
    pattern = re.compile(f"{mark}({_SEQUENCE}){mark}|{single}")
    return lambda text: pattern.sub(rewrite, text)


# --- character sets -------------------------------------------------------------------------------

#: HL7 table 0211 (and names met in its place) to Python codecs; upper case, blanks folded.
CHARSETS = {
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a message, the encoding that fitted, and what is odd about the choice."""

    text: str
    encoding: str
    fault: str | None = None


def codec(declared: str) -> str | None:
    """The Python codec of a name of table 0211; None where it is not known."""
    return CHARSETS.get(" ".join(declared.upper().split()))


def decode(raw: bytes, declared: str, encodings: Sequence[str] = ("utf-8",)) -> Decoded | None:
    """Decode one message that is not all ASCII.

    Tried strictly, in this order: the mapping's encodings where they are not the default; ``declared``, the
    first name in MSH-18; UTF-8; Windows-1252, the usual one of what is neither. All but the first are
    reported.

    Returns:
        None where nothing fits.
    """
    own = codec(declared)
    stated = [*(encodings if tuple(encodings) != ("utf-8",) else ()), *([own] if own else [])]
    for position, encoding in enumerate(dict.fromkeys([*stated, "utf-8", "cp1252"])):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if declared and own is None:
            return Decoded(text, encoding, f"MSH-18 names no character set that is known; read as {encoding}")
        if position > 0:
            said = f"MSH-18 says {declared}, the bytes are not" if own else "the bytes are not valid UTF-8"
            return Decoded(text, encoding, f"{said}; read as {encoding}")
        if encoding.startswith(("iso8859", "cp")) and _is_utf8(raw):
            return Decoded(text, encoding, f"read as {encoding}, but the bytes are valid UTF-8")
        return Decoded(text, encoding)
    return None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
