"""A record set compiled: what to ask of the reader, and SQL from its records to raw statements.

A raw statement has its place, its rule, and texts; what must be looked up (patient, signature, time, value)
stands in it as one key text each, so that it is resolved once per distinct key
(:mod:`twinmap.mapping.resolve`) and joined back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from twinmap.mapping import patients
from twinmap.mapping.ast import Choice, Document, RecordSet, Statement
from twinmap.mapping.select import RuleSelect, select
from twinmap.mapping.slots import record_key
from twinmap.mapping.sql import Computed, LookJoin, Relation, ZoneDays
from twinmap.model import Request
from twinmap.sqltext import identifier


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled record set of one source.

    ``request`` goes to the reader. ``keep``, ``claimed`` (a rule states something of it) and ``passed``
    (a rule says to ignore it) are SQL tests of a record over ``relation``;
    ``rules`` hold the SELECT of their raw statements. ``patient`` is the SELECT of what is said of the
    patient, ``identifiers`` of the identifiers; None where nothing is.
    """

    source: str
    document: Document
    record_set: RecordSet
    request: Request
    rules: tuple[RuleSelect, ...]
    keep: str
    claimed: str
    passed: str
    quarantined: str
    lookups: tuple[LookJoin, ...]
    computed: tuple[Computed, ...]
    patient: tuple[str, str] | None
    identifiers: tuple[tuple[str, str], ...]
    patient_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read: frozenset[str] = frozenset()
    reads_file_name: bool = False
    zones: tuple[ZoneDays, ...] = ()

    @property
    def joins(self) -> str:
        """The joins of look-ups and computed values, in the order they need."""
        made = [*(item.join for item in self.computed), *(item.join for item in self.zones)]
        return " ".join([*self.lookup_joins, *made])

    @property
    def computed_joins(self) -> str:
        """The joins that the days of local times need."""
        return " ".join([*self.lookup_joins, *(item.join for item in self.computed)])

    @property
    def lookup_joins(self) -> list[str]:
        """The joins of look-up tables alone."""
        return [
            f"LEFT JOIN {identifier('look_' + item.table)} AS {item.alias} ON {item.alias}._key = {item.key}"
            for item in self.lookups
        ]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of statement that this plan makes, patients apart."""
        return tuple(dict.fromkeys(rule.statement.kind for rule in self.rules))


def compile_record_set(
    document: Document,
    record_set: RecordSet,
    *,
    source: str,
    columns: Sequence[str] | None,
    params: Mapping[str, str],
    facets: Sequence[str],
) -> Plan:
    """Compile one record set of a source.

    Args:
        document: The loaded mapping.
        record_set: One of its record sets.
        source: The name of the binding.
        columns: The header of a CSV file; None for formats whose references are paths.
        params: Values of the parameters, defaults included.
        facets: The names of all facets.
    """
    relation = Relation(columns, params, record_set.missing, decimal=record_set.decimal)
    keep = _keep(relation, record_set)
    key = record_key(relation, record_set)
    prefix = f"{document.id}#{record_set.name}/"
    rules: list[RuleSelect] = []
    claims = _Claims()
    for choice in record_set.choices:
        for statement, applies in _applicable(choice, relation, claims):
            rules.append(
                select(
                    relation,
                    record_set,
                    statement,
                    index=len(rules),
                    rule_id=prefix + statement.name,
                    key=key,
                    applies=f"({keep}) AND {applies}",
                    facets=facets,
                )
            )
    patient, identifiers, paths = _patient(relation, record_set, keep)
    if patient is not None and not record_set.choices:
        claims.stated.append("true")
    # Conditions may name fields that no slot reads; all references are known only now.
    request = Request(record_set.each, tuple(relation.fields.values()), record_set.options)
    return Plan(
        source,
        document,
        record_set,
        request,
        tuple(rules),
        keep,
        _any(claims.stated),
        _any(claims.passed),
        _any(claims.quarantined),
        tuple(relation.lookups.values()),
        tuple(relation.computed),
        patient,
        tuple(identifiers),
        paths,
        frozenset(relation.read),
        relation.reads_file_name,
        tuple(relation.zones),
    )


def _patient(
    relation: Relation, record_set: RecordSet, keep: str
) -> tuple[tuple[str, str] | None, list[tuple[str, str]], dict[str, tuple[str, ...]]]:
    """What is said of the patient, the identifiers, and which references the attributes read."""
    if not patients.states_patient(record_set):
        return None, [], {}
    head, tail, paths = patients.attributes(relation, record_set, keep)
    return (head, tail), patients.identifiers(relation, record_set, keep), paths


def _any(tests: Sequence[str]) -> str:
    return " OR ".join(tests) or "false"


def _keep(relation: Relation, record_set: RecordSet) -> str:
    tests = [relation.condition(record_set.keep)] if record_set.keep else []
    for wanted, condition in record_set.also:
        sql = relation.condition(condition)
        tests.append(sql if wanted else f"NOT {sql}")
    return " AND ".join(tests) or "true"


@dataclass(frozen=True, slots=True)
class _Claims:
    """Tests of a record, of which one must hold: a rule states something, says to ignore it, or none applies."""

    stated: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)


def _applicable(choice: Choice, relation: Relation, claims: _Claims) -> Iterator[tuple[Statement, str]]:
    """Statements with the SQL of when they apply; what claims a record and what sets it aside is noted.

    A statement must be compiled when it comes: the names of ``parts`` are those of its own condition.
    """
    yield from ((statement, "true") for statement in choice.always)
    if choice.always:
        claims.stated.append("true")
    earlier: list[str] = []
    for case in choice.cases:
        condition = relation.condition(case.when)
        applies = " AND ".join([condition, *(f"NOT {other}" for other in earlier)])
        earlier.append(condition)
        if case.action == "ignore":
            claims.passed.append(applies)
        else:
            claims.stated.append(applies if claims.passed else condition)
        yield from ((statement, applies) for statement in case.statements)
    if choice.cases and choice.otherwise == "quarantine":
        claims.quarantined.append(" AND ".join(f"NOT {other}" for other in earlier))
