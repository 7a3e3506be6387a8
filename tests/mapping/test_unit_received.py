"""``unit_raw`` is the text that was received, and ``unit`` what a map makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinmap import api

ROOT = Path(__file__).parent.parent.parent
CSV = """\
twinmap: 1
id: m
version: 1.0.0
source: {format: csv, files: m.csv, timezone: UTC}
patient: {id: $(p), system: mrn}
key: [n]
time: 2026-03-01
observe: {body-weight: {value: $(v), unit: UNIT}}
"""
HL7 = """\
twinmap: 1
id: m
version: 1.0.0
source: {format: hl7v2, files: m.hl7, timezone: UTC}
patient: {id: $(PID-3(1))}
each: OBX
key: [MSH-10, OBX-1]
time: $(OBR-7)
unit: UNIT
observe: {result: {code: $(OBX-3), value: $(OBX-5)}}
"""
MAP = "map: {KILO: kg, LBS: '[lb_av]', none: ''}, unmapped: keep"


def rows(folder: Path, mapping: str, name: str, text: str) -> list[dict[str, Any]]:
    (folder / "m.yaml").write_text(mapping)
    (folder / name).write_text(text, newline="")
    key = ROOT / "examples" / "demo.key"
    api.run(folder / "m.yaml", out=folder / "out", key_file=key, engine="none", jobs=1)
    table = pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist()
    return sorted(table, key=lambda row: (row["record"], row["part"]))


@pytest.mark.parametrize("unit", ["$(u)", "$(u) | $(v)", "= upper($(u))"])
def test_a_table(tmp_path: Path, unit: str) -> None:
    """Of an expression it is the text that the map has read."""
    text = "n,p,v,u\n1,1,80,KILO\n2,1,80,LBS\n3,1,80,G\n"
    found = rows(tmp_path, CSV.replace("UNIT", f'{{from: "{unit}", {MAP}}}'), "m.csv", text)
    assert [(row["unit_raw"], row["unit"]) for row in found] == [
        ("KILO", "kg"),
        ("LBS", "[lb_av]"),
        ("G", "g"),
    ]


def test_what_is_mapped_to_missing_is_missing(tmp_path: Path) -> None:
    text = "n,p,v,u\n1,1,80,none\n2,1,80,\n"
    found = rows(tmp_path, CSV.replace("UNIT", f"{{from: $(u), {MAP}}}"), "m.csv", text)
    assert [(row["unit_raw"], row["unit"]) for row in found] == [(None, None), (None, None)]


def test_without_a_map(tmp_path: Path) -> None:
    found = rows(tmp_path, CSV.replace("UNIT", "$(u)"), "m.csv", "n,p,v,u\n1,1,80,KG\n")
    assert [(row["unit_raw"], row["unit"]) for row in found] == [("KG", "kg")]


def test_a_message(tmp_path: Path) -> None:
    head = "MSH|^~\\&|A|B|C|D|20260301||ORU^R01|M1|P|2.5\rPID|1||77^^^H^MR\rOBR|1||||||20260301\r"
    text = head + "".join(
        f"OBX|{n}|NM|29463-7^Body weight^LN||80|{unit}|||||F\r"
        for n, unit in enumerate(("KILO", "kg", "LBS^pounds"), 1)
    )
    found = rows(tmp_path, HL7.replace("UNIT", f"{{from: $(OBX-6), {MAP}}}"), "m.hl7", text)
    assert [(row["unit_raw"], row["unit"]) for row in found] == [
        ("KILO", "kg"),
        ("kg", "kg"),
        ("LBS", "[lb_av]"),
    ]
