"""What the plan must not do: cases in which it once said something else than the mapping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinmap import api

ROOT = Path(__file__).parent.parent.parent
HEAD: dict[str, Any] = {
    "twinmap": "1",
    "id": "m",
    "version": "1.0.0",
    "patient": {"id": "$(pid)", "system": "ward"},
    "systems": {"test": "urn:test"},
    "key": ["pid"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


class Ran:
    """The tables and the ledger of a run."""

    def __init__(self, folder: Path, data: str, mapping: dict[str, Any], source: dict[str, Any]) -> None:
        written = {
            **HEAD,
            "source": {"format": "csv", "files": "a.csv", "timezone": "UTC", **source},
            **mapping,
        }
        (folder / "m.yaml").write_text(json.dumps(written, ensure_ascii=False))
        (folder / "a.csv").write_text(data)
        key = ROOT / "examples" / "demo.key"
        self.outcome = api.run(folder / "m.yaml", out=folder / "out", key_file=key, jobs=1, engine="none")
        self.out = folder / "out"

    def table(self, kind: str = "observation") -> list[dict[str, Any]]:
        path = self.out / "tables" / f"{kind}.parquet"
        return (
            sorted(pq.read_table(path).to_pylist(), key=lambda row: (row["record"], row["rule"]))
            if path.exists()
            else []
        )

    def values(self) -> list[tuple[int, str | None]]:
        return [(row["record"], row["value_text"]) for row in self.table()]


def run(folder: Path, data: str, *, source: dict[str, Any] | None = None, **mapping: Any) -> Ran:
    return Ran(folder, data, mapping, source or {})


def test_parts_of_two_rules_may_have_one_name(folder: Path) -> None:
    """Each rule reads the parts of its own condition."""
    rules = [
        {"when": {"a": {"parts": "$(x)/$(y)"}}, "result": {"code": "test:1", "value": "$(x)"}},
        {"when": {"b": {"parts": "$(x)-$(y)"}}, "result": {"code": "test:2", "value": "$(x)"}},
    ]
    ran = run(folder, "pid,a,b\n1,120/80,\n2,,7-9\n3,1/2,3-4\n", observe=rules)
    assert ran.values() == [(1, "120"), (2, "7"), (3, "1")]


def test_parts_of_the_alternative_that_holds(folder: Path) -> None:
    when = [{"a": {"parts": "$(x)/$(y)"}}, {"b": {"parts": "$(x)-$(y)"}}]
    ran = run(
        folder,
        "pid,a,b\n1,120/80,\n2,,7-9\n",
        observe={"when": when, "result": {"code": "test:1", "value": "$(x)"}},
    )
    assert ran.values() == [(1, "120"), (2, "7")]


@pytest.mark.parametrize(
    ("test", "records"),
    [
        ({"min": "12.5"}, [1, 3, 5]),
        ({"max": "12.5"}, [1, 2, 4]),
        ({"min": "12.6", "max": "2000"}, [3]),
        # More digits than a number of the database has.
        ({"max": "1e300"}, [1, 2, 3, 4, 5]),
        ({"min": "1" * 27}, [5]),
        ({"max": "0.5000000000001"}, [2, 4]),
        ({"max": "0.4999999999999"}, [2]),
    ],
)
def test_limits_are_numbers_of_the_source(folder: Path, test: dict[str, str], records: list[int]) -> None:
    data = "pid;a\n1;12,5\n2;-1e3\n3;1.234,5\n4;,5\n5;1e300\n6;x\n7;\n"
    source = {"delimiter": ";", "decimal": ",", "thousands": "."}
    ran = run(
        folder, data, source=source, keep={"a": test}, observe={"result": {"code": "test:1", "value": "1"}}
    )
    assert [record for record, _ in ran.values()] == records


def test_a_default_stands_in_for_what_has_no_result(folder: Path) -> None:
    ran = run(
        folder, "pid,a\n1,0\n2,4\n", observe={"result": {"code": "test:1", "value": "= 8 / $(a) | none"}}
    )
    assert ran.values() == [(1, "none"), (2, "2")]
    assert [(found.code, found.count) for found in ran.outcome.findings if found.code == "TM-Q11"] == [
        ("TM-Q11", 1)
    ]


def test_numbers_of_the_mapping_have_a_point(folder: Path) -> None:
    """The decimal sign of the source is that of the source alone, in every alternative of a value."""
    rules = [
        {"name": "a", "result": {"code": "test:1", "value": "$(a) | 1.5"}},
        {"name": "b", "result": {"code": "test:2", "value": "= $(a) * 2 | $(b)"}},
        {
            "name": "c",
            "result": {
                "code": "test:3",
                "value": {"from": "$(b)", "map": {"low": "0.5"}, "unmapped": "keep"},
            },
        },
    ]
    data = 'pid,a,b\n1,"2,5","3,5"\n2,,"3,5"\n3,,low\n'
    ran = run(folder, data, source={"decimal": ","}, observe=rules)
    found = [(row["record"], row["rule"][-1], row["value_kind"], row["value_text"]) for row in ran.table()]
    assert found == [
        (1, "a", "quantity", "2.5"),
        (1, "b", "quantity", "5.0"),
        (1, "c", "quantity", "3.5"),
        (2, "a", "quantity", "1.5"),
        (2, "b", "quantity", "3.5"),
        (2, "c", "quantity", "3.5"),
        (3, "a", "quantity", "1.5"),
        (3, "b", "string", "low"),
        (3, "c", "quantity", "0.5"),
    ]


def test_zero_has_no_sign(folder: Path) -> None:
    ran = run(
        folder, "pid,a\n1,-0\n2,-0.00\n3,-0.5\n", observe={"result": {"code": "test:1", "value": "$(a)"}}
    )
    assert ran.values() == [(1, "0"), (2, "0.00"), (3, "-0.5")]


def test_a_diagnosis_stays_when_the_value_beside_it_fails(folder: Path) -> None:
    """A record is set aside only where all that it should give failed, of every kind."""
    ran = run(
        folder,
        "pid,hr,dx\n1,abc,test:d\n2,abc,\n",
        observe={"heart-rate": {"value": "$(hr)", "unit": "/min"}},
        conditions={"code": "$(dx)"},
    )
    assert [row["record"] for row in ran.table("condition")] == [1]
    assert ran.outcome.ledger.records["m"]["set_aside"] == 1


def test_what_is_told_once_is_told_by_a_record_that_stands(folder: Path) -> None:
    """The first record that tells of the patient and the device is set aside; the second one stands."""
    mapping: dict[str, Any] = {
        "patient": {
            "id": "$(pid)",
            "system": "ward",
            "sex": "$(sex)",
            "identifiers": [{"id": "$(nr)", "system": "urn:nr"}],
        },
        "device": {"id": "$(dev)", "type": "monitor"},
        "key": ["id"],
        "observe": {"result": {"code": "$(code)", "value": "$(v)"}},
    }
    data = "id,pid,sex,nr,dev,code,v\n1,p,female,n1,M1,,5\n2,p,female,n1,M1,test:1,6\n3,p,female,n1,M1,test:1,7\n"
    ran = run(folder, data, **mapping)
    assert ran.outcome.ledger.records["m"]["set_aside"] == 1
    assert [(row["record"], row["sex"]) for row in ran.table("patient")] == [(2, "female")]
    assert [row["value"] for row in ran.table("identifier")] == ["n1"]
    (device,) = ran.table("device")
    assert {row["device"] for row in ran.table()} == {device["id"]}


def test_a_device_of_failed_records_alone_is_not_stated(folder: Path) -> None:
    mapping = {"device": {"id": "$(dev)"}, "observe": {"heart-rate": {"value": "$(v)", "unit": "/min"}}}
    ran = run(folder, "pid,dev,v\n1,M1,abc\n2,M2,60\n", **mapping)
    (device,) = ran.table("device")
    assert device["id"] == ran.table()[0]["device"]


def test_every_record_without_a_patient_is_set_aside(folder: Path) -> None:
    """They tell the same of nobody: that is not one record."""
    mapping = {
        "patient": {"id": "$(pid)", "sex": "female"},
        "observe": {"result": {"code": "test:1", "value": "$(v)"}},
    }
    ran = run(folder, "pid,v\n,\n,\n,5\nx,6\n", **mapping)
    book = ran.outcome.ledger.records["m"]
    assert (book["set_aside"], book["mapped"], book["lost"]) == (3, 1, 0)


def test_data_that_looks_like_codings_is_text(folder: Path) -> None:
    cells = ["[{", '[{"system": "http://loinc.org", "code": "8480-6", "display": null}]', '[{"x"']
    data = "pid,code,site\n" + "".join(
        f'{n},"{cell.replace(chr(34), chr(34) * 2)}","[{{"\n' for n, cell in enumerate(cells)
    )
    ran = run(folder, data, observe={"result": {"code": "$(code)", "value": "1", "site": "$(site)"}})
    assert [(row["code_system"], row["code"]) for row in ran.table()] == [(None, cell) for cell in cells]


def test_words_of_the_source_stay_with_its_code(folder: Path) -> None:
    """Under a code map the source's words are those of the raw code, and the label is that of the map."""
    rows = ["subject_id", "predicate_id", "object_id", "object_label", "mapping_justification"]
    match = ["lab:HR", "skos:exactMatch", "LOINC:8867-4", "Heart rate", "semapv:ManualMappingCuration"]
    head = "#curie_map:\n#  lab: urn:lab\n#  LOINC: http://loinc.org\n#  skos: http://www.w3.org/2004/02/skos/core#\n"
    (folder / "codes.sssom.tsv").write_text(head + "\t".join(rows) + "\n" + "\t".join(match) + "\n")
    code = {"from": "$(c)", "system": "lab", "codes": "codes.sssom.tsv", "unmapped": "report"}
    mapping = {
        "systems": {"lab": "urn:lab"},
        "observe": {"result": {"code": code, "display": "$(words)", "value": "60"}},
    }
    (row,) = run(folder, "pid,c,words\n1,HR,PULS FREQ\n", **mapping).table()
    assert (row["code"], row["display"]) == ("8867-4", "Heart rate")
    assert (row["raw_code"], row["raw_display"]) == ("HR", "PULS FREQ")


