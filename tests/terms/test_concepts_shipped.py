"""The shipped concept files and the tables of terms beside them are sound."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from twinmap.terms import concepts, loinc, snomed, systems, ucum
from twinmap.terms.concepts import Concept, catalogue
from twinmap.terms.facets import facets, from_axes
from twinmap.terms.replaced import replacement

SHIPPED = list(catalogue().concepts.values())
LOINC = loinc.SYSTEM

EXPECTED = """
    blood-pressure systolic-blood-pressure diastolic-blood-pressure mean-blood-pressure heart-rate
    respiratory-rate oxygen-saturation body-temperature body-weight body-height body-mass-index glucose
    hba1c creatinine cholesterol hdl-cholesterol ldl-cholesterol triglycerides potassium sodium hemoglobin
    steps sleep-duration smoking-status
    urea-nitrogen urea egfr cystatin-c chloride bicarbonate total-carbon-dioxide anion-gap calcium ionized-calcium
    magnesium phosphate uric-acid osmolality urine-albumin-creatinine-ratio urine-protein urine-glucose
    alanine-aminotransferase aspartate-aminotransferase alkaline-phosphatase gamma-glutamyl-transferase bilirubin
    direct-bilirubin albumin total-protein lipase amylase lactate-dehydrogenase creatine-kinase troponin-t troponin-i
    nt-probnp bnp hematocrit leukocytes erythrocytes platelets mean-corpuscular-volume neutrophils neutrophils-share
    lymphocytes monocytes eosinophils basophils inr prothrombin-time activated-partial-thromboplastin-time fibrinogen
    d-dimer c-reactive-protein procalcitonin ferritin iron transferrin lactate ammonia vitamin-d vitamin-b12 folate
    thyrotropin free-thyroxine cortisol testosterone estradiol prostate-specific-antigen non-hdl-cholesterol blood-ph
    partial-pressure-of-oxygen partial-pressure-of-carbon-dioxide base-excess estimated-average-glucose
    glucose-management-indicator time-in-range inhaled-oxygen-concentration inhaled-oxygen-flow
    end-tidal-carbon-dioxide peak-expiratory-flow heart-rate-variability birth-weight head-circumference
    waist-circumference body-fat-percentage lean-body-mass pain-severity glasgow-coma-score urine-output
    walking-distance energy-burned exercise-duration vo2-max hba1c-jds
