"""Events that two sources both tell of, and how far apart in time they tell them.

An event is one measurement: the same patient, concept and instant, from the same device. Only statements of
one event can contradict each other; all else is agreement, which is another question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from twinmap.sqltext import quoted

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE

#: Lags are looked at in whole hours up to here: zones differ by 14 hours, a day more tells chance apart.
FARTHEST_HOURS = 38
#: Statements of the smaller source whose partners are looked for, by concept and pair of sources; where a side has
#: several devices so many more, since each of them is judged.
SAMPLE = 2_000
_OF_DEVICES = 10

#: Equal values of a device at a lag that are worth a look, or more.
_FEW = 4

#: First statements that are kept: three pairs.
_KEPT = 6

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

    ``device`` is true where both name the same device, false where one of them names none. ``clashes``
    counts those of one device that cannot both be true, by the numbers of the two signatures. The first
    statements, a then b, are named by the hash of their id.
    """

    source_a: str
    source_b: str
    group: str
    device: bool
    agree: int
    differ: int
    agreeing: tuple[int, ...] = ()
    clashes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    conflicts: tuple[int, ...] = ()

    @property
    def conflicting(self) -> int:
        """How many events cannot be as both tell them."""
        return sum(self.clashes.values())

    def joined(self, other: SameEvents) -> SameEvents:
        """The two of other patients together; the first statements are those of the first."""
        return replace(
            self,
            agree=self.agree + other.agree,
            differ=self.differ + other.differ,
            agreeing=(*self.agreeing, *other.agreeing)[:_KEPT],
            clashes=dict(Counter(self.clashes) + Counter(other.clashes)),
            conflicts=(*self.conflicts, *other.conflicts)[:_KEPT],
        )


