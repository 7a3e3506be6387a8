"""Pairs of statements of two sources that tell of one moment: which to which, and who is left without.

Sources are paired concept by concept, one to one: readings of one device and second, readings of one second that are
equal as far as both are stated, then those that are nearest to each other in time, within the window of their
concept. Values that are not possible are in no pair. Where one source tells the values of the other at another time,
nothing is paired, for every pair would be a wrong one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from twinmap.compare.events import AT_A_TIME, Lags, below, prepare
from twinmap.compare.pairs import Pair
from twinmap.compare.possible import possible_values

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE

#: How pairs are found, in the order in which they are looked for.
HOW = ("device", "instant", "nearest")

#: Relations, the worst first, whose values are paired; the rest are no values of one thing.
COMPARABLE = ("related", "a-narrower", "a-broader", "equivalent")

#: Numbers that are no values of anything; the fourth power of others is still a number.
_NO_VALUE = "1e70"

#: Statements of one source and second that are looked at; more of them are no events of their own.
_CROWD = 8

# A shift: so many equal values at one lag, such a share of those that have a partner at all, and so much more
# than at any other lag.
FEWEST_EQUAL = 10
_SHARE = 0.6
_CLEAR = 2
_FARTHEST_ZONE = 14

#: Statements of the smaller source whose equals are looked for within an hour, by concept and pair of sources.
_SAMPLE = 500
#: Offsets are told to this many microseconds, with neighbours; a smaller one than a minute is no shift.
_BIN = 10 * _SECOND


@dataclass(frozen=True, slots=True)
class Shift:
    """Two clocks apart: ``source_b`` tells the values of ``source_a`` later by ``lag_us``, earlier if negative.

    ``kind`` is ``zone`` for whole hours, else ``clock``. ``equal`` of ``seen`` values have an equal one there.
    """

    kind: str
    lag_us: int
    equal: int
    seen: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Events (timed numbers) of two sources for one concept, their patients, and what was paired.

    ``events_a_both`` and ``events_b_both`` are those of the patients of both.
    """

    events_a: int = 0
    events_b: int = 0
    events_a_both: int = 0
    events_b_both: int = 0
    patients_a: int = 0
    patients_b: int = 0
    patients_both: int = 0
    pairs: int = 0
    patients_paired: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        """The two of other patients together."""
        return Coverage(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Route:
    """Two sources of one concept whose values can be paired.

    Args:
        number: Its number in the table ``paired``.
        source_a: The first source by name.
        source_b: The other.
        group: The concept, or the CURIE of the code.
        pairs: The pairs of signatures that are comparable and have numbers in one unit.
        window_us: How far apart two events may be; None where only those of one second are paired.
        coverage: How much there is.
        shift: Why nothing was paired, where clocks are apart.
    """

    number: int
    source_a: str
    source_b: str
    group: str
    pairs: tuple[Pair, ...]
    window_us: int | None
    coverage: Coverage = Coverage()
    shift: Shift | None = None


def pair(duck: Duck, pairs: Iterable[Pair], lags: Iterable[Lags] = ()) -> list[Route]:
    """Pair the events of every two sources, a part of the patients at a time.

    Makes the table ``paired``: ``route, sig_a, sig_b, who, ref_a, ref_b, va, vb`` (in the common unit),
    ``half_a, half_b`` (half of the last digit stated), ``lag_us`` (B after A) and ``how`` (:data:`HOW`).

    Args:
        duck: A connection with the tables that :mod:`twinmap.compare.pairs` makes.
        pairs: All pairs of them.
        lags: Equal values at whole hours of lag, as :func:`twinmap.compare.events.shared` finds them.
    """
    routes = _routes(duck, pairs, lags)
    _register(duck, routes)
    how = ", ".join(f"'{word}'" for word in HOW)
    duck.run(
        "CREATE OR REPLACE TEMP TABLE paired (route INTEGER, sig_a INTEGER, sig_b INTEGER, who UBIGINT, "
        "ref_a UBIGINT, ref_b UBIGINT, va DOUBLE, vb DOUBLE, half_a DOUBLE, half_b DOUBLE, lag_us BIGINT, "
        f"how ENUM ({how}))"
    )
    if not routes:
        return []
    parts = 1 + int(duck.value("SELECT count(*) FROM observed")) // AT_A_TIME
    coverage: dict[int, Coverage] = defaultdict(Coverage)
    offsets: dict[int, _Offsets] = defaultdict(_Offsets)
    for part in range(parts):
        _prepare(duck, below(part / parts), below((part + 1) / parts))
        for number, found in _coverage(duck).items():
            coverage[number] += found
        _find_offsets(duck, coverage, parts, offsets)
        _same_second(duck)
        _nearest(duck)
    shifts = {number: shift for number, found in offsets.items() if (shift := found.shift())}
    for number in shifts:
        duck.run(f"DELETE FROM paired WHERE route = {number}")
    counted = _counted(duck)
    return [
        replace(
            route,
            coverage=coverage[route.number] + counted.get(route.number, Coverage()),
            shift=route.shift or shifts.get(route.number),
        )
        for route in routes
    ]


# --- what can be paired -----------------------------------------------------------------------------


def whole_hours(lags: Lags) -> int | None:
    """The hours by which ``source_b`` is late, or None where no lag stands out.

    >>> whole_hours(Lags("a", "b", "heart-rate", 12, {1: 11, 0: 1}))
    1
    >>> whole_hours(Lags("a", "b", "body-weight", 12, {2: 11, 26: 9}))        # a value that hardly changes
    """
    best = _outstanding(lags.hits, lags.pairs, apart=1)
    return best if best is not None and 1 <= abs(best) <= _FARTHEST_ZONE else None


def _outstanding(hits: Mapping[int, int], seen: int, apart: int) -> int | None:
    """The lag with most hits, where they are many of all that were seen and no lag beside it comes near."""
    best = max(hits, key=lambda lag: (hits[lag], -abs(lag), lag), default=None)
    if best is None:
        return None
    rest = max((times for lag, times in hits.items() if abs(lag - best) >= apart), default=0)
    clear = hits[best] >= max(FEWEST_EQUAL, _SHARE * seen, _CLEAR * rest)
    return best if clear else None


def _routes(duck: Duck, pairs: Iterable[Pair], lags: Iterable[Lags]) -> list[Route]:
    """The sources that can be paired, by concept, with the whole hours that their clocks are apart."""
    timed = {row[0] for row in duck.rows("SELECT sig FROM k_line WHERE factor IS NOT NULL")}
    grouped: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for each in pairs:
        numbers = {each.a.number, each.b.number}
        if each.relation.relation in COMPARABLE and numbers <= timed:
            grouped[each.group, each.a.source, each.b.source].append(each)
    apart = {
        (item.group, item.source_a, item.source_b): Shift("zone", hours * _HOUR, item.hits[hours], item.pairs)
        for item in lags
        if item.device is None and (hours := whole_hours(item)) is not None
    }
    return [
        Route(number, a, b, group, tuple(grouped[group, a, b]), _window(grouped[group, a, b]),
              shift=apart.get((group, a, b)))
        for number, (group, a, b) in enumerate(sorted(grouped))
    ]  # fmt: skip


def _window(pairs: Sequence[Pair]) -> int | None:
    concept = pairs[0].a.meaning.concept
    return concept.window_us if concept else None


def _register(duck: Duck, routes: Sequence[Route]) -> None:
    """Make ``k_side``: the signatures of each route; and ``k_block``, those of them that are paired with each other.

    Every signature of B (side is true) stands in one block of a route, with all of A that it is comparable with.
    """
    limits = possible_values(duck, (each for route in routes for each in route.pairs))
    sides: list[tuple[int, bool, int]] = []
    blocks: list[tuple[int, int, int, bool, int, float | None, float | None]] = []
    free = count()
    for route in routes:
        partners: dict[int, set[int]] = defaultdict(set)
        for each in route.pairs:
            partners[each.b.number].add(each.a.number)
        alike: dict[frozenset[int], list[int]] = defaultdict(list)
        for b, of_a in sorted(partners.items()):
            alike[frozenset(of_a)].append(b)
        sides += [(route.number, False, a) for a in sorted(set().union(*alike))]
        sides += [(route.number, True, b) for b in sorted(partners)]
        if route.shift is None:
            window = route.window_us if route.window_us is not None else -1
            for together, of_b in alike.items():
                number = next(free)
                blocks += [(number, route.number, window, False, a, *limits[a]) for a in sorted(together)]
                blocks += [(number, route.number, window, True, b, *limits[b]) for b in of_b]
    _table(duck, "k_side", {"route": "INTEGER", "side": "BOOLEAN", "sig": "INTEGER"}, sides)
    types = {"block": "INTEGER", "route": "INTEGER", "reach": "BIGINT", "side": "BOOLEAN", "sig": "INTEGER"}
    _table(duck, "k_block", types | {"low": "DOUBLE", "high": "DOUBLE"}, blocks)


def _prepare(duck: Duck, low: str, high: str) -> None:
    """Make ``valued`` of a part of the patients, and the view ``lined``: its rows in the blocks that they are paired in."""
    prepare(duck, low, high)
    duck.run(
        "CREATE OR REPLACE TEMP VIEW lined AS SELECT k.block, k.route, k.reach, k.side, v.sig, v.who, v.ref, "
        f"v.start_us, v.start_us // {_SECOND} AS second, v.v, v.half, v.device, v.file, v.record "
        f"FROM valued v JOIN k_block k ON k.sig = v.sig WHERE abs(v.v) < {_NO_VALUE} "
        "AND v.v >= coalesce(k.low, v.v) AND v.v <= coalesce(k.high, v.v)"
    )


def _table(duck: Duck, name: str, types: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    listed = zip(types.items(), columns, strict=True)
    duck.register(name, {key: (kind, column) for (key, kind), column in listed})


# --- how much there is ------------------------------------------------------------------------------


def _coverage(duck: Duck) -> dict[int, Coverage]:
    """Events and patients of each route, in this part of the patients."""
    rows = duck.rows(
        "SELECT route, sum(a), sum(b), coalesce(sum(a) FILTER (WHERE b > 0), 0), "
        "coalesce(sum(b) FILTER (WHERE a > 0), 0), count(*) FILTER (WHERE a > 0), count(*) FILTER (WHERE b > 0), "
        "count(*) FILTER (WHERE a > 0 AND b > 0) FROM ("
        "SELECT k.route, v.who, count(*) FILTER (WHERE NOT k.side) AS a, count(*) FILTER (WHERE k.side) AS b "
        "FROM valued v JOIN k_side k ON k.sig = v.sig GROUP BY k.route, v.who) GROUP BY route"
    )
    return {route: Coverage(*map(int, counts)) for route, *counts in rows}


def _counted(duck: Duck) -> dict[int, Coverage]:
    """Pairs and their patients, of each route."""
    rows = duck.rows("SELECT route, count(*), count(DISTINCT who) FROM paired GROUP BY route")
    return {route: Coverage(pairs=pairs, patients_paired=patients) for route, pairs, patients in rows}


# --- clocks that are apart --------------------------------------------------------------------------


class _Offsets:
    """Equal values of a sample at each lag of less than an hour, gathered over parts of the patients."""

    def __init__(self) -> None:
        self.hits: Counter[int] = Counter()
        self.seen = 0

    def shift(self) -> Shift | None:
        """The offset of one clock against the other, where one stands out; lags in tens of seconds."""
        hits = {lag: sum(self.hits[lag + step] for step in (-1, 0, 1)) for lag in sorted(self.hits)}
        best = _outstanding(hits, self.seen, apart=3)
        if best is None or abs(best) * _BIN <= _MINUTE:
            return None
        return Shift("clock", best * _BIN, hits[best], self.seen)


def _find_offsets(
    duck: Duck, coverage: Mapping[int, Coverage], parts: int, offsets: dict[int, _Offsets]
) -> None:
    """Look for the equals of a sample of the smaller source within an hour, chosen by hashes of ids."""
    steps = [
        (number, item.events_b < item.events_a, 1 + min(item.events_a, item.events_b) * parts // _SAMPLE)
        for number, item in sorted(coverage.items())
    ]
    _table(duck, "k_step", {"route": "INTEGER", "side": "BOOLEAN", "step": "BIGINT"}, steps)
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_sampled AS SELECT l.block, l.route, l.side, l.who, l.ref, l.start_us, l.v, "
        f"l.half, l.start_us // {_HOUR} + unnest([-1, 0, 1]) AS hour "
        "FROM lined l JOIN k_step s ON s.route = l.route AND s.side = l.side WHERE l.ref % s.step = 0"
    )
    lag = "CASE WHEN s.side THEN s.start_us - o.start_us ELSE o.start_us - s.start_us END"
    duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_met AS SELECT s.route, s.ref, CAST(round(({lag}) / {_BIN}) AS BIGINT) AS lag, "
        "abs(s.v - o.v) <= s.half + o.half AS equal "
        f"FROM (SELECT *, start_us // {_HOUR} AS hour FROM lined) o JOIN k_sampled s ON o.block = s.block "
        f"AND o.who = s.who AND o.hour = s.hour AND o.side <> s.side AND abs(o.start_us - s.start_us) <= {_HOUR}"
    )
    for route, found, hits, seen in duck.rows(
        "SELECT route, lag, count(DISTINCT ref) FILTER (WHERE equal), count(DISTINCT ref) FROM k_met "
        "GROUP BY GROUPING SETS ((route, lag), (route)) ORDER BY route, lag NULLS FIRST"
    ):
        if found is None:
            offsets[route].seen += seen
        elif hits:
            offsets[route].hits[found] += hits
    duck.run("DROP TABLE k_met")


# --- pairs ------------------------------------------------------------------------------------------

_VALUES = (
    "a.route, a.sig AS sig_a, b.sig AS sig_b, a.who, a.ref AS ref_a, b.ref AS ref_b, a.v AS va, b.v AS vb, "
    "a.half AS half_a, b.half AS half_b, b.start_us - a.start_us AS lag_us"
)
_COLUMNS = "route, sig_a, sig_b, who, ref_a, ref_b, va, vb, half_a, half_b, lag_us, how"


def _same_second(duck: Duck) -> None:
    """Pairs of one second: of one device, or with values equal as far as both are stated; each its best of the other.

    Large joins are statements of their own (duckdb/duckdb#24807).
    """
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_both AS SELECT block, who, second FROM lined GROUP BY ALL "
        "HAVING bool_or(side) AND NOT bool_and(side)"
    )
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_few AS SELECT l.* FROM lined l JOIN k_both k ON k.who = l.who "
        "AND k.second = l.second AND k.block = l.block QUALIFY row_number() OVER ("
        f"PARTITION BY l.block, l.who, l.second, l.side ORDER BY l.file, l.record, l.ref) <= {_CROWD}"
    )
    best = "coalesce(is_device, false) DESC, is_equal DESC, abs(va - vb)"
    duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_same AS SELECT *, CASE WHEN is_device THEN '{HOW[0]}' ELSE '{HOW[1]}' END "
        f"AS how FROM (SELECT {_VALUES}, a.device = b.device AS is_device, abs(a.v - b.v) <= a.half + b.half AS "
        "is_equal FROM k_few a JOIN k_few b ON b.block = a.block AND b.who = a.who AND b.second = a.second "
        "WHERE NOT a.side AND b.side) WHERE is_device OR is_equal QUALIFY "
        f"row_number() OVER (PARTITION BY route, ref_a ORDER BY {best}, ref_b) = 1 "
        f"AND row_number() OVER (PARTITION BY route, ref_b ORDER BY {best}, ref_a) = 1"
    )
    duck.run(f"INSERT INTO paired SELECT {_COLUMNS} FROM k_same")
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_used AS SELECT route, ref_a AS ref FROM k_same "
        "UNION ALL SELECT route, ref_b FROM k_same"
    )


