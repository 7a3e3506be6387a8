"""Codes that are written somewhere, against a store: one finding for each thing that is wrong, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap.diagnostics import Span
from twinmap.terms import snomed
from twinmap.terms.names import agree
from twinmap.terms.store import open_store
from twinmap.terms.store.add import add
from twinmap.terms.store.verify import Verified, Written, verify

LOINC, SNOMED, TOYS = "http://loinc.org", "http://snomed.info/sct", "https://toys.example/codes"
EAR, LEFT, OLD, GONE = (f"{n}00{snomed.check_digit(f'{n}00')}" for n in range(900001, 900005))


def asked(store: Path, *codes: tuple[str, str, str | None]) -> Verified:
    written = [
        Written(system, code, label, Span("map.tsv", line, 1, len(code), code))
        for line, (system, code, label) in enumerate(codes, 2)
    ]
    with open_store(store) as opened:
        return verify(opened, written)


@pytest.mark.parametrize(
    ("system", "code", "label", "expected", "words"),
    [
        (LOINC, "1000-9", "Toyose", None, ""),
        (LOINC, "1000-9", None, None, ""),
        (LOINC, "1000-9", "Toyose im Serum", None, ""),
        (SNOMED, EAR, "auricle of a toy", None, ""),
        (LOINC, "1000-9", "Gamma ball", "TM-C05", 'is called "Gamma ball" here'),
        (LOINC, "1000-8", None, "TM-C03", "has not the check digit of LOINC"),
        (SNOMED, EAR[:-1] + str((int(EAR[-1]) + 1) % 10), None, "TM-C03", "SNOMED CT"),
        (TOYS, "cube", None, "TM-C02", "does not exist"),
        (LOINC, "1001-7", None, "TM-N02", "is trial in LOINC 2.99"),
        (LOINC, "1003-3", None, "TM-N02", "is discouraged"),
        (LOINC, "1002-5", None, "TM-N04", "2 codes may stand for it: loinc:1000-9, loinc:1001-7"),
        (SNOMED, OLD, None, "TM-N03", f"snomed:{EAR} took its place"),
        (SNOMED, GONE, None, "TM-N04", "3 codes may stand for it"),
        (TOYS, "top", None, "TM-N03", "took its place"),
        (LOINC, "9-1", None, None, ""),
    ],
)
def test_one_code(
    system: str, code: str, label: str | None, expected: str | None, words: str, filled: Path
) -> None:
    done = asked(filled, (system, code, label))
    assert [item.code for item in done.findings] == ([expected] if expected else [])
    assert all(words in item.message and item.help for item in done.findings)
    assert [item.where.line for item in done.findings if item.where] == [2] * len(done.findings)


def test_a_deprecated_loinc_term_with_one_replacement(loinc: Path, store: Path) -> None:
    maps = next(loinc.rglob("MapTo.csv"))
    maps.write_text("".join(maps.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    add(loinc, store)
    (finding,) = asked(store, (LOINC, "1002-5", None)).findings
    assert (finding.code, "loinc:1000-9 took its place" in finding.message) == ("TM-N01", True)


def test_codes_are_counted_once_and_found_at_each_place(filled: Path) -> None:
    done = asked(
        filled, (TOYS, "cube", None), (TOYS, "cube", None), (LOINC, "9-1", None), ("urn:x", "1", None)
    )
    assert (done.checked, done.unknown) == (1, ((LOINC, "9-1"), ("urn:x", "1")))
    assert [item.where.line for item in done.findings if item.where] == [2, 3]


@pytest.mark.parametrize(
    ("label", "term", "same"),
    [
        ("Heart Rate", "Heart rate", True),
        ("Systolic BP", "Systolic blood pressure", True),
        ("Körpergröße", "Korpergroße", True),
        ("Glucose", "Creatinine [Mass/volume] in Serum or Plasma", False),
        ("", "anything", True),
        ("Blood", "Glucose in Blood", True),
        ("Potassium [Moles/volume] in Serum or Plasma", "Sodium [Moles/volume] in Serum or Plasma", False),
        ("GFR", "Glomerular filtration rate/1.73 sq M", True),
        ("Resp rate", "Respiratory rate", True),
    ],
)
def test_names_that_agree(label: str, term: str, same: bool) -> None:
    assert agree(label, term) is same
    assert agree(term, label) is same


@pytest.mark.parametrize(
    ("code", "label", "words"),
    [
        ("2951-2", "Potassium [Moles/volume] in Serum or Plasma", "that names potassium"),
        ("8480-6", "Diastolic blood pressure", "that names diastolic-blood-pressure"),
        ("8480-6", "DBP", "that names diastolic-blood-pressure"),
        ("2345-7", "Glucose [Mass/volume] in Urine", "that names urine-glucose"),
        ("2951-2", "Sodium in urine", "its specimen is serum plasma, and urine here"),
        ("2345-7", "Glucose [Moles/volume] in Serum or Plasma", '"mass", and "moles" here'),
        ("8459-0", "Systolic blood pressure, standing", "its posture is sitting, and standing here"),
        ("1968-7", "Total bilirubin", "that names bilirubin"),
        ("98979-8", "GFR", None),
        ("2345-7", "Glucose", None),
        ("2345-7", "Serum glucose level (mg/dL)", None),
        ("8867-4", "Pulse rate", None),
        ("3094-0", "BUN", None),
        ("6690-2", "White blood cell count", None),
    ],
)
def test_the_words_of_a_label_that_decide(code: str, label: str, words: str | None, store: Path) -> None:
    findings = asked(store, (LOINC, code, label)).findings
    assert [item.code for item in findings] == (["TM-C05"] if words else [])
    assert all((words or "") in item.message for item in findings)


def test_no_shipped_name_is_taken_for_that_of_another_code(store: Path) -> None:
    """Every official name, and every name of a concept that says no specimen, fits its own codes."""
    from twinmap.terms import loinc
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.names import heard

    labels = [(term.code, term.name) for term in loinc.terms().values()]
    labels += [
        (item.code, name)
        for concept in catalogue().concepts.values()
        for item in concept.codes
        for name in (concept.label, *concept.aliases)
        if item.system == LOINC and "specimen" not in heard(name)
    ]
    assert len(labels) > 1000
    assert not asked(store, *((LOINC, code, label) for code, label in labels)).findings


def test_a_label_that_is_the_whole_name_of_another_code_in_the_store(rf2: Path, store: Path) -> None:
    add(rf2, store)
    with open_store(store) as opened:
        (left,) = opened.lookup([(SNOMED, LEFT)])
    (finding,) = asked(store, (SNOMED, EAR, left.display)).findings
    assert finding.code == "TM-C05"
    assert f"that names snomed:{LEFT}" in finding.message
