"""The simple result of an observation and its unit: a matter of code and unit, never of the value."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.diagnostics import Finding

ROOT = Path(__file__).parent.parent.parent
SOSA, TM = "http://www.w3.org/ns/sosa/", "https://w3id.org/twinmap/ns#"
NAMES = {
    f"{SOSA}hasSimpleResult": "result",
    f"{TM}unit": "unit",
    f"{TM}sourceValue": "source",
    f"{TM}sourceUnit": "source_unit",
}
MAPPING = """\
twinmap: 1
id: m
version: 1.0.0
source: {format: csv, files: m.csv, timezone: UTC}
patient: {id: $(p), system: mrn}
key: [n]
time: 2026-03-01
systems: {lab: "urn:lab"}
observe: {result: {code: $(code), value: $(v), unit: $(u)}}
"""
Results = list[dict[str, str]]

#: More digits than a double holds for certain.
LONG = "70.123456789012345"
#: A number that no double holds.
HUGE = "9" * 400


class Ran:
    """The results in the graph in the order of the rows, the rows of the table, and the findings."""

    def __init__(
        self, folder: Path, rows: list[tuple[str, str, str]], engine: str = "auto", mapping: str = "m.yaml"
    ) -> None:
        (folder / "m.yaml").write_text(MAPPING)
        lines = [f"{n},1,{code},{value},{unit}" for n, (code, value, unit) in enumerate(rows)]
        (folder / "m.csv").write_text("n,p,code,v,u\n" + "\n".join(lines) + "\n")
        key = ROOT / "examples" / "demo.key"
        outcome = api.run(folder / mapping, out=folder / "out", key_file=key, engine=engine, jobs=1)
        table = pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist()
        self.table = sorted(table, key=lambda row: row["record"])
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for line in (folder / "out" / "graph.nq").read_text().splitlines():
            subject, predicate, term = line.split(" ", 2)
            if predicate[1:-1] in NAMES:
                found[subject][NAMES[predicate[1:-1]]] = term.split('"')[1]
        base = "<https://twin.invalid/obs/"
        self.results: Results = [found[f"{base}{row['id']}>"] for row in self.table]
        self.findings: list[Finding] = outcome.findings

    def broken(self) -> set[str]:
        return {(item.rule or "").partition(" ")[0] for item in self.findings if item.code == "TM-H01"}


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_a_long_value_is_converted_to_twelve_digits(tmp_path: Path, engine: str) -> None:
    """What a double cannot hold is not converted; the shape, which wants centimetres, does not miss it."""
    values = ["70", LONG, HUGE]
    ran = Ran(tmp_path, [("loinc:8302-2", value, "[in_i]") for value in values], engine)
    assert {item.code: item.count for item in ran.findings}["TM-P06"] == 2
    assert ran.broken() == set()
    assert ran.results == [
        {"result": "177.8", "unit": "cm", "source": "70", "source_unit": "[in_i]"},
        {"result": "178.113580244", "unit": "cm", "source": LONG, "source_unit": "[in_i]"},
        {"source": HUGE, "source_unit": "[in_i]"},
    ]
    told = [(row["value_num"], row["canon_num"], row["canon_unit"]) for row in ran.table]
    assert told == [(70.0, 177.8, "cm"), (float(LONG), 178.113580244, "cm"), (None, None, "cm")]


def test_a_long_value_in_the_unit_of_the_concept_stays(tmp_path: Path) -> None:
    ran = Ran(tmp_path, [("loinc:8302-2", f"1{LONG}", "cm")])
    assert ran.results == [{"result": f"1{LONG}", "unit": "cm"}]
    assert ran.broken() == set()


def test_a_missing_unit_is_still_missed(tmp_path: Path) -> None:
    assert Ran(tmp_path, [("loinc:8302-2", "170", "")]).broken() == {"twin:body-height-hasUnit"}


@pytest.mark.parametrize(
    ("value", "unit", "base"), [("92.5", "fL", "m3"), ("7.4", "ug/L", "m-3.g"), ("0", "mm/h", "m.s-1")]
)
def test_without_a_concept_a_value_stays_as_it_came(tmp_path: Path, value: str, unit: str, base: str) -> None:
    """The tables have base units all the same."""
    ran = Ran(tmp_path, [("lab:test", value, unit)])
    assert ran.results == [{"result": value, "unit": unit}]
    assert ran.table[0]["canon_unit"] == base
    assert ran.table[0]["canon_num"] is not None


def test_neighbours_have_one_form_whatever_their_size(tmp_path: Path) -> None:
    """Zero, tiny and huge values of one code and unit stand in one unit."""
    values = ["5", "0", "0.0", "0.0000000001", "123456789012", "-1", "1000000000000000000000000"]
    rows = [(code, value, "g/L") for code in ("loinc:718-7", "lab:hb") for value in values]
    ran = Ran(tmp_path, rows, "none")
    half = len(values)
    assert {item["unit"] for item in ran.results[: half - 1]} == {"g/dL"}
    assert {item["unit"] for item in ran.results[half:]} == {"g/L"}
    assert [item["result"] for item in ran.results[: half - 1]] == [
        "0.5",
        "0",
        "0",
        "0.00000000001",
        "12345678901.2",
        "-0.1",
    ]
    assert ran.results[half - 1]["result"] == "1" + 23 * "0"
    assert [item["result"] for item in ran.results[half:]] == values
    for item in ran.results:
        assert ("result" in item) == ("unit" in item)


@pytest.mark.parametrize(("code", "unit"), [("lab:test", "mg"), ("lab:own", "g")])
def test_a_concept_of_a_project_in_a_base_unit(tmp_path: Path, code: str, unit: str) -> None:
    """Only its own codes are converted to g, which is the base unit of every other mass as well."""
    (tmp_path / "dose.yaml").write_text(
        """concept: own-dose
label: Own dose
definition: A mass.
kind: quantity
codes:
  - {code: own, system: "urn:lab"}
unit: g
facets: {accepted: [], required: []}
window: 1 h
"""
    )
    (tmp_path / "twinmap.yaml").write_text(
        "twinmap: 1\nsources: [{name: m, mapping: m.yaml}]\nconcepts: [dose.yaml]\n"
    )
    (result,) = Ran(tmp_path, [(code, "500", "mg")], mapping="twinmap.yaml").results
    assert result["unit"] == unit
