"""With ``each`` a record is an item: what keep leaves out and what no rule claims is counted and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.diagnostics import Finding, Severity
from twinmap.engine import sources
from twinmap.engine.duck import Duck
from twinmap.errors import InternalError
from twinmap.formats import batches

ROOT = Path(__file__).parent.parent.parent
HEAD = 'twinmap: 1\nid: m\nversion: 1.0.0\nsource: {format: FORMAT, files: "*.FORMAT", timezone: UTC}\n'


class Ran:
    """What came out of a run of one source."""

    def __init__(self, folder: Path, mapping: str, data: Mapping[str, str], **params: str) -> None:
        (folder / "data").mkdir()
        for name, text in data.items():
            (folder / "data" / name).write_text(text, newline="")
        if not mapping.startswith("builtin:"):
            (folder / "m.yaml").write_text(mapping)
            mapping = str(folder / "m.yaml")
        self.outcome = api.run(
            mapping,
            out=folder / "out",
            data=[str(folder / "data")],
            params=params,
            key_file=ROOT / "examples" / "demo.key",
            engine="none",
            jobs=1,
        )
        out = folder / "out"
        self.quarantine = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
        ledger = json.loads((out / "ledger.json").read_text())
        ((_, records),) = ledger["records"].items()
        ((_, cells),) = ledger["cells"].items()
        self.records = {name: n for name, n in records.items() if n and name != "files"}
        self.files = {name: {k: n for k, n in book.items() if n} for name, book in records["files"].items()}
        self.cells = {
            name: {fate: n for fate, n in book.items() if n and fate != "read"}
            for name, book in cells.items()
        }
        ((_, self.statements),) = self.outcome.ledger.statements.items()

    def parts(self, kind: str = "observation") -> list[str]:
        path = self.outcome.out / "tables" / f"{kind}.parquet"
        return [row["part"] for row in pq.read_table(path).to_pylist()] if path.exists() else []

    def told(self) -> list[tuple[Severity, int, list[tuple[int, str]]]]:
        found: list[Finding] = [item for item in self.outcome.findings if item.code == "TM-Q19"]
        return [(item.severity, item.count, [(p.record, p.part) for p in item.places]) for item in found]


SCALE = (
    HEAD.replace("FORMAT", "json")
    + """\
patient: {id: $(/u), system: mrn, sex: $(/s)}
each: m
key: [t]
keep: {t: {not: "2"}}
time: $(d)
observe:
  - {when: {t: "1"}, body-weight: {value: $(v), unit: kg}}
  - {when: {t: "7"}, then: ignore}
  - otherwise: report
"""
)


def document(*kinds: str, user: str = "a") -> str:
    items = [{"t": kind, "v": 70, "d": f"2024-01-0{n}T00:00:00Z"} for n, kind in enumerate(kinds, 1)]
    return json.dumps({"u": user, "s": "female", "m": items})


@pytest.fixture
def scale(tmp_path: Path) -> Callable[..., Ran]:
    def run(*documents: str, otherwise: str = "report") -> Ran:
        mapping = SCALE.replace("otherwise: report", f"otherwise: {otherwise}")
        return Ran(tmp_path, mapping, {f"{n}.json": text for n, text in enumerate(documents)})

    return run


def test_items_are_counted_and_told(scale: Callable[..., Ran]) -> None:
    ran = scale(document("9", "1", "2", "9"))
    assert ran.records == {"read": 4, "mapped": 1, "filtered": 1, "unclaimed": 2}
    assert ran.told() == [(Severity.INFO, 2, [(1, "/m/0"), (1, "/m/3")])]
    for name in ("m.t", "m.v", "m.d"):
        assert ran.cells[name] == {"mapped": 1, "filtered": 1, "unclaimed": 2}
    # What stands around the items is used by the one that is mapped.
    assert ran.cells["u"] == ran.cells["s"] == {"mapped": 1}
    assert (ran.statements["planned"], ran.statements["written"]) == (2, 2)


def test_the_patient_who_is_told_beside_the_rules_claims_no_item(scale: Callable[..., Ran]) -> None:
    ran = scale(document("9"))
    assert ran.parts("patient") == ["/m/0"]
    assert ran.records == {"read": 1, "unclaimed": 1}
    assert ran.cells["u"] == {"unclaimed": 1}


def test_items_to_ignore_are_counted_and_not_told(scale: Callable[..., Ran]) -> None:
    ran = scale(document("7", "1", "7"))
    assert ran.records == {"read": 3, "mapped": 1, "unclaimed": 2}
    assert ran.told() == []


def test_otherwise_ignore_is_not_told(scale: Callable[..., Ran]) -> None:
    ran = scale(document("9", "1"), otherwise="ignore")
    assert ran.records == {"read": 2, "mapped": 1, "unclaimed": 1}
    assert ran.told() == []


def test_an_item_is_set_aside_alone(scale: Callable[..., Ran]) -> None:
    ran = scale(document("9", "1", "2"), otherwise="quarantine")
    assert ran.records == {"read": 3, "mapped": 1, "filtered": 1, "set_aside": 1}
    assert ran.parts() == ["/m/1"]
    assert [(item["record"], item["part"], item["code"]) for item in ran.quarantine] == [
        (1, "/m/0", "TM-Q19")
    ]
    assert [entry["t"] for entry in json.loads(ran.quarantine[0]["raw"])] == ["9"]
    assert ran.told() == [(Severity.WARNING, 1, [(1, "/m/0")])]
    # The patient is told by an item that stands, not by the one before it.
    assert ran.parts("patient") == ["/m/1"]
    assert ran.cells["m.v"] == {"mapped": 1, "filtered": 1, "set_aside": 1}


def test_documents_without_items_and_unreadable_ones_are_one_record_each(scale: Callable[..., Ran]) -> None:
    ran = scale(document(), document("1", "9"), "{", document("2", user="b"))
    assert ran.records == {"read": 5, "mapped": 1, "filtered": 2, "unclaimed": 1, "set_aside": 1}
    assert ran.files == {
        "1": {"read": 1, "filtered": 1},
        "2": {"read": 2, "mapped": 1, "unclaimed": 1},
        "3": {"read": 1, "set_aside": 1},
        "4": {"read": 1, "filtered": 1},
    }
    assert ran.cells["u"] == {"mapped": 1, "filtered": 2}


def test_an_item_in_which_the_rule_finds_nothing_is_told(scale: Callable[..., Ran]) -> None:
    ran = scale(document("1", "1").replace('"v": 70, "d": "2024-01-02', '"v": null, "d": "2024-01-02'))
    assert ran.records == {"read": 2, "mapped": 1, "unclaimed": 1}
    (said,) = [finding for finding in ran.outcome.findings if finding.code == "TM-Q19"]
    assert "nothing to state" in said.message
    assert [(place.record, place.part) for place in said.places] == [(1, "/m/1")]


def test_an_item_that_the_path_of_each_leaves_out_is_no_record(tmp_path: Path) -> None:
    mapping = SCALE.replace("each: m", "each: m(t=1)")
    ran = Ran(tmp_path, mapping, {"a.json": document("1", "9")})
    assert ran.records == {"read": 1, "mapped": 1}
    assert ran.cells["m.v"] == {"mapped": 1, "unread": 1}


def test_two_record_sets_share_items(tmp_path: Path) -> None:
    """An item is one record, mapped where either set states something; a set of other items adds its own."""
    mapping = (
        HEAD.replace("FORMAT", "json")
        + """\
