"""Values, expressions and conditions: the plan in SQL and the oracle say the same of every row."""

from __future__ import annotations

from typing import Any

import oracle_blocks as blocks
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle_harness import check

deep = settings.get_profile("oracle")
LOCALES = [
    {},
    {},
    {"decimal": ","},
    {"decimal": ",", "thousands": "."},
    {"thousands": ","},
    {"thousands": "'"},
    {"decimal": ",", "thousands": " "},
]
VALUES = {"a": blocks.cells, "b": blocks.cells, "c": blocks.numbers, "pid": blocks.short}


@deep
@given(st.data())
def test_expressions(data: st.DataObject) -> None:
    rules = [
        {"name": f"r{i}", "result": {"code": f"test:{i}", "value": data.draw(blocks.expressions("abc"))}}
        for i in range(16)
    ]
    mapping = blocks.document(
        patient="$(pid)",
        systems={"test": "urn:test"},
        observe=rules,
        source=data.draw(st.sampled_from(LOCALES)),
    )
    assume(blocks.usable(mapping))
    check(mapping, {"d.csv": data.draw(blocks.table(VALUES))})


@deep
@given(st.data())
def test_values(data: st.DataObject) -> None:
    rules = []
    for i in range(14):
        result: dict[str, Any] = {"code": f"test:{i}", "value": data.draw(blocks.any_value("abc"))}
        if data.draw(st.booleans()):
            result["kind"] = data.draw(
                st.sampled_from(["quantity", "code", "text", "boolean", "time", "$(b)" if False else "text"])
            )
        if data.draw(st.integers(0, 3)) == 0:
            result["absent"] = data.draw(st.sampled_from(["unknown", "$(a)", "$(pid) | masked"]))
        if data.draw(st.integers(0, 3)) == 0:
            result["comparator"] = data.draw(st.sampled_from(["<", ">="]))
        rules.append({"name": f"r{i}", "result": result})
    mapping = blocks.document(
        patient="$(pid)",
        systems={"test": "urn:test"},
        key=["pid", "k"],
        observe=rules,
        source=data.draw(st.sampled_from(LOCALES)),
    )
    assume(blocks.usable(mapping))
    check(mapping, {"d.csv": data.draw(blocks.table({**VALUES, "k": st.sampled_from(["1", "2", ""])}))})


@deep
@given(st.data())
def test_conditions(data: st.DataObject) -> None:
    words = {"a": blocks.few_words, "b": blocks.cells, "c": blocks.numbers, "pid": blocks.short}
    rules: list[dict[str, Any]] = []
    for i in range(6):
        when = data.draw(blocks.conditions("abc"))
        rule = {
            "name": f"r{i}",
            "when": when,
            "result": {"code": f"test:{i}", "value": "$(c)", "note": "$(pid)"},
        }
        mapping = blocks.document(patient="$(pid)", systems={"test": "urn:test"}, observe=[*rules, rule])
        names = [when] if isinstance(when, dict) else when
        parts = [
            found
            for tests in names
            for test in tests.values()
            if isinstance(test, dict) and (found := test.get("parts"))
        ]
        if len(names) == 1 and parts:
            rule["result"]["value"] = "$(p)" if data.draw(st.booleans()) else "= $(p) & '!'"  # type: ignore[index]
        if blocks.usable(mapping):
            rules.append(rule)
    if data.draw(st.booleans()):
        rules.append({"otherwise": data.draw(st.sampled_from(["report", "ignore", "quarantine"]))})
    mapping = blocks.document(
        patient="$(pid)",
        systems={"test": "urn:test"},
        observe=rules,
        source=data.draw(st.sampled_from(LOCALES)),
    )
    if data.draw(st.booleans()):
        mapping["keep"] = data.draw(blocks.conditions("abc"))
    assume(blocks.usable(mapping))
    check(mapping, {"d.csv": data.draw(blocks.table(words, 40))})
