"""Codes that are written somewhere, against a store: one finding for each thing that is wrong, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap.diagnostics import Span
from twinmap.terms import snomed
from twinmap.terms.store import open_store
from twinmap.terms.store.add import add
from twinmap.terms.store.verify import Verified, Written, agree, verify

LOINC, SNOMED, TOYS = "http://loinc.org", "http://snomed.info/sct", "https://toys.example/codes"
EAR, LEFT, OLD, GONE = (f"{n}00{snomed.check_digit(f'{n}00')}" for n in range(900001, 900005))


@pytest.fixture
def filled(loinc: Path, rf2: Path, fhir: Path, store: Path) -> Path:
    for path in (loinc, rf2, fhir):
        add(path, store)
    return store


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
    ],
)
def test_names_that_agree(label: str, term: str, same: bool) -> None:
    assert agree(label, term) is same
    assert agree(term, label) is same
