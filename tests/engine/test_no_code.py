"""A statement without a code fails alone; its record is set aside only where nothing of it is left.

With ``each`` the record is the item: the rest of its document stands.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinmap import api

ROOT = Path(__file__).parent.parent.parent
HEAD = (
    "MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260301093000||ORU^R01|{0}|P|2.5.1\r"
    "PID|1||77^^^HOSP^MR||||19700305|F\rOBR|1||A7|24323-8^Metabolic panel^LN|||20260301081500\r"
)
POTASSIUM = "OBX|{0}|NM|2823-3^Potassium^LN||4.1|mmol/L|||||F\r"
BARE = "OBX|{0}|NM|||{1}|mmol/L|||||F\r"


class Ran:
    """What came out of a run of one source."""

    def __init__(self, folder: Path, mapping: str, name: str, text: str) -> None:
        (folder / name).write_text(text, newline="")
        if not mapping.startswith("builtin:"):
            (folder / "map.yaml").write_text(mapping)
            mapping = str(folder / "map.yaml")
        self.outcome = api.run(
            mapping,
            out=folder / "out",
            data=[str(folder / name)],
            params={"timezone": "UTC"} if mapping == "builtin:hl7v2" else {},
            key_file=ROOT / "examples" / "demo.key",
            engine="none",
            jobs=1,
        )
        self.quarantine = [
            json.loads(line) for line in (folder / "out" / "quarantine.jsonl").read_text().splitlines()
        ]
        ((_, cells),) = json.loads((folder / "out" / "ledger.json").read_text())["cells"].items()
        self.cells = {
            name: {fate: n for fate, n in book.items() if n and fate != "read"}
            for name, book in cells.items()
        }
        (self.records,) = self.outcome.ledger.records.values()
        (self.statements,) = self.outcome.ledger.statements.values()

    def table(self, kind: str = "observation") -> list[dict[str, Any]]:
        path = self.outcome.out / "tables" / f"{kind}.parquet"
        return pq.read_table(path).to_pylist() if path.exists() else []

    def places(self) -> list[tuple[int, str]]:
        (found,) = [item for item in self.outcome.findings if item.code == "TM-Q18"]
        assert found.count == len(found.places)
        return [(place.record, place.part) for place in found.places]


def test_one_segment_fails_and_the_message_stands(tmp_path: Path) -> None:
    text = HEAD.format("M1") + POTASSIUM.format(1) + BARE.format(2, 3) + BARE.format(3, 4)
    ran = Ran(tmp_path, "builtin:hl7v2", "feed.hl7", text)
    assert [(row["part"], row["value_text"]) for row in ran.table()] == [("OBX[1]", "4.1")]
    assert [row["sex"] for row in ran.table("patient")] == ["female"]
    assert ran.places() == [(1, "OBX[2]"), (1, "OBX[3]")]
    assert [(item["part"], item["code"]) for item in ran.quarantine] == [
        ("OBX[2]", "TM-Q18"),
        ("OBX[3]", "TM-Q18"),
    ]
    assert {name: n for name, n in ran.records.items() if n} == {"read": 3, "mapped": 1, "set_aside": 2}
    # Three observations; the patient of what stands, and of what is set aside.
    assert (ran.statements["planned"], ran.statements["failed"], ran.statements["lost"]) == (5, 3, 0)
    for field in ("OBX-5", "OBX-6"):
        assert ran.cells[field] == {"mapped": 1, "set_aside": 2}
    # What the message says of the patient and the order is used by what stands.
    assert ran.cells["PID-3"] == {"mapped": 1}
    assert ran.cells["OBR-7"] == {"mapped": 1}


def test_a_message_of_which_nothing_is_left_is_set_aside(tmp_path: Path) -> None:
    text = HEAD.format("M1") + BARE.format(1, 3) + HEAD.format("M2") + POTASSIUM.format(1)
    ran = Ran(tmp_path, "builtin:hl7v2", "feed.hl7", text)
    assert [(item["record"], item["code"]) for item in ran.quarantine] == [(1, "TM-Q18")]
    # The fields that were read stand there by their references.
    (raw,) = json.loads(ran.quarantine[0]["raw"])
    assert (raw["_part"], raw["MSH-10"], raw["OBX-1"]) == ("OBX[1]", "M1", "1")
    assert [(row["record"], row["part"]) for row in ran.table()] == [(2, "OBX[1]")]
    assert (ran.records["mapped"], ran.records["set_aside"], ran.records["lost"]) == (1, 1, 0)
    assert ran.cells["OBX-5"] == {"set_aside": 1, "mapped": 1}


def test_a_resource_fails_and_its_bundle_stands(tmp_path: Path) -> None:
    def observation(code: dict[str, Any], value: float) -> dict[str, Any]:
        quantity = {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
        return {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "subject": {"reference": "Patient/p"},
                "code": code,
                "effectiveDateTime": "2026-03-01T08:00:00Z",
                "valueQuantity": quantity,
            }
        }

    known = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}
    entries = [
        {"resource": {"resourceType": "Patient", "id": "p", "gender": "female"}},
        observation(known, 4.1),
        observation({"text": "potassium"}, 4.2),
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    ran = Ran(tmp_path, "builtin:fhir-r4", "bundle.json", json.dumps(bundle))
    assert [row["value_text"] for row in ran.table()] == ["4.1"]
    assert len(ran.places()) == 1
    assert ran.records["lost"] == ran.statements["lost"] == 0


TABLE = """\
twinmap: 1
id: lab
version: 1.0.0
source: {format: csv, files: "*.csv", timezone: UTC}
systems: {lab: "https://lab.example.org/"}
patient: {id: $(pid), system: mrn}
key: [pid, at]
time: $(at)
observe:
  result:
    - {code: lab:$(t1), value: $(v1), unit: $(unit)}
    - {code: lab:$(t2), value: $(v2), unit: $(unit)}
"""


@pytest.mark.parametrize("missing", [1, 2])
def test_cells_that_another_statement_uses_are_mapped(tmp_path: Path, missing: int) -> None:
    tests = ["a", "b"]
    tests[missing - 1] = ""
    data = f"pid,at,t1,v1,t2,v2,unit\n1,2026-03-01T08:00:00,{tests[0]},5,{tests[1]},6,mg/dL\n"
    ran = Ran(tmp_path, TABLE, "lab.csv", data)
    assert [row["value_text"] for row in ran.table()] == ["6" if missing == 1 else "5"]
    assert ran.cells[f"t{missing}"] == {"missing": 1}
    assert ran.cells[f"v{missing}"] == {"failed": 1}
    for name in ("unit", "at", "pid", f"v{3 - missing}"):
        assert ran.cells[name] == {"mapped": 1}
