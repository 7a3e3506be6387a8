"""Who, which and from where: patients, keys, duplicates, panels, devices, look-ups, record sets."""

from __future__ import annotations

from typing import Any

import oracle_blocks as blocks
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle_harness import check

deep = settings.get_profile("oracle")

IDS = st.sampled_from(
    ["1", "2", "0042", "42", "", "NA", "a\x1fb", "a\x1eb", "a\\b", "a\\sb", "a\x1bb", "O'Brien", "µ", "\x1bs"]
)
COLUMNS = {
    "pid": IDS,
    "n": st.sampled_from(["1", "2", "1.0", "", "abc", "<5"]),
    "m": st.sampled_from(["7", "", "7.5"]),
    "t": st.sampled_from(["2024-01-01T10:00", "2024-01-01T11:00", "2024-03-31T02:30", "", "x"]),
    "k": st.sampled_from(["", "1", "2", "a\x1fb", "\x1fb"]),
    "dev": st.sampled_from(["M1", "M2", "", "M1 "]),
    "stay": st.sampled_from(["s1", "s2", ""]),
    "birth": st.sampled_from(["1970-02-03", "1970", "", "70"]),
    "sex": st.sampled_from(["f", "m", "", "x"]),
    "code": st.sampled_from(["loinc:8867-4", "loinc:8480-6", "loinc:8462-4", "", "lab:x"]),
    "alt": st.sampled_from(["i1", "i2", ""]),
}


@deep
@given(st.data())
def test_ids_panels_and_duplicates(data: st.DataObject) -> None:
    draw = data.draw
    rules: list[dict[str, Any]] = [
        {"blood-pressure": {"systolic": "$(n)", "diastolic": "$(m)", "unit": "mm[Hg]"}},
        {
            "result": {
                "code": "$(code)",
                "value": "$(n)",
                **draw(st.sampled_from([{}, {"panel": "$(stay)"}, {"kind": "quantity"}])),
            }
        },
        {
            "heart-rate": {
                "value": "$(m)",
                **draw(st.sampled_from([{}, {"encounter": ""}, {"device": {"id": "$(alt)"}}, {"time": ""}])),
            }
        },
    ]
    if draw(st.booleans()):
        rules.append({"blood-pressure": {"systolic": "$(m)", "unit": "mm[Hg]"}})
    mapping = blocks.document(systems={"lab": "https://lab.example/"}, time="$(t)", observe=rules)
    mapping["patient"] = draw(
        st.sampled_from(["$(pid)", {"id": "$(pid)", "system": "mrn"}, {"id": "$(pid)", "system": "$(stay)"}])
    )
    if draw(st.booleans()):
        mapping["patient"] = {
            "id": "$(pid)",
            "system": "mrn",
            "birth-date": "$(birth)",
            "sex": {"from": "$(sex)", "map": {"f": "female", "m": "male"}},
        }
    for name, bound in (
        ("key", ["k"]),
        ("key", ["pid", "t", "k"]),
        ("encounter", "$(stay)"),
        ("encounter", {"id": "$(stay)", "system": "ward"}),
        ("device", {"id": "$(dev)", "type": "monitor"}),
        ("device", {"serial": "$(dev)", "id": "$(alt)", "name": "$(sex)"}),
    ):
        if draw(st.booleans()):
            mapping[name] = bound
    if draw(st.booleans()):
        mapping["conditions"] = {
            "code": "$(code)",
            "status": "$(sex)",
            **draw(st.sampled_from([{}, {"verification": "confirmed"}])),
        }
    assume(blocks.usable(mapping))
    check(mapping, {"d1.csv": draw(blocks.table(COLUMNS)), "d2.csv": draw(blocks.table(COLUMNS, 6))})


