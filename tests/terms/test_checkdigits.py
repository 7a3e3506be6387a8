"""Check digits of LOINC and SNOMED CT, and the LOINC axis lattice."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.terms import loinc, snomed

#: Wrong terms of the corpus and what is suggested for them: the slips of four senders, and placeholders.
WRONG_TERMS = {
    "1234-5": "1234-4",
    "12345-6": "12345-5",
    "1235-9": "1235-1",
    "12311-1": "12311-7",
    "12333-0": "12333-1",
    "3139-2": "3139-3",
    "80383-2": "80383-3",
    "8675-3": "8675-1",
    "94558-5": "94558-4",
}
#: Wrong SNOMED CT ids of the corpus; 49038010 is well-formed, and the id of a description.
WRONG_IDS = {
    "25800001",
    "260415007",
    "440500022",
    "440500042",
    "440500111",
    "440500555",
    "440500777",
    "49038010",
    "5582204",
    "5962100",
    "76164007",
}

NUMBERS = st.integers(1, 999_999).map(str)
ITEMS = st.integers(100_00, 10**14).map(str)


# --- LOINC ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["8480-6", "8462-4", "85354-9", "2345-7", "105272-9", "1-8", "718-7"])
def test_known_loinc_codes_pass(code: str) -> None:
    assert loinc.check_digit_ok(code)
    assert loinc.corrected(code) is None


def test_a_wrong_digit_has_one_correction() -> None:
    assert not loinc.check_digit_ok("8480-7")
    assert loinc.corrected("8480-7") == "8480-6"


@pytest.mark.parametrize(
    "code", ["", "8480", "8480-", "LP1234-5", "LA6568-5", "08480-6", "8480-66", "8480–6", "8480-x"]
)
def test_what_is_no_term_is_neither_right_nor_corrected(code: str) -> None:
    assert not loinc.is_loinc_shaped(code)
    assert not loinc.check_digit_ok(code)
    assert loinc.corrected(code) is None


@given(NUMBERS, st.integers(1, 9))
def test_exactly_one_digit_fits(number: str, step: int) -> None:
    right = f"{number}-{loinc.check_digit(number)}"
    wrong = f"{number}-{(int(right[-1]) + step) % 10}"
    assert loinc.check_digit_ok(right)
    assert not loinc.check_digit_ok(wrong)
    assert loinc.corrected(wrong) == right


@given(NUMBERS, st.data())
def test_one_mistyped_digit_is_found(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda d: d != number[at]))
    mistyped = number[:at] + digit + number[at + 1 :]
    assert not loinc.check_digit_ok(f"{mistyped}-{loinc.check_digit(number)}")


# --- SNOMED CT ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "what", "namespace"),
    [
        ("271649006", "concept", None),
        ("900000000000207008", "concept", None),
        ("428041000124106", "concept", "1000124"),
        ("1153637007", "concept", None),
    ],
)
def test_known_snomed_ids_pass(code: str, what: str, namespace: str | None) -> None:
    assert snomed.check_digit_ok(code)
    assert snomed.partition(code) == what
    assert snomed.namespace(code) == namespace
    assert snomed.is_concept(code)


@pytest.mark.parametrize(
    "code", ["", "12345", "0271649006", "271649007", "27164900600000000000", "a71649006"]
)
def test_what_is_no_id_fails(code: str) -> None:
    assert not snomed.check_digit_ok(code)
    assert not snomed.is_concept(code)


def test_a_float_cast_breaks_the_check_digit() -> None:
    assert not snomed.check_digit_ok(str(int(float("900000000000207008"))))


@given(ITEMS, st.sampled_from(["00", "01", "02", "10", "11", "12"]))
def test_verhoeff_finds_every_single_error_and_every_swap(item: str, partition: str) -> None:
    digits = item + partition
    right = digits + snomed.check_digit(digits)
    assert snomed.check_digit_ok(right)
    assert snomed.partition(right) is not None
    for at in range(len(right)):
        for digit in "0123456789":
            other = right[:at] + digit + right[at + 1 :]
            assert (other == right) == snomed.check_digit_ok(other)
    for at in range(len(right) - 1):
        swapped = right[:at] + right[at + 1] + right[at] + right[at + 2 :]
        assert (swapped == right) == snomed.check_digit_ok(swapped)


def patterns(uri: str, oid: str, name: str, code: str) -> list[re.Pattern[str]]:
    """How FHIR, C-CDA and HL7 v2 write a code together with its system."""
    oid = oid.replace(".", r"\.")
    return [
        re.compile(text)
        for text in (
            rf'"system"\s*:\s*"{uri}"\s*,\s*"code"\s*:\s*"({code})"',
            rf'\bcode="({code})"[^<>]*codeSystem="{oid}"',
            rf'codeSystem="{oid}"[^<>]*\bcode="({code})"',
            rf"[|~^]({code})\^[^|^~\r\n]*\^(?:{name}|{oid})\b",
        )
    ]


TERMS = patterns("http://loinc.org", "2.16.840.1.113883.6.1", "LN", "[0-9]{1,7}-[0-9]")
IDS = patterns("http://snomed.info/sct", "2.16.840.1.113883.6.96", "SCT", "[0-9]{6,18}")


@pytest.mark.corpus
def test_codes_of_messages_and_documents_have_right_check_digits(corpus: Path) -> None:
    """What fails is a slip or a placeholder of its author: the digit finds it, and no term is lost to it."""
    found: dict[str, set[str]] = {"terms": set(), "ids": set()}
    for kind in ("hl7v2", "fhir", "fhir-ndjson", "cda", "pairs"):
        for file in (corpus / kind).rglob("*"):
            if file.is_file() and file.stat().st_size < 20_000_000:
                text = file.read_bytes().decode("utf-8", "replace")
                found["terms"].update(code for pattern in TERMS for code in pattern.findall(text))
                found["ids"].update(code for pattern in IDS for code in pattern.findall(text))
    assert len(found["terms"]) > 500
    assert len(found["ids"]) > 500
    wrong = {code: loinc.corrected(code) for code in found["terms"] if not loinc.check_digit_ok(code)}
    assert wrong == WRONG_TERMS
    assert {code for code in found["ids"] if not snomed.is_concept(code)} == WRONG_IDS


@pytest.mark.corpus
def test_real_codes_have_right_check_digits(corpus: Path) -> None:
    with (corpus / "csv" / "omop-synthea27nj" / "CONCEPT.csv").open(encoding="utf-8") as stream:
        rows = [(row["vocabulary_id"], row["concept_code"]) for row in csv.DictReader(stream)]
    terms = [code for system, code in rows if system == "LOINC" and loinc.is_loinc_shaped(code)]
    ids = [code for system, code in rows if system == "SNOMED"]
    assert len(terms) > 50
    assert len(ids) > 50
    assert [code for code in terms if not loinc.check_digit_ok(code)] == []
    assert [code for code in ids if not snomed.is_concept(code)] == []


# --- the axis lattice -----------------------------------------------------------------------------


def between(a: str, b: str) -> str:
    return loinc.relation(loinc.terms()[a].axes, loinc.terms()[b].axes)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("8480-6", "8480-6", "="),
        ("8459-0", "8480-6", "narrower"),  # sitting
        ("8480-6", "76534-7", "broader"),  # noninvasive
        ("76215-3", "76534-7", "related"),  # invasive against noninvasive
        ("96608-5", "8480-6", "related"),  # mean against one reading
        ("8459-0", "76534-7", "related"),  # narrower on one axis, broader on another
        ("8480-6", "8462-4", "different"),  # another component
        ("8867-4", "8480-6", "different"),
        ("2345-7", "74774-1", "narrower"),  # serum or plasma of serum, plasma or blood
        ("32016-8", "74774-1", "narrower"),  # capillary blood is blood
        ("2345-7", "99504-3", "related"),  # interstitial fluid
        ("2345-7", "14749-6", "related"),  # mass against amount of substance
        ("1558-6", "2345-7", "narrower"),  # fasting
        ("8331-1", "8310-5", "narrower"),  # in the mouth of the patient
        ("6690-2", "26464-8", "narrower"),  # counted by a machine, against not said how
        ("62238-1", "69405-9", "narrower"),  # an equation, against none named
        ("33914-3", "77147-7", "narrower"),  # serum or plasma of serum, plasma or blood
        ("62238-1", "77147-7", "related"),  # two equations
        ("6301-6", "38875-1", "narrower"),  # platelet poor plasma of the union with blood
        ("71833-8", "4544-3", "related"),  # a fraction of one and a percentage
        ("9318-7", "32294-1", "related"),  # mass per mass and mass per substance
        ("14959-1", "9318-7", "narrower"),  # with a detection limit
        ("3094-0", "3091-6", "different"),  # the nitrogen of urea and urea
        ("8479-8", "8480-6", "narrower"),  # by palpation
        ("8479-8", "8459-0", "related"),  # by palpation, against sitting
        ("40443-4", "8867-4", "related"),  # an axis that is not known here claims nothing more
    ],
)
def test_relations_of_real_codes(a: str, b: str, expected: str) -> None:
    mirror = {"narrower": "broader", "broader": "narrower"}
    assert between(a, b) == expected
    assert between(b, a) == mirror.get(expected, expected)


def test_another_subject_or_scale_is_different() -> None:
    rate = loinc.terms()["8867-4"].axes
    assert loinc.relation(rate, rate._replace(system="XXX^Fetus")) == "different"
    assert loinc.relation(rate, rate._replace(scale="Ord")) == "different"
    assert loinc.relation(rate, rate._replace(property="Time")) == "different"


AXES = st.builds(
    loinc.LoincAxes,
    component=st.sampled_from(["A", "A^rest", "A^rest^adj", "B"]),
    property=st.sampled_from(["MCnc", "SCnc", "Pres"]),
    time=st.sampled_from(["Pt", "24H"]),
    system=st.sampled_from(["Ser/Plas", "Ser", "Bld", "BldC", "XXX", "^Patient", "?"]),
    scale=st.sampled_from(["Qn", "Ord"]),
    method=st.sampled_from(["", "M1", "M2"]),
)


@given(AXES, AXES)
def test_the_lattice_is_symmetric(a: loinc.LoincAxes, b: loinc.LoincAxes) -> None:
    mirror = {"narrower": "broader", "broader": "narrower"}
    forth = loinc.relation(a, b)
    assert loinc.relation(b, a) == mirror.get(forth, forth)


@given(AXES, AXES, AXES)
def test_narrower_is_transitive(a: loinc.LoincAxes, b: loinc.LoincAxes, c: loinc.LoincAxes) -> None:
    if {loinc.relation(a, b), loinc.relation(b, c)} <= {"=", "narrower"}:
        assert loinc.relation(a, c) in ("=", "narrower")


# --- properties -----------------------------------------------------------------------------------


def test_a_property_names_units_of_its_dimension() -> None:
    assert loinc.property_dimension("Pres") == ("mm[Hg]",)
    assert loinc.property_dimension("NRat") == ("/min",)
    assert loinc.property_dimension("Ratio") == ()
    assert loinc.property_dimension("no such property") == ()


def test_every_property_of_the_table_is_known() -> None:
    used = {term.axes.property for term in loinc.terms().values()} - {"-", loinc.UNKNOWN}
    assert used <= loinc.properties().keys()


def test_mass_and_substance() -> None:
    assert [loinc.is_molar(name) for name in ("SCnc", "MCnc", "NRat", "unknown")] == [True, False, None, None]