@dataclass(frozen=True, slots=True)
class Lags:
    """Equal values at whole hours of lag: ``hits`` by hour, and how many values had any partner in time.

    A lag of 1 means that ``source_b`` tells it an hour later than ``source_a``. ``examples`` are hashes of the
    ids of statements behind the hits of an hour. ``device`` is the hash of the id of a device of the source on
    ``side`` (``a`` or ``b``), whose values alone are told of; None where those of the whole source are.
    """

    source_a: str
    source_b: str
    group: str
    pairs: int
    hits: dict[int, int]
    examples: dict[int, tuple[int, ...]] = field(default_factory=dict)
    device: int | None = None
    side: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What they are of: the sources, the concept, the side and the device."""
        return (self.source_a, self.source_b, self.group, self.side, self.device or 0)

    def joined(self, other: Lags) -> Lags:
        """The two of other patients together."""
        hours = sorted(self.hits.keys() | other.hits.keys())
        return replace(
            self,
            pairs=self.pairs + other.pairs,
            hits={hour: self.hits.get(hour, 0) + other.hits.get(hour, 0) for hour in hours},
            examples={
                hour: (*self.examples.get(hour, ()), *other.examples.get(hour, ()))[:_KEPT] for hour in hours
            },
        )


#: Statements that are compared at a time, about: patients are taken in as many parts as that needs.
AT_A_TIME = 2_000_000


def shared(duck: Duck, series: Sequence[tuple[str, str]]) -> tuple[list[SameEvents], list[Lags]]:
    """The events that two sources share and the lags between them, a part of the patients at a time.

    Args:
        duck: A connection with the tables that :mod:`twinmap.compare.pairs` makes.
        series: Source and concept by number of the series.
    """
    size = int(duck.value("SELECT count(*) FROM observed"))
    parts = 1 + size // AT_A_TIME
    events: dict[tuple[object, ...], SameEvents] = {}
    lags: dict[tuple[str, str, str, str, int], Lags] = {}
    for part in range(parts):
        prepare(duck, below(part / parts), below((part + 1) / parts))
        for event in _same_events(duck, series):
            key = (event.source_a, event.source_b, event.group, event.device)
            events[key] = events[key].joined(event) if key in events else event
        for lag in _lags(duck, series, SAMPLE // parts, 1 + _FEW // parts):
            lags[lag.key] = lags[lag.key].joined(lag) if lag.key in lags else lag
    return [events[key] for key in sorted(events)], [lags[key] for key in sorted(lags)]


def prepare(duck: Duck, low: str = "", high: str = "~") -> None:
    """Make the table ``valued``: numbers in the unit of their concept, of the signatures that have a pair.

    Statements, patients and devices are hashes of their ids there: numbers join faster than texts.

    Args:
        duck: A connection with the tables that :mod:`twinmap.compare.pairs` makes.
        low: The first twin.
        high: The first twin that is too much.
    """
    duck.run(
        "CREATE OR REPLACE TEMP TABLE valued AS SELECT o.sig, l.series, l.concept, hash(id) AS ref, hash(twin) AS who, "
        "CASE WHEN device IS NOT NULL THEN hash(device) END AS device, start_us, "
        f"file, record, value_num * factor + shift AS v, {_SPAN} AS span, "
        f"{_HALF} + 1e-9 * abs(value_num * factor + shift) AS half "
        "FROM observed o JOIN k_line l ON l.sig = o.sig AND l.factor IS NOT NULL "
        "WHERE o.sig IN (SELECT sig_a FROM k_pair UNION SELECT sig_b FROM k_pair) "
        f"AND twin >= {quoted(low)} AND twin < {quoted(high)} "
        f"AND value_num IS NOT NULL AND comparator IS NULL AND start_us IS NOT NULL AND {_SPAN} IS NOT NULL"
    )


_FIRST = "min({'f': file_a, 'r': record_a, 'a': ref_a, 'b': ref_b}, 3)"
_COMPARABLE = "relation IN ('equivalent', 'a-narrower', 'a-broader')"


def _same_events(duck: Duck, series: Sequence[tuple[str, str]]) -> list[SameEvents]:
    """What two sources tell of the same patient, concept and second."""
    _meet(duck)
    _conflicts(duck)
    clashes: dict[tuple[int, int], dict[tuple[int, int], int]] = defaultdict(dict)
    for a, b, sig_a, sig_b, count in duck.rows(
        "SELECT series_a, series_b, sig_a, sig_b, count(*) FROM clash GROUP BY ALL ORDER BY ALL"
    ):
        clashes[a, b][sig_a, sig_b] = count
    worst = {
        row[:2]: row[2] for row in duck.rows(f"SELECT series_a, series_b, {_FIRST} FROM clash GROUP BY ALL")
    }
    found = []
    for a, b, device, agree, differ, first in duck.rows(
        "SELECT series_a, series_b, device, count(DISTINCT ref_a) FILTER (WHERE agree), "
        f"count(DISTINCT ref_a) FILTER (WHERE NOT agree), {_FIRST} FILTER (WHERE agree) "
        "FROM meet GROUP BY ALL ORDER BY series_a, series_b, device"
    ):
        (source_a, group), (source_b, _) = series[a], series[b]
        item = SameEvents(source_a, source_b, group, device, agree, differ, _refs(first))
        if device and (a, b) in worst:
            item = replace(item, clashes=clashes[a, b], conflicts=_refs(worst[a, b]))
        found.append(item)
    return found


def _refs(first: Sequence[dict[str, Any]] | None) -> tuple[int, ...]:
    return tuple(pair[side] for pair in first or () for side in ("a", "b"))


def _meet(duck: Duck) -> None:
    """The table ``meet``: two statements of one second, where no side names another device.

    Series are in the order of their sources: the smaller one is a.
    """
    duck.run(
        "CREATE OR REPLACE TEMP TABLE met AS SELECT a.sig AS sig_a, b.sig AS sig_b, "
        "a.device IS NOT NULL AND b.device IS NOT NULL AS device, abs(a.v - b.v) <= a.half + b.half AS agree, "
        "a.ref AS ref_a, b.ref AS ref_b, a.file AS file_a, a.record AS record_a, a.who, a.device AS serial, "
        "greatest(a.span, b.span) AS span, a.start_us // greatest(a.span, b.span) AS moment "
        "FROM valued a JOIN valued b ON b.who = a.who AND b.concept = a.concept AND b.series > a.series "
        f"AND b.start_us // {_SECOND} = a.start_us // {_SECOND} "
        "WHERE a.device IS NULL OR b.device IS NULL OR a.device = b.device"
    )
    duck.run(
        f"CREATE OR REPLACE TEMP TABLE meet AS SELECT m.*, p.series_a, p.series_b, {_COMPARABLE} AS comparable "
        "FROM met m JOIN k_pair p ON p.sig_a = m.sig_a AND p.sig_b = m.sig_b WHERE relation <> 'not-comparable'"
    )


def _conflicts(duck: Duck) -> None:
    """The table ``clash``: events whose values differ, and which cannot be two readings of one moment."""
    crowded = " OR ".join(
        f"EXISTS (SELECT 1 FROM valued o WHERE o.who = c.who AND o.series = c.series_{side} "
        f"AND o.device = c.serial AND o.start_us // c.span = c.moment AND o.ref <> c.ref_{side})"
        for side in "ab"
    )
    apart = "SELECT * FROM meet WHERE device AND comparable AND NOT agree"
    test = crowded if duck.value(f"SELECT count(*) FROM ({apart})") else "false"
    duck.run(f"CREATE OR REPLACE TEMP TABLE clash AS SELECT * FROM ({apart}) c WHERE NOT ({test})")


# --- lags -------------------------------------------------------------------------------------------

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def below(share: float) -> str:
    """A text that so large a share of the keyed ids is smaller than.

    >>> below(0.5), below(1.0)
    ('k22', '~')
    """
    rank = int(share * len(_ALPHABET) ** 3)
    if rank >= len(_ALPHABET) ** 3:
        return "~"
    return "".join(_ALPHABET[rank // len(_ALPHABET) ** power % len(_ALPHABET)] for power in (2, 1, 0))


def _lags(duck: Duck, series: Sequence[tuple[str, str]], sample: int, few: int) -> list[Lags]:
    """Equal values of one patient and concept at whole hours of lag, for a sample of the smaller source.

    The sample is chosen by hashes of ids: as good as by chance, and the same in every run. Lags of a device
    with fewer than ``few`` equal values are left out.
    """
    routes = _routes(duck, sample)
    found: dict[int, Lags] = {}
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_sample AS SELECT r.route, r.large, r.sign, r.parted, o.ref, o.who, o.v, o.half, "
        "o.start_us, o.device FROM k_route r JOIN valued o ON o.series = r.small AND o.ref % r.step = 0"
    )
    for route, hour, hits, partners, ids in duck.rows(
        f"SELECT route, hour, {_COUNTS} FROM ({_LAGGED.format(test='true')}) "
        "GROUP BY GROUPING SETS ((route, hour), (route)) ORDER BY route, hour NULLS FIRST"
    ):
        if hour is None:
            (source_a, group), (source_b, _) = (series[each] for each in routes[route])
            found[route] = Lags(source_a, source_b, group, partners, {})
        elif hits:
            found[route].hits[hour] = hits
            found[route].examples[hour] = tuple(ids)
    return [*found.values(), *_lags_of_devices(duck, found, few)]


def _lags_of_devices(duck: Duck, whole: Mapping[int, Lags], few: int) -> list[Lags]:
    """The lags of single devices, where a source has several of them."""
    if not duck.value("SELECT count(*) FROM k_route WHERE parted"):
        return []
    found: dict[tuple[int, str, int], Lags] = {}
    small = {route: "a" if sign > 0 else "b" for route, sign in duck.rows("SELECT route, sign FROM k_route")}
    for route, is_own, device, hour, hits, partners, ids in duck.rows(
        "SELECT route, grouping(own) = 0 AS is_own, coalesce(own, other) AS device, hour, "
        f"{_COUNTS} FROM ({_LAGGED.format(test='parted')}) "
        "GROUP BY GROUPING SETS ((route, own, hour), (route, own), (route, other, hour), (route, other)) "
        f"HAVING device IS NOT NULL AND count(DISTINCT ref) FILTER (WHERE equal) >= {few} "
        "ORDER BY route, is_own DESC, device, hour NULLS FIRST"
    ):
        side = "a" if (small[route] == "a") == is_own else "b"
        if hour is None:
            own = {"pairs": partners, "hits": {}, "examples": {}, "device": device, "side": side}
            found[route, side, device] = replace(whole[route], **own)
        else:
            found[route, side, device].hits[hour] = hits
            found[route, side, device].examples[hour] = tuple(ids)
    return list(found.values())


def _routes(duck: Duck, sample: int) -> list[tuple[int, int]]:
    """Make ``k_route``: the pairs of series to look at, the smaller of them, and how many of it make one of the sample.

    ``parted`` says that a side has values of several devices, or with and without one.
    """
    sizes: dict[int, int] = {}
    parted: set[int] = set()
    for number, size, several in duck.rows(
        "SELECT series, count(*), count(device) > 0 AND (count(device) < count(*) OR min(device) < max(device)) "
        "FROM valued GROUP BY series"
    ):
        sizes[number] = size
        if several:
            parted.add(number)
    routes = [
        (a, b)
        for a, b in duck.rows(
            "SELECT DISTINCT series_a, series_b FROM k_pair WHERE relation <> 'not-comparable' ORDER BY ALL"
        )
        if a in sizes and b in sizes
    ]
    small = [a if sizes[a] <= sizes[b] else b for a, b in routes]
    duck.register(
        "k_route",
        {
            "route": ("BIGINT", range(len(routes))),
            "small": ("BIGINT", small),
            "large": ("BIGINT", [b if each == a else a for each, (a, b) in zip(small, routes, strict=True)]),
            "sign": ("BIGINT", [1 if each == a else -1 for each, (a, _) in zip(small, routes, strict=True)]),
            "step": (
                "BIGINT",
                [
                    1 + sizes[each] // max(sample * (1 if parted.isdisjoint(both) else _OF_DEVICES), 1)
                    for each, both in zip(small, routes, strict=True)
                ],
            ),
            "parted": ("BOOLEAN", [not parted.isdisjoint(each) for each in routes]),
        },
    )
    return routes


#: The days beside that of a value in which its partners are, and the minutes of the hour beside its own.
_DAYS = 2 * (1 + FARTHEST_HOURS // 24) + 1
_STEPS = 3 * _DAYS

#: How many of the sample have an equal partner, how many any, and the first of those that have an equal one.
_COUNTS = "count(DISTINCT ref) FILTER (WHERE equal), count(DISTINCT ref), min(ref, 3) FILTER (WHERE equal)"

#: The partners of the sample at whole hours of lag: at the same minute of an hour, or beside it, within some days. One
#: join on equal keys; ``unnest`` stands in the SELECT list so that no join of fewer keys comes before it.
_LAGGED = (
    "SELECT route, ref, sign * hours AS hour, own, other, equal FROM ("
    f"SELECT d.route, d.ref, d.sign, d.device AS own, b.device AS other, b.start_us - d.start_us AS lag, "
    f"round((b.start_us - d.start_us) / {_HOUR})::BIGINT AS hours, abs(d.v - b.v) <= d.half + b.half AS equal FROM ("
    f"SELECT *, start_us // {24 * _HOUR} + k // 3 - {_DAYS // 2} AS day, "
    f"(start_us // {_MINUTE} + k % 3 - 1) % 60 AS minute FROM ("
    f"SELECT *, unnest(range({_STEPS})) AS k FROM k_sample WHERE {{test}})) d "
    f"JOIN (SELECT *, start_us // {24 * _HOUR} AS day, start_us // {_MINUTE} % 60 AS minute FROM valued) b "
    "ON b.who = d.who AND b.series = d.large AND b.day = d.day AND b.minute = d.minute) "
    f"WHERE abs(hours) <= {FARTHEST_HOURS} AND abs(lag - hours * {_HOUR}) <= {_MINUTE}"
)