#: The nearest times of the other source, before and after a statement, with those of its own instant on one side.
_AROUND = ", ".join(
    f"{word}(CASE WHEN {test} THEN start_us END IGNORE NULLS) OVER here AS {side}_{word}"
    for side, test in (("a", "NOT side"), ("b", "side"))
    for word in ("lag", "lead")
)


def _nearest(duck: Duck) -> None:
    """Pairs of those that are left: each is the other's nearest in time, the earlier of two that are as near.

    Of statements of one source and instant one stands for all.
    """
    before, after = (f"CASE WHEN side THEN a_{word} ELSE b_{word} END" for word in ("lag", "lead"))
    duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_near AS SELECT *, CASE WHEN start_us - {before} <= {after} - start_us "
        f"OR {after} IS NULL THEN {before} ELSE {after} END AS best FROM ("
        "SELECT block, route, reach, side, who, ref, start_us, lag(start_us) OVER here IS DISTINCT FROM start_us "
        f"OR lag(side) OVER here IS DISTINCT FROM side AS is_first, {_AROUND} FROM lined l WHERE reach >= 0 "
        "AND NOT EXISTS (SELECT 1 FROM k_used u WHERE u.ref = l.ref AND u.route = l.route) "
        "WINDOW here AS (PARTITION BY block, who ORDER BY start_us, side, ref)"
        ") WHERE is_first AND abs(best - start_us) <= reach"
    )
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_mutual AS SELECT a.block, a.ref AS ref_a, b.ref AS ref_b "
        "FROM k_near a JOIN k_near b ON b.block = a.block AND b.who = a.who AND b.start_us = a.best "
        "AND b.best = a.start_us WHERE NOT a.side AND b.side QUALIFY row_number() OVER ("
        "PARTITION BY a.route, a.ref ORDER BY abs(b.start_us - a.start_us), b.ref) = 1"
    )
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_half AS SELECT l.*, m.ref_b FROM lined l "
        "JOIN k_mutual m ON m.ref_a = l.ref AND m.block = l.block WHERE NOT l.side"
    )
    duck.run(
        f"INSERT INTO paired SELECT {_VALUES}, '{HOW[2]}' FROM lined b "
        "JOIN k_half a ON a.ref_b = b.ref AND a.block = b.block WHERE b.side"
    )
