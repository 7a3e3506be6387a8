"""A comparison over published tables: signatures, pairs, events and lags, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twinmap.checks.explanations import code
from twinmap.compare import events
from twinmap.compare.events import below
from twinmap.compare.rows import decimal, worst
from twinmap.compare.run import Compared, run
from twinmap.engine.duck import Duck, connect
from twinmap.kinds import KINDS
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets

TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "SMALLINT": pa.int16(),
    "TINYINT": pa.int8(),
    "DOUBLE": pa.float64(),
}
MINUTE = 60_000_000
START = 1_772_352_000_000_000


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with connect(tmp_path / "work") as connection:
        yield connection


def observation(number: int, **said: Any) -> dict[str, Any]:
    """A systolic pressure of 120 mm[Hg] of twin t1 in the ward, unless said otherwise."""
    return {
        "source": "ward",
        "rule": "m#records/x",
        "file": 1,
        "record": number,
        "part": "",
        "id": f"{said.get('source', 'ward')}{number:05}",
        "twin": "t1",
        "status": "final",
        "code_system": "http://loinc.org",
        "code": "8480-6",
        "value_kind": "quantity",
        "value_num": 120.0,
        "value_decimals": 0,
        "unit": "mm[Hg]",
        "unit_raw": "mm[Hg]",
        "canon_unit": "mm[Hg]",
        "start_us": START + number * MINUTE,
        "time_precision": "second",
    } | said


def compared(duck: Duck, folder: Path, rows: Sequence[dict[str, Any]]) -> Compared:
    """Write a table of observations and compare its sources."""
    columns = KINDS["observation"].columns(tuple(facets()))
    table = pa.table(
        {item.name: pa.array([row.get(item.name) for row in rows], TYPES[item.type]) for item in columns}
    )
    path = folder / "observation.parquet"
    pq.write_table(table, path)
    return run(duck, {"observation": path}, catalogue())


def test_a_row_has_the_structure_that_the_report_reads(duck: Duck, tmp_path: Path) -> None:
    rows = [
        observation(1, site="tm:site-upper-arm"),
        observation(2, source="band", unit="kPa", site="tm:site-wrist"),
    ]
    found = compared(duck, tmp_path, rows).relations(code)
    assert len(found) == 1
    row = found[0]
    assert (row["concept"], row["source_a"], row["source_b"]) == ("systolic-blood-pressure", "band", "ward")
    assert row["relation"] == "related"
    assert row["conversion"] == {
        "from": "kPa",
        "to": "mm[Hg]",
        "factor": "7.50063755419",
        "class": "physical",
        "rule": "ucum",
    }
    assert {"facet": "site", "a": "tm:site-wrist", "b": "tm:site-upper-arm", "relation": "disjoint",
            "evidence": "m#records/x", "code": "TM-F01"} in row["facets"]  # fmt: skip
    assert row["counts"] == {"n_a": 1, "n_b": 1, "patients_a": 1, "patients_b": 1, "patients_both": 1}


def test_concepts_of_the_report(duck: Duck, tmp_path: Path) -> None:
    rows = [
        observation(1),
        observation(2),
        observation(3, unit="kPa", twin="t2"),
        observation(4, status="cancelled"),
    ]
    found = compared(duck, tmp_path, rows).concepts
    assert [(row["unit"], row["n"], row["patients"]) for row in found] == [("mm[Hg]", 2, 1), ("kPa", 1, 1)]
    assert found[0]["label"] == "Systolic blood pressure"
    assert found[0]["facets"] == {}, "a single reading is implied, not said"


def test_the_order_of_rows_changes_nothing(duck: Duck, tmp_path: Path) -> None:
    rows = [
        observation(i, source=source, unit=unit, posture=posture, twin=f"t{i % 3}")
        for i, (source, unit, posture) in enumerate(
            (s, u, p)
            for s in ("ward", "band", "ehr")
            for u in ("mm[Hg]", "kPa")
            for p in (None, "tm:posture-sitting", "tm:posture-supine")
        )
    ]
    one = compared(duck, tmp_path, rows)
    other = compared(duck, tmp_path, rows[::-1])
    assert one.relations(code) == other.relations(code)
    assert one.concepts == other.concepts
    assert len(one.relations(code)) == 3 * 6 * 6


def test_profiles(duck: Duck, tmp_path: Path) -> None:
    rows = [observation(i, value_num=100.0 + i, value_decimals=i % 2) for i in range(11)]
    profile = compared(duck, tmp_path, rows).signatures[0].profile
    assert (profile.n, profile.patients, profile.low, profile.high) == (11, 1, 100.0, 110.0)
    assert profile.quantiles == (100.5, 102.5, 105.0, 107.5, 109.5)
    assert profile.gap_us == MINUTE


def test_what_is_compared_is_compared_within_one_patient(duck: Duck, tmp_path: Path) -> None:
    same = {"device": "d1", "start_us": START}
    rows = [
        observation(1, **same),
        observation(2, source="band", **same),
        observation(3, source="band", twin="t2", **same),
    ]
    found = compared(duck, tmp_path, rows)
    assert [(item.device, item.agree, item.differ) for item in found.events] == [(True, 1, 0)]
    assert found.relations(code)[0]["counts"]["patients_both"] == 1


def test_a_conflict_makes_a_row_conflicting_and_leaves_its_facets(duck: Duck, tmp_path: Path) -> None:
    same = {"device": "d1", "start_us": START}
    found = compared(
        duck, tmp_path, [observation(1, **same), observation(2, source="band", value_num=180.0, **same)]
    )
    assert found.pairs[0].relation.relation == "equivalent"
    row = found.relations(code)[0]
    assert row["relation"] == "conflicting"
    assert row["conflict"] == {"code": "TM-X01", "count": 1}
    assert row["counts"]["conflicts"] == 1
    refs = [duck.value("SELECT hash(?)", [name]) for name in ("band00002", "ward00001")]
    assert list(found.events[0].conflicts) == refs


def test_a_conflict_is_of_the_signatures_that_tell_it(duck: Duck, tmp_path: Path) -> None:
    """Another signature of the same source does not conflict."""
    same = {"device": "d1", "start_us": START}
    rows = [
        observation(1, **same),
        observation(2, posture="tm:posture-sitting"),
        observation(3, source="band", value_num=180.0, **same),
    ]
    found = compared(duck, tmp_path, rows).relations(code)
    assert sorted((row["signature_a"], row["signature_b"], row["relation"]) for row in found) == [
        (1, 2, "a-broader"),
        (1, 3, "conflicting"),
    ]
    assert ["conflict" in row for row in found].count(True) == 1


def test_what_neither_says_is_named(duck: Duck, tmp_path: Path) -> None:
    (row,) = compared(duck, tmp_path, [observation(1), observation(2, source="band")]).relations(code)
    assert row["relation"] == "equivalent"
    assert row["unsaid"] == ["site", "method", "posture"]
    said = {"site": "tm:site-wrist", "method": "tm:method-cuffless", "posture": "tm:posture-lying"}
    (row,) = compared(
        duck, tmp_path, [observation(1, **said), observation(2, source="band", **said)]
    ).relations(code)
    assert row["relation"] == "equivalent"
    assert "unsaid" not in row


@pytest.mark.parametrize("sources", [("band", "ward"), ("ward", "zone")])
def test_a_conversion_leads_to_the_unit_of_the_concept(
    duck: Duck, tmp_path: Path, sources: tuple[str, str]
) -> None:
    """Whichever source comes first: as values are converted, and as the cells of the report say it."""
    rows = [
        observation(1),
        observation(2, source=next(name for name in sources if name != "ward"), unit="kPa"),
    ]
    found = compared(duck, tmp_path, rows)
    conversion = found.relations(code)[0]["conversion"]
    assert (conversion["from"], conversion["to"]) == ("kPa", "mm[Hg]")
    assert conversion["factor"] == "7.50063755419"


def test_how_a_value_was_made_canonical_tells_no_signatures_apart(duck: Duck, tmp_path: Path) -> None:
    rows = [
        observation(1),
        observation(2, canon_unit=None),
        observation(3, value_kind="range", canon_unit=None),
    ]
    (row,) = compared(duck, tmp_path, rows).concepts
    assert (row["n"], row["canon_unit"]) == (3, "mm[Hg]")


@pytest.mark.parametrize(
    ("system", "label"),
    [("http://loinc.org", "Carbon dioxide"), ("https://lab.example.org/", None), (None, None)],
)
def test_a_code_without_a_concept_is_called_by_its_display(
    duck: Duck, tmp_path: Path, system: str | None, label: str | None
) -> None:
    """Not a code of a house: its display may be any text."""
    about = {"code": "16551-4", "unit": "mmol/L", "canon_unit": "mol.m-3", "display": "Carbon dioxide"}
    (row,) = compared(duck, tmp_path, [observation(1, code_system=system, **about)]).concepts
    assert row.get("label") == label
    assert "canon_unit" not in row, "the graph keeps the unit as received"
    assert "values" not in row, "quantities are not named"


def test_a_concept_of_another_unit_than_the_canonical_one_was_not_converted(
    duck: Duck, tmp_path: Path
) -> None:
    """A deprecated code is no code of a concept where values are made."""
    about = {"code": "2710-2", "unit": "%", "unit_raw": "%", "canon_unit": "1"}
    (row,) = compared(duck, tmp_path, [observation(1, **about)]).concepts
    assert row["concept"] == "oxygen-saturation"
    assert "canon_unit" not in row


@pytest.mark.parametrize("comparator", ["<", ">="])
def test_a_bound_is_no_value_to_differ_from(duck: Duck, tmp_path: Path, comparator: str) -> None:
    same = {"device": "d1", "start_us": START}
    rows = [
        observation(1, **same),
        observation(2, source="band", value_num=50.0, comparator=comparator, **same),
    ]
    assert compared(duck, tmp_path, rows).events == ()


def test_lags_are_told_from_a_to_b(duck: Duck, tmp_path: Path) -> None:
    values = [float(100 + (i * 7) % 31) for i in range(14)]
    rows = [observation(i, value_num=v, start_us=START + i * 1440 * MINUTE) for i, v in enumerate(values)]
    rows += [
        observation(i, source="zone", value_num=v, start_us=START + (i * 1440 + 120) * MINUTE)
        for i, v in enumerate(values)
    ]
    lags = compared(duck, tmp_path, rows).lags
    assert [(item.source_a, item.source_b, item.pairs) for item in lags] == [("ward", "zone", 14)]
    assert lags[0].hits == {2: 14}


def test_text_under_a_quantity_is_no_signature_to_compare(duck: Duck, tmp_path: Path) -> None:
    text = {"value_kind": "string", "value_num": None, "unit": None, "unit_raw": None, "canon_unit": None}
    found = compared(duck, tmp_path, [observation(1), observation(2, source="band", **text)])
    assert len(found.signatures) == 2
    assert [row.get("values") for row in found.concepts] == ["text", None]
    assert found.pairs == ()


def test_a_run_without_observations(duck: Duck) -> None:
    assert run(duck, {}, catalogue()) == Compared()


def test_parts_of_the_patients_are_as_large_as_they_are_said() -> None:
    alphabet = "234567abcdefghijklmnopqrstuvwxyz"
    ids = [a + b + "2" for a in alphabet for b in alphabet]
    for share in (0.0, 0.25, 0.5, 1.0):
        assert sum(each < below(share) for each in ids) / len(ids) == pytest.approx(share, abs=0.01)


def test_parts_of_the_patients_add_up(duck: Duck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found does not depend on how many patients are looked at at a time."""
    same = {"device": "d1", "start_us": START}
    rows = [
        observation(number, source=source, twin=twin + "x", value_num=value, **same)
        for number, twin in enumerate("27amz")
        for source, value in (("ward", 120.0), ("band", 120.0 if twin in "2z" else 150.0))
    ]
    whole = compared(duck, tmp_path, rows)
    monkeypatch.setattr(events, "AT_A_TIME", 1)
    assert compared(duck, tmp_path, rows) == whole
    assert [(item.agree, item.differ, item.conflicting) for item in whole.events] == [(2, 3, 3)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1), "1"),
        (Fraction(-47, 2), "-23.5"),
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(10**9), "1000000000"),
    ],
)
def test_decimals(value: Fraction, text: str) -> None:
    assert decimal(value) == text


def test_the_order_of_verdicts() -> None:
    assert worst("not-comparable", 3) == "not-comparable"
    assert [worst(name, 1) for name in ("related", "a-narrower", "equivalent")] == ["conflicting"] * 3
    assert worst("a-broader", 0) == "a-broader"
