"""A mapping that was damaged in any way is one finding or more, or still a mapping; never a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.mapping.load import loads

SHORT = """\
twinmap: 1
id: t
version: 1.0.0
source: {format: csv, timezone: UTC}
patient: {id: $(mrn) | $(id), system: s}
key: [mrn]
observe:
  - when: {a: {parts: $(x)/$(y)}}
    blood-pressure: {systolic: $(x), diastolic: = $(y) * 2, unit: "mm[Hg]"}
  - otherwise: report
"""


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(SHORT)),
            st.integers(0, 6),
            st.text(alphabet="{}[]:,'\"$()|=&*!#?-\n %@^.<>0aü\\", max_size=4),
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_damage_is_a_finding_or_still_a_mapping(cuts: list[tuple[int, int, str]]) -> None:
    text = SHORT
    for place, length, inserted in cuts:
        text = text[:place] + inserted + text[place + length :]
    loaded = loads(text)
    lines = text.split("\n")
    for item in loaded.findings:
        assert item.where is not None
        assert "\n" not in item.message
        assert lines[item.where.line - 1] == item.where.text
    assert loaded.usable or loaded.findings


@pytest.mark.corpus
def test_naughty_strings_in_every_place(corpus: Path) -> None:
    for text in json.loads((corpus / "security" / "blns" / "blns.json").read_text("utf-8")):
        if any(ord(character) < 32 for character in text):
            continue
        quoted = "'" + text.replace("'", "''") + "'"
        for place in ("$(mrn) | $(id)", "report", "a:", "systolic:", "csv", '"mm[Hg]"'):
            replacement = quoted + ":" if place.endswith(":") else quoted
            loads(SHORT.replace(place, replacement, 1))
        loads(SHORT.replace("$(mrn)", text).replace("= $(y) * 2", f"= {text}"))
