"""What goes wrong in real feeds, planted at a known rate: an injector a function, each gives the truth.

The unit in which a code is found is that of its truth:

- ``statement``: the id of a line,
- ``device``: concept and number of a device whose whole series is wrong,
- ``feed``: concept and sources of which the whole series of one is wrong,
- ``patient``: the id of a patient.

Injectors of one scene are planted into one data set, each on lines that no other has touched.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from cohort import SIGNS
from planting import INJECTORS, Injector, Plot, between, ids, plants

__all__ = ["INJECTORS", "Injector", "Plot"]

SNOMED = "http://snomed.info/sct"


# --- codes ------------------------------------------------------------------------------------------


@plants("C01", "statement", "codes")
def new_local_code(plot: Plot) -> set[Hashable]:
    """A local code that the code map does not have."""
    rows = plot.lines(["clinic-lab"])
    for row in rows:
        row.code += "7"
    return ids(rows)


@plants("C03", "statement", "codes")
def mistyped_check_digit(plot: Plot) -> set[Hashable]:
    """The check digit of a LOINC code is another."""
    rows = plot.lines(["central-lab", "chart", "monitor"])
    for row in rows:
        row.code = row.code[:-1] + str((int(row.code[-1]) + plot.chance.randrange(1, 10)) % 10)
    return ids(rows)


@plants("C04", "statement", "codes")
def code_of_another_system(plot: Plot) -> set[Hashable]:
    """A LOINC code under the URI of SNOMED CT."""
    rows = plot.lines(["central-lab", "chart", "monitor"])
    for row in rows:
        row.system = SNOMED
    return ids(rows)


@plants("C06", "statement", "codes")
def second_code_of_another_analyte(plot: Plot) -> set[Hashable]:
    """A second code beside the first, of another analyte."""
    rows = plot.lines(["central-lab"])
    for row in rows:
        row.code2 = plot.chance.choice([code for code in ("2823-3", "2951-2", "2160-0") if code != row.code])
    return ids(rows)


@plants("C13", "statement", "codes")
def second_code_of_another_specimen(plot: Plot) -> set[Hashable]:
    """A second code beside the first, of the same analyte in whole blood."""
    blood = {"2823-3": "6298-4", "2951-2": "2947-0", "2345-7": "2339-0"}
    rows = plot.lines(["central-lab"], blood)
    for row in rows:
        row.code2 = blood[row.code]
    return ids(rows)


@plants("N01", "statement", "codes")
def deprecated_code(plot: Plot) -> set[Hashable]:
    """A code that LOINC has withdrawn, with one in its place."""
    rows = plot.lines(["chart", "monitor"], ["59408-5"])
    for row in rows:
        row.code = "2710-2"
    return ids(rows)


@plants("U06", "statement", "codes", "U05", "U07", "V01", "V02")
def relabelled_code(plot: Plot) -> set[Hashable]:
    """The code of another quantity: a pressure as a heart rate, a mass concentration as an amount of substance."""
    other = {"8480-6": "8867-4", "8462-4": "8867-4", "8310-5": "9279-1", "2345-7": "14749-6"}
    rows = plot.lines(["central-lab", "chart", "monitor"], other)
    for row in rows:
        row.code = other[row.code]
    return ids(rows)


@plants("F06", "statement", "codes")
def specimen_of_another_kind(plot: Plot) -> set[Hashable]:
    """A code of serum or plasma on a sample of urine."""
    rows = plot.lines(["central-lab"], ["2345-7", "2160-0", "2823-3", "2951-2"])
    for row in rows:
        row.specimen = "urine"
    return ids(rows)


# --- units ------------------------------------------------------------------------------------------


@plants("U01", "statement", "units")
def unit_that_is_not_ucum(plot: Plot) -> set[Hashable]:
    """A unit as people write it."""
    said = {"mm[Hg]": "mmHg", "/min": "bpm", "Cel": "°C"}
    rows = plot.lines(["chart", "monitor"], ["8480-6", "8462-4", "8867-4", "8310-5"])
    for row in rows:
        row.unit = said[row.unit]
    return ids(rows)


@plants("U02", "statement", "units")
def unit_left_out(plot: Plot) -> set[Hashable]:
    """No unit."""
    rows = plot.lines(["chart", "monitor", "central-lab", "clinic-lab"])
    for row in rows:
        row.unit = ""
    return ids(rows)


@plants("U13", "statement", "units")
def unit_in_capitals(plot: Plot) -> set[Hashable]:
    """A unit in capitals."""
    rows = plot.lines(
        ["central-lab", "clinic-lab"], ["2345-7", "2160-0", "2823-3", "2951-2", "GLU", "CREA", "K", "NA"]
    )
    for row in rows:
        row.unit = row.unit.upper()
    return ids(rows)


@plants("V01", "statement", "units")
def decimal_point_lost(plot: Plot) -> set[Hashable]:
    """The decimal point is lost, or moved: ten or a hundred times the value."""
    factor = {
        "8310-5": 10,
        "8867-4": 10,
        "59408-5": 10,
        "8480-6": 10,
        "2823-3": 10,
        "2951-2": 10,
        "718-7": 10,
    }
    rows = plot.lines(["chart", "monitor", "central-lab"], factor)
    for row in rows:
        row.value = f"{float(row.value) * factor[row.code]:g}"
    return ids(rows)


@plants("V02", "statement", "units", "X03", "X04")
def unusual_value(plot: Plot) -> set[Hashable]:
    """A value that is possible, and beyond what is plausible."""
    value = {
        "8310-5": "28.4",
        "59408-5": "31",
        "8480-6": "320",
        "9279-1": "88",
        "8867-4": "320",
        "2951-2": "86",
        "718-7": "27.5",
    }
    rows = plot.lines(["chart", "monitor", "central-lab"], value)
    for row in rows:
        row.value = value[row.code]
    return ids(rows)


@plants("V06", "statement", "units")
def weight_in_pounds(plot: Plot) -> set[Hashable]:
    """One weight of a patient in pounds, labelled kg, between two others."""
    able = [
        row for row in plot.made.feeds["chart"] if row.code == "29463-7" and row.id[7:9] not in ("00", "05")
    ]
    heavy = [row for row in able if float(row.value) > 55 and row.id not in plot.touched]
    rows = plot.chance.sample(heavy, max(1, round(plot.rate * len(able))))
    for row in rows:
        row.value = f"{float(row.value) / 0.45359237:.1f}"
    return ids(rows)


# --- time, status, copies ---------------------------------------------------------------------------


@plants("T07", "statement", "records")
def default_date(plot: Plot) -> set[Hashable]:
    """The zero of a spreadsheet or of an interface in place of the time."""
    rows = plot.lines(["chart", "monitor", "central-lab", "clinic-lab"])
    for row in rows:
        row.time = plot.chance.choice([datetime(1899, 12, 30), datetime(1900, 1, 1), datetime(1753, 1, 1)])
    return ids(rows)


@plants("S01", "statement", "records")
def withdrawn(plot: Plot) -> set[Hashable]:
    """The source has taken the value back, and sends it with that status."""
    rows = plot.lines(["chart", "monitor", "central-lab"])
    for row in rows:
        row.status = "entered-in-error"
    return ids(rows)


@plants("D01", "statement", "codes")
def sent_twice(plot: Plot) -> set[Hashable]:
    """A line once more in the same feed."""
    rows = plot.lines(["monitor"])
    plot.made.feeds["monitor"] += [replace(row) for row in rows]
    return ids(rows)


@plants("D02", "statement", "codes")
def second_route(plot: Plot) -> set[Hashable]:
    """A reading of the monitor is in the chart as well, with its device."""
    rows = plot.lines(["monitor"])
    copies = [replace(row, id=f"2nd-{row.id}") for row in rows]
    plot.made.feeds["chart"] += copies
    return ids([*rows, *copies])


@plants("X01", "statement", "codes")
def changed_on_the_way(plot: Plot) -> set[Hashable]:
    """A reading of the monitor is in the chart as well, with its device, and another value."""
    rows = plot.lines(["monitor"], [sign.code for sign in SIGNS.values()])
    copies = [replace(row, id=f"2nd-{row.id}", value=f"{float(row.value) * 0.9:.1f}") for row in rows]
    plot.made.feeds["chart"] += copies
    return ids([*rows, *copies])


@plants("V03", "statement", "records", "V01")
def number_for_no_value(plot: Plot) -> set[Hashable]:
    """A number that stands for a missing value: -1 or 999."""
    rows = plot.lines(["chart", "monitor"], ["8867-4", "9279-1", "59408-5", "8310-5"])
    for row in rows:
        row.value = "999" if row.device_type == "patient-monitor" else "-1"
    return ids(rows)


@plants("V04", "statement", "records", "X03", "X04")
def pressures_swapped(plot: Plot) -> set[Hashable]:
    """The systolic pressure stands in the place of the diastolic, and the other way round."""
    diastolic = {row.id: row for feed in ("chart", "monitor") for row in plot.feed(feed, "8462-4")}
    able = [
        (row, diastolic[row.id.replace("8480-6", "8462-4")])
        for feed in ("chart", "monitor")
        for row in plot.feed(feed, "8480-6")
    ]
    free = [pair for pair in able if plot.touched.isdisjoint(row.id for row in pair)]
    pairs = plot.chance.sample(free, round(plot.rate * len(able)))
    for one, two in pairs:
        one.value, two.value = two.value, one.value
    plot.touched |= {row.id for pair in pairs for row in pair}
    return ids(two for _, two in pairs)  # an event is named by its first value


@plants("I01", "patient", "records")
def number_of_another_authority(plot: Plot) -> set[Hashable]:
    """The clinic gives a patient's number under another authority, so that nothing links the two."""
    people = {plot.made.people["registry"][number].id for number in plot.numbers()}
    for row in plot.made.feeds["clinic-lab"]:
        if row.patient in people:
            row.patient_system = "urn:oid:2.999.7.7"
    return set(people)


