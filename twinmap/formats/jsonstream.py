"""JSON files of any size as documents: one value, the items of a top-level array, or one a line.

A file is read through a window that slides over it, so an array of 400 MB needs the memory of its
largest item. What cannot be read is a :class:`Fault` in its place, with its text; what stands after it
is read on, as far as brackets and quotes tell where the fault ends.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from twinmap.formats import looks
from twinmap.formats.jsonlex import JsonError, decode, key_twice
from twinmap.formats.jsonwindow import CHUNK, UNFIT, Fault, Item, Window, like_ascii, too_large, too_many
from twinmap.limits import LIMITS
from twinmap.safeio import open_bytes

#: Characters by which a file of another format is known.
_LOOKED_AT = 4096
#: How a JSON value begins, and what some write for one.
_BEGINS = '[{"-0123456789tfnNI'


class Head(NamedTuple):
    """A document whose member was read one by one, without that member; it comes after the items."""

    value: dict[str, Any]


class OneByOne(NamedTuple):
    """The array that is not held as a whole: member ``name`` of a document that looks like ``mark``.

    ``mark`` is looked for in the first part of the file; ``fits`` then says of the members before the
    array whether it is such a document.
    """

    name: str
    mark: re.Pattern[str]
    fits: Callable[[dict[str, Any]], bool]


def pick_encoding(path: Path, encodings: Sequence[str]) -> str | None:
    """The first encoding that the whole file fits; None where none does. Of one, only the mark is looked at."""
    if len(encodings) == 1:
        return encodings[0] if _has_mark(path, encodings[0]) else None
    for name in encodings:
        decoder = codecs.getincrementaldecoder(name)("strict")
        try:
            with open_bytes(path) as stream:
                while chunk := stream.read(CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeError:  # utf-16 without its mark is no UnicodeDecodeError
            continue
        return name
    return None


#: Encodings that need a mark, and the marks.
_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}


def _has_mark(path: Path, encoding: str) -> bool:
    """Whether a file begins with a mark, where its encoding needs one."""
    marks = _MARKS.get(codecs.lookup(encoding).name)
    if marks is None:
        return True
    with open_bytes(path) as stream:
        start = stream.read(4)
    return not start or start.startswith(marks)


def other_encoding(path: Path, encodings: Sequence[str]) -> str | None:
    """What is said of a file that the first encoding does not fit, and another does."""
    found = pick_encoding(path, encodings) if len(encodings) > 1 else None
    return f"read as {found}: {encodings[0]} does not fit" if found not in {None, encodings[0]} else None


def is_ndjson(path: Path) -> bool:
    """Whether a file has one document a line, by its name."""
    return path.name.lower().removesuffix(".gz").removesuffix(".zst").endswith((".ndjson", ".jsonl"))


def items(
    path: Path,
    encodings: Sequence[str],
    *,
    ndjson: bool,
    member: OneByOne | None = None,
    having: Sequence[bytes] = (),
) -> Iterator[Item | Fault | Head]:
    """The documents of a file of either kind, in the first encoding that fits.

    ``member`` as in :func:`documents`, ``having`` as in :func:`lines`.
    """
    encoding = pick_encoding(path, encodings)
    if encoding is None:
        with open_bytes(path) as stream:
            text = stream.read(CHUNK).decode("utf-8", "backslashreplace")
        yield Fault("TM-Q03", f"not text in {', '.join(encodings)}", text, 1)
    elif ndjson:
        yield from lines(path, encoding, having=having)
    else:
        yield from documents(path, encoding, member=member)


def documents(
    path: Path, encoding: str = "utf-8", *, member: OneByOne | None = None
) -> Iterator[Item | Fault | Head]:
    """The documents of a file: the items of a top-level array, else the one value it holds.

    Args:
        path: The file; gzip and zstd are unpacked.
        encoding: Read strictly; an item that does not fit is a fault of its own.
        member: The items of this array come one by one, then a :class:`Head`.

    Raises:
        InputOutputError: The file is missing or cut short.
    """
    with open_bytes(path) as stream:
        window = Window(stream, encoding)
        first = window.peek()
        if not first:
            return
        if first not in _BEGINS:
            yield _foreign(window, first, encoding)
            return
        if first == "[":
            yield from _array(window)
        elif first == "{" and member is not None and window.ahead(member.mark):
            yield from _members(window, member)
        else:
            yield window.item()
        if window.peek():
            yield window.rest(
                "TM-Q04",
                "not one JSON value: another begins on line {line}; a file with one value a line is .ndjson",
            )


def lines(path: Path, encoding: str = "utf-8", *, having: Sequence[bytes] = ()) -> Iterator[Item | Fault]:
    """The documents of an NDJSON file, one a line; blank lines are passed over.

    With ``having``, so are lines in which none of these bytes stands.

    Raises:
        InputOutputError: The file is missing or cut short.
    """
    for raw in raw_lines(path, encoding, having=having):
        yield raw if isinstance(raw, Fault) else decoded(raw)


class RawLine(NamedTuple):
    """One line of an NDJSON file, its end included; ``first`` says that none before it was given."""

    raw: bytes
    number: int
    encoding: str
    first: bool


def raw_lines(
    path: Path, encoding: str = "utf-8", *, having: Sequence[bytes] = ()
) -> Iterator[RawLine | Fault]:
    """The lines of an NDJSON file as :func:`lines` takes them, for :func:`decoded`; those over a limit are faults.

    Raises:
        InputOutputError: The file is missing or cut short.
    """
    limit = LIMITS.record_bytes
    with open_bytes(path) as stream:
        source = stream if like_ascii(encoding) else _Recoded(stream, encoding)
        name = encoding if source is stream else "utf-8"
        number, begun = 0, False
        while raw := source.readline(limit + 1):
            number += 1
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)  # a BOM is no content
            if raw.isspace() or not raw or (having and not any(word in raw for word in having)):
                continue
            if len(raw) > limit and not raw.endswith(b"\n"):
                _drop_line(source)
                yield Fault("TM-Q15", too_large(), raw[:CHUNK].decode(name, "backslashreplace"), number)
                continue
            if raw.count(b",") > LIMITS.json_values:
                yield Fault("TM-Q15", too_many(), raw[:CHUNK].decode(name, "backslashreplace"), number)
                continue
            yield RawLine(raw, number, name, not begun)
            begun = True


def count_lines(path: Path, encoding: str = "utf-8") -> int | None:
    """The non-blank lines of a file, counted on its bytes; None where lines cannot be told by bytes."""
    if not like_ascii(encoding):
        return None
    total, begun = 0, False
    with open_bytes(path) as stream:
        chunk = stream.read(len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8)
        while True:
            head, *rest = chunk.split(b"\n")
            begun = begun or bool(head.strip())
            for part in rest:
                total += begun
                begun = bool(part.strip())
            chunk = stream.read(CHUNK)
            if not chunk:
                return total + begun


def decoded(line: RawLine) -> Item | Fault:
    """The document of a line, or what is wrong with it."""
    raw, number, encoding, first = line
    try:
        text = raw.decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError:
        return Fault("TM-Q03", f"not {encoding}", raw.decode(encoding, "backslashreplace"), number)
    try:
        return Item(decode(text), text, number)
    except JsonError as error:
        if first and text.lstrip()[:1] not in _BEGINS:
            return Fault("TM-O04", f"not JSON{_but(text)}", text, number)
        column = "" if error.position is None else f", column {error.position + 1}"
        return Fault(error.code, f"{error.message} (line {number}{column})", text, number)


def _foreign(window: Window, first: str, encoding: str) -> Fault:
    if UNFIT.match(first):
        return window.rest("TM-Q03", f"not {encoding}")
    rest = window.rest("TM-O04", "")
    return rest._replace(message=f"not JSON{_but(rest.text)}")


def _but(text: str) -> str:
    """What a text that is not JSON looks like."""
    found = looks.like(text[:_LOOKED_AT].encode("utf-8", "replace"))
    return f" but {found.name}" if found else ": it begins otherwise"


def _drop_line(stream: Any) -> None:
    while part := stream.readline(CHUNK):
        if part.endswith(b"\n"):
            return


class _Recoded:
    """Lines of a file whose encoding is not like ASCII, as UTF-8; what does not fit stays unfit."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding, errors="backslashreplace", newline="\n")

    def readline(self, size: int) -> bytes:
        return self._text.readline(size).encode("utf-8", "backslashreplace")


