"""A key without a row is missing, and counted (Q17): of kept records, keys that mean none apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap import api

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: m
version: 1.0.0
source: {format: csv, files: data.csv, timezone: UTC, missing: [NA]}
lookups:
  concept: {files: concept.csv, key: id, missing: ["0"]}
  unit: {files: unit.csv, key: number}
patient: {id: $(pid), system: x}
time: $(at)
key: [pid, at]
keep: {pid: {not: "9"}}
observe:
  result: {code: "loinc:$(cid -> concept.code)", value: $(v), unit: $(cid -> concept.unit -> unit.ucum) | $(u)}
"""
CONCEPT = "id,code,unit\n7,8480-6,1\n8,8462-4,2\n6,8867-4,\n"
UNIT = "number,ucum\n1,mm[Hg]\n"


def _misses(folder: Path, *keys: str) -> dict[str, tuple[int, list[int]]]:
    """How often each table has no row, and in which records, where records look up these keys."""
    rows = [f"{number},2024-01-01,{key},70,mm[Hg]" for number, key in enumerate(keys, 1)]
    (folder / "data.csv").write_text("\n".join(["pid,at,cid,v,u", *rows]) + "\n")
    for name, text in {"map.yaml": MAPPING, "concept.csv": CONCEPT, "unit.csv": UNIT}.items():
        (folder / name).write_text(text)
    key = ROOT / "examples" / "demo.key"
    outcome = api.run(folder / "map.yaml", out=folder / "out", key_file=key, engine="none", jobs=1)
    found = [item for item in outcome.findings if item.code == "TM-Q17"]
    assert len({item.id for item in found}) == len(found)
    assert all(item.where and item.help for item in found)
    return {item.details["detail"]: (item.count, [place.record for place in item.places]) for item in found}


def test_every_key_has_its_row(tmp_path: Path) -> None:
    assert _misses(tmp_path, "7", "7") == {}


@pytest.mark.parametrize("key", ["", "0", "NA"])
def test_what_means_none_is_not_looked_up(tmp_path: Path, key: str) -> None:
    assert _misses(tmp_path, "7", key) == {}


def test_a_key_without_a_row_is_counted(tmp_path: Path) -> None:
    assert _misses(tmp_path, "7", "5", "55", "7", "555", "5") == {"concept": (4, [2, 3, 5])}


def test_each_link_of_a_chain_is_counted_for_itself(tmp_path: Path) -> None:
    # 8 leads to a unit that is not there, 6 to none at all, 5 nowhere.
    assert _misses(tmp_path, "8", "6", "5") == {"concept": (1, [3]), "unit": (1, [1])}


def test_what_is_not_kept_looks_nothing_up(tmp_path: Path) -> None:
    assert _misses(tmp_path, *["7"] * 8, "5") == {}
