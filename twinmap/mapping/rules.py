"""``observe`` and the other blocks that state something: rules to statements."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace

from twinmap.diagnostics import Span
from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.mapping import conditions
from twinmap.mapping.ast import Case, Choice, Condition, Statement, Value
from twinmap.mapping.context import ConceptLike
from twinmap.mapping.definitions import BLOCKS, OBSERVATION_SLOTS, SELF_DESCRIBING, kind_slots
from twinmap.mapping.values import Scope, Slot, is_bound, merged, mixed, slot
from twinmap.mapping.words import did_you_mean

_RULE_KEYS = ("when", "name", "then", "otherwise")

#: The concept of any code.
RESULT = "result"

Slots = Map[str, Slot]


@dataclass(slots=True)
class Rules:
    """Reads the rules of one record set.

    Args:
        scope: Maps and where findings go.
        defaults: The slots that the record set binds.
        format: The format of the source.
        keep: Which records are read at all.
    """

    scope: Scope
    defaults: Slots
    format: str
    keep: Condition | None
    _names: dict[str, Span] = field(default_factory=dict)

    def choice(self, block: str, node: Node) -> Choice:
        """All rules of one block."""
        kind = BLOCKS[block]
        if isinstance(node, Scalar):
            self._auto_allowed(node.span)
            return Choice(kind, auto=True, defaults=self._defaults_of(kind))
        items = node.items if isinstance(node, Sequence) else (node,)
        always: list[Statement] = []
        cases: list[Case] = []
        otherwise: Scalar | None = None
        for item in items:
            assert isinstance(item, Mapping)
            if otherwise is not None:
                self._report(
                    "TM-L13", "a rule behind otherwise is never reached", item.span, "put otherwise last"
                )
            found = item.get("otherwise")
            if isinstance(found, Scalar):
                otherwise = self._otherwise(item, found)
                continue
            self._rule(kind, item, always, cases)
        if otherwise is not None and not cases:
            message = "otherwise is never reached: no rule has a when"
            self._report("TM-L13", message, otherwise.span, "remove it, or add when to the rules")
        self._reach(cases)
        action = otherwise.text if otherwise else "report"
        return Choice(kind, tuple(always), tuple(cases), action, defaults=self._defaults_of(kind))

    def _otherwise(self, item: Mapping, found: Scalar) -> Scalar:
        if len(item.entries) > 1:
            self._report("TM-L06", "otherwise stands alone in its item", found.span, "- otherwise: report")
        if found.text == "auto":
            self._auto_allowed(found.span)
        return found

    def _rule(self, kind: str, item: Mapping, always: list[Statement], cases: list[Case]) -> None:
        when, then = item.get("when"), item.get("then")
        condition = conditions.condition(self.scope, when) if when is not None else None
        scope = self.scope.with_parts(conditions.part_names(condition)) if condition else self.scope
        reader = replace(self, scope=scope)
        statements = tuple(reader.statements(kind, item))
        if isinstance(then, Scalar):
            self._then(item, then, when, statements)
        elif not any(key.text not in _RULE_KEYS for key, _ in item.entries):
            self._report("TM-L06", "a rule states nothing", item.span, "name a concept and its slots")
        if condition is not None:
            action = then.text if isinstance(then, Scalar) else "state"
            cases.append(Case(condition, statements, item.span, action))
        elif when is None:
            always.extend(statements)

    def _then(
        self, item: Mapping, then: Scalar, when: Node | None, statements: tuple[Statement, ...]
    ) -> None:
        if when is None:
            self._report("TM-L06", "then needs a when", then.span, "- {when: {field: text}, then: ignore}")
        if statements:
            self._report("TM-L06", "a rule either states something or has then", item.span, "remove one")
        if then.text == "auto":
            self._auto_allowed(then.span)

    def _auto_allowed(self, span: Span) -> None:
        if self.format not in SELF_DESCRIBING:
            message = f"auto is what the standard itself says; {self.format or 'this source'} says nothing"
            self._report("TM-L06", message, span, "write rules")

    def _reach(self, cases: list[Case]) -> None:
        for index, case in enumerate(cases):
            earlier = [other.when for other in cases[:index]]
            if not conditions.reachable(case.when, earlier, self.keep):
                alone = conditions.reachable(case.when, [], self.keep)
                message = (
                    "this rule is never reached: where it holds, an earlier one does"
                    if alone
                    else "this rule is never reached: no record that is read meets its condition"
                )
                self._report("TM-L13", message, case.when.span, "put the narrower rule first, or remove it")

    # --- statements ---

    def statements(self, kind: str, item: Mapping) -> Iterator[Statement]:
        """The statements of one rule."""
        label = item.get("name")
        name = label.text if isinstance(label, Scalar) and kind != "device" else ""
        if kind != "observation":
            if any(
                key.text not in _RULE_KEYS or (kind == "device" and key.text == "name")
                for key, _ in item.entries
            ):
                yield self._other(kind, item, name)
            return
        concepts = [entry for entry in item.entries if entry.key.text not in _RULE_KEYS]
        for key, node in concepts:
            concept = self._concept(key)
            blocks = node.items if isinstance(node, Sequence) else (node,)
            for block in blocks:
                if concept is not None and isinstance(block, Mapping):
                    prefix = f"{name}-{key.text}" if name and len(concepts) > 1 else name
                    yield from self._observation(key, concept, block, prefix)

    def _concept(self, key: Scalar) -> ConceptLike | str | None:
        if key.text == RESULT:
            return RESULT
        found: ConceptLike | None = self.scope.context.concepts.get(key.text)
        if found is None:
            near = self.scope.context.concepts.suggest(key.text)
            known = did_you_mean(key.text, _RULE_KEYS)
            advice = (
                f"did you mean {' or '.join(f'{chr(34)}{name}{chr(34)}' for name in near)}?"
                if near
                else known
            )
            advice = advice or "use result with its code, or add a concept file"
            self._report("TM-L07", f'there is no concept "{key.text}"', key.span, advice)
        return found

    def _observation(
        self, key: Scalar, concept: ConceptLike | str, block: Mapping, name: str
    ) -> Iterator[Statement]:
        members = {} if isinstance(concept, str) else dict(concept.members)
        facets = self._facets(concept)
        accepted = {**dict.fromkeys(facets, "value"), **{n: k.of for n, k in OBSERVATION_SLOTS.items()}}
        if not isinstance(concept, str):
            del accepted["code"]
        if members:
            del accepted["value"]
        own, bound = self._own(key.text, block, accepted, members)
        label = block.get("name")
        name = label.text if isinstance(label, Scalar) else name
        if not members:
            made = [(key.text, own, "")]
        else:
            made = [(members[part], {**own, "value": value}, part) for part, value in bound.items()]
            if not made:
                advice = f"bind {', '.join(members)}"
                self._report(
                    "TM-L17", f"{key.text} states nothing: none of its members is bound", key.span, advice
                )
        names = self._take_names(
            [(f"{name}-{part}" if part else name) if name else word for word, _, part in made], name, key.span
        )
        for (word, slots, _), taken in zip(made, names, strict=True):
            panel = key.text if members else None
            yield self._statement(
                "observation", word, name=taken, own=slots, accepted=accepted, span=block.span, panel=panel
            )

    def _facets(self, concept: ConceptLike | str) -> list[str]:
        known = self.scope.context.facets
        return (
            list(known)
            if isinstance(concept, str)
            else [name for name in known if name in set(concept.accepted)]
        )

    def _own(
        self, concept: str, block: Mapping, accepted: Map[str, str], members: Map[str, str]
    ) -> tuple[dict[str, Slot], dict[str, Value]]:
        """The slots that the rule itself binds, and the members of its panel."""
        own: dict[str, Slot] = {}
        bound: dict[str, Value] = {}
        for key, node in block.entries:
            if key.text == "name":
                continue
            if key.text not in accepted and key.text not in members:
                advice = _no_slot(concept, key.text, [*members, *accepted])
                self._report("TM-L07", f'{concept} has no slot "{key.text}"', key.span, advice)
                continue
            found = slot(self.scope, node, key.text, accepted.get(key.text, "value"))
            if found is None:
                continue
            if key.text not in members:
                own[key.text] = found
            elif isinstance(found, Value) and found.alternatives:
                bound[key.text] = found
        return own, bound

    def _other(self, kind: str, item: Mapping, name: str) -> Statement:
        accepted = {key: definition.of for key, definition in kind_slots(kind).items()}
        own: dict[str, Slot] = {}
        for key, node in item.entries:
            if key.text in accepted and (found := slot(self.scope, node, key.text, accepted[key.text])):
                own[key.text] = found
        (taken,) = self._take_names([name or kind], name, item.span)
        return self._statement(kind, kind, name=taken, own=own, accepted=accepted, span=item.span)

    def _statement(
        self,
        kind: str,
        concept: str,
        *,
        name: str,
        own: Map[str, Slot],
        accepted: Map[str, str],
        span: Span,
        panel: str | None = None,
    ) -> Statement:
        taken = {*accepted, "patient"}
        slots: dict[str, Slot] = {key: found for key, found in self.defaults.items() if key in taken}
        for key, found in own.items():
            slots[key] = merged(slots.get(key), found)
        self._bound(kind, concept, slots, span)
        if kind == "observation":
            value, unit = slots.get("value"), slots.get("unit")
            if isinstance(value, Value) and isinstance(unit, Value):
                mixed(self.scope, value, unit, "value", "unit")
        return Statement(kind, concept, name, slots, span, panel, frozenset(own))

    def _bound(self, kind: str, concept: str, slots: Map[str, Slot], span: Span) -> None:
        """Report what a statement cannot do without."""
        needs: list[tuple[str, ...]] = [("code",)] if concept == RESULT else []
        if kind == "observation":
            needs.append(("value", "absent"))
        elif kind in {"encounter", "device"}:
            needs.append(("id", "code", "name", "type"))
        else:
            needs.append(("code",))
        for names in needs:
            if not any(is_bound(slots.get(name)) for name in names):
                advice = f"bind {names[0]} here, in the record set or at the top of the file"
                self._report("TM-L17", f"{concept} has no {names[0]}", span, advice)

    def _defaults_of(self, kind: str) -> Slots:
        accepted = {
            "patient",
            *kind_slots(kind),
            *(self.scope.context.facets if kind == "observation" else ()),
        }
        return {key: found for key, found in self.defaults.items() if key in accepted}

    def _take_names(self, words: list[str], author: str, span: Span) -> list[str]:
        """Names for the statements of one rule; numbered together where one of them is taken."""
        if author:
            for word in words:
                if word in self._names:
                    line = self._names[word].line
                    message = f'two rules of this record set are called "{word}"; the other is in line {line}'
                    self._report("TM-L04", message, span, "give one of them another name")
        number = 1
        while not author and any(_numbered(word, number) in self._names for word in words):
            number += 1
        taken = [_numbered(word, number) for word in words]
        self._names.update(dict.fromkeys(taken, span))
        return taken

    def _report(self, code: str, message: str, span: Span, advice: str | None) -> None:
        self.scope.context.report(code, message, span, advice)


def _numbered(word: str, number: int) -> str:
    return word if number == 1 else f"{word}-{number}"


def _no_slot(concept: str, name: str, known: list[str]) -> str:
    if name == "code":
        return f"{concept} stands for its own code; use result for others"
    return did_you_mean(name, known) or f"one of: {', '.join(sorted(known))}"