def _array(window: Window, place: str = "") -> Iterator[Item | Fault]:
    """The items of the array at the position; ``place`` with the index where it is not the document."""
    window.advance()
    if window.peek() == "]":
        window.advance()
        return
    index = 0
    while True:
        item = window.item(f"{place}/{index}" if place else "")
        yield item
        index += 1
        if window.over:
            return
        mark = window.peek()
        if mark not in {",", "]"}:
            yield window.rest("TM-Q04", _open("array") if not mark else "not JSON: expecting ',' or ']'")
            return
        window.advance()
        if mark == "]":
            return
        if window.peek() in {"]", ""}:
            yield window.rest("TM-Q04", "not JSON: an item is missing behind ','")
            return


def _members(window: Window, member: OneByOne) -> Iterator[Item | Fault | Head]:
    """The items of one array in the object at the position, then the object without it.

    Where the object turns out to be another, it is given whole, or a fault in its place.
    """
    line, shown, faults = window.line, False, 0
    head: dict[str, Any] = {}
    for name in _names(window):
        if isinstance(name, Fault):
            yield name
            return
        if name == member.name and window.peek() == "[" and member.fits(head):
            shown = True
            yield from _array(window, f"/{name}")
            continue
        value = window.item()
        if isinstance(value, Fault):
            faults += 1
            yield value
        else:
            head[name] = value.value
    if window.over:
        return
    if shown:
        yield Head(head)
    elif not faults:
        yield Item(head, "", line)


def _names(window: Window) -> Iterator[str | Fault]:
    """The names of the object at the position; the caller reads the value behind each."""
    window.advance()
    seen: set[str] = set()
    mark = ","
    if window.peek() == "}":
        mark = "}"
        window.advance()
    while mark == ",":
        key = window.item() if window.peek() == '"' else None
        if not isinstance(key, Item) or window.peek() != ":":
            what = "not JSON: expecting a name and ':'" if window.peek() else _open("object")
            yield window.rest("TM-Q04", what)
            return
        if key.value in seen:
            yield window.rest("TM-Q05", key_twice(key.value).message)
            return
        seen.add(key.value)
        window.advance()
        yield key.value
        if window.over:
            return
        mark = window.peek()
        if mark not in {",", "}"}:
            yield window.rest("TM-Q04", _open("object") if not mark else "not JSON: expecting ',' or '}'")
            return
        window.advance()


def _open(what: str) -> str:
    return f"not JSON: the file ends inside an {what}; it is cut short"