"""

#: Concepts without a verified LOINC term: identified by the code of the system that measures them.
WITHOUT_LOINC = {"vo2-max"}


#: Where a row of the LOINC subset may have been read; the head of the table says what each is.
_SOURCES = (
    "fsn term eq tx ig axes groups components list omop valueset name notes forum fsn-sister axes-sister"
)

# --- the shipped files ----------------------------------------------------------------------------


def test_the_templates_exist() -> None:
    assert set(EXPECTED.split()) <= catalogue().concepts.keys()


@pytest.mark.parametrize("item", SHIPPED, ids=lambda item: item.name)
def test_a_shipped_concept_is_sound(item: Concept) -> None:
    assert item.origin == f"{item.name}.yaml"
    assert item.label
    assert item.definition.endswith(".")
    assert set(item.required) <= set(item.accepted) <= facets().keys()
    assert item.window_us
    for code in item.codes:
        if item.name in WITHOUT_LOINC:
            assert code.display
            assert code.source
            continue
        assert code.system == LOINC
        assert code.code in loinc.terms(), "every code stands in the LOINC subset with its name and axes"
        assert code.axes == loinc.terms()[code.code].axes
        assert from_axes(loinc.terms()[code.code].axes).items() <= code.fixes.items()
        assert set(code.fixes) <= set(item.accepted), "a code fixes only what the concept accepts"
        assert loinc.relation(code.axes, item.preferred().axes or code.axes) != "different" or item.members
    for limits in [item.limits] if item.limits else []:
        lows = [value for value in (limits.hard_low, limits.soft_low) if value is not None]
        highs = [value for value in (limits.hard_high, limits.soft_high) if value is not None]
        assert lows == sorted(lows)
        assert highs == sorted(highs, reverse=True)
        assert "proposed by twinmap" in limits.source


@pytest.mark.parametrize("item", SHIPPED, ids=lambda item: item.name)
def test_units_are_ucum_and_of_the_right_dimension(item: Concept) -> None:
    for property_, unit in item.units.items():
        # An open property, and one that LOINC words as a rate, leave it to the concept.
        allowed = (*loinc.property_dimension(property_), *item.accepts)
        assert any(ucum.commensurable(unit, other) for other in allowed), (property_, unit)
    for other in [item.limits, item.margin]:
        assert other is None or (item.unit is not None and ucum.commensurable(other.unit, item.unit))


def test_example_units_of_properties_are_ucum() -> None:
    for name, entry in loinc.properties().items():
        assert all(ucum.is_valid(unit) for unit in entry.units), name


def test_the_loinc_subset_is_complete_and_used() -> None:
    used = {code.code for item in SHIPPED for code in item.codes if code.system == LOINC}
    assert used == loinc.terms().keys()
    for code, term in loinc.terms().items():
        assert loinc.check_digit_ok(code)
        assert term.name
        assert term.source
        assert all(term.axes[:5]), code
        assert term.status in ("ACTIVE", "TRIAL", "DISCOURAGED", "?"), code
        assert set(term.source.split(" ")) <= set(_SOURCES.split(" ")), code


def test_deprecated_terms_are_no_terms_of_a_concept() -> None:
    assert not [code for code, term in loinc.terms().items() if term.name.startswith("Deprecated")]
    assert not [code for code in loinc.terms() if replacement(code)]


def test_no_alias_means_two_concepts() -> None:
    owner: dict[str, str] = {}
    for item in SHIPPED:
        for text in (item.name, *item.aliases):
            assert owner.setdefault(text.casefold().replace(" ", "-"), item.name) == item.name, text


def test_the_snomed_subset_is_complete_and_used() -> None:
    codings = [(c.system, c.code) for item in SHIPPED for c in item.counterparts]
    codings += [pair for item in SHIPPED for value in item.value_set if (pair := systems.expand(value))]
    codings += [
        pair
        for facet in facets().values()
        for word in facet.words.values()
        for match in word.matches
        if (pair := systems.expand(match))
    ]
    assert {code for system, code in codings if system == snomed.SYSTEM} == snomed.terms().keys()
    assert all(snomed.is_concept(code) for code in snomed.terms())


def test_notices_stand_beside_the_tables() -> None:
    from twinmap.registry import shipped

    notice = (shipped("ontologies") / "loinc" / "NOTICE").read_text(encoding="utf-8")
    assert "http://loinc.org/license" in notice
    assert "Regenstrief Institute" in notice
    notice = (shipped("ontologies") / "snomed" / "NOTICE").read_text(encoding="utf-8")
    assert "SNOMED International" in notice


def test_loading_everything_is_fast() -> None:
    for cached in (
        concepts._catalogue,
        facets,
        loinc.terms,
        loinc.properties,
        systems.systems,
        systems._index,
    ):
        cached.cache_clear()
    begin = time.process_time()
    catalogue()
    systems.canonical("LN")
    assert time.process_time() - begin < 0.2  # 0.02 s on the slow machine; check has 0.3 s for all


@pytest.mark.corpus
def test_names_are_the_official_long_common_names(corpus: Path) -> None:
    with (corpus / "csv" / "omop-synthea27nj" / "CONCEPT.csv").open(encoding="utf-8") as stream:
        official = {
            row["concept_code"]: row["concept_name"]
            for row in csv.DictReader(stream)
            if row["vocabulary_id"] == "LOINC"
        }
    both = official.keys() & loinc.terms().keys()
    assert len(both) > 15
    assert {code: loinc.terms()[code].name for code in both} == {code: official[code] for code in both}
