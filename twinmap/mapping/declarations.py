"""``params systems lookups maps``: the names that a file declares."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TypeVar

from twinmap.formats.yamlnodes import Entry, Mapping, Node, Scalar
from twinmap.mapping import tables
from twinmap.mapping.ast import Look, Param, ValueMap
from twinmap.mapping.context import Context
from twinmap.mapping.references import unquoted
from twinmap.mapping.values import Scope, bare_paths, texts
from twinmap.terms import systems

_Declared = TypeVar("_Declared", Look, Param, str)

#: The value of a parameter that a run must give.
REQUIRED = "required"


def declare(context: Context, node: Mapping) -> None:
    """Add what a block of the file (or of a record set) declares, maps apart.

    The names of systems and look-ups hold for the whole file; two meanings of one name are a finding.
    """
    for key, value in _entries(node, "params"):
        if isinstance(value, Scalar):
            default = None if value.text == REQUIRED else value.text
            _once(context, context.params, key, Param(key.text, default, key.span))
    for key, value in _entries(node, "systems"):
        if isinstance(value, Scalar):
            _once(context, context.systems, key, _uri(context, value))
    for key, value in _entries(node, "lookups"):
        assert isinstance(value, Mapping)
        files = confine(context, value.get("files"))
        column = bare_paths(Scope(context), value.get("key"))
        made = Look(
            key.text, files, unquoted(column[0]) if column else "", texts(value.get("missing")), key.span
        )
        _told_apart(context, key)
        _once(context, context.lookups, key, made)


def maps(context: Context, node: Mapping) -> dict[str, ValueMap]:
    """The named maps of a block."""
    made = {key.text: tables.value_map(context, value, {}) for key, value in _entries(node, "maps")}
    return {name: ValueMap(name, found.entries) for name, found in made.items() if found is not None}


def confine(context: Context, node: Node | None) -> tuple[str, ...]:
    """File names or globs; absolute ones and ones with ``..`` are findings."""
    names = texts(node)
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name:
            assert node is not None
            advice = "write it relative to --source or to the mapping, without .."
            context.report("TM-L15", f'"{name}" leads out of the folder of the data', node.span, advice)
    return names


def _entries(node: Mapping, block: str) -> tuple[Entry, ...]:
    found = node.get(block)
    return found.entries if isinstance(found, Mapping) else ()


def _once(context: Context, known: dict[str, _Declared], key: Scalar, made: _Declared) -> None:
    before = known.setdefault(key.text, made)
    if before is not made and _said(before) != _said(made):
        message = f'"{key.text}" is declared twice, with different meanings'
        context.report("TM-L04", message, key.span, "names hold for the whole file: take another one")


def _told_apart(context: Context, key: Scalar) -> None:
    """Refuse a look-up table whose name differs from another one in capitals: the database takes them for one."""
    for name in context.lookups:
        if name != key.text and name.lower() == key.text.lower():
            message = f'the look-up tables "{name}" and "{key.text}" differ in capitals alone'
            context.report("TM-L04", message, key.span, "names hold for the whole file: take another one")


def _said(made: Look | Param | str) -> object:
    if isinstance(made, Look):
        return (made.files, made.key, made.missing)
    return made.default if isinstance(made, Param) else made


def _uri(context: Context, value: Scalar) -> str:
    """The URI of a declared system: known aliases are one system, OIDs are URNs."""
    known = systems.canonical(value.text)
    if known is not None:
        return known.uri
    text = value.text
    if text.replace(".", "").isdigit() and "." in text:
        return f"urn:oid:{text}"
    if ":" not in text or any(character.isspace() for character in text):
        context.report(
            "TM-L11", f'"{text}" is neither a URI nor an OID', value.span, 'such as "https://lab.example.org"'
        )
    return text
