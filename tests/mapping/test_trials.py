"""Mappings of real sources, written before there was a loader: they load, and fast."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap import registry
from twinmap.diagnostics import Severity
from twinmap.mapping.load import Loaded, load, loads

#: What is known to be wrong with the trials: maps that were never written, and a slot that is not one.
KNOWN = {
    "01-synthea.yaml": {"TM-L02": 'has no key "reactions"', "TM-L15": "maps/smoking.tsv"},
    "09-googlefit.yaml": {"TM-L15": "maps/googlefit-origin.tsv"},
    "11-apple.yaml": {"TM-L15": "maps/apple-sleep.tsv"},
    "12-oru.yaml": {"TM-L15": "maps/"},
    "14-fhir.yaml": {"TM-L02": 'has no key "release"'},
    "15-cda.yaml": {"TM-L15": "maps/ccda.sssom.tsv"},
}


def errors(loaded: Loaded, known: dict[str, str]) -> list[str]:
    return [
        f"{item.where}: {item.code} {item.message}"
        for item in loaded.findings
        if item.severity is Severity.ERROR and known.get(item.code, "\n") not in item.message
    ]


@pytest.mark.corpus
def test_trials_load(corpus: Path) -> None:
    files = sorted((corpus.parent / "design" / "mapping-trials").glob("*.yaml"))
    assert len(files) >= 17
    checked = 0
    for file in files:
        load(file)  # warms what is read once: concepts, facets, systems
        loaded = load(file)
        assert loaded.document is not None
        assert loaded.document.records
        formats = {record_set.options.format for record_set in loaded.document.records}
        if formats <= set(registry.names("readers")):
            assert errors(loaded, KNOWN.get(file.name, {})) == [], file.name
            checked += 1
    assert checked >= 15


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