@plants("I02", "patient", "records")
def born_on_two_days(plot: Plot) -> set[Hashable]:
    """Two feeds tell another birth date of one number."""
    people = plot.made.people["admissions"]
    numbers = plot.numbers()
    for number in numbers:
        people[number] = replace(
            people[number], birth=people[number].birth + timedelta(days=plot.chance.randrange(1, 4000))
        )
    return {people[number].id for number in numbers}


# --- devices ----------------------------------------------------------------------------------------


@plants("U07", "device", "devices", "V01")
def fahrenheit_labelled_celsius(plot: Plot) -> set[Hashable]:
    """A device tells degrees Fahrenheit and labels them Cel."""
    numbers = plot.numbers()
    for rows in plot.series("monitor", numbers, "8310-5"):
        for row in rows:
            row.value = f"{float(row.value) * 1.8 + 32:.1f}"
    return {("body-temperature", number) for number in numbers}


@plants("U11", "device", "devices", "V02", "X04")
def fraction_labelled_percent(plot: Plot) -> set[Hashable]:
    """A device tells fractions of one and labels them as a percentage."""
    numbers = plot.numbers()
    for rows in plot.series("chart", numbers, "59408-5"):
        for row in rows:
            row.value = f"{float(row.value) / 100:.2f}"
    return {("oxygen-saturation", number) for number in numbers}


