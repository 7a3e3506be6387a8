"""``$(path)``: where references begin and end, their look-ups, and the texts they stand in.

What a path means is the business of the format: ``twinmap.readers.<format>`` parses it. Here only the
frame is read: balanced brackets, quoted names, ``->``, and the prefixes ``param: file: record:``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from twinmap.diagnostics import Span
from twinmap.mapping.ast import LookUp, Ref, Text
from twinmap.mapping.words import did_you_mean

#: From an offset and a length in the text to a place in the file.
Locate = Callable[[int, int], Span]

#: What ``file:`` and ``record:`` know.
FILE_WORDS = ("name", "stem", "folder")
RECORD_WORDS = ("key", "index")

_PREFIXED = re.compile(r"(param|file|record):(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class MalformedError(ValueError):
    """A reference or expression that cannot be read.

    Args:
        message: What is wrong, one line.
        offset: Where in the text, from 0.
        length: How much of it.
        help: One action that mends it.
    """

    def __init__(self, message: str, offset: int, length: int = 1, help: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.length = length
        self.help = help


def template(text: str, locate: Locate, *, parts: Collection[str] = (), offset: int = 0) -> Text:
    """Read literal text and references.

    Args:
        text: One alternative of a value.
        locate: Gives the places.
        parts: The names that a ``parts`` condition of the rule has given.
        offset: Where ``text`` begins in what ``locate`` counts.

    Raises:
        MalformedError: A reference is not closed, is empty or has a word that does not exist.
    """
    found: list[str | Ref] = []
    literal = ""
    position = 0
    while position < len(text):
        if text.startswith("$$(", position):
            literal += "$("
            position += 3
        elif text.startswith("$(", position):
            end = reference_end(text, position, offset)
            inner = text[position + 2 : end - 1]
            span = locate(offset + position, end - position)
            if literal:
                found.append(literal)
                literal = ""
            found.append(reference(inner, span, parts=parts, offset=offset + position + 2))
            position = end
        else:
            literal += text[position]
            position += 1
    if literal or not found:
        found.append(literal)
    return Text(tuple(found), locate(offset, max(len(text), 1)))


def reference_end(text: str, start: int, offset: int = 0) -> int:
    """The position behind the bracket that closes the ``$(`` at ``start``.

    Raises:
        MalformedError: It is never closed.
    """
    for index, depth in _outside_quotes(text, start + 2, offset):
        if depth < 0:
            return index + 1
    raise MalformedError(
        "this reference is never closed",
        offset + start,
        len(text) - start,
        "close it with \")\"; quote a name with a single bracket: $('a)')",
    )


def _outside_quotes(text: str, start: int, offset: int) -> Iterator[tuple[int, int]]:
    """Positions that are not in a quoted name, with the depth of brackets behind each.

    A quote opens a quoted name only where a name can begin; within a name it is an apostrophe.
    """
    depth, index, name_begins = 0, start, True
    while index < len(text):
        character = text[index]
        if character == "'" and name_begins:
            index = _quote_end(text, index, offset)
            name_begins = False
            continue
        depth += (character == "(") - (character == ")")
        yield index, depth
        if character == " ":
            name_begins = name_begins or text.endswith(("->", " and"), start, index)
        else:
            name_begins = character in ".(=^/"
        index += 1


def _quote_end(text: str, start: int, offset: int) -> int:
    """The position behind a quoted name; a quote in it is doubled."""
    index = start + 1
    while True:
        index = text.find("'", index)
        if index < 0:
            raise MalformedError(
                "the quoted name is never closed",
                offset + start,
                len(text) - start,
                "close it with '; a quote in the name is doubled: ''",
            )
        if not text.startswith("''", index):
            return index + 1
        index += 2


def reference(inner: str, span: Span, *, parts: Collection[str] = (), offset: int = 0) -> Ref:
    """Read what stands inside ``$( )``, or a bare path.

    Raises:
        MalformedError: It is empty, or a word of it does not exist.
    """
    path, *looks = _split_looks(inner, offset)
    path = path.strip()
    if not path:
        raise MalformedError("this reference is empty", offset, 1, "name what to read: $(column)")
    lookups = tuple(_look_up(text, offset) for text in looks)
    prefixed = _PREFIXED.fullmatch(path)
    if prefixed is None:
        kind = "part" if path in parts else "path"
        return Ref(kind, path, span, lookups)
    kind, word = prefixed[1], prefixed[2].strip()
    known = {"file": FILE_WORDS, "record": RECORD_WORDS}.get(kind)
    if known is not None and word not in known:
        advice = did_you_mean(word, known) or f"one of: {', '.join(known)}"
        raise MalformedError(f'"{kind}:{word}" does not exist', offset, len(inner), advice)
    if known is None and not _NAME.fullmatch(word):
        raise MalformedError(f'"{word}" is not the name of a parameter', offset, len(inner), "$(param:name)")
    return Ref(kind, word, span, lookups)


def _split_looks(inner: str, offset: int) -> list[str]:
    """The path and the look-ups behind it, cut at ``->`` outside quotes and brackets."""
    cuts = [
        index
        for index, depth in _outside_quotes(inner, 0, offset)
        if depth == 0 and inner.startswith(" -> ", index - 1) and inner[index] == "-"
    ]
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(inner[start:cut])
        start = cut + 2
    return [*pieces, inner[start:]]


def _look_up(text: str, offset: int) -> LookUp:
    table, dot, column = text.strip().partition(".")
    if not (dot and table and column):
        raise MalformedError(
            f'"{text.strip()}" does not name a column of a look-up table', offset, 1, "path -> table.column"
        )
    return LookUp(table.strip(), unquoted(column.strip()))


def unquoted(name: str) -> str:
    """A name without its quotes, where it is quoted as a whole.

    >>> unquoted("'it''s (here'"), unquoted("5' walk")
    ("it's (here", "5' walk")
    """
    if len(name) >= 2 and name[0] == name[-1] == "'" and "'" not in name[1:-1].replace("''", ""):
        return name[1:-1].replace("''", "'")
    return name
