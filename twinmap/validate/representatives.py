"""Validates the statements of a part by those that stand for all others.

What decides a result is known from the shapes (:mod:`twinmap.validate.needs`). Of all rows that agree in it
one is tested; of those whose number is limited, the smallest and the greatest. Where one of them is wrong,
every row that agrees with it is tested as well, so that the results are those of testing all. Nodes that are
no rows (patients, records, encounters, devices) are always tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, reduce

from twinmap.engine.lines import Lift, lifting, lines, stated
from twinmap.engine.parts import Part
from twinmap.sqltext import identifier
from twinmap.validate.needs import Need, Unreadable, needs
from twinmap.validate.rdf import TYPE, Term
from twinmap.validate.results import Group, Validation
from twinmap.validate.run import prepared, validate_parts
from twinmap.validate.targets import TargetCounter

#: Kinds whose nodes other nodes point at: they are no rows.
_POINTED_AT = frozenset({"twin", "record", "patient", "encounter", "device"})

#: Fewer rows than this are tested as they are.
_MANY = 4000

#: Where one row in so many, or more, would stand for the others, all are tested: it costs no more.
_FEWER = 3


def validate_part(
    part: Part, shapes: tuple[bytes, ...], engine: str, context: bytes, graphs: Sequence[str]
) -> Validation | None:
    """The validation of one part; None where its rows have to be tested one by one.

    Args:
        part: The tables of the part, and how they become lines.
        shapes: Turtle documents, taken together.
        engine: See :func:`twinmap.validate.run.validate_parts`.
        context: N-Triples about nodes that patients share.
        graphs: The IRIs of all named graphs.
    """
    kinds = [kind for kind in part.relations if kind in part.lifts]
    rows = {kind: part.lifts[kind] for kind in kinds if kind not in _POINTED_AT}
    wanted = _needs(shapes, engine, tuple(sorted(map(_terms, rows.values()), key=lambda terms: terms[0])))
    if wanted is None or sum(part.size(kind) for kind in rows) < _MANY:
        return None
    samples = [_Sample(part, kind, lift, wanted) for kind, lift in rows.items()]
    ends = [f" <{name}> .\n".encode() for name in graphs]
    others = triples((block for kind in kinds if kind not in rows for block in part.lines(kind)), ends)
    found = _tested(samples, others, ends, shapes, engine, context)
    if found is not None and not all(group.focus_complete for group in found.groups):
        return None  # more is wrong than can be listed
    if found is not None and found.total and _widened(samples, found):
        found = _tested(samples, others, ends, shapes, engine, context)
    if found is None:
        return None
    counter = TargetCounter(prepared(shapes, engine).graph)
    counter.add(others)
    for sample in samples:
        sample.count(counter)
    return replace(found, targets=counter.counts())


def _tested(
    samples: Sequence[_Sample],
    others: bytes,
    ends: Sequence[bytes],
    shapes: Sequence[bytes],
    engine: str,
    context: bytes,
) -> Validation | None:
    """The validation of the chosen rows with all other nodes; None where nearly all are chosen."""
    if any(sample.too_many for sample in samples):
        return None
    chosen = triples((block for sample in samples for block in sample.lines()), ends)
    return validate_parts([others + chosen], shapes, engine, context=context, scope="parts")


def _widened(samples: Sequence[_Sample], found: Validation) -> bool:
    """Choose all rows that agree with one that is wrong, too; whether there are any."""
    before = sum(sample.chosen for sample in samples)
    for sample in samples:
        sample.widen(found.groups)
    return sum(sample.chosen for sample in samples) > before


def triples(blocks: Iterable[bytes | memoryview], ends: Sequence[bytes]) -> bytes:
    """N-Quads as N-Triples: the names of graphs are cut off, SHACL knows triples only."""
    return reduce(lambda lines, end: lines.replace(end, b" .\n"), ends, b"".join(blocks))


@lru_cache(maxsize=8)
def _needs(
    shapes: tuple[bytes, ...], engine: str, rows: tuple[tuple[Term, frozenset[Term]], ...]
) -> tuple[Need, ...] | None:
    """What decides the results of the shapes that are tested part by part; None where it cannot be told."""
    ready = prepared(shapes, engine)
    try:
        return tuple(needs(ready.graph.without_targets(ready.unsafe), dict(rows)))
    except Unreadable:
        return None


def _terms(lift: Lift) -> tuple[Term, frozenset[Term]]:
    """The class of the rows of a kind, and the predicates of their triples."""
    (kind,) = {i.term.strip("'") for i in lift.triples if i.column is None and f"<{i.predicate}>" == TYPE}
    return kind, frozenset(f"<{item.predicate}>" for item in lift.triples)


class _Sample:
    """The rows of one kind, and those of them that are tested."""

    def __init__(self, part: Part, kind: str, lift: Lift, wanted: Sequence[Need]) -> None:
        self._part, self._lift, self._wanted = part, lift, wanted
        self._table, self._chosen = f"rows_{kind}", f"chosen_{kind}"
        self._rows = f"(SELECT *, row_number() OVER () AS _n FROM {part.relations[kind]})"
        self._columns: dict[Term, list[str]] = {}
        self._class = _terms(lift)[0]
        self._terms()
        duck = part.duck
        self._all = duck.value(f"SELECT count(*) FROM {self._table}")
        found = " UNION ".join(dict.fromkeys(query for need in wanted for query in self._chosen_by(need)))
        duck.run(
            f"CREATE OR REPLACE TEMP TABLE {self._chosen} AS SELECT _n FROM ({found}) WHERE _n IS NOT NULL"
        )

    def _terms(self) -> None:
        """Make the table of all rows: ``_n``, the subject ``_s``, ``t0 …`` of the triples, and their types."""
        types = {predicate for need in self._wanted for predicate in need.types}
        order = {need.order for need in self._wanted}
        listed: list[str] = []
        judged: list[str] = []
        for item in stated(self._part.duck, self._lift, self._rows)[0]:
            if item.column is None:
                continue
            name, predicate = f"t{len(listed)}", f"<{item.predicate}>"
            self._columns.setdefault(predicate, []).append(name)
            test = f"CASE WHEN {identifier(item.column)} IS NOT NULL THEN concat({item.term}) END"
            listed.append(f"{test} AS {name}")
            judged += [f"{_type(name)} AS {name}_type"] if predicate in types else []
            judged += [f"{_number(name)} AS {name}_number"] if predicate in order else []
        terms = lifting(self._part.duck, self._lift, self._rows, self._part.term)
        self._part.duck.run(
            f"CREATE OR REPLACE TEMP TABLE {self._table} AS SELECT {', '.join(['*', *judged])} "
            f"FROM (SELECT {', '.join(['_n', '_s', *listed])} FROM {terms})"
        )

    @property
    def chosen(self) -> int:
        """How many rows are tested."""
        return int(self._part.duck.value(f"SELECT count(*) FROM {self._chosen}"))

    @property
    def too_many(self) -> bool:
        """Whether so many rows would be tested that all may be."""
        return bool(self.chosen * _FEWER > self._all)

    def lines(self) -> Iterator[memoryview]:
        """The lines of the rows that are tested."""
        duck, name = self._part.duck, f"picked_{self._table}"
        duck.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * EXCLUDE (_n) FROM {self._rows} "
            f"WHERE _n IN (SELECT _n FROM {self._chosen}) ORDER BY _n"
        )
        return lines(duck, self._lift, name, self._part.term)

    def widen(self, groups: Sequence[Group]) -> None:
        """Choose all rows that agree with one that is wrong, too."""
        duck = self._part.duck
        for need in self._wanted:
            focus = sorted({node for group in groups if group.shape in need.shapes for node in group.focus})
            if not focus:
                continue
            keys = ", ".join(self._keys(need)) or "0"
            duck.register("wrong", {"s": ("VARCHAR", focus)})
            duck.run(
                f"INSERT INTO {self._chosen} SELECT _n FROM {self._table} WHERE hash({keys}) IN (SELECT hash({keys}) "
                f"FROM {self._table} WHERE _s IN (SELECT s FROM wrong)) AND _n NOT IN (SELECT _n FROM {self._chosen})"
            )

    def count(self, counter: TargetCounter) -> None:
        """Tell the counter how often the rows hold what targets ask for."""
        duck = self._part.duck
        for predicate, terms in counter.pairs.items():
            if predicate == TYPE:
                counter.tell(predicate, self._class, self._all)
            for column in self._columns.get(predicate, ()):
                duck.register("asked", {"t": ("VARCHAR", sorted(terms))})
                for term, number in duck.rows(
                    f"SELECT {column}, count(*) FROM {self._table} JOIN asked ON t = {column} GROUP BY ALL"
                ):
                    counter.tell(predicate, term, number)
        for predicate in counter.alone:
            for column in self._columns.get(predicate, ()):
                counter.tell(predicate, None, duck.value(f"SELECT count({column}) FROM {self._table}"))

    # --- SQL of what decides -----------------------------------------------------------------------

    def _of(self, predicates: Iterable[Term]) -> list[str]:
        return [column for predicate in sorted(predicates) for column in self._columns.get(predicate, ())]

    def _keys(self, need: Need) -> list[str]:
        """SQL of what rows must agree in to be judged alike."""
        keys = [f"{column} IS NULL" for column in self._of(need.present)]
        keys += [f"{column}_type" for column in self._of(need.types)]
        keys += self._of(need.values)
        for predicates in sorted(need.alone):
            columns = self._of(predicates)
            count = " + ".join(f"({column} IS NOT NULL)::INTEGER" for column in columns)
            if len(columns) > 1:
                keys.append(f"CASE WHEN {count} > 1 THEN concat_ws(chr(31), {', '.join(columns)}) END")
        for one, other in sorted(need.pairs):
            keys += [
                f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN concat_ws(chr(31), {a}, {b}) END"
                for a in self._of([one])
                for b in self._of([other])
            ]
        if need.order:
            # What is no number, or longer than a double, stands for itself.
            keys += [f"CASE WHEN {name}_number IS NULL THEN {name} END" for name in self._of([need.order])]
        return keys

    def _chosen_by(self, need: Need) -> Iterator[str]:
        """SQL of the rows that stand for all others."""
        firsts = ["min(_n)"]
        if need.order:
            for column in self._of([need.order]):
                firsts += [f"arg_min(_n, {column}_number)", f"arg_max(_n, {column}_number)"]
        keys = ", ".join(self._keys(need))
        alike = f"GROUP BY {keys}" if keys else ""
        yield f"SELECT unnest([{', '.join(firsts)}]) AS _n FROM {self._table} {alike}"
        if need.shared:
            for one in self._of(need.shared[:1]):
                for other in self._of(need.shared[1:]):
                    yield (
                        f"SELECT _n FROM {self._table} WHERE {one} IN (SELECT {one} FROM {self._table} "
                        f"GROUP BY {one} HAVING count(DISTINCT {other}) > 1)"
                    )


#: Numbers and times that are well-formed in XML Schema, if the time is one of the calendar.
_NUMERAL = "^[+-]?[0-9]+([.][0-9]+)?$"
_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z)?$"


def _type(column: str) -> str:
    """SQL of what terms of one type share: the datatype, where the text is plainly well-formed."""
    text, suffix = f"split_part({column}, '\"', 2)", f"split_part({column}, '\"', 3)"
    return (
        f"CASE WHEN starts_with({column}, '<') THEN '<' WHEN ends_with({column}, '\"') THEN '\"' "
        f"WHEN regexp_matches({text}, '{_NUMERAL}') THEN concat('9', {suffix}) "
        f"WHEN regexp_matches({text}, '{_TIME}') AND try_cast({text} AS TIMESTAMP) IS NOT NULL "
        f"THEN concat(CASE WHEN contains({text}, 'T') THEN 'T' ELSE 'D' END, {suffix}) ELSE {column} END"
    )


def _number(column: str) -> str:
    """SQL of a literal as a double; null where it is none, or has more digits than a double."""
    text = f"split_part({column}, '\"', 2)"
    return f"CASE WHEN length({text}) <= 16 THEN try_cast({text} AS DOUBLE) END"
