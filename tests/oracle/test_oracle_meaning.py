"""Codes, code maps, templates, units, facets, status and times against the oracle."""

from __future__ import annotations

from typing import Any

import oracle_blocks as blocks
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle_harness import check

from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets

deep = settings.get_profile("oracle")

CODES = [
    "loinc:8480-6",
    "loinc:8867-4",
    "8867-4",
    "HR",
    "GLU",
    "lab:HR",
    "lab:GLU",
    "snomed:271649006",
    "nope:1",
    "NA",
    "",
    "loinc:2345-7",
    "TEMP",
    "loinc:",
    ":x",
    "a b",
    "[{",
    '[{"system": "http://loinc.org", "code": "8480-6", "display": null}]',
]
UNITS = [
    "mm[Hg]",
    "mmHg",
    "kPa",
    "mg/dL",
    "mmol/L",
    "MG/DL",
    "/min",
    "bpm",
    "Cel",
    "°C",
    "[degF]",
    "furlong",
    "",
    "NA",
    "%",
    "kg",
    "g",
    "10*3/uL",
    "mm Hg",
    "1",
    "{x}",
    "degF",
    "g/L",
]
WORDS = [
    "",
    "left arm",
    "wrist",
    "sitting",
    "oscillometry",
    "fasting",
    "nonsense",
    "NA",
    "[{}]",
    "tm:site-wrist",
    "1 d",
    "24 h",
    "LEFT-WRIST",
    "mean",
    "blood",
    "serum-plasma",
    "urine",
]
STATUS = ["final", "Final", "F", "", "amended", "preliminary", "NA"]
CONCEPTS = [
    "heart-rate",
    "body-temperature",
    "glucose",
    "oxygen-saturation",
    "body-weight",
    "systolic-blood-pressure",
]
SSSOM = (
    "#curie_map:\n#  lab: https://lab.example/\n#  LOINC: http://loinc.org/\n#  skos: http://www.w3.org/2004/02/skos/core#\n"
    "subject_id\tpredicate_id\tobject_id\tobject_label\tmapping_justification\n"
    "lab:HR\tskos:exactMatch\tLOINC:8867-4\tHeart rate\tsemapv:ManualMappingCuration\n"
    "lab:GLU\tskos:narrowMatch\tLOINC:2339-0\tGlucose\tsemapv:ManualMappingCuration\n"
    "lab:TEMP\tskos:exactMatch\tLOINC:8310-5\t\tsemapv:ManualMappingCuration\n"
)


@st.composite
def coded(draw: st.DrawFn) -> dict[str, Any]:
    """A result with a code in one of its forms."""
    form = draw(st.integers(0, 4))
    code: Any = draw(
        st.sampled_from(["$(code)", "lab:$(code)", "loinc:8867-4", "loinc:$(code)", "$(code) | lab:none"])
    )
    if form == 1:
        code = {
            "from": "$(code)",
            "system": draw(st.sampled_from(["lab", "loinc", "$(system)", "urn:oid:2.16.840.1.113883.6.1"])),
            "display": "$(word)",
        }
    if form == 2:
        code = {
            "from": "$(code)",
            "map": {"HR": "loinc:8867-4", "GLU": "loinc:2345-7", "TEMP": ""},
            "unmapped": draw(st.sampled_from(["report", "keep", "quarantine", "fail"])),
        }
    if form == 3:
        code = {
            "from": "$(code)",
            "system": "lab",
            "codes": "maps/lab.sssom.tsv",
            "unmapped": draw(st.sampled_from(["report", "keep", "quarantine", "fail"])),
        }
    result: dict[str, Any] = {"code": code, "value": "$(n)", "unit": "$(unit)"}
    if draw(st.booleans()):
        result["display"] = "$(word)"
    return {"result": result}


