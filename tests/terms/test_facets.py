"""Facets: words, what is written for them, and how they relate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.terms import snomed, systems
from twinmap.terms.facets import NAMESPACE, Facet, duration, duration_us, facets, from_axes, relation
from twinmap.terms.loinc import LoincAxes, terms

ORDER = "site method posture specimen statistic over meal activity oxygen setting origin challenge performer"

WORDS = [(facet, word) for facet in facets().values() for word in facet.words]


def test_the_facets_stand_in_the_order_of_the_columns() -> None:
    assert " ".join(facets()) == ORDER


@pytest.mark.parametrize("facet", facets().values(), ids=list(facets()))
def test_a_facet_is_complete(facet: Facet) -> None:
    assert facet.property == f"{NAMESPACE}{facet.name}"
    assert facet.label
    assert facet.definition
    assert facet.element
    assert facet.axis in (None, "COMPONENT", "TIME", "SYSTEM", "METHOD")
    assert bool(facet.words) == (facet.type == "words")


@pytest.mark.parametrize(("facet", "word"), WORDS, ids=[f"{f.name}-{w}" for f, w in WORDS])
def test_a_word_is_complete_and_resolves_by_every_name(facet: Facet, word: str) -> None:
    entry = facet.words[word]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", word)
    assert entry.label
    assert entry.definition.endswith(".")
    for text in (
        word,
        word.upper(),
        word.replace("-", "_"),
        entry.label,
        *entry.alternatives,
        *entry.matches,
    ):
        assert facet.resolve(text) is entry, text
    assert facet.resolve(facet.curie(word)) is entry
    assert facet.resolve(facet.iri(word)) is entry
    assert word not in facet.ancestors(word)


@pytest.mark.parametrize("facet", facets().values(), ids=list(facets()))
def test_no_text_means_two_words(facet: Facet) -> None:
    owner: dict[str, str] = {}
    for word, entry in facet.words.items():
        for text in (word, entry.label, *entry.alternatives, *entry.matches, *entry.loinc):
            folded = re.sub(r"[\s_-]+", "-", text.casefold())
            assert owner.setdefault(folded, word) == word, text


def test_matches_are_known_codes() -> None:
    for facet, word in WORDS:
        for match in facet.words[word].matches:
            expanded = systems.expand(match)
            assert expanded is not None, match
            if expanded[0] == snomed.SYSTEM:
                assert snomed.is_concept(expanded[1]), match
                assert expanded[1] in snomed.terms(), match


def test_a_code_with_its_system_resolves() -> None:
    site = facets()["site"]
    found = site.resolve("40983000", "SCT")
    assert found is not None
    assert found.word == "upper-arm"
    assert site.resolve("40983000", "LN") is None
    assert site.resolve("40983000", "no system") is None


@pytest.mark.parametrize(
    ("facet", "words"),
    [
        ("site", "upper-arm wrist left-wrist finger mouth axilla rectum tympanic-membrane forehead"),
        ("method", "oscillometry auscultation invasive noninvasive cuffless pulse-oximetry glucometer"),
        ("posture", "sitting standing lying supine semi-recumbent"),
        ("specimen", "interstitial-fluid capillary-blood serum-plasma serum plasma whole-blood urine"),
        ("statistic", "mean median min max point"),
        ("meal", "fasting before-meal after-meal"),
        ("activity", "at-rest during-exercise during-sleep"),
        ("setting", "home clinic ambulatory hospital intensive-care"),
        ("origin", "measured reported derived estimated"),
    ],
)
def test_the_words_of_the_mappings_exist(facet: str, words: str) -> None:
    assert set(words.split()) <= facets()[facet].words.keys()


def test_what_stands_in_a_statement() -> None:
    assert facets()["site"].value("Left wrist") == "tm:site-left-wrist"
    assert facets()["site"].value("nose") is None
    assert facets()["over"].value("24 h") == "1 d"
    assert facets()["over"].value("a while") is None
    assert facets()["performer"].value(" nurse ") == "nurse"
    assert facets()["performer"].value("  ") is None


def test_a_misspelt_word_is_suggested() -> None:
    assert facets()["method"].suggest("oscilometry") == ["oscillometry"]
    assert facets()["site"].suggest("wirst") == ["wrist"]
    assert facets()["site"].suggest("quantum") == []


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("site", "tm:site-wrist", "wrist", "="),
        ("site", "left-wrist", "wrist", "narrower"),
        ("site", "arm", "left-wrist", "broader"),
        ("site", "wrist", "upper-arm", "disjoint"),
        ("site", "wrist", None, "unknown"),
        ("site", None, None, "unknown"),
        ("site", "snomed:1", "wrist", "unknown"),
        ("site", "lab:X", "lab:X", "="),
        ("specimen", "capillary-blood", "blood", "narrower"),
        ("specimen", "interstitial-fluid", "blood", "disjoint"),
        ("method", "oscillometry", "noninvasive", "narrower"),
        ("method", "invasive", "noninvasive", "disjoint"),
        ("posture", "supine", "lying", "narrower"),
        ("over", "24 h", "1 d", "="),
        ("over", "1 h", "1 d", "disjoint"),
        ("over", "a while", "1 d", "unknown"),
        ("performer", "nurse", "nurse", "="),
        ("performer", "nurse", "patient", "disjoint"),
    ],
)
def test_relations(name: str, a: str | None, b: str | None, expected: str) -> None:
    mirror = {"narrower": "broader", "broader": "narrower"}
    assert relation(facets()[name], a, b) == expected
    assert relation(facets()[name], b, a) == mirror.get(expected, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 d", "1 d"),
        ("24 h", "1 d"),
        ("P1D", "1 d"),
        ("PT24H", "1 d"),
        ("PT90M", "90 min"),
        ("7 days", "1 wk"),
        ("1 mo", "1 mo"),
        ("P1Y", "1 a"),
        ("60s", "1 min"),
        ("1000 ms", "1 s"),
        ("0 d", None),
        ("-1 d", None),
        ("1.5 h", None),
        ("1 fortnight", None),
        ("", None),
        ("P1DT2H", None),
    ],
)
def test_lengths_of_time(text: str, expected: str | None) -> None:
    assert duration(text) == expected


@given(st.integers(1, 10**6), st.sampled_from(["ms", "s", "min", "h", "d", "wk"]))
def test_normal_form_keeps_the_length(amount: int, unit: str) -> None:
    normal = duration(f"{amount} {unit}")
    assert normal is not None
    assert duration(normal) == normal
    assert duration_us(normal) == amount * (duration_us(f"1 {unit}") or 0)


def test_months_have_no_fixed_length() -> None:
    assert duration_us("1 mo") is None
    assert duration_us("nonsense") is None


@given(st.sampled_from(list(facets().values())), st.text(max_size=40))
def test_no_text_raises(facet: Facet, text: str) -> None:
    facet.value(text)
    facet.suggest(text)
    facet.resolve(text, text)
    relation(facet, text, text)


# --- LOINC axes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "fixed"),
    [
        ("8480-6", {}),
        ("8459-0", {"posture": "sitting"}),
        ("76534-7", {"method": "noninvasive"}),
        ("96608-5", {"statistic": "mean"}),
        ("8490-5", {"statistic": "mean", "over": "1 d"}),
        ("40443-4", {"activity": "at-rest"}),
        ("99504-3", {"specimen": "interstitial-fluid"}),
        ("41653-7", {"specimen": "capillary-blood", "method": "glucometer"}),
        ("3142-7", {"origin": "reported"}),
        ("1558-6", {"specimen": "serum-plasma", "meal": "fasting"}),
        ("41950-7", {"over": "1 d", "origin": "measured"}),
    ],
)
def test_axes_as_facets(code: str, fixed: dict[str, str]) -> None:
    assert from_axes(terms()[code].axes) == fixed


def test_an_unknown_axis_fixes_nothing() -> None:
    assert from_axes(LoincAxes("X^strange", "Pres", "Pt", "?", "Qn", "Some method")) == {}


@pytest.mark.corpus
def test_open_mhealth_words_resolve(corpus: Path) -> None:
    keys = {
        "body_posture": "posture",
        "position_during_measurement": "posture",
        "measurement_location": "site",
        "temporal_relationship_to_meal": "meal",
        "temporal_relationship_to_physical_activity": "activity",
        "temporal_relationship_to_sleep": "activity",
        "descriptive_statistic": "statistic",
        "specimen_source": "specimen",
        "measurement_method": "method",
        "modality": "origin",
    }
    seen = 0
    for file in (corpus / "wearable" / "openmhealth-schemas").rglob("shouldPass/*.json"):
        for key, value in _pairs(json.loads(file.read_text(encoding="utf-8"))):
            if key in keys:
                seen += 1
                assert facets()[keys[key]].value(value) is not None, (key, value)
    assert seen > 40


def _pairs(tree: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if isinstance(value, str):
                yield key, value
            yield from _pairs(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from _pairs(item)