@plants("V07", "statement", "devices")
def reading_repeated_for_hours(plot: Plot) -> set[Hashable]:
    """A transmitter has lost its wearer and tells its last reading again and again."""
    wearers = sorted({row.device for row in plot.made.feeds["telemetry"]})
    taken = plot.chance.sample(wearers, max(1, round(plot.rate * len(wearers))))
    rows = [row for row in plot.feed("telemetry", "8867-4") if row.device in taken]
    for row in rows:
        row.value = "71"
    return ids(rows)


@plants("T02", "device", "devices")
def clock_an_hour_late(plot: Plot) -> set[Hashable]:
    """What the monitor tells reaches the chart by a device whose clock is an hour late."""
    numbers = plot.numbers()
    for sign in SIGNS.values():
        told, written = (plot.series(feed, numbers, sign.code) for feed in ("monitor", "chart"))
        for one, other in zip(chain(*told), chain(*written), strict=True):
            other.value, other.time = one.value, one.time + timedelta(hours=1)
    return {(name, number) for name in SIGNS for number in numbers}


# --- feeds ------------------------------------------------------------------------------------------


@plants("T02", "feed", "feeds")
def zone_an_hour_off(plot: Plot) -> set[Hashable]:
    """The chart takes the heart rate over from the monitor, in the wrong time zone."""
    return _copied(plot, "heart-rate", timedelta(hours=plot.chance.choice((-5, -1, 1, 2))))


