"""What a mapping itself writes, as checks read it: its codes, and what its statements mean, before there is data.

A check that needs no more than this has ``written(context)`` beside its ``check(context)``: often they are one
function, for both contexts have ``codes``, ``signatures``, ``statements``, ``terms`` and ``finding``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twinmap import registry
from twinmap.checks import lookedup
from twinmap.checks.context import Context, Seen, Stated
from twinmap.checks.terms import Terms
from twinmap.compare.meaning import of_code, of_predicate
from twinmap.compare.signature import Signature, merged
from twinmap.diagnostics import Finding, Span
from twinmap.mapping.ast import CodeMap, CodeMatch, Document, Group, RecordSet, Statement, Text, Value
from twinmap.mapping.kinds import KINDS
from twinmap.terms import facets, systems, units
from twinmap.terms.concepts import Catalogue
from twinmap.terms.unit_kinds import counts_substance

if TYPE_CHECKING:
    from twinmap.checks.labels import Labelled
    from twinmap.terms.store import Store

#: Slots of an observation that are no code and may hold one.
_VALUE = "value"
#: How the slot of a code is called that stands in a look-up table: which of them a rule gets is for the data to say.
_LOOKED_UP = "look-up"


class Rule(NamedTuple):
    """One statement of a mapping, with the id of its rule."""

    id: str
    records: RecordSet
    statement: Statement

    def value(self, slot: str) -> Value | None:
        """What is bound to a slot, where that is a plain value."""
        found = self.statement.slots.get(slot)
        return found if isinstance(found, Value) else None


class Row(NamedTuple):
    """One row of a code map, and the rule that uses the map."""

    rule: Rule
    map: CodeMap
    system: str
    code: str
    match: CodeMatch

    @property
    def where(self) -> Span:
        """Its line."""
        return Span(self.map.name, self.match.line, 1) if self.match.line else self.rule.statement.span


class Given(NamedTuple):
    """A code that a slot can give, and the line where it is written."""

    system: str | None
    code: str
    display: str | None
    predicate: str
    where: Span


@dataclass(frozen=True)
class Written:
    """What a mapping writes.

    Args:
        document: The mapping.
        catalogue: The concepts.
        store: The terminology of the user; None where there is none.
        folders: Where look-up tables are looked for.
    """

    document: Document
    catalogue: Catalogue
    store: Store | None = None
    folders: tuple[Path, ...] = ()

    @property
    def source(self) -> str:
        """The mapping, where a run would name a source."""
        return self.document.id

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every statement of the mapping."""
        return tuple(
            Rule(f"{self.document.id}#{records.name}/{statement.name}", records, statement)
            for records in self.document.records
            for choice in records.choices
            for statement in (*choice.always, *(each for case in choice.cases for each in case.statements))
        )

    @cached_property
    def maps(self) -> tuple[tuple[Rule, CodeMap], ...]:
        """The code maps, each with the first rule that uses it."""
        found: dict[str, tuple[Rule, CodeMap]] = {}
        for rule in self.rules:
            value = rule.value("code")
            if value is not None and value.codes is not None:
                found.setdefault(value.codes.name, (rule, value.codes))
        return tuple(found.values())

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all code maps."""
        return tuple(
            Row(rule, codes, system, code, match)
            for rule, codes in self.maps
            for (system, code), matches in codes.entries.items()
            for match in matches
        )

    @cached_property
    def codes(self) -> tuple[Seen, ...]:
        """Every code that the mapping writes: literals, targets of maps, both sides of a code map, looked-up ones."""
        found = [
            self._seen(rule, code, slot)
            for rule in self.rules
            for slot in (*KINDS[rule.statement.kind].codes, _VALUE)
            for code in self.given(rule, slot)
        ]
        found += (
            self._seen(row.rule, Given(row.system, row.code, None, "", row.where), "code")
            for row in self.rows
        )
        found += (
            self._seen(rule, Given(self._system(code.system), code.code, None, "", code.where), _LOOKED_UP)
            for rule in self.rules
            for slot in KINDS[rule.statement.kind].codes
            if self.document.lookups and (value := rule.value(slot)) is not None
            for code in lookedup.codes(self.document, value, self.folders)
        )
        return tuple(dict.fromkeys(found))

    def _seen(self, rule: Rule, code: Given, slot: str) -> Seen:
        kind = rule.statement.kind
        return Seen(kind, self.source, rule.id, code.system, code.code, slot, 1, (), code.where)

    @cached_property
    def displays(self) -> tuple[tuple[Seen, str], ...]:
        """The words that the mapping writes beside a code, or a row of a code map beside its target."""
        found = [
            (self._seen(rule, code, "code"), display)
            for rule in self.rules
            for code in ([] if _has_map(rule) else self.given(rule, "code"))
            if (display := code.display or _only(rule.value("display"))) is not None
        ]
        found += (
            (
                self._seen(
                    row.rule, Given(match.system, match.code, None, match.predicate, row.where), "code"
                ),
                words,
            )
            for row in self.rows
            for match in (row.match,)
            for words in dict.fromkeys(filter(None, (match.label, match.display)))
        )
        return tuple(found)

    @cached_property
    def labelled(self) -> tuple[Labelled, ...]:
        """What the labels of code maps say that their targets do not."""
        from twinmap.checks.labels import labelled  # only a mapping with a map has labels

        return tuple(labelled(self)) if self.maps else ()

    @cached_property
    def terms(self) -> Terms:
        """What is known of every code that the mapping writes."""
        return Terms(self.store, self.codes)

    @cached_property
    def signatures(self) -> Sequence[Signature]:
        """What its observations mean, as far as the mapping alone says it."""
        return [signature for signature, _, _ in self._stated]

    def statements(self, tests: Iterable[tuple[Signature, str]]) -> Iterator[Stated]:
        """The statements of signatures, one each: a mapping states them once.

        Of several codes that a map gives to one rule, the data decides which there are: they are told of where
        all of them are asked for, and none could be right.
        """
        asked = [self._stated[signature.number - 1] for signature, _ in tests]
        wrong, every = (Counter(rule.id for _, rule, _ in stated) for stated in (asked, self._stated))
        for signature, rule, where in asked:
            if wrong[rule.id] == every[rule.id]:
                yield Stated(signature, rule.id, 1, (), where)

    def where(self, rule: str | None, *slots: str) -> Span | None:
        """Where the mapping binds one of the slots of a rule, else the rule."""
        found = next((item for item in self.rules if item.id == rule), None)
        if found is None:
            return None
        bound = (found.statement.slots.get(slot) for slot in slots)
        spans = (item.span for item in bound if isinstance(item, Value | Group))
        return next(spans, found.statement.span)

    def finding(self, code: str, message: str, of: Stated | Seen, *slots: str, **about: Any) -> Finding:
        """A finding about what the mapping writes; the arguments are those of :meth:`Context.finding`."""
        known: dict[str, Any] = {
            "where": of.where or self.where(of.rule, *slots),
            "concept": of.concept,
            "rule": of.rule,
        }
        return registry.finding(code, message, **known | about)

    def on_map(
        self, code: str, message: str, rule: Rule, codes: CodeMap, line: int = 0, **about: Any
    ) -> Finding:
        """A finding about a code map: at one of its lines, else where a rule names it."""
        value = rule.value("code")
        used = value.span if value is not None else rule.statement.span
        where = Span(codes.name, line, 1) if line else used
        about = {"rule": rule.id} | about
        return registry.finding(code, message, where=where, **about)

    def on_slot(self, code: str, message: str, rule: Rule, *slots: str, **about: Any) -> Finding:
        """A finding about what a rule binds to the first of these slots."""
        where = self.where(rule.id, *slots)
        about = {"rule": rule.id, "facet": slots[0]} | about
        return registry.finding(code, message, where=where, **about)

    def curie(self, system: str, code: str) -> str:
        """A code as the mapping writes it: with the short name that it declares, else with a known prefix."""
        declared = next((name for name, uri in self.document.systems.items() if uri == system), None)
        return f"{declared}:{code}" if declared else systems.curie(system, code)

    def about(self, rule: Rule) -> str | None:
        """What an observation is of: its concept, else the one code that it writes."""
        if rule.statement.kind != "observation":
            return None
        concept = self.catalogue.get(rule.statement.concept)
        if concept is not None:
            return concept.name
        codes = list(self.given(rule, "code"))
        return of_code(codes[0].system, codes[0].code, self.catalogue).group if len(codes) == 1 else None

    # --- what slots can give --------------------------------------------------------------------

    def given(self, rule: Rule, slot: str) -> Iterator[Given]:
        """The codes that a slot can give by itself."""
        value = rule.value(slot)
        if value is None:
            return
        if value.codes is not None:
            for matches in value.codes.entries.values():
                for match in matches:
                    where = Row(rule, value.codes, "", "", match).where
                    yield Given(match.system, match.code, match.display, match.predicate, where)
            return
        system = _only(value.system)
        for text, where in literals(value):
            found = (self._system(system), text) if system else systems.expand(text, self.document.systems)
            if found is not None:
                yield Given(found[0], found[1], _only(value.display), "", where)

    def _system(self, text: str) -> str:
        uri = self.document.systems.get(text, text)
        known = systems.canonical(uri)
        return known.uri if known else uri

    @cached_property
    def _stated(self) -> list[tuple[Signature, Rule, Span | None]]:
        """Signatures of every code and unit that an observation fixes, numbered from 1."""
        made: list[tuple[Signature, Rule, Span | None]] = []
        for rule in self.rules:
            if rule.statement.kind != "observation":
                continue
            for unit in self._units(rule) or [None]:
                for code in self._meant(rule, unit):
                    where = code.where if _has_map(rule) else None
                    made.append((self._signature(len(made) + 1, rule, code, unit), rule, where))
        return made

    def _units(self, rule: Rule) -> list[str | None]:
        """The unit that every value of a rule has: what a field or a map gives is for the data to say."""
        value = rule.value("unit")
        if value is None or value.map is not None or len(value.alternatives) != 1:
            return []
        concept = self.catalogue.get(rule.statement.concept)
        texts = [text for text, _ in literals(value)]
        return [units.resolve(text, concept.unit if concept else None).unit for text in texts]

    def _meant(self, rule: Rule, unit: str | None) -> Iterator[Given]:
        """The codes that a rule states: those that it writes, or the one of its template."""
        concept = self.catalogue.get(rule.statement.concept)
        if concept is None:
            yield from self.given(rule, "code")
            return
        stated = {name: facets.word(name, text) for name, text in self._facets(rule).items()}
        code = concept.code_for(None if unit is None else counts_substance(unit), stated)
        if code is not None:
            yield Given(code.system, code.code, code.display, "", rule.statement.span)

    def _facets(self, rule: Rule) -> dict[str, str]:
        """The facets that are the same in every statement of a rule."""
        known = facets.facets()
        found = {}
        for name in known:
            value = rule.value(name)
            texts = [text for text, _ in literals(value)] if value is not None and value.map is None else []
            if value is not None and len(texts) == len(value.alternatives) == 1:
                said = known[name].value(texts[0])
                if said is not None:
                    found[name] = said
        return found

    def _signature(self, number: int, rule: Rule, code: Given, unit: str | None) -> Signature:
        meaning = of_code(code.system, code.code, self.catalogue)
        said, wrong = merged(self._facets(rule), meaning.facets, rule.id)
        return Signature(
            number=number,
            source=self.source,
            meaning=meaning,
            unit=unit,
            values=self._values(rule),
            facets=said,
            contradictions=wrong,
            match=of_predicate(code.predicate) if code.predicate else meaning.match,
            display=code.display,
            rule=rule.id,
        )

    @staticmethod
    def _values(rule: Rule) -> str:
        """``quantity`` where the values can be numbers; ``coded``, ``text`` or ``absent`` where they are not."""
        kind, value = _only(rule.value("kind")), rule.value(_VALUE)
        if kind is not None:
            return {"quantity": "quantity", "code": "coded"}.get(kind, "text")
        if value is None:
            return "quantity" if "range" in rule.statement.slots else "absent"
        return "coded" if value.map is not None or value.codes is not None else "quantity"


#: What a check is asked about that needs no data to find what it looks for.
Asked = Context | Written


def _has_map(rule: Rule) -> bool:
    value = rule.value("code")
    return value is not None and value.codes is not None


def literals(value: Value | None) -> Iterator[tuple[str, Span]]:
    """The texts that a value can give by itself: its literals, or the targets of its map."""
    if value is None:
        return
    if value.map is not None:
        yield from ((word, value.span) for word in value.map.entries.values() if word)
        return
    for alternative in value.alternatives:
        if isinstance(alternative, Text) and alternative.literal:
            yield alternative.literal, alternative.span


def _only(value: Value | None) -> str | None:
    """The text of a value that is nothing but a literal."""
    return value.literal if value is not None and value.map is None else None
