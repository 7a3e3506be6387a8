"""Events that two sources both tell of, and how far apart in time they tell them.

An event is one measurement: the same patient, concept and instant, from the same device. Only statements of
one event can contradict each other; all else is agreement, which is another question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinmap.mapping.sql import quoted

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE

#: Lags are looked at in whole hours up to here: zones differ by 14 hours, a day more tells chance apart.
FARTHEST_HOURS = 38
#: Statements of the smaller source whose partners are looked for, by concept and pair of sources.
SAMPLE = 2_000

#: How exactly an instant is known, in microseconds; what is only known by the day is no instant.
_SPAN = (
    f"CASE WHEN time_precision = 'minute' THEN {_MINUTE} "
    f"WHEN time_precision IN ('second', 'millisecond', 'microsecond') THEN {_SECOND} END"
)
#: Half the last digit as received, in the common unit.
_HALF = "0.5 * power(10.0, -coalesce(value_decimals, 0)) * abs(factor)"


@dataclass(frozen=True, slots=True)
class SameEvents:
    """Events told by two sources: how many agree within the precision stated, how many do not.

    ``device`` is true where both name the same device, false where one of them names none. ``conflicting``
    counts those of one device that cannot both be true. Ids are of the first statements, a then b.
    """

    source_a: str
    source_b: str
    group: str
    device: bool
    agree: int
    differ: int
    agreeing: tuple[str, ...] = ()
    conflicting: int = 0
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lags:
    """Equal values at whole hours of lag: ``hits`` by hour, and how many values had any partner in time.

    A lag of 1 means that ``source_b`` tells it an hour later than ``source_a``. ``examples`` are ids of
    the first statements behind the hits of an hour.
    """

    source_a: str
    source_b: str
    group: str
    pairs: int
    hits: dict[int, int]
    examples: dict[int, tuple[str, ...]] = field(default_factory=dict)


def prepare(duck: Duck) -> None:
    """Make the table ``valued``: numbers in the unit of their concept, of the signatures that have a pair."""
    duck.run(
        "CREATE OR REPLACE TEMP TABLE valued AS SELECT o.sig, l.grp, source, id, twin, device, start_us, "
        f"file, record, value_num * factor + shift AS v, {_SPAN} AS span, "
        f"{_HALF} + 1e-9 * abs(value_num * factor + shift) AS half "
        "FROM observed o JOIN k_line l ON l.sig = o.sig AND l.factor IS NOT NULL "
        "WHERE o.sig IN (SELECT sig_a FROM k_pair UNION SELECT sig_b FROM k_pair) "
        f"AND value_num IS NOT NULL AND comparator IS NULL AND start_us IS NOT NULL AND {_SPAN} IS NOT NULL"
    )


_FIRST = "min({'f': file_a, 'r': record_a, 'a': id_a, 'b': id_b}, 3)"
_COMPARABLE = "relation IN ('equivalent', 'a-narrower', 'a-broader')"


def same_events(duck: Duck) -> list[SameEvents]:
    """What two sources tell of the same patient, concept and second."""
    _meet(duck)
    _conflicts(duck)
    clashes = {
        row[:3]: row[3:]
        for row in duck.rows(f"SELECT source_a, source_b, grp, count(*), {_FIRST} FROM clash GROUP BY ALL")
    }
    found = []
    for source_a, source_b, group, device, agree, differ, first in duck.rows(
        "SELECT source_a, source_b, grp, device, count(DISTINCT id_a) FILTER (WHERE agree), "
        f"count(DISTINCT id_a) FILTER (WHERE NOT agree), {_FIRST} FILTER (WHERE agree) "
        "FROM meet GROUP BY ALL ORDER BY source_a, source_b, grp, device"
    ):
        number, worst = clashes.get((source_a, source_b, group), (0, ())) if device else (0, ())
        found.append(
            SameEvents(source_a, source_b, group, device, agree, differ, _ids(first), number, _ids(worst))
        )
    return found


def _ids(first: Sequence[dict[str, Any]] | None) -> tuple[str, ...]:
    return tuple(pair[side] for pair in first or () for side in ("a", "b"))


def _meet(duck: Duck) -> None:
    """The table ``meet``: two statements of one second, where no side names another device."""
    duck.run(
        "CREATE OR REPLACE TEMP TABLE meet AS SELECT a.source AS source_a, b.source AS source_b, a.grp, "
        f"a.device IS NOT NULL AND b.device IS NOT NULL AS device, {_COMPARABLE} AS comparable, "
        "abs(a.v - b.v) <= a.half + b.half AS agree, a.id AS id_a, b.id AS id_b, a.file AS file_a, "
        "a.record AS record_a, a.twin, a.device AS serial, greatest(a.span, b.span) AS span, "
        "a.start_us // greatest(a.span, b.span) AS moment "
        "FROM k_pair p JOIN valued a ON a.sig = p.sig_a JOIN valued b ON b.sig = p.sig_b AND b.twin = a.twin "
        f"AND b.start_us // {_SECOND} = a.start_us // {_SECOND} "
        "WHERE p.relation <> 'not-comparable' "
        "AND (a.device IS NULL OR b.device IS NULL OR a.device = b.device)"
    )


def _conflicts(duck: Duck) -> None:
    """The table ``clash``: events whose values differ, and which cannot be two readings of one moment."""
    crowded = " OR ".join(
        "EXISTS (SELECT 1 FROM valued o WHERE o.twin = c.twin AND o.grp = c.grp "
        f"AND o.source = c.source_{side} AND o.device = c.serial AND o.start_us // c.span = c.moment "
        f"AND o.id <> c.id_{side})"
        for side in "ab"
    )
    apart = "SELECT * FROM meet WHERE device AND comparable AND NOT agree"
    test = crowded if duck.value(f"SELECT count(*) FROM ({apart})") else "false"
    duck.run(f"CREATE OR REPLACE TEMP TABLE clash AS SELECT * FROM ({apart}) c WHERE NOT ({test})")


# --- lags -------------------------------------------------------------------------------------------

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def _below(share: float) -> str:
    """A text that so large a share of the keyed ids is smaller than.

    >>> _below(0.5), _below(1.0)
    ('k22', '~')
    """
    rank = int(share * len(_ALPHABET) ** 3)
    if rank >= len(_ALPHABET) ** 3:
        return "~"
    return "".join(_ALPHABET[rank // len(_ALPHABET) ** power % len(_ALPHABET)] for power in (2, 1, 0))


def lags(duck: Duck) -> list[Lags]:
    """Equal values of one patient and concept at whole hours of lag, for a sample of the smaller source.

    Ids are keyed hashes: the smallest of them are a random sample that is the same in every run.
    """
    pairs = _sources(duck)
    if not pairs:
        return []
    selects = [_lagged(*pair) for pair in pairs]
    found: dict[tuple[str, str, str], Lags] = {}
    union = f"({' UNION ALL '.join(selects)}) t(a, b, g, hour, hits, n, ids)"
    for source_a, source_b, group, hour, hits, partners, ids in duck.rows(
        f"SELECT * FROM {union} ORDER BY a, b, g, hour NULLS FIRST"
    ):
        if hour is None:
            found[source_a, source_b, group] = Lags(source_a, source_b, group, partners, {})
        elif hits:
            found[source_a, source_b, group].hits[hour] = hits
            found[source_a, source_b, group].examples[hour] = tuple(ids)
    return list(found.values())


def _sources(duck: Duck) -> list[tuple[str, str, str, str, str]]:
    """Pairs of sources and concepts to look at, with the smaller source and the bound of its sample."""
    counts = {
        (source, group): n
        for source, group, n in duck.rows("SELECT source, grp, count(*) FROM valued GROUP BY ALL")
    }
    found = []
    for source_a, source_b, group in duck.rows(
        "SELECT DISTINCT a.source, b.source, p.grp FROM k_pair p JOIN k_sig a ON a.sig = p.sig_a "
        "JOIN k_sig b ON b.sig = p.sig_b WHERE p.relation <> 'not-comparable' ORDER BY ALL"
    ):
        sizes = {source: counts.get((source, group), 0) for source in (source_a, source_b)}
        small = min(sizes, key=lambda source: (sizes[source], source))
        if sizes[small]:
            found.append((source_a, source_b, group, small, _below(SAMPLE / sizes[small])))
    return found


def _lagged(source_a: str, source_b: str, group: str, small: str, below: str) -> str:
    """SQL: by hour, how many of the sample have a partner at that lag, and how many an equal one."""
    large = source_b if small == source_a else source_a
    sign = "+" if small == source_a else "-"
    columns = ", ".join(map(quoted, (source_a, source_b, group)))
    return (
        f"SELECT {columns}, hour, count(DISTINCT id) FILTER (WHERE equal), count(DISTINCT id), "
        "min(id, 3) FILTER (WHERE equal) FROM ("
        f"SELECT s.id, h.hour, abs(s.v - b.v) <= s.half + b.half AS equal "
        f"FROM (SELECT id, twin, v, half, start_us FROM valued WHERE source = {quoted(small)} "
        f"AND grp = {quoted(group)} AND id < {quoted(below)}) s "
        f"CROSS JOIN (SELECT unnest(range(-{FARTHEST_HOURS}, {FARTHEST_HOURS + 1})) AS hour) h "
        "CROSS JOIN (SELECT unnest([-1, 0, 1]) AS step) d "
        f"JOIN (SELECT twin, v, half, start_us, start_us // {_MINUTE} AS minute FROM valued "
        f"WHERE source = {quoted(large)} AND grp = {quoted(group)}) b "
        f"ON b.twin = s.twin AND b.minute = (s.start_us {sign} h.hour * {_HOUR}) // {_MINUTE} + d.step "
        f"AND abs(b.start_us - s.start_us - ({sign}1) * h.hour * {_HOUR}) <= {_MINUTE}) "
        "GROUP BY GROUPING SETS ((hour), ())"
    )
