"""What a semantic check reads: the statements of a run, and what the comparison of its sources gave.

A check is a module of ``twinmap.checks.semantic`` with ``check(context)``, which yields findings. It asks for
counts and the first places by SQL and never goes through statements one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twinmap import registry
from twinmap.checks.terms import Terms
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, Span
from twinmap.kinds import KINDS
from twinmap.sqltext import quoted

if TYPE_CHECKING:
    from twinmap.checks.written import Written
    from twinmap.compare.pairs import Pair
    from twinmap.compare.relation import FacetComparison
    from twinmap.compare.run import Compared
    from twinmap.compare.signature import Signature
    from twinmap.engine.duck import Duck
    from twinmap.terms.concepts import Catalogue
    from twinmap.terms.store import Store

#: SQL of the first places of a group of statements.
FIRST = f"min({{'file': file, 'record': record, 'line': line, 'part': part}}, {PLACES_KEPT})"


class Stated(NamedTuple):
    """Statements of one signature and mapping rule, with how many there are and the first places.

    ``where`` is the line that says so, where it is not the rule itself: a row of a code map. ``test`` is SQL over
    the view ``observed`` that these statements pass, and no other of them.
    """

    signature: Signature
    rule: str
    number: int
    places: tuple[Place, ...]
    where: Span | None = None
    test: str = ""

    @property
    def source(self) -> str:
        """Whose statements they are."""
        return self.signature.source

    @property
    def concept(self) -> str:
        """What they are about."""
        return self.signature.group


@dataclass(frozen=True)
class Seen:
    """A code, or another word, as statements of a kind carry it, with how often and the first places.

    ``where`` is as in :class:`Stated`.
    """

    kind: str
    source: str
    rule: str
    system: str | None
    code: str
    slot: str
    number: int
    places: tuple[Place, ...]
    where: Span | None = None

    @property
    def concept(self) -> str:
        """What they are about."""
        return self.code


@dataclass(frozen=True)
class Context:
    """Everything that checks read.

    Args:
        duck: A connection, with the tables that :func:`twinmap.compare.run.run` left in it.
        tables: The Parquet file of each kind of statement.
        catalogue: The concepts of the run.
        compared: What the comparison gave.
        files: Names of the input files by number.
        patients: Parquet files of ``patient_record, system, local``: the local ids of each source.
        formats: The format of each source.
        spans: Where in a mapping a slot of a rule is bound: by rule and slot, ``""`` for the rule itself.
        store: The terminology of the user; None where there is none.
        written: What the mapping of each source writes.
        told: By code, SQL over the view ``observed`` of the statements that findings tell of; filled as they are made.
    """

    duck: Duck
    tables: Mapping[str, Path]
    catalogue: Catalogue
    compared: Compared
    files: Mapping[int, str] = field(default_factory=dict)
    patients: Sequence[Path] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[tuple[str, str], Span] = field(default_factory=dict)
    store: Store | None = None
    written: Mapping[str, Written] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)

    @property
    def signatures(self) -> Sequence[Signature]:
        """What the statements mean, in the order of the numbers."""
        return self.compared.signatures

    @cached_property
    def terms(self) -> Terms:
        """What is known of every code of every statement."""
        return Terms(self.store, self.codes)

    def table(self, kind: str) -> str | None:
        """SQL of the table of a kind; None where the run has none."""
        return f"read_parquet({quoted(str(self.tables[kind]))})" if kind in self.tables else None

    def where(self, rule: str | None, *slots: str) -> Span | None:
        """Where the mapping binds one of the slots of a rule, else the rule."""
        found = (self.spans.get((rule or "", slot)) for slot in (*slots, ""))
        return next((span for span in found if span is not None), None)

    def place(
        self, source: str, file: int, record: int, line: int | None, part: str, slot: str = ""
    ) -> Place:
        """A place, with the name of its file where it is known."""
        return Place(source, self.files.get(file, f"file {file}"), record, line, part, slot)

    def places(
        self, source: str, found: Iterable[Mapping[str, Any]] | None, slot: str = ""
    ) -> tuple[Place, ...]:
        """The places that :data:`FIRST` gave."""
        return tuple(
            self.place(source, item["file"], item["record"], item["line"], item["part"], slot)
            for item in found or ()
        )

    def first(self, *signatures: Signature, slot: str = "") -> tuple[Place, ...]:
        """The first place of each of some signatures."""
        return tuple(self.place(item.source, *item.place, slot) for item in signatures if item.place)

    def sides(self, concept: str, *sources: str, slot: str) -> dict[str, Any]:
        """``where`` and ``places`` of a finding about a concept of some sources.

        That is the line that binds a slot for the first source, and the first statement of each.
        """
        first = {item.source: item for item in reversed(self.signatures) if item.group == concept}
        found = [first[source] for source in sources if source in first]
        where = (self.where(item.rule, slot) for item in found)
        return {"where": next(filter(None, where), None), "places": self.first(*found, slot=slot)}

    def where_of(self, source: str, slot: str) -> Span | None:
        """Where the mapping of a source binds a slot, by the first of its rules that does."""
        rules = self.written[source].rules if source in self.written else ()
        return next((span for rule in rules if (span := self.spans.get((rule.id, slot)))), None)

    def places_of(self, refs: Sequence[int]) -> tuple[Place, ...]:
        """The places of statements by the hash of their id, in that order."""
        if not refs:
            return ()
        listed = ", ".join(map(str, refs))
        found = {
            row[0]: self.place(*row[1:])
            for row in self.duck.rows(
                f"SELECT hash(id), source, file, record, line, part FROM observed WHERE hash(id) IN ({listed})"
            )
        }
        return tuple(found[ref] for ref in refs if ref in found)[:PLACES_KEPT]

    def device(self, ref: int) -> str:
        """The id of a device by its hash."""
        return str(self.duck.value(f"SELECT min(device) FROM observed WHERE hash(device) = {ref}"))

    def finding(self, code: str, message: str, of: Stated | Seen, *slots: str, **about: Any) -> Finding:
        """A finding about statements of one source and rule.

        Args:
            code: Its code; the module's ``HELP`` says what to do.
            message: One line.
            of: The statements.
            slots: Where the mapping binds the first of these, else the rule, is where it points to.
            about: What else is said, or said otherwise, as in :class:`Finding`.
        """
        if isinstance(of, Stated) and of.test:
            self.told.setdefault(code, []).append(of.test)
        known: dict[str, Any] = {
            "where": of.where or self.where(of.rule, *slots),
            "places": of.places,
            "sources": (of.source,),
            "concept": of.concept,
            "rule": of.rule,
            "count": of.number,
        }
        return registry.finding(code, message, **known | about)

    def statements(self, tests: Iterable[tuple[Signature, str]]) -> Iterator[Stated]:
        """By signature and mapping rule: how many statements pass an SQL test, and the first places.

        Args:
            tests: Signatures, each with an SQL condition over the view ``observed``; all are answered by
                one scan.
        """
        asked = {item.number: (item, test) for item, test in tests}
        if not asked:
            return
        any_of = " OR ".join(f"(sig = {number} AND ({test}))" for number, (_, test) in asked.items())
        for number, rule, count, found in self.duck.rows(
            f"SELECT sig, rule, count(*), {FIRST} FROM observed WHERE {any_of} GROUP BY ALL ORDER BY sig, rule"
        ):
            item, test = asked[number]
            these = f"sig = {number} AND rule = {quoted(rule)} AND ({test})"
            yield Stated(item, rule, count, self.places(item.source, found), test=these)

    def grouped(self, kind: str, said: str, slot: str, joined: str = "") -> Iterator[Seen]:
        """Statements of a kind by source, rule and a word that is said of them.

        Args:
            kind: The kind; nothing where the run has none.
            said: SQL of the word, over the table ``s``; of a statement that is not meant it is null.
            slot: The slot that is told of.
            joined: SQL after ``FROM s``.
        """
        table = self.table(kind)
        if table is None:
            return
        for source, rule, word, count, places in self.duck.rows(
            f"SELECT source, rule, said, count(*), {FIRST} FROM (SELECT s.*, {said} AS said FROM {table} s {joined}) "
            "WHERE said IS NOT NULL GROUP BY ALL ORDER BY source, rule, said"
        ):
            yield Seen(kind, source, rule, None, word, slot, count, self.places(source, places, slot))

    def said(self, group: str) -> str:
        """How a message names what is compared: a concept, or a code, of which the shape alone where it is not known."""
        return self._said.get(group, group)

    @cached_property
    def _said(self) -> Mapping[str, str]:
        return {item.group: item.meaning.said for item in self.compared.signatures}

    @cached_property
    def differences(self) -> Mapping[str, Sequence[tuple[Pair, FacetComparison]]]:
        """The facets in which pairs of signatures differ, by the code that tells of them."""
        from twinmap.checks import explanations  # not at import: the lint of mappings needs no comparison

        found: dict[str, list[tuple[Pair, FacetComparison]]] = defaultdict(list)
        for pair in self.compared.pairs:
            for item in pair.relation.facets:
                if code := explanations.code(item):
                    found[code].append((pair, item))
        return found

    @cached_property
    def codes(self) -> tuple[Seen, ...]:
        """Every code of every kind of statement, as mapped and as received."""
        found = []
        for kind in KINDS.values():
            table = self.table(kind.name)
            if table is None or not kind.pairs:
                continue
            unions = " UNION ALL ".join(
                f"SELECT source, rule, {system} AS system, {code} AS code, {quoted(stem.removeprefix('raw_'))} AS slot, "
                f"count(*) AS n, {FIRST} AS places FROM {table} WHERE {code} IS NOT NULL GROUP BY ALL"
                for stem, (system, code) in kind.pairs.items()
            )
            for source, rule, system, code, slot, n, places in self.duck.rows(
                f"SELECT * FROM ({unions}) ORDER BY source, rule, slot, system, code"
            ):
                where = self.places(source, places, slot)
                found.append(Seen(kind.name, source, rule, system, code, slot, n, where))
        return tuple(found)


def codes(duck: Duck, tables: Mapping[str, Path]) -> list[tuple[str | None, str]]:
    """The distinct codes of all statements, by system and code."""
    selects = [
        f"SELECT {system} AS system, {code} AS code FROM read_parquet({quoted(str(tables[kind.name]))}) "
        f"WHERE {code} IS NOT NULL GROUP BY ALL"
        for kind in KINDS.values()
        if kind.name in tables
        for system, code in kind.pairs.values()
    ]
    if not selects:
        return []
    return [(system, code) for system, code in duck.rows(f"{' UNION '.join(selects)} ORDER BY ALL")]


def of_device(device: str) -> dict[str, str]:
    """Details of a finding about one device of a source; ``detail`` is what tells it from others of its rule."""
    return {"device": device, "detail": device}
