"""Does a file have the structure of the language: known keys, right types, nothing required left out.

What is wrong is reported and left out, so that what is built from the rest can rely on its structure.
"""

from __future__ import annotations

import re
from collections.abc import Container
from collections.abc import Mapping as Map

from twinmap.formats.yamlnodes import Entry, Mapping, Node, Scalar, Sequence
from twinmap.mapping.context import Report
from twinmap.mapping.definitions import Definition, Either, Many, Table, Text
from twinmap.mapping.words import did_you_mean

#: Words of other tools for what is not in version 1 of the language.
NOT_YET: Map[str, str] = {
    **dict.fromkeys(("join", "joins", "between", "during", "window"), "joins by time interval"),
    **dict.fromkeys(("zip", "parallel", "arrays"), "parallel arrays"),
    **dict.fromkeys(("regex", "regexp", "match", "matches", "pattern"), "regular expressions"),
    **dict.fromkeys(
        ("sum", "count", "mean", "aggregate", "group-by", "previous", "lag"), "arithmetic across records"
    ),
}


class Structure:
    """Checks nodes against definitions.

    Args:
        definitions: The language, see :func:`twinmap.mapping.definitions.definitions`.
        report: Takes what is wrong.
        concepts: The names that stand for rules below ``observe``.
    """

    def __init__(
        self, definitions: Map[str, Definition], report: Report, concepts: Container[str] = ()
    ) -> None:
        self._definitions = definitions
        self._report = report
        self._concepts = concepts

    def clean(self, node: Node, name: str, where: str = "") -> Node | None:
        """The node without what does not fit the definition ``name``; None where nothing is left.

        Args:
            node: What stands in the file.
            name: The definition.
            where: What the node is called in messages, such as ``time``.
        """
        if isinstance(node, Scalar) and node.empty:
            return None
        definition = self._definitions[name]
        where = where or name
        match definition:
            case Text():
                return self._text(node, definition, where)
            case Table():
                return self._table(node, definition, where)
            case Many():
                return self._many(node, definition, where)
            case Either():
                return self._either(node, definition, where)

    def _text(self, node: Node, definition: Text, where: str) -> Node | None:
        if not isinstance(node, Scalar):
            return self._wrong(node, f'"{where}" takes a text, not {_kind(node)}', definition.doc)
        if definition.words and node.text not in definition.words:
            words = ", ".join(definition.words)
            advice = did_you_mean(node.text, definition.words) or f"one of: {words}"
            return self._wrong(node, f'"{where}" cannot be "{node.text}"', advice)
        if definition.pattern and not re.fullmatch(definition.pattern, node.text):
            return self._wrong(
                node,
                f'"{node.text}" is not a {where}',
                f"such as {definition.example}" if definition.example else None,
            )
        return node

    def _table(self, node: Node, definition: Table, where: str) -> Node | None:
        if not isinstance(node, Mapping):
            return self._wrong(
                node, f'"{where}" takes a block of keys, not {_kind(node)}', _shape(definition)
            )
        kept = []
        for key, value in node.entries:
            known = definition.keys.get(key.text)
            of = known.of if known else definition.rest
            if not of:
                self._report(
                    "TM-L02",
                    f'"{where}" has no key "{key.text}"',
                    key.span,
                    self._unknown(key.text, definition),
                )
                continue
            if known is None and definition.names and not re.fullmatch(definition.names, key.text):
                advice = "letters, digits, _ and -, beginning with a letter"
                self._report("TM-L06", f'"{key.text}" is not a name', key.span, advice)
                continue
            cleaned = self.clean(value, of, key.text)
            if cleaned is not None:
                kept.append(Entry(key, cleaned))
        self._required(node, definition, where)
        return Mapping(tuple(kept), node.span)

    def _unknown(self, name: str, definition: Table) -> str:
        """The help for an unknown key."""
        if name in self._concepts and "observe" in definition.keys:
            return f"{name} is a concept: indent it below observe"
        return _unknown(name, definition)

    def _required(self, node: Mapping, definition: Table, where: str) -> None:
        for name, key in definition.keys.items():
            if key.required and node.key(name) is None:
                self._report("TM-L06", f'"{where}" lacks "{name}"', node.span, key.doc)

    def _many(self, node: Node, definition: Many, where: str) -> Node | None:
        if not isinstance(node, Sequence):
            if not definition.single:
                return self._wrong(node, f'"{where}" takes a list, not {_kind(node)}', definition.doc)
            return self.clean(node, definition.of, where)
        items = [self.clean(item, definition.of, where) for item in node.items]
        return Sequence(tuple(item for item in items if item is not None), node.span)

    def _either(self, node: Node, definition: Either, where: str) -> Node | None:
        options = [name for name in definition.options if self._takes(name, node)]
        if not options:
            kinds = " or ".join(dict.fromkeys(self._wanted(name) for name in definition.options))
            return self._wrong(node, f'"{where}" takes {kinds}, not {_kind(node)}', definition.doc)
        marked = [name for name in options if self._is_marked(name, node)]
        return self.clean(node, (marked or options[-1:])[0], where)

    def _takes(self, name: str, node: Node) -> bool:
        """Whether this node can be meant by a definition, right or wrong."""
        match self._definitions[name]:
            case Text():
                return isinstance(node, Scalar)
            case Table():
                return isinstance(node, Mapping)
            case Many(of=of, single=single):
                return isinstance(node, Sequence) or (single and self._takes(of, node))
            case Either(options=options):
                return any(self._takes(option, node) for option in options)

    def _is_marked(self, name: str, node: Node) -> bool:
        """Whether the node has the key by which this table is told from others."""
        definition = self._definitions[name]
        marker = definition.marker if isinstance(definition, Table) else ""
        return bool(marker) and isinstance(node, Mapping) and node.key(marker) is not None

    def _wanted(self, name: str) -> str:
        match self._definitions[name]:
            case Text():
                return "a text"
            case Table():
                return "a block of keys"
            case Many():
                return "a list"
            case Either(options=options):
                return self._wanted(options[0])

    def _wrong(self, node: Node, message: str, advice: str | None) -> Node | None:
        self._report("TM-L06", message, node.span, advice)
        return None


def _kind(node: Node) -> str:
    match node:
        case Scalar():
            return "a text"
        case Sequence():
            return "a list"
        case Mapping():
            return "a block of keys"


def _shape(definition: Table) -> str | None:
    """A block of this definition as its author would begin it."""
    required = [name for name, key in definition.keys.items() if key.required]
    names = required or list(definition.keys)[:2]
    return f"{{{', '.join(f'{name}: …' for name in names)}}}" if names else "{name: …}"


def _unknown(name: str, definition: Table) -> str:
    form = name.lower().replace("_", "-")
    if form in NOT_YET:
        return f"{NOT_YET[form]} are not in version 1 of the language"
    if name == "<<":
        return "merge keys are not used; reuse is by maps and by inheritance"
    return did_you_mean(name, definition.keys) or f"one of: {', '.join(definition.keys)}"
