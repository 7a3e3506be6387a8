"""A report of four sources whose relations were found by the comparison itself; no value in it is a patient's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from twinmap.checks import explanations
from twinmap.compare import rows
from twinmap.compare.meaning import of_code
from twinmap.compare.pairs import pairs
from twinmap.compare.signature import Profile, Signature, merged
from twinmap.renderers import Report
from twinmap.terms.concepts import catalogue

LOINC = "http://loinc.org"
BASE = "https://twin.example.org/"


def _signature(
    source: str, code: str, unit: str | None, *, system: str | None = LOINC, n: int = 40, **about: Any
) -> Signature:
    """A signature whose facets are words: ``site="wrist"``; what is no facet is a field."""
    stated = {name: f"tm:{name}-{word}" for name, word in about.pop("beside", {}).items()}
    meaning = of_code(system, code, catalogue())
    concept, axes = meaning.concept, meaning.axes
    canonical = concept.units.get(axes.property, concept.unit) if concept and axes else unit
    found, wrong = merged(stated, meaning.facets, f"{source}#rule")
    return Signature(
        number=0,
        source=source,
        meaning=meaning,
        unit=unit,
        canon_unit=canonical,
        facets=found,
        contradictions=wrong,
        rule=f"{source}#rule",
        profile=Profile(n=n, patients=n // 2),
        **about,
    )


def _report_of(signatures: Sequence[Signature], base: str = BASE) -> Report:
    """The report of a run that saw these signatures, compared in every pair of sources."""
    numbered = [replace(item, number=number) for number, item in enumerate(signatures, 1)]
    return Report(
        relations=rows.relation_rows(pairs(numbered), (), explanations.code),
        concepts=rows.concept_rows(numbered),
        run={
            "tool": {"name": "twinmap", "version": "9.9.9"},
            "base": base,
            "mappings": [{"id": "ward", "version": "1.2.0"}, {"id": "band", "version": None}],
        },
    )


def _signatures() -> list[Signature]:
    """Blood pressure of four kinds, glucose by mass and by amount, a height that only one source has."""
    cuff = {"site": "upper-arm", "method": "oscillometry"}
    return [
        _signature("band", "8480-6", "mm[Hg]", beside={"site": "wrist", "method": "cuffless"}),
        _signature("band", "2345-7", "mg/dL"),
        _signature("ehr", "8480-6", "mm[Hg]"),
        _signature("ehr", "8459-0", "mm[Hg]"),
        _signature("ehr", "8302-2", "cm"),
        _signature("ehr", "8480-6", "kg", n=2, beside={"site": "finger"}),
        _signature("lab", "14749-6", "mmol/L"),
        _signature("lab", "8480-6", "mm[Hg]"),
        _signature("ward", "8480-6", "kPa", beside=cuff),
        _signature("ward", "8480-6", "mm[Hg]", beside=cuff),
    ]


@pytest.fixture
def compared() -> Report:
    """Of the signatures above."""
    return _report_of(_signatures())


@pytest.fixture
def signature() -> Callable[..., Signature]:
    """Makes a signature."""
    return _signature


@pytest.fixture
def report_of() -> Callable[..., Report]:
    """Makes the report of some signatures."""
    return _report_of
