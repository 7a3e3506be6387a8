"""What observations and assertions are counted by, for the checks that ask."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from twinmap.checks import explanations, statements
from twinmap.checks.assertions import OVERLAP, opposed
from twinmap.checks.context import Context
from twinmap.compare import run as comparison
from twinmap.compare.relation import FacetComparison
from twinmap.compare.run import Compared
from twinmap.engine.duck import Duck, connect
from twinmap.kinds import KINDS
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets

DAY = 86_400_000_000
SPLIT = "LOINC COMPONENT and ward#r/bp"


@pytest.mark.parametrize(
    "name", ["twinmap.checks.statements", "twinmap.checks.semantic.g05_sampling_density"]
)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (FacetComparison("posture", "p", "p", "=", SPLIT), "TM-F11"),
        (FacetComparison("posture", "p", "p", "=", "LOINC COMPONENT"), None),
        (FacetComparison("statistic", "p", "p", "=", "LOINC TIME Pt and ward#r/bp"), None),
        (FacetComparison("site", "p", "q", "narrower", "the code and ward#r/t"), "TM-G02"),
        (FacetComparison("site", "p", "q", "narrower", "ehr#r/t and ward#r/t"), "TM-G01"),
        (FacetComparison("site", "p", "q", "disjoint", "the code and ward#r/t"), "TM-F01"),
    ],
)
def test_what_is_inside_one_code_and_beside_the_other(item: FacetComparison, wanted: str | None) -> None:
    assert explanations.code(item) == wanted
    assert explanations.code(item.turned()) == wanted


def written(duck: Duck, kind: str, rows: list[dict[str, object]], path: Path) -> Path:
    """A table of a kind with these rows; what a row does not say is null, or a place of its own."""
    columns = KINDS[kind].columns(tuple(facets()))
    selects = []
    for number, row in enumerate(rows):
        given = {
            "id": f"s{number}",
            "file": 1,
            "record": number,
            "part": "",
            "ordinal": 0,
            "rule": "m#r/x",
            "twin": "p1",
        } | row
        cells = (
            f'{"NULL" if given.get(column.name) is None else repr(given[column.name])}::{column.type} AS "{column.name}"'
            for column in columns
        )
        selects.append(f"SELECT {', '.join(cells)}")
    duck.run(f"COPY ({' UNION ALL '.join(selects)}) TO '{path}' (FORMAT parquet)")
    return path


def test_facts_are_counted_by_source_and_concept(tmp_path: Path) -> None:
    heart = {"code_system": "http://loinc.org", "code": "8867-4", "value_kind": "quantity", "value_num": 80.0}
    rows = [
        heart | {"source": "ward", "status": "final", "device": "d"},
        heart | {"source": "ward", "status": "final", "device": "d"},
        heart | {"source": "ward", "status": "preliminary"},
        heart | {"source": "ward", "status": "entered-in-error"},
        heart | {"source": "band", "start_us": 0, "end_us": DAY, "flag": "H"},
    ]
    with connect(tmp_path) as duck:
        tables = {"observation": written(duck, "observation", rows, tmp_path / "o.parquet")}
        compared = comparison.run(duck, tables, catalogue())
        context = Context(duck, tables, catalogue(), compared)
        found = statements.facts(context)
        assert list(found) == [("band", "heart-rate"), ("ward", "heart-rate")]
        assert [(fact.status, fact.device, fact.n) for fact in found["ward", "heart-rate"]] == [
            ("final", True, 2),
            ("preliminary", False, 1),
        ]
        (band,) = found["band", "heart-rate"]
        assert (band.period, band.beyond, band.ranged) == (True, True, False)
        assert statements.facts(context) is found
        assert [item.concept for item in statements.both(context)] == ["heart-rate"]


@pytest.mark.parametrize(
    ("confirmed", "meets"),
    [
        ({"start_us": 0, "time_precision": "day", "clinical_status": "active"}, True),
        ({"start_us": 0, "time_precision": "day", "clinical_status": "resolved"}, False),
        ({"start_us": 0, "time_precision": "day", "end_us": 20 * DAY}, True),
        ({"start_us": 0, "time_precision": "day", "end_us": 5 * DAY}, False),
        ({"start_us": 10 * DAY + 60_000_000, "time_precision": "second"}, True),
        ({"start_us": 11 * DAY, "time_precision": "day", "clinical_status": "active"}, False),
        ({"start_us": 0, "time_precision": "month", "clinical_status": "active"}, False),
        ({"clinical_status": "active"}, False),
    ],
)
def test_what_holds_at_one_time(confirmed: dict[str, object], meets: bool, tmp_path: Path) -> None:
    code = {"source": "ehr", "code_system": "http://snomed.info/sct", "code": "44054006"}
    refuted = {"start_us": 10 * DAY, "time_precision": "day", "verification_status": "refuted"}
    rows = [code | refuted, code | confirmed | {"verification_status": "confirmed"}]
    with connect(tmp_path) as duck:
        tables = {"condition": written(duck, "condition", rows, tmp_path / "c.parquet")}
        context = Context(duck, tables, catalogue(), Compared())
        found = list(
            opposed(context, f"a.verification = 'refuted' AND b.verification = 'confirmed' AND {OVERLAP}")
        )
    assert [item.number for item in found] == [1] * meets
