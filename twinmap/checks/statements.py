"""What observations are like beside their meaning: counted once for all checks that ask for it.

One scan of the table gives the facts of every source, rule and code; a check looks through those, and asks for the
first places of what it tells of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from twinmap import registry
from twinmap.checks.context import FIRST, Context
from twinmap.compare.signature import STANDS
from twinmap.diagnostics import Finding, Place
from twinmap.sqltext import quoted

if TYPE_CHECKING:
    from twinmap.compare.pairs import Pair
    from twinmap.compare.relation import FacetComparison

#: A period shorter than this is an instant with two ends, in microseconds.
INSTANT_US = 60_000_000
#: Flags that compare a value with a range (HL7 v3 ObservationInterpretation, table 0078).
_BEYOND = ("H", "L", "HH", "LL", "HU", "LU", "<", ">")

#: What is counted, as SQL by name.
_FACTS = {
    "source": "source",
    "rule": "rule",
    "system": "code_system",
    "code": "code",
    "status": "status",
    "precision": "time_precision",
    "absent": "value_kind = 'absent'",
    "period": f"coalesce(end_us - start_us > {INSTANT_US}, false)",
    "panel": "panel IS NOT NULL",
    "device": "device IS NOT NULL",
    "beyond": f"coalesce(flag IN ({', '.join(map(quoted, _BEYOND))}), false)",
    "ranged": "ref_low IS NOT NULL OR ref_high IS NOT NULL",
}


class Fact(NamedTuple):
    """So many observations of one source, rule and code that are alike; ``period`` is one with a length."""

    source: str
    rule: str
    system: str | None
    code: str | None
    status: str | None
    precision: str | None
    absent: bool
    period: bool
    panel: bool
    device: bool
    beyond: bool
    ranged: bool
    n: int


#: The facts of a concept in a source.
Facts = Sequence[Fact]


def facts(context: Context) -> Mapping[tuple[str, str], Facts]:
    """By source and concept: the observations that stand and are comparable with others, in a fixed order."""
    kept: dict[str, Any] = vars(context)  # as a cached property does: the facts live as long as the context
    if "_facts" not in kept:
        kept["_facts"] = _facts(context)
    found: Mapping[tuple[str, str], Facts] = kept["_facts"]
    return found


def _facts(context: Context) -> Mapping[tuple[str, str], Facts]:
    table = context.table("observation")
    if table is None:
        return {}
    groups = {(item.meaning.system, item.meaning.code): item.group for item in context.signatures}
    listed = ", ".join(f"{sql} AS {name}" for name, sql in _FACTS.items())
    found: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for row in context.duck.rows(
        f"SELECT {listed}, count(*) FROM {table} WHERE {STANDS} GROUP BY ALL ORDER BY ALL"
    ):
        fact = Fact(*row)
        group = groups.get((fact.system, fact.code or ""))
        if group is not None:
            found[fact.source, group].append(fact)
    return dict(sorted(found.items()))


def number(found: Iterable[Fact]) -> int:
    """How many observations they are."""
    return sum(fact.n for fact in found)


class Both(NamedTuple):
    """A concept that two sources have of the same patients, and can be compared in."""

    source_a: str
    source_b: str
    concept: str
    pairs: tuple[Pair, ...]

    @property
    def sides(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Each source with the other one."""
        return (self.source_a, self.source_b), (self.source_b, self.source_a)


def both(context: Context) -> Iterator[Both]:
    """The concepts that two sources both have, by pair of sources."""
    found: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in context.compared.pairs:
        if pair.patients_both and pair.relation.relation != "not-comparable":
            found[pair.a.source, pair.b.source, pair.group].append(pair)
    for key, pairs in sorted(found.items(), key=lambda entry: entry[0]):
        yield Both(*key, tuple(pairs))