@deep
@given(st.data())
def test_look_ups_parameters_and_record_sets(data: st.DataObject) -> None:
    draw = data.draw
    shelf = [
        {"id": "1", "concept_code": "8867-4", "system": "LOINC", "next": "2", "odd name": "x"},
        {"id": "2", "concept_code": "271649006", "system": "SNOMED", "next": "", "odd name": "y"},
        {"id": "0", "concept_code": "never", "system": "LOINC", "next": "1", "odd name": "z"},
        {"id": "a b", "concept_code": "8480-6", "system": "", "next": "3", "odd name": "NA"},
    ]
    ident = st.sampled_from(["1", "2", "0", "3", "a b", "", "NA"])
    columns = {
        "pid": blocks.short,
        "c": ident,
        "n": blocks.cells,
        "t": st.sampled_from(["2024-01-01", "2024-05-05T10:00"]),
        "place": st.sampled_from(["x", ""]),
    }
    code = {
        "from": "$(c -> concept.concept_code)",
        "system": {"from": "$(c -> concept.system)", "map": {"LOINC": "loinc", "SNOMED": "snomed"}},
    }
    values = [
        "$(n)",
        "$(c -> concept.'odd name')",
        "= $(c -> concept.id) * 2",
        "$(c -> concept.next -> concept.concept_code)",
        "$(c -> concept.next) | $(n)",
        "$(param:word)-$(n)",
        "$(file:stem) $(record:index)",
        "$(file:folder)/$(file:name)",
    ]
    rules = [
        {
            "name": f"r{i}",
            "result": {
                "code": code if i == 0 else f"lab:{i}",
                "value": draw(st.sampled_from(values)),
                "note": draw(st.sampled_from(values)),
            },
        }
        for i in range(5)
    ]
    if draw(st.booleans()):
        rules.append(
            {
                "name": "r9",
                "when": {"c -> concept.system": draw(st.sampled_from(["LOINC", ["SNOMED", "x"]]))},
                "result": {"code": "lab:9", "value": "1"},
            }
        )
    first: dict[str, Any] = {"files": "da*.csv", "key": ["pid", "c"], "observe": rules}
    second: dict[str, Any] = {
        "files": "db*.csv",
        "time": {"format": ["iso", "yyyy-MM-dd"], "timezone": "UTC"},
        "observe": {"result": {"code": "lab:b", "value": "$(n)", "unit": ""}},
        "patient": {"system": "other"},
    }
    if draw(st.booleans()):
        second["keep"] = {"place": "x"}
    if draw(st.booleans()):
        second["optional"] = ["absent"]
        second["observe"]["result"]["note"] = "$(absent) | none"
    mapping = blocks.document(
        params={"word": draw(st.sampled_from(["required", "fallback", "5"])), "zone": "Europe/Zurich"},
        systems={"lab": "https://lab.example/"},
        lookups={"concept": {"files": "concept.csv", "key": "id", "missing": ["0"]}},
        patient={"id": "$(pid)", "system": "ward"},
        time="$(t)",
        unit="mm[Hg]",
        source={"timezone": "$(param:zone)"},
        records={"one": first, "two": second},
    )
    mapping["source"].pop("files")
    params = {"word": "given"} if mapping["params"]["word"] == "required" or draw(st.booleans()) else {}
    assume(blocks.usable(mapping, params))
    files = {name: draw(blocks.table(columns, 12)) for name in ("da1.csv", "da2.csv", "db1.csv")}
    check(mapping, files, params=params, tables={"concept": ("id", shelf)})


@deep
@given(st.data())
def test_columns_as_records(data: st.DataObject) -> None:
    """``each`` with a glob: every column that fits makes a record of its row."""
    draw = data.draw
    hours = {f"h{n}": blocks.cells for n in (1, 2, 10)}
    columns = {
        "pid": IDS,
        **hours,
        "unit": st.sampled_from(["/min", "bpm", ""]),
        "at": st.sampled_from(["2024-01-01", "x", ""]),
    }
    rules: list[dict[str, Any]] = [
        {"name": "a", "result": {"code": "lab:$(record:key)", "value": "$(.)", "unit": "$(^unit)"}}
    ]
    if draw(st.booleans()):
        rules = [
            {
                "name": "b",
                "when": {"record:key": draw(st.sampled_from(["h1", ["h1", "h10"]]))},
                "heart-rate": {"value": "$(.)", "unit": "/min"},
            },
            {
                "name": "c",
                "when": {".": {"min": "5"}},
                "result": {"code": "lab:c", "value": "= $(.) * 2", "note": "$(^h1)"},
            },
        ]
    mapping = blocks.document(
        systems={"lab": "https://lab.example/"},
        each=draw(st.sampled_from(["h*", "h?", "h1*"])),
        key=["^pid", "record:key"],
        patient=draw(st.sampled_from(["$(^pid)", {"id": "$(^pid)", "system": "ward", "sex": "$(^unit)"}])),
        time="$(^at)",
        observe=rules,
        ignore=draw(st.sampled_from([[], ["^unit"], ["unit"]])),
    )
    if draw(st.booleans()):
        mapping["keep"] = {"^unit": {"missing": "false"}}
    assume(blocks.usable(mapping))
    check(mapping, {"d1.csv": draw(blocks.table(columns, 10))})