patient: {id: $(/u), system: mrn}
time: $(d)
records:
  weights:
    each: m
    key: [t]
    observe: [{when: {t: "1"}, body-weight: {value: $(v), unit: kg}}]
  heights:
    each: m
    key: [t]
    observe: [{when: {t: "4"}, body-height: {value: $(v), unit: cm}}]
  pulses:
    each: p
    observe: {heart-rate: {value: $(v), unit: /min}}
"""
    )
    text = json.loads(document("1", "4", "9"))
    text["p"] = [{"v": 60, "d": "2024-01-01T00:00:00Z"}, {"v": 61, "d": "2024-01-02T00:00:00Z"}]
    ran = Ran(tmp_path, mapping, {"a.json": json.dumps(text), "b.json": document()})
    assert ran.records == {"read": 6, "mapped": 4, "filtered": 1, "unclaimed": 1}
    assert ran.cells["p.v"] == {"mapped": 2}
    assert ran.cells["u"] == {"mapped": 1, "filtered": 1}


HL7 = (
    HEAD.replace("FORMAT", "hl7v2").replace("*.hl7v2", "*.hl7")
    + """\
patient: {id: $(PID-3), system: mrn, birth-date: $(PID-7)}
each: OBX
keep: {OBX-11: F}
key: [MSH-10, OBX-1]
time: $(OBR-7)
observe:
  - {when: {OBX-3.1: [HR, PR]}, heart-rate: {value: $(OBX-5), unit: $(OBX-6)}}
"""
)
MESSAGE = (
    "MSH|^~\\&|M|H|E|H|20260301093000||ORU^R01|{0}|P|2.5.1\rPID|1||77^^^H^MR||||19700305|F\r"
    "OBR|1||A7|V|||20260301081500\r"
)


def obx(*codes: str) -> str:
    """Segments; a code in lower case is one that is not final."""
    return "".join(
        f"OBX|{n}|NM|{code.upper()}||{60 + n}|/min|||||{'F' if code.isupper() else 'P'}\r"
        for n, code in enumerate(codes, 1)
    )


def test_segments(tmp_path: Path) -> None:
    data = (
        MESSAGE.format(1) + obx("PVC", "HR", "ST", "hr") + MESSAGE.format(2) + MESSAGE.format(3) + obx("ST")
    )
    ran = Ran(tmp_path, HL7, {"a.hl7": data})
    assert ran.records == {"read": 6, "mapped": 1, "filtered": 2, "unclaimed": 3}
    assert ran.told() == [(Severity.INFO, 3, [(1, "OBX[1]"), (1, "OBX[3]"), (3, "OBX[1]")])]
    assert ran.cells["OBX-5"] == {"mapped": 1, "filtered": 1, "unclaimed": 3}
    assert ran.cells["PID-3"] == {"mapped": 1, "filtered": 1, "unclaimed": 1}


def test_columns_as_records(tmp_path: Path) -> None:
    mapping = (
        HEAD.replace("FORMAT", "csv")
        + """\