@st.composite
def templated(draw: st.DrawFn) -> dict[str, Any]:
    """A template with a unit, facets and a status."""
    block: dict[str, Any] = {"value": "$(n)"}
    unit = draw(st.sampled_from(["$(unit)", "kPa", "mg/dL", "", "$(unit) | %"]))
    if unit:
        block["unit"] = unit
    if draw(st.booleans()):
        block["unit"] = {
            "from": "$(unit)",
            "map": {"furlong": "kg", "bpm": "/min", "degF": "[degF]"},
            **draw(st.sampled_from([{}, {"unmapped": "keep"}, {"unmapped": "quarantine"}])),
        }
    concept = catalogue().get(draw(st.sampled_from(CONCEPTS)))
    assert concept is not None
    for name in (
        draw(st.lists(st.sampled_from(concept.accepted), max_size=3, unique=True)) if concept.accepted else ()
    ):
        word = next(iter(facets()[name].words), "1 d")
        block[name] = draw(
            st.sampled_from(["$(word)", word, {"from": "$(word)", "map": {"nonsense": word, "mean": ""}}])
        )
    if draw(st.booleans()):
        block["status"] = "$(status)"
    if draw(st.booleans()):
        block["range"] = draw(
            st.sampled_from([{"low": "$(n)", "high": "120"}, "$(r)", {"from": "$(r)", "low": "$(n)"}])
        )
    return {concept.name: block}


COLUMNS = {
    "pid": st.sampled_from(["1", "2", ""]),
    "code": st.sampled_from(CODES),
    "n": st.one_of(blocks.numbers, blocks.cells),
    "unit": st.sampled_from(UNITS),
    "word": st.sampled_from(WORDS),
    "status": st.sampled_from(STATUS),
    "system": st.sampled_from(["lab", "LN", "loinc", "", "http://snomed.info/sct", "x"]),
    "r": st.sampled_from(["4-7", "4.0 - 10.0", "", "-5 - 5", "<5", "a-b", "1"]),
}


@deep
@given(st.data())
def test_codes_units_and_facets(data: st.DataObject) -> None:
    rules = [{"name": f"r{i}", **data.draw(coded() if i % 2 else templated())} for i in range(10)]
    mapping = blocks.document(
        patient={"id": "$(pid)", "system": "ward"}, systems={"lab": "https://lab.example/"}, observe=rules
    )
    check(mapping, {"d.csv": data.draw(blocks.table(COLUMNS))}, beside={"maps/lab.sssom.tsv": SSSOM})


# --- times ----------------------------------------------------------------------------------------

ZONES = [
    "Europe/Zurich",
    "America/New_York",
    "UTC",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "",
    "Mars/Base",
    "Africa/Casablanca",
]
ISO = [
    "2024-01-02",
    "2024",
    "2024-02",
    "2024-01-02T03:04",
    "2024-01-02 03:04:05",
    "2024-01-02T03:04:05.678Z",
    "2024-01-02T03:04:05,6+05:30",
    "2024-01-02T03:04:05.123456789-08:00",
    "2024-03-31T02:30",
    "2024-03-31 02:59:59",
    "2024-10-27T02:30",
    "2024-10-27T02:30:00+01:00",
    "2024-03-10 02:15",
    "2024-11-03T01:30",
    "2024-04-07T01:45",
    "2024-13-01",
    "2024-02-30",
    "2023-02-29T10:00",
    "24-01-02",
    "2024-1-2",
    "2024-01-02T25:00",
    "2024-01-02T23:59:60",
    "yesterday",
    "",
    "NA",
    "1969-12-31T23:59:59",
    "1900-01-01T00:00",
    "0001-01-01T00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2024-01-02T03",
    "2024-01-02T03:04 +02:00",
    "2024-01-02T03:04:05+0200",
    "２０２４-01-02",
    "2024-01-02T03:04:05+25:00",
    "2024-01-02T03:04:05+01:75",
    "0000-01-01T00:00:00",
    "2024-02-30T00:00:00",
    "2024-01-02T24:00:00",
    "2024-01-02T23:59:60",
    "2024-01-02 03:04:05-23:59",
    "1583-01-01T00:00:00",
    "1582-10-10T00:00:00",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59",
    "0001-01-01T00:00:00",
]
PATTERNED = [
    "01.03.2026 08:15",
    "1.3.2026 8:15",
    "03/01/2026 08:15",
    "29.03.2026 02:30",
    "2026-03-01",
    "Mar 1 2026",
    "1 MAR 2026 11:15 pm",
    "12 Oct 2025 12:30 am",
    "01.03.26",
    "20260301 081500",
    "1.3.2026",
    "31.02.2026 08:15",
    "01/02/2024 12:00",
]
EPOCHS = [
    "0",
    "1700000000",
    "1700000000.5",
    "1700000000123",
    "-1",
    "1.7e9",
    "",
    "1700000000.123456789",
    "170000000000000000",
    "99999999999999999",
]
FORMATS: list[Any] = [
    "iso",
    "dd.MM.yyyy HH:mm",
    "d.M.yyyy H:mm",
    ["dd/MM/yyyy HH:mm", "MM/dd/yyyy HH:mm"],
    "MMM d yyyy",
    "d MMM yyyy hh:mm a",
    "dd.MM.yy",
    "yyyyMMdd HHmmss",
    ["iso", "dd.MM.yyyy HH:mm"],
    "epoch-s",
    "epoch-ms",
    "epoch-us",
    ["yyyy-MM-dd", "iso"],
    "yyyy-MM-dd'T'HH:mm:ssXXX",
]


