"""One device among ten that is wrong is found, and named; the other nine are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.diagnostics import Finding

KEY = Path(__file__).parent.parent.parent / "examples" / "demo.key"
MAPPING = """\
twinmap: 1
id: SOURCE
version: 1.0.0
source: {format: csv, files: "SOURCE.csv", timezone: UTC}
patient: {id: $(p), system: mrn}
device: {id: $(dev), type: monitor}
key: [dev, t]
time: $(t)
observe: {CONCEPT: {value: $(v), unit: UNIT}}
"""

#: Device, patient, hour and value.
Row = tuple[str, str, int, float]
Find = Callable[..., list[Finding]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """``find(code, concept, unit, **rows of sources)`` gives the findings of one code."""

    def find(code: str, concept: str, unit: str, **sources: Sequence[Row]) -> list[Finding]:
        for name, rows in sources.items():
            text = MAPPING.replace("SOURCE", name).replace("CONCEPT", concept).replace("UNIT", unit)
            (tmp_path / f"{name}.yaml").write_text(text)
            lines = [f"{d},{p},2026-03-{1 + h // 24:02}T{h % 24:02}:17:00,{v:.2f}" for d, p, h, v in rows]
            (tmp_path / f"{name}.csv").write_text("dev,p,t,v\n" + "\n".join(lines) + "\n")
        outcome = api.run(
            [str(tmp_path / f"{name}.yaml") for name in sources],
            out=tmp_path / "out",
            key_file=KEY,
            engine="none",
            jobs=1,
        )
        return [item for item in outcome.findings if item.code == code]

    return find


def device_of(folder: Path, record: int, source: str) -> str:
    """The id of the device of a record."""
    for row in pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist():
        if (row["source"], row["record"]) == (source, record):
            return str(row["device"])
    raise AssertionError(f"record {record} of {source} is no statement")


def ten(value: Callable[[int, int], float], each: int = 6) -> list[Row]:
    """Ten devices D0 to D9 with some values each."""
    return [(f"D{d}", f"p{d}", 24 * d + n, value(d, n)) for d in range(10) for n in range(each)]


def test_one_thermometer_in_fahrenheit(find: Find, tmp_path: Path) -> None:
    rows = ten(lambda d, n: 98.1 + n / 5 if d == 3 else 36.5 + n / 10)
    (found,) = find("TM-U07", "body-temperature", "Cel", ward=rows)
    device = device_of(tmp_path, 19, "ward")
    assert (found.severity, found.count, found.sources) == ("error", 6, ("ward",))
    assert found.details["suggested"] == "[degF]"
    assert found.details["device"] == device
    assert f"device {device} of ward" in found.message
    assert {place.record for place in found.places} <= set(range(19, 25))


def test_two_devices_are_two_findings(find: Find) -> None:
    rows = ten(lambda d, n: 98.1 + n / 5 if d in {3, 7} else 36.5 + n / 10)
    found = find("TM-U07", "body-temperature", "Cel", ward=rows)
    assert len({item.id for item in found}) == len({item.details["device"] for item in found}) == 2


def test_all_devices_are_one_finding_of_the_source(find: Find) -> None:
    (found,) = find("TM-U07", "body-temperature", "Cel", ward=ten(lambda _, n: 98.1 + n / 5))
    assert (found.count, "device" in found.details) == (60, False)


def test_a_measuring_board_for_infants_is_no_error(find: Find) -> None:
    """50 cm is unusual among adults and would be plausible in inches; it is possible as it is."""
    rows = ten(lambda d, n: 50.0 + n if d == 3 else 165.0 + n)
    assert {item.severity for item in find("TM-U07", "body-height", "cm", ward=rows)} == {"warning"}


def test_a_device_with_few_values_says_nothing(find: Find) -> None:
    rows = [*ten(lambda _, n: 36.5 + n / 10), *(("D10", "p1", 300 + n, 98.6) for n in range(4))]
    assert find("TM-U07", "body-temperature", "Cel", ward=rows) == []


def test_one_oximeter_that_tells_fractions(find: Find, tmp_path: Path) -> None:
    rows = ten(lambda d, n: 0.95 + n / 100 if d == 4 else 94.0 + n, each=4)
    (found,) = find("TM-U11", "oxygen-saturation", '"%"', ward=rows)
    device = device_of(tmp_path, 17, "ward")
    assert (found.severity, found.count, found.details["device"]) == ("error", 4, device)
    assert device in found.message
    assert [place.record for place in found.places] == [17, 18, 19]


def test_percentages_of_ten_oximeters(find: Find) -> None:
    assert find("TM-U11", "oxygen-saturation", '"%"', ward=ten(lambda _, n: 94.0 + n, each=4)) == []


def pulses(late: Callable[[int], int], *, device: str = "") -> list[Row]:
    """Twelve heart rates of each of ten patients, told so many hours late by device."""
    return [
        (device or f"D{d}", f"p{d}", 5 * n + late(d), 60.0 + (7 * n + 3 * d) % 41)
        for d in range(10)
        for n in range(12)
    ]


@pytest.mark.parametrize("names", [("ehr", "ward"), ("ward", "archive")])
def test_one_clock_is_an_hour_late(find: Find, tmp_path: Path, names: tuple[str, str]) -> None:
    """Whichever source comes first by name, the other one knows of one device only."""
    right, ward = ("ehr", "ward") if "ehr" in names else ("archive", "ward")
    rows = {right: pulses(lambda _: 0, device="gateway"), ward: pulses(lambda d: 1 if d == 6 else 0)}
    (found,) = find("TM-T02", "heart-rate", "/min", **rows)
    device = device_of(tmp_path, 73, ward)
    assert (found.severity, found.count, found.details["device"]) == ("error", 12, device)
    assert found.details["hours"] == 1
    assert found.sources == (right, ward)
    assert f"the device of {ward} is {device}" in found.message


def test_all_clocks_are_one_finding_of_the_pair(find: Find) -> None:
    rows = {"ehr": pulses(lambda _: 0, device="gateway"), "ward": pulses(lambda _: 2)}
    (found,) = find("TM-T02", "heart-rate", "/min", **rows)
    assert (found.details["hours"], "device" in found.details) == (2, False)


def test_one_device_on_both_sides_is_told_once(find: Find) -> None:
    rows = {"ehr": pulses(lambda _: 0), "ward": pulses(lambda d: 1 if d == 6 else 0)}
    assert len(find("TM-T02", "heart-rate", "/min", **rows)) == 1


def test_clocks_that_agree(find: Find) -> None:
    rows = {"ehr": pulses(lambda _: 0, device="gateway"), "ward": pulses(lambda _: 0)}
    assert find("TM-T02", "heart-rate", "/min", **rows) == []
