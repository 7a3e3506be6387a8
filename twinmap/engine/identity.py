"""Patients across sources: local records linked to twins by declared rules.

Two records are one twin where they have the same identifier in the same system, or a crosswalk says so. A
cluster whose members contradict each other (birth date, sex) is not linked at all. A twin's id is the
smallest record id of its cluster; nothing is merged that could not be undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from twinmap.engine.duck import Duck
from twinmap.sqltext import quoted


@dataclass(frozen=True, slots=True)
class Link:
    """Why two records are one twin; ``rule`` is ``same-identifier`` or ``crosswalk``."""

    record: str
    other: str
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A link that was not made, and what contradicts it (``birth-date`` or ``sex``)."""

    records: tuple[str, ...]
    attribute: str


@dataclass
class Twins:
    """The twin of every record, with the links behind it."""

    of: dict[str, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def shard(self, record: str, shards: int) -> int:
        """The part of a record's twin: the first byte of its hash modulo the number of parts."""
        first, second = (_ALPHABET.index(char) for char in self.of[record][:2])
        return ((first << 3) | (second >> 2)) % shards


_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def link(
    duck: Duck,
    who: Sequence[Path],
    identifiers: Sequence[Path],
    patients: Sequence[Path],
    crosswalk: Iterable[tuple[str, str, str]],
) -> Twins:
    """Find the twins of all records.

    Args:
        duck: A connection.
        who: Parquet of ``patient_record, system, local`` of every source.
        identifiers: Parquet of identifier tables.
        patients: Parquet of patient tables, for contradictions.
        crosswalk: ``record, record, evidence`` of each row of the crosswalk.
    """
    if not who:
        return Twins()
    records = [row[0] for row in duck.rows(f"SELECT DISTINCT patient_record FROM {_scan(who)} ORDER BY 1")]
    twins = Twins(dict(zip(records, records, strict=True)))
    links = [*_same_identifier(duck, who, identifiers), *_crosswalked(crosswalk, twins.of)]
    clusters = _clusters(links)
    said = _said(duck, patients)
    linked = {record for members in clusters for record in members}
    # One identifier of one system is one record, whichever source it stands in: it can contradict itself.
    alone = [[record] for record in sorted(said.keys() - linked)]
    for members in (*clusters, *alone):
        attribute = _contradiction(members, said)
        if attribute is not None:
            twins.refused.append(Refused(tuple(members), attribute))
            continue
        twins.of.update(dict.fromkeys(members, members[0]))
    refused = {record for item in twins.refused for record in item.records}
    twins.links = sorted(
        (item for item in links if item.record not in refused), key=lambda item: (item.record, item.other)
    )
    return twins


def _scan(paths: Sequence[Path]) -> str:
    return "read_parquet([" + ", ".join(quoted(str(path)) for path in paths) + "], union_by_name = true)"


def _same_identifier(duck: Duck, who: Sequence[Path], identifiers: Sequence[Path]) -> list[Link]:
    """Links between records that carry one identifier, each to the smallest of them."""
    if not identifiers:
        return []
    rows = duck.rows(
        f"SELECT system, array_agg(DISTINCT patient_record ORDER BY patient_record) AS records FROM ("
        f"SELECT patient_record, system, value FROM {_scan(identifiers)} WHERE linking "
        f"UNION ALL SELECT patient_record, system, local FROM {_scan(who)}) "
        f"GROUP BY system, trim(value) HAVING count(DISTINCT patient_record) > 1 ORDER BY records, system"
    )
    return [
        Link(first, other, "same-identifier", system) for system, (first, *others) in rows for other in others
    ]


def _crosswalked(crosswalk: Iterable[tuple[str, str, str]], known: Mapping[str, str]) -> list[Link]:
    found = []
    for one, other, evidence in crosswalk:
        if one in known and other in known and one != other:
            found.append(Link(min(one, other), max(one, other), "crosswalk", evidence))
    return found


def _clusters(links: Sequence[Link]) -> list[list[str]]:
    """Connected components, each sorted, in order."""
    parent: dict[str, str] = {}

    def find(record: str) -> str:
        parent.setdefault(record, record)
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for item in links:
        one, other = sorted((find(item.record), find(item.other)))
        parent[other] = one
    grouped: dict[str, list[str]] = defaultdict(list)
    for record in sorted(parent):
        grouped[find(record)].append(record)
    return [members for _, members in sorted(grouped.items())]


def _said(duck: Duck, patients: Sequence[Path]) -> dict[str, list[tuple[str | None, str | None]]]:
    """Birth dates and sexes by record."""
    said: dict[str, list[tuple[str | None, str | None]]] = defaultdict(list)
    if patients:
        for record, birth, sex in duck.rows(
            f"SELECT DISTINCT patient_record, birth_date, sex FROM {_scan(patients)} WHERE NOT aside ORDER BY ALL"
        ):
            said[record].append((birth, sex))
    return said


def _contradiction(
    members: Sequence[str], said: Mapping[str, Sequence[tuple[str | None, str | None]]]
) -> str | None:
    """What members of a cluster say differently; a less precise birth date agrees with a finer one."""
    births = sorted({birth for record in members for birth, _ in said.get(record, ()) if birth})
    if any(not later.startswith(earlier) for earlier, later in pairwise(births)):
        return "birth-date"
    sexes = {sex for record in members for _, sex in said.get(record, ()) if sex in {"male", "female"}}
    return "sex" if len(sexes) > 1 else None
