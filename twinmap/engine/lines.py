"""Statements to lines of N-Quads: one text expression a row, made for what the rows really state.

A target's file is compiled once (:mod:`twinmap.lift.target`); what is known of the rows of a part makes its
expression short: a column without any value takes no triple, one with a value in every row needs no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from twinmap.engine.duck import Duck
from twinmap.sqltext import identifier


@dataclass(frozen=True, slots=True)
class Triple:
    """One triple of a row: the IRI of its predicate, and SQL of the arguments of ``concat`` of its object.

    It is left out where ``column`` is null; without a column every row has it.
    """

    predicate: str
    column: str | None
    term: str


@dataclass(frozen=True, slots=True)
class Lift:
    """How a row of one kind becomes lines.

    ``derived`` are columns added to those of the table, ``iris`` columns of terms made from a system and
    a code; ``subject`` and ``graph`` are SQL of what begins and ends each line.
    """

    derived: Mapping[str, str]
    iris: Mapping[str, tuple[str, str]]
    subject: str
    graph: str
    triples: tuple[Triple, ...]


#: The term of a system and a code.
Term = Callable[[str | None, str], str]


def lines(duck: Duck, lift: Lift, relation: str, term: Term) -> Iterator[memoryview]:
    """The lines of all rows of a relation, in its order, in blocks that end with a line."""
    pieces = ", ".join(_pieces(duck, lift, relation))
    return duck.texts(f"SELECT concat({pieces}) FROM {lifting(duck, lift, relation, term)}")


def lifting(duck: Duck, lift: Lift, relation: str, term: Term) -> str:
    """SQL of the relation with what its triples are made of; ``_s`` and ``_g`` begin and end a line."""
    joins = [_codes(duck, name, pair, relation, term) for name, pair in lift.iris.items()]
    extra = "".join(f", {sql} AS {name}" for name, sql in lift.derived.items())
    extra += "".join(f", k_{name}.{name}" for name in lift.iris)
    extra += f", {lift.subject} AS _s, {lift.graph} AS _g"
    return f"(SELECT u.*{extra} FROM {relation} u {' '.join(joins)})"


def stated(duck: Duck, lift: Lift, relation: str) -> tuple[list[Triple], set[Triple]]:
    """The triples that any row may have, and those of them that every row has."""
    made = {*lift.derived, *lift.iris}
    stored = sorted({item.column for item in lift.triples if item.column} - made)
    counts = ", ".join(["count(*)", *(f"count({identifier(name)})" for name in stored)])
    rows, *found = duck.rows(f"SELECT {counts} FROM {relation}")[0]
    count = dict(zip(stored, found, strict=True))
    some = [item for item in lift.triples if item.column is None or count.get(item.column) != 0]
    return some, {item for item in some if item.column is None or count.get(item.column) == rows}


def _pieces(duck: Duck, lift: Lift, relation: str) -> Iterator[str]:
    some, always = stated(duck, lift, relation)
    for item in some:
        line = f"_s, ' <{item.predicate}> ', {item.term}, _g"
        if item in always:
            yield line
        else:
            yield f"CASE WHEN {identifier(item.column or '')} IS NOT NULL THEN concat({line}) END"


def _codes(duck: Duck, name: str, pair: tuple[str, str], relation: str, term: Term) -> str:
    """Make the table ``k_<name>`` of the terms of all codes of a column; SQL that joins it."""
    system, code = pair
    found = duck.rows(
        f"SELECT DISTINCT {system}, {code} FROM {relation} WHERE {code} IS NOT NULL ORDER BY ALL"
    )
    duck.register(
        f"k_{name}",
        {
            "system": ("VARCHAR", [row[0] for row in found]),
            "code": ("VARCHAR", [row[1] for row in found]),
            name: ("VARCHAR", [term(*row) for row in found]),
        },
    )
    return (
        f"LEFT JOIN k_{name} ON k_{name}.code = u.{code} AND k_{name}.system IS NOT DISTINCT FROM u.{system}"
    )
