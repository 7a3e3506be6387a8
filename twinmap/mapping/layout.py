"""How a source writes text and numbers: what no reader could follow is found before anything is read."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from twinmap import safeio
from twinmap.errors import UsageError
from twinmap.formats import csvdialect
from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.mapping.context import Context

#: Codecs of Python that stand for no way in which a file is written: they evaluate escapes, or are for
#: names of hosts.
_NO_TEXT = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})


def check(context: Context, document: Mapping) -> None:
    """Report encodings, delimiters, grouping signs and file names that cannot be used (L06)."""
    shared = _keys(document.get("source"))
    for block in _blocks(document):
        source = {**shared, **_keys(block.get("source"))}
        for node in _words(source.get("encoding")):
            _encoding(context, node)
        for node in _words(source.get("delimiter")):
            _delimiter(context, node)
        _thousands(context, source.get("thousands"), source.get("decimal"))
        _files(context, block.get("files") or source.get("files"))


def _blocks(document: Mapping) -> Iterator[Mapping]:
    yield document
    records = document.get("records")
    if isinstance(records, Mapping):
        yield from (entry.value for entry in records.entries if isinstance(entry.value, Mapping))


def _keys(source: Node | None) -> dict[str, Node]:
    return {entry.key.text: entry.value for entry in source.entries} if isinstance(source, Mapping) else {}


def _words(node: Node | None) -> Iterator[Scalar]:
    items = node.items if isinstance(node, Sequence) else (node,)
    yield from (item for item in items if isinstance(item, Scalar) and item.text)


def is_encoding(name: str) -> bool:
    """Whether a file may be written so."""
    try:
        "".encode(name)  # raises for what is known and is not for text as well
        return codecs.lookup(name).name.replace("-", "_") not in _NO_TEXT
    except (LookupError, ValueError):
        return False


def is_delimiter(text: str) -> bool:
    """Whether fields may be delimited so."""
    sign = csvdialect.delimiter(text)
    return not (len(sign) != 1 or (sign.isascii() and sign.isalnum()) or sign in '"\r\n\0')


def _encoding(context: Context, node: Scalar) -> None:
    if not is_encoding(node.text):
        advice = "such as utf-8, latin-1, cp1252 or utf-16"
        context.report("TM-L06", f'there is no encoding "{node.text}"', node.span, advice)


def _delimiter(context: Context, node: Scalar) -> None:
    if not is_delimiter(node.text):
        advice = f"one sign, or one of: {', '.join(csvdialect.DELIMITERS)}"
        context.report("TM-L06", f'"{node.text}" cannot delimit fields', node.span, advice)


def _thousands(context: Context, node: Node | None, decimal: Node | None) -> None:
    if not isinstance(node, Scalar) or not node.text:
        return
    taken = decimal.text if isinstance(decimal, Scalar) else "."
    if len(node.text) != 1 or node.text.isalnum() or node.text in f"+-{taken}":
        message = f'"{node.text}" cannot group the digits of numbers whose decimal sign is "{taken}"'
        context.report("TM-L06", message, node.span, "such as , ' or a space; set decimal as well")


def _files(context: Context, files: Node | None) -> None:
    items = files.items if isinstance(files, Sequence) else (files,)
    for node in items:
        if not isinstance(node, Scalar):
            continue
        if not node.text or "\0" in node.text:
            context.report("TM-L06", "a file needs a name", node.span, 'a name or a glob, such as "*.csv"')
        elif not node.text.startswith("/") and not is_pattern(node.text):
            message = f'"{node.text}" is no pattern of file names'
            context.report("TM-L06", message, node.span, 'such as "*.csv" or "**/*.csv"')


def is_pattern(text: str) -> bool:
    """Whether files may be looked for so."""
    if not text or "\0" in text:
        return False
    try:
        safeio.matching(Path("\0"), [text])  # there is no such folder
    except UsageError:
        return False
    return True