patient: {id: $(^pid), system: mrn}
each: "h*"
key: [^day, record:key]
time: $(^day)
observe:
  - {when: {record:key: [h1, h2]}, heart-rate: {value: $(.), unit: /min}}
"""
    )
    ran = Ran(tmp_path, mapping, {"a.csv": "pid,day,h1,h2,h3\n1,2026-03-01,60,,62\n2,2026-03-01,,,63\n"})
    assert ran.records == {"read": 6, "mapped": 1, "unclaimed": 5}
    assert ran.cells["h1"] == {"mapped": 1, "missing": 1}
    assert ran.cells["h2"] == {"missing": 2}
    assert ran.cells["h3"] == {"unclaimed": 2}
    assert ran.cells["pid"] == {"mapped": 1, "unclaimed": 1}
    assert sorted((count, places[0]) for _, count, places in ran.told()) == [(2, (1, "h3")), (3, (1, "h2"))]


def resource(kind: str, **elements: Any) -> dict[str, Any]:
    return {"resource": {"resourceType": kind, **elements}}


def bundle(*entries: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": list(entries)})


def quantity(code: str, value: float) -> dict[str, Any]:
    unit = {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": unit}


PANEL = {
    "status": "final",
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2026-03-01T08:00:00Z",
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
}


def test_a_panel_is_accounted_for_by_its_components(tmp_path: Path) -> None:
    text = bundle(
        resource("Patient", id="p", gender="female"),
        resource("Observation", **PANEL, component=[quantity("8480-6", 120), quantity("8462-4", 80)]),
        resource("Observation", **PANEL),
        resource("Claim", id="c"),
    )
    ran = Ran(tmp_path, "builtin:fhir-r4", {"b.json": text})
    assert ran.records == {"read": 5, "mapped": 3, "filtered": 1, "unclaimed": 1}
    # The panel without components holds nothing; that one is told, with its place.
    assert [(count, places) for _, count, places in ran.told()] == [(1, [(3, "/entry/2/resource")])]
    assert ran.cells["Observation.effectiveDateTime"] == {"mapped": 1, "unclaimed": 1}
    assert [finding.count for finding in ran.outcome.findings if finding.code == "TM-Q09"] == [1]


def test_auto_is_not_noisy(tmp_path: Path) -> None:
    """What the standard leaves alone is counted, and told once by kind, not once an item."""
    data = "".join(MESSAGE.format(n) + "PV1|1|I\r" + obx("HR", "PVC") for n in range(1, 9))
    data += "".join(MESSAGE.format(n).replace("ORU^R01", "ACK") for n in range(9, 14))
    ran = Ran(tmp_path, "builtin:hl7v2", {"a.hl7": data}, timezone="UTC")
    assert ran.records == {"read": 29, "mapped": 16, "filtered": 13}
    assert ran.told() == []
    assert len([finding for finding in ran.outcome.findings if finding.code == "TM-Q09"]) <= 1


# --- losses are seen --------------------------------------------------------------------------------


def test_an_item_that_the_reader_forgets_is_seen(
    scale: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = batches.BatchBuilder.finish

    def cut(self: batches.BatchBuilder) -> Iterator[Any]:
        for batch in original(self):
            yield batch.slice(0, batch.num_rows - 1)

    monkeypatch.setattr(batches.BatchBuilder, "finish", cut)
    with pytest.raises(InternalError):
        scale(document("1", "9", "2"))


@pytest.mark.parametrize("old", ["NOT failed AND NOT aside", "COPY (SELECT * REPLACE ("])
def test_an_item_whose_statement_falls_out_is_seen(
    scale: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, old: str
) -> None:
    """The other item of the document is still there: counting documents would not see it."""
    original, hits = Duck.run, []

    def changed(self: Duck, sql: str, *rest: Any) -> Any:
        if sql.startswith("COPY") and old in sql and "observation" in sql:
            new = "part <> '/m/1'"
            sql = (
                sql.replace(") TO ", f" WHERE {new}) TO ", 1)
                if old.startswith("COPY")
                else sql.replace(old, f"{old} AND {new}")
            )
            hits.append(sql)
        elif "VIEW standing" in sql and old in sql:
            sql = sql.replace(old, f"{old} AND part <> '/m/1'")
            hits.append(sql)
        return original(self, sql, *rest)

    monkeypatch.setattr(Duck, "run", changed)
    with pytest.raises(InternalError):
        scale(document("1", "1"))
    assert hits


def test_an_item_that_the_quarantine_forgets_is_seen(
    scale: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = sources._raw

    def forgetful(*args: Any) -> Any:
        return original(*args)[1:]

    monkeypatch.setattr(sources, "_raw", forgetful)
    with pytest.raises(InternalError):
        scale(document("1", "9", "9"), otherwise="quarantine")
