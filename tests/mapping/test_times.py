"""Times: typed exactly or said not to be, never shifted; the SQL way and the slow way agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.engine.duck import Duck, connect
from twinmap.mapping import fasttime, times
from twinmap.mapping.slots import Slots
from twinmap.mapping.sql import NULL, Relation
from twinmap.sqltext import quoted


def us(*fields: int) -> int:
    return int((datetime(*fields, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000  # type: ignore[misc,arg-type]


ZURICH = "Europe/Zurich"
CASES: list[tuple[str, list[str], str | None, int | None, str | None, str | None, str | None]] = [
    ("2024-01-02", ["iso"], ZURICH, us(2024, 1, 2), "day", "none", None),
    ("2024", ["iso"], None, us(2024, 1, 1), "year", "none", None),
    ("2024-01-02T03:04", ["iso"], ZURICH, us(2024, 1, 2, 2, 4), "minute", "zone", None),
    ("2024-07-02T03:04:05", ["iso"], ZURICH, us(2024, 7, 2, 1, 4, 5), "second", "zone", None),
    ("2024-01-02T03:04:05Z", ["iso"], ZURICH, us(2024, 1, 2, 3, 4, 5), "second", "offset", None),
    (
        "2024-01-02T03:04:05.5+05:30",
        ["iso"],
        None,
        us(2024, 1, 1, 21, 34, 5) + 500_000,
        "millisecond",
        "offset",
        None,
    ),
    ("2024-01-02T03:04", ["iso"], None, None, "minute", "none", "TM-T01"),
    ("2024-01-02T03:04", ["iso"], "Mars/Base", None, "minute", "none", "TM-T01"),
    ("2024-03-31T02:30", ["iso"], ZURICH, None, "minute", "none", "TM-Q13"),
    ("2024-10-27T02:30", ["iso"], ZURICH, us(2024, 10, 27, 0, 30), "minute", "ambiguous", "TM-Q14"),
    ("2024-10-27T02:30+01:00", ["iso"], ZURICH, us(2024, 10, 27, 1, 30), "minute", "offset", None),
    ("2024-02-30", ["iso"], None, None, None, None, "TM-Q12"),
    ("2024-01-02T24:00:00", ["iso"], ZURICH, None, None, None, "TM-Q12"),
    ("2024-01-02T03:04:05+25:00", ["iso"], ZURICH, None, None, None, "TM-Q12"),
    ("2024-01-02T03:04:05+01:75", ["iso"], ZURICH, None, None, None, "TM-Q12"),
    ("２０２４-01-02", ["iso"], ZURICH, None, None, None, "TM-Q12"),
    ("0001-01-01T00:00+05:00", ["iso"], None, None, None, None, "TM-Q12"),
    ("01/02/2024 12:00", ["iso"], ZURICH, None, None, None, "TM-Q12"),
    ("01/02/2024 12:00", ["dd/MM/yyyy HH:mm", "MM/dd/yyyy HH:mm"], "UTC", None, None, None, "TM-Q12"),
    (
        "02/02/2024 12:00",
        ["dd/MM/yyyy HH:mm", "MM/dd/yyyy HH:mm"],
        "UTC",
        us(2024, 2, 2, 12),
        "minute",
        "zone",
        None,
    ),
    ("1.3.2026 8:15", ["d.M.yyyy H:mm"], "UTC", us(2026, 3, 1, 8, 15), "minute", "zone", None),
    ("1.3.2026", ["dd.MM.yyyy"], "UTC", None, None, None, "TM-Q12"),
    ("12 MAR 2026 12:30 am", ["d MMM yyyy hh:mm a"], "UTC", us(2026, 3, 12, 0, 30), "minute", "zone", None),
    ("01.03.69", ["dd.MM.yy"], None, us(2069, 3, 1), "day", "none", None),
    ("01.03.70", ["dd.MM.yy"], None, us(1970, 3, 1), "day", "none", None),
    ("202401020304", ["hl7"], "UTC", us(2024, 1, 2, 3, 4), "minute", "zone", None),
    ("20240102030405-0500", ["hl7"], None, us(2024, 1, 2, 8, 4, 5), "second", "offset", None),
    ("1700000000", ["epoch-s"], None, 1_700_000_000_000_000, "second", "offset", None),
    ("1700000000123", ["epoch-ms"], None, 1_700_000_000_123_000, "millisecond", "offset", None),
    ("-0.5", ["epoch-s"], None, -500_000, "microsecond", "offset", None),
    ("170000000000000000", ["epoch-s"], None, None, None, None, "TM-Q12"),
    ("1.7e9", ["epoch-s"], None, None, None, None, "TM-Q12"),
]


@pytest.mark.parametrize(("text", "formats", "zone", "instant", "precision", "origin", "issue"), CASES)
def test_instants(
    text: str,
    formats: list[str],
    zone: str | None,
    instant: int | None,
    precision: str | None,
    origin: str | None,
    issue: str | None,
) -> None:
    found = times.instant(text, formats, zone)
    assert (found.us, found.issue) == (instant, issue)
    if instant is not None:
        assert (found.precision, found.origin) == (precision, origin)


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1)),
    st.sampled_from([ZURICH, "America/New_York", "Asia/Tehran", "Australia/Lord_Howe"]),
)
def test_an_instant_read_in_its_zone_is_the_text(moment: datetime, zone: str) -> None:
    """There and back: the local reading of an instant that is found is the text, to the microsecond."""
    text = moment.isoformat(timespec="microseconds")
    found = times.instant(text, ["iso"], zone)
    if found.us is None:
        assert found.issue == "TM-Q13"
        return
    where = times.zone(zone)
    back = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found.us)).astimezone(where)
    assert back.replace(tzinfo=None) == moment
    assert (found.issue == "TM-Q14") == (found.origin == "ambiguous")


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    for formats in (["iso"], ["hl7"], ["epoch-ms"], ["dd.MM.yyyy HH:mm"], ["d MMM yyyy"], ["iso", "yyyy"]):
        found = times.instant(text, formats, ZURICH)
        assert (found.us is None) or times.in_range(found.us)


@pytest.mark.parametrize("pattern", ["yyyy-MM-dd 'T", "yyyy-QQ", "ww"])
def test_a_pattern_that_is_not_known_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"letter|quote"):
        times.parser(pattern)


# --- the same in SQL --------------------------------------------------------------------------------

FORMATS = {
    "iso": "%Y-%m-%dT%H:%M:%S",
    "hl7": "%Y%m%d%H%M%S",
    "yyyy-MM-dd HH:mm": "%Y-%m-%d %H:%M",
    "dd.MM.yyyy HH:mm:ss": "%d.%m.%Y %H:%M:%S",
    "MM/dd/yyyy HH:mm": "%m/%d/%Y %H:%M",
}
ZONES = [
    ZURICH,
    "America/New_York",
    "UTC",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Antarctica/Troll",
]
ODD = [
    "",
    "x",
    "2024-02-30T00:00:00",
    "2024-01-02T24:00:00",
    "2024-01-02T23:59:60",
    "2024-01-02T03:04:05+25:00",
    "2024-01-02 03:04:05Z",
    "0000-01-01T00:00:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59",
    "2024-01-02T03:04:05 +01:00",
    "20240102030405+0100",
    "20240102030405+9900",
    "31.02.2024 10:00:00",
    "1582-10-10T00:00:00",
    "2024-01-02T03:04:05-0000",
    "2024-01-02T03:04:05+1",
]


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duck]:
    with connect(tmp_path_factory.mktemp("duck")) as found:
        yield found


def in_sql(duck: Duck, texts: list[str], name: str, zone: str) -> dict[str, tuple[int, str, int | None]]:
    """What SQL types by itself: instant, precision and offset."""
    duck.register("texts", {"t": ("VARCHAR", texts)})
    relation = Relation(("t",), {})
    record_set: Any = SimpleNamespace(slots={})
    quick = Slots(relation, record_set, None)._fast_time([name], "t", NULL, quoted(zone))
    assert quick is not None
    instant, precision, offset = quick
    for item in relation.zones:
        days = [
            row[0]
            for row in duck.rows(f"SELECT DISTINCT {item.day} FROM texts WHERE {item.where}")
            if row[0] is not None
        ]
        offsets = [fasttime.day_offset(item.zone, day) for day in days]
        duck.register(item.name, {"day": ("BIGINT", days), "off": ("BIGINT", offsets)})
    joins = " ".join(item.join for item in relation.zones)
    rows = duck.rows(f"SELECT t, {instant}, {offset} FROM texts {joins}")
    return {text: (found, precision, where) for text, found, where in rows if found is not None}


near = st.builds(
    datetime,
    st.integers(1900, 2037),
    st.sampled_from([1, 3, 4, 9, 10, 11, 12]),
    st.integers(1, 30),
    st.integers(0, 23),
    st.sampled_from([0, 15, 29, 30, 59]),
    st.sampled_from([0, 1, 59]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.lists(st.one_of(near, st.datetimes()), min_size=1, max_size=200),
    name=st.sampled_from(list(FORMATS)),
    zone=st.sampled_from(ZONES),
)
def test_sql_types_a_time_as_the_slow_way_does(
    duck: Duck, moments: list[datetime], name: str, zone: str
) -> None:
    texts = {moment.strftime(FORMATS[name]) for moment in moments} | set(ODD)
    texts |= {
        text + ending
        for text, ending in zip(sorted(texts), ["Z", "+01:00", "-0530", "+24:00"] * 20, strict=False)
    }
    found = in_sql(duck, sorted(texts), name, zone)
    for text, (instant, precision, offset) in found.items():
        slow = times.instant(text, [name], zone)
        origin = "zone" if offset is None else "offset"
        assert slow == times.Instant(instant, precision, origin, offset=offset), text


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("1951-09-09 00:30:00", "Asia/Tokyo"),
        ("1960-10-02 02:30:00", "Europe/London"),
        ("1969-04-27 02:30:00", "America/New_York"),
    ],
)
def test_sql_leaves_doubtful_times_before_1970_to_the_slow_way(duck: Duck, text: str, zone: str) -> None:
    assert times.instant(text, ["yyyy-MM-dd HH:mm:ss"], zone).issue in {"TM-Q13", "TM-Q14"}
    assert in_sql(duck, [text], "yyyy-MM-dd HH:mm:ss", zone) == {}


@pytest.mark.parametrize(
    ("text", "name", "offset"),
    [
        ("2024-03-01T23:30:00-05:30", "iso", -330),
        ("2024-03-02T04:30:00Z", "iso", 0),
        ("20240301233000-0500", "hl7", -300),
        ("01.03.2024 23:30 -05", "dd.MM.yyyy HH:mm X", -300),
        ("2024-03-01T23:30:00", "iso", None),
        ("2024-03-01", "iso", None),
        ("20240301-0500", "hl7", None),  # a date has no time of day to shift
        ("1709350200", "epoch-s", None),
    ],
)
def test_an_offset_is_kept_where_the_text_states_it(text: str, name: str, offset: int | None) -> None:
    assert times.instant(text, [name], ZURICH).offset == offset


def test_sql_types_ordinary_times(duck: Duck) -> None:
    """It is of no use if all goes the slow way."""
    texts = [f"2026-0{month}-1{day} 08:15" for month in range(1, 10) for day in range(10)]
    assert len(in_sql(duck, texts, "yyyy-MM-dd HH:mm", ZURICH)) == len(texts)


@pytest.mark.parametrize(
    "name",
    [
        *("localtime", "posixrules", "Factory", "posix/Europe/Zurich", "right/Europe/Zurich", "leapseconds"),
        *("+24:00", "-99:00", "+01:60", "", ".", "/", "../UTC", "Mars/Base", "Europe"),
    ],
)
def test_what_depends_on_the_machine_is_no_zone(name: str) -> None:
    assert times.zone(name) is None


@pytest.mark.parametrize(
    "name", ["UTC", "GMT", "Etc/GMT+3", "Europe/Zurich", "EST5EDT", "+01:00", "-0330", "+23:59"]
)
def test_what_means_the_same_everywhere_is_a_zone(name: str) -> None:
    assert times.zone(name) is not None