@plants("T06", "feed", "feeds")
def clock_minutes_off(plot: Plot) -> set[Hashable]:
    """The chart takes the temperature over from the monitor, with the time of entry."""
    return _copied(plot, "body-temperature", timedelta(seconds=plot.chance.randrange(150, 1500)))


@plants("D02", "feed", "feeds")
def feed_copied(plot: Plot) -> set[Hashable]:
    """The chart takes the respiratory rate over from the monitor and names no device."""
    return _copied(plot, "respiratory-rate", timedelta(0))


def _copied(plot: Plot, concept: str, lag: timedelta) -> set[Hashable]:
    code = SIGNS[concept].code
    for one, other in zip(plot.feed("monitor", code), plot.feed("chart", code), strict=True):
        other.value, other.time, other.device, other.device_type = one.value, one.time + lag, "", ""
    return between(concept, "chart", "monitor")


@plants("X03", "feed", "feeds")
def pressure_read_too_low(plot: Plot) -> set[Hashable]:
    """All spot-check devices tell a systolic pressure that is too low by more than the margin."""
    for row in plot.feed("chart", "8480-6"):
        row.value = f"{float(row.value) - 8:.0f}"
    return between("systolic-blood-pressure", "chart", "monitor")


@plants("X04", "feed", "feeds", "X03", "V04")
def pressure_off_by_a_factor(plot: Plot) -> set[Hashable]:
    """All spot-check devices tell a diastolic pressure that is off by a factor around the mean."""
    for row in plot.feed("chart", "8462-4"):
        row.value = f"{74 + (float(row.value) - 74) * 1.5:.0f}"
    return between("diastolic-blood-pressure", "chart", "monitor")


@plants("U07", "feed", "feeds", "V01", "V02", "V05")
def mass_concentration_labelled_wrong(plot: Plot) -> set[Hashable]:
    """The clinic tells haemoglobin in g/L and labels it g/dL."""
    for row in plot.feed("clinic-lab", "HB"):
        row.unit = "g/dL"
    return between("hemoglobin", "clinic-lab")


@plants("U11", "feed", "feeds", "V02", "V05", "X04")
def saturations_as_fractions(plot: Plot) -> set[Hashable]:
    """All spot-check devices tell fractions of one and label them as a percentage."""
    for row in plot.feed("chart", "59408-5"):
        row.value = f"{float(row.value) / 100:.2f}"
    return between("oxygen-saturation", "chart")


@plants("U03", "feed", "feeds")
def potassium_in_another_unit(plot: Plot) -> set[Hashable]:
    """The clinic tells potassium in another unit of the same dimension, rightly labelled."""
    for row in plot.feed("clinic-lab", "K"):
        row.value, row.unit = f"{float(row.value) * 1000:.0f}", "umol/L"
    return between("potassium", "central-lab", "clinic-lab")


@plants("U05", "feed", "feeds", "U06")
def unit_of_another_dimension(plot: Plot) -> set[Hashable]:
    """The clinic labels sodium with a unit of another dimension."""
    for row in plot.feed("clinic-lab", "NA"):
        row.unit = "mm[Hg]"
    return between("sodium", "central-lab", "clinic-lab")