def places(
    context: Context, found: Sequence[Fact], test: str, kind: str = "observation"
) -> tuple[Place, ...]:
    """The first places of observations that are like these facts and pass an SQL test."""
    table = context.table(kind)
    if table is None or not found:
        return ()
    codes = ", ".join(sorted({quoted(fact.code or "") for fact in found}))
    rules = ", ".join(sorted({quoted(fact.rule) for fact in found}))
    source = found[0].source
    row = context.duck.value(
        f"SELECT {FIRST} FROM {table} WHERE source = {quoted(source)} AND rule IN ({rules}) "
        f"AND coalesce(code, '') IN ({codes}) AND {STANDS} AND ({test})"
    )
    return context.places(source, row)


def told(
    context: Context, code: str, message: str, found: Sequence[Fact], test: str, *slots: str, **about: Any
) -> Finding:
    """A finding about the observations that are like these facts.

    Args:
        context: The context.
        code: Its code; the module's ``HELP`` says what to do.
        message: One line.
        found: What is told of, at least one.
        test: SQL that those observations pass, beside source, rule and code.
        slots: Where the mapping binds the first of these, else the rule, is where it points to.
        about: What else is said, as in :class:`Finding`.
    """
    known: dict[str, Any] = {
        "where": context.where(found[0].rule, *slots),
        "places": places(context, found, test),
        "sources": (found[0].source,),
        "rule": found[0].rule,
        "count": number(found),
    }
    return registry.finding(code, message, **known | about)


def is_split(item: FacetComparison) -> bool:
    """Whether the code of one side says a facet that the other side states beside its code.

    >>> from twinmap.compare.relation import FacetComparison
    >>> is_split(FacetComparison("posture", "p", "p", "=", "LOINC COMPONENT and ward#r/bp"))
    True
    >>> is_split(FacetComparison("posture", "p", "p", "=", "LOINC COMPONENT"))
    False
    """
    evidence = item.evidence.split(" and ")
    in_code = [each.startswith("LOINC ") or each == "the code" for each in evidence]
    merely_implied = "LOINC TIME Pt" in evidence
    return None not in (item.a, item.b) and len(evidence) == 2 and sum(in_code) == 1 and not merely_implied


def aggregated(pair: Pair) -> bool:
    """Whether a facet tells already that one of two signatures is an aggregate and the other is not the same."""
    return any(
        item.facet in ("statistic", "over", "loinc-time") and item.relation != "=" and (item.a or item.b)
        for item in pair.relation.facets
    )


def split(context: Context, code: str) -> Iterator[tuple[Pair, FacetComparison, int]]:
    """What a code tells of facets that one code has inside and the other side beside it.

    Yields:
        For each pair of sources, concept and facet: the first pair of signatures with it, and how many there are.
    """
    found: dict[tuple[str, str, str, str], list[tuple[Pair, FacetComparison]]] = defaultdict(list)
    for pair, item in context.differences.get(code, ()):
        if pair.relation.relation != "not-comparable":
            found[pair.a.source, pair.b.source, pair.group, item.facet].append((pair, item))
    for _, entries in sorted(found.items(), key=lambda entry: entry[0]):
        pair, item = min(entries, key=lambda entry: -min(entry[0].a.profile.n, entry[0].b.profile.n))
        yield pair, item, len(entries)


def grouped(context: Context) -> None:
    """Make ``k_group``: a number for what a code is compared under, by code system and code."""
    found = sorted(
        {(item.meaning.system or "", item.meaning.code, item.group) for item in context.signatures}
    )
    numbers = {group: number for number, group in enumerate(sorted({group for *_, group in found}))}
    context.duck.register(
        "k_group",
        {
            "code_system": ("VARCHAR", [system for system, _, _ in found]),
            "code": ("VARCHAR", [code for _, code, _ in found]),
            "grp": ("BIGINT", [numbers[group] for *_, group in found]),
            "concept": ("VARCHAR", [group for *_, group in found]),
        },
    )


#: SQL: how precise a time is that two statements can be told to share.
TIMED = "time_precision IN ('second', 'millisecond', 'microsecond')"