@pytest.mark.parametrize("text", ["170000000000000000", "99999999999999999999", "-99999999999"])
def test_an_instant_beyond_the_calendar_is_a_finding(folder: Path, text: str) -> None:
    time = {"from": "$(t)", "format": "epoch-s"}
    ran = run(
        folder, f"pid,t\n1,{text}\n2,0\n", time=time, observe={"result": {"code": "test:1", "value": "1"}}
    )
    assert [row["start_us"] for row in ran.table()] == [None, 0]
    assert [found.count for found in ran.outcome.findings if found.code == "TM-Q12"] == [1]


def test_a_number_too_fine_for_a_byte(folder: Path) -> None:
    """More decimals than a TINYINT counts, more digits than a double has: the text is exact all the same."""
    long = "0." + "1" * 200
    huge = "9" * 400
    ran = run(
        folder,
        f"pid,a\n1,{long}\n2,{huge}\n3,1e-300\n",
        observe={"result": {"code": "test:1", "value": "$(a)", "unit": "kg"}},
    )
    assert [text for _, text in ran.values()] == [long, huge, "0." + "0" * 299 + "1"]
    assert ran.outcome.ledger.lost == 0


def test_rows_in_another_order_have_the_same_ids(folder: Path) -> None:
    lines = ["1,a,5", "1,a,6", "2,b,7", "1,a,5", "2,b,8"]
    found = []
    for number, order in enumerate((lines, lines[::-1])):
        here = folder / str(number)
        here.mkdir()
        mapping = {"key": ["pid", "k"], "observe": {"result": {"code": "test:1", "value": "$(v)"}}}
        ran = run(here, "pid,k,v\n" + "\n".join(order) + "\n", **mapping)
        found.append(sorted((row["id"], row["value_text"]) for row in ran.table()))
    assert found[0] == found[1]
    assert len(found[0]) == 4
