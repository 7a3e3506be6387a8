"""Record sets: what each inherits from the file, and what it binds itself."""

from __future__ import annotations

from dataclasses import dataclass

from twinmap.diagnostics import Span
from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.mapping import conditions, declarations, layout
from twinmap.mapping.ast import RecordSet, Ref, Value
from twinmap.mapping.context import Context
from twinmap.mapping.definitions import BLOCKS, OBSERVATION_SLOTS
from twinmap.mapping.rules import Rules
from twinmap.mapping.static import Places
from twinmap.mapping.values import Scope, Slot, bare_paths, bare_reference, merged, slot, texts, value
from twinmap.model import SourceOptions

#: The name of the record set of a file that has no ``records``.
ONLY = "records"


def record_sets(context: Context, document: Mapping) -> list[tuple[RecordSet, Places]]:
    """The record sets of a file, each with the places of its format and ``each``."""
    declarations.declare(context, document)
    context.maps = declarations.maps(context, document)
    outer = _Block(context, document, Scope(context, context.maps))
    shared = outer.slots()
    records = document.get("records")
    if records is None:
        return [outer.record_set(ONLY, Mapping((), document.span), shared)]
    assert isinstance(records, Mapping)
    if not records.entries:
        context.report("TM-L06", "records has no record set", records.span, "{NAME: {files: …}}")
    found = []
    for key, node in records.entries:
        assert isinstance(node, Mapping)
        found.append(outer.record_set(key.text, Mapping(node.entries, key.span), shared))
    return found


@dataclass(frozen=True, slots=True)
class _Block:
    """The file as a whole, from which record sets inherit."""

    context: Context
    node: Mapping
    scope: Scope

    def slots(self, node: Mapping | None = None, scope: Scope | None = None) -> dict[str, Slot]:
        """The slots that a block binds."""
        node, scope = node or self.node, scope or self.scope
        known = {"patient": "patient", **dict.fromkeys(self.context.facets, "value")}
        known |= {name: key.of for name, key in OBSERVATION_SLOTS.items()}
        found = {
            key.text: slot(scope, part, key.text, known[key.text])
            for key, part in node.entries
            if key.text in known
        }
        return {name: made for name, made in found.items() if made is not None}

    def record_set(self, name: str, node: Mapping, shared: dict[str, Slot]) -> tuple[RecordSet, Places]:
        """One record set with all that it inherits."""
        declarations.declare(self.context, node)
        scope = Scope(self.context, {**self.scope.maps, **declarations.maps(self.context, node)})
        slots = dict(shared)
        for key, inner in self.slots(node, scope).items():
            slots[key] = merged(slots.get(key), inner)
        source = _Source(self.context, scope, self._source(node))
        keep_node = self._inherited(node, "keep")
        keep = conditions.condition(scope, keep_node) if keep_node is not None else None
        rules = Rules(scope, slots, source.text("format"), keep)
        choices = tuple(
            rules.choice(block, found)
            for block in BLOCKS
            if (found := self._inherited(node, block)) is not None
        )
        files = node.get("files")
        each_node = self._inherited(node, "each")
        each = bare_paths(scope, each_node)
        made = RecordSet(
            name=name,
            files=declarations.confine(self.context, files) if files else source.files(),
            options=source.options(),
            each=each[0] if each else None,
            keep=keep,
            key=self._key(scope, self._inherited(node, "key")),
            optional=bare_paths(scope, self._inherited(node, "optional")),
            ignore=bare_paths(scope, self._inherited(node, "ignore")),
            slots=slots,
            choices=choices,
            missing=texts(source.node("missing")),
            timezone=source.timezone(),
            decimal=source.text("decimal") or ".",
            thousands=source.text("thousands"),
            span=node.span,
        )
        each_at = each_node.span if each_node is not None else node.span
        return made, Places(source.format_at(node.span), each_at)

    def _inherited(self, node: Mapping, name: str) -> Node | None:
        own = node.get(name)
        return own if own is not None else self.node.get(name)

    def _source(self, node: Mapping) -> dict[str, Node]:
        """The keys of ``source``, those of the record set over those of the file."""
        merged_keys: dict[str, Node] = {}
        for block in (self.node.get("source"), node.get("source")):
            if isinstance(block, Mapping):
                merged_keys |= {key.text: part for key, part in block.entries}
        return merged_keys

    def _key(self, scope: Scope, node: Node | None) -> tuple[Ref, ...]:
        items = node.items if isinstance(node, Sequence) else (node,)
        refs = [bare_reference(scope, item) for item in items if isinstance(item, Scalar) and item.text]
        return tuple(ref for ref in refs if ref is not None)


@dataclass(frozen=True, slots=True)
class _Source:
    """The keys of ``source`` in force for one record set."""

    context: Context
    scope: Scope
    keys: dict[str, Node]

    def node(self, name: str) -> Node | None:
        return self.keys.get(name)

    def text(self, name: str) -> str:
        found = self.keys.get(name)
        return found.text if isinstance(found, Scalar) else ""

    def files(self) -> tuple[str, ...]:
        return declarations.confine(self.context, self.keys.get("files"))

    def format_at(self, otherwise: Span) -> Span:
        found = self.keys.get("format")
        if found is None:
            message = "source does not say its format"
            self.context.report("TM-L06", message, otherwise, "source: {format: csv}")
        return found.span if found is not None else otherwise

    def timezone(self) -> Value | None:
        found = self.keys.get("timezone")
        return value(self.scope, found, "timezone") if found is not None else None

    def options(self) -> SourceOptions:
        """How the source is read; what cannot be used was reported (L06), and stands nowhere."""
        delimiter = self.text("delimiter")
        return SourceOptions(
            format=self.text("format"),
            encoding=tuple(filter(layout.is_encoding, texts(self.keys.get("encoding")))) or ("utf-8",),
            delimiter=delimiter if layout.is_delimiter(delimiter) else None,
            header=self.text("header") != "false",
            trim=self.text("trim") != "false",
            messages=texts(self.keys.get("messages")),
        )
