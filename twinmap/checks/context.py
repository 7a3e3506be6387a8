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
from typing import TYPE_CHECKING, Any

from twinmap.diagnostics import PLACES_KEPT, Place, Span
from twinmap.mapping.sql import quoted

if TYPE_CHECKING:
    from twinmap.compare.pairs import Pair
    from twinmap.compare.relation import FacetComparison
    from twinmap.compare.run import Compared
    from twinmap.compare.signature import Signature
    from twinmap.engine.duck import Duck
    from twinmap.terms.concepts import Catalogue

#: SQL of the first places of a group of statements.
FIRST = f"min({{'file': file, 'record': record, 'line': line, 'part': part}}, {PLACES_KEPT})"


@dataclass(frozen=True)
class Seen:
    """A code as statements carry it, with how often and the first places."""

    kind: str
    source: str
    rule: str
    system: str | None
    code: str
    slot: str
    count: int
    places: tuple[Place, ...]


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
        as_of_us: The moment of the run, in UTC epoch microseconds, where one is given; nothing reads a clock.
    """

    duck: Duck
    tables: Mapping[str, Path]
    catalogue: Catalogue
    compared: Compared
    files: Mapping[int, str] = field(default_factory=dict)
    patients: Sequence[Path] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[tuple[str, str], Span] = field(default_factory=dict)
    as_of_us: int | None = None

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

    def statements(
        self, tests: Iterable[tuple[Signature, str]]
    ) -> Iterator[tuple[Signature, str, int, tuple[Place, ...]]]:
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
            item = asked[number][0]
            yield item, rule, count, self.places(item.source, found)

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
        for kind, pairs in _CODES.items():
            table = self.table(kind)
            if table is None:
                continue
            unions = " UNION ALL ".join(
                f"SELECT source, rule, {system} AS system, {code} AS code, {quoted(slot)} AS slot, count(*) AS n, "
                f"{FIRST} AS places FROM {table} WHERE {code} IS NOT NULL GROUP BY ALL"
                for slot, system, code in pairs
            )
            for source, rule, system, code, slot, n, places in self.duck.rows(
                f"SELECT * FROM ({unions}) ORDER BY source, rule, slot, system, code"
            ):
                found.append(
                    Seen(kind, source, rule, system, code, slot, n, self.places(source, places, slot))
                )
        return tuple(found)


def of_device(device: str) -> dict[str, str]:
    """Details of a finding about one device of a source; ``detail`` is what tells it from others of its rule."""
    return {"device": device, "detail": device}


_CODE = (("code", "code_system", "code"), ("code", "raw_code_system", "raw_code"))
_REASON = ("reason", "reason_system", "reason_code")
_CODES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "observation": (*_CODE, ("value", "value_system", "value_code")),
    "encounter": (*_CODE, _REASON),
    "condition": _CODE,
    "medication": (*_CODE, _REASON),
    "procedure": (*_CODE, _REASON),
    "immunization": _CODE,
    "allergy": (*_CODE, ("reaction", "reaction_system", "reaction_code")),
}