@deep
@given(st.data())
def test_times(data: st.DataObject) -> None:
    rules = []
    for i in range(10):
        where = data.draw(
            st.sampled_from(
                [
                    {"from": "$(t)"},
                    {"from": "$(t) | $(s)"},
                    {"start": "$(t)", "end": "$(s)"},
                    {"start": "$(t)", "duration": "$(n)"},
                    {"start": "$(t)", "duration": "$(n)", "unit": "$(u)"},
                    {"end": "$(s)"},
                ]
            )
        )
        time = {
            **where,
            "format": data.draw(st.sampled_from(FORMATS)),
            "timezone": data.draw(
                st.sampled_from(["$(z)", "Europe/Zurich", "$(z) | UTC", "America/New_York"])
            ),
        }
        rules.append({"name": f"r{i}", "result": {"code": f"test:{i}", "value": "1", "time": time}})
    mapping = blocks.document(
        patient={"id": "$(pid)", "birth-date": {"from": "$(b)", "format": ["yyyy-MM-dd", "yyyy-MM", "yyyy"]}},
        systems={"test": "urn:test"},
        key=["k"],
        observe=rules,
    )
    assume(blocks.usable(mapping))
    stamps = st.sampled_from([*ISO, *PATTERNED, *EPOCHS])
    columns = {
        "pid": st.sampled_from(["1", "2"]),
        "t": stamps,
        "s": stamps,
        "z": st.sampled_from(ZONES),
        "n": st.sampled_from(["5", "0.5", "-1", "x", "", "1e3", "1/2"]),
        "u": st.sampled_from(["s", "min", "h", "d", "ms", "month", ""]),
        "b": st.sampled_from(["1970-02-03", "1970-02", "1970", "70", "", "1970-02-31"]),
        "k": st.just(""),
    }
    header, rows = data.draw(blocks.table(columns))
    for number, row in enumerate(rows):
        row[-1] = str(number)
    check(mapping, {"d.csv": (header, rows)})


@deep
@given(st.data())
def test_any_instant_in_any_zone(data: st.DataObject) -> None:
    """Ordinary times, near the changes of many zones and far from them."""
    moments = st.datetimes().map(
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S") if moment.year > 999 else "1000-01-01T00:00:00"
    )
    near = st.tuples(
        st.integers(1920, 2037),
        st.sampled_from([3, 4, 9, 10, 11]),
        st.integers(1, 30),
        st.integers(0, 4),
        st.sampled_from([0, 15, 30, 59]),
    ).map(lambda p: f"{p[0]}-{p[1]:02}-{p[2]:02}T{p[3]:02}:{p[4]:02}")
    zones = st.sampled_from(
        [
            "Europe/Zurich",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Tehran",
            "America/St_Johns",
            "Africa/Cairo",
            "Pacific/Apia",
            "Europe/Dublin",
            "America/Sao_Paulo",
            "Antarctica/Troll",
        ]
    )
    columns = {"pid": st.just("1"), "t": st.one_of(moments, near, near), "z": zones, "k": st.just("")}
    header, rows = data.draw(blocks.table(columns, 60))
    for number, row in enumerate(rows):
        row[-1] = str(number)
    rules = [
        {"result": {"code": "test:1", "value": "1", "time": {"from": "$(t)", "timezone": "$(z)"}}},
        {"result": {"code": "test:2", "value": "1", "time": "$(t)"}},
    ]
    mapping = blocks.document(
        patient="$(pid)",
        systems={"test": "urn:test"},
        key=["k"],
        observe=rules,
        source={"timezone": data.draw(zones)},
    )
    check(mapping, {"d.csv": (header, rows)})
