"""A crosswalk names systems as mappings do: by URI, OID or alias, or by a name that a mapping declares."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.errors import UsageError

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: NAME
version: 1.0.0
source: {format: csv, files: "NAME.csv", timezone: UTC}
systems: {SYSTEMS}
patient: {id: $(p), system: "SYSTEM"}
key: [p, t]
time: $(t)
observe: {heart-rate: {value: 80, unit: /min}}
"""
SSN = "http://hl7.org/fhir/sid/us-ssn"


def twins(folder: Path, crosswalk: str, *, clinic: str = "", lab: str = "") -> int:
    """How many twins there are of patient 1 of the clinic (by SSN) and patient 9 of the laboratory."""
    for name, number, system, declared in (("clinic", 1, SSN, clinic), ("lab", 9, "lab", lab)):
        text = MAPPING.replace("NAME", name).replace("SYSTEMS", declared).replace("SYSTEM", system)
        (folder / f"{name}.yaml").write_text(text)
        (folder / f"{name}.csv").write_text(f"p,t\n{number},2026-03-01\n")
    (folder / "cross.csv").write_text(f"system_a,id_a,system_b,id_b,evidence\n{crosswalk},letter\n")
    (folder / "twinmap.yaml").write_text(
        "twinmap: 1\n"
        "sources: [{name: clinic, mapping: clinic.yaml}, {name: lab, mapping: lab.yaml}]\n"
        "identity: {crosswalk: cross.csv}\n"
    )
    key = ROOT / "examples" / "demo.key"
    api.run(folder / "twinmap.yaml", out=folder / "out", key_file=key, engine="none", jobs=1)
    table = pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist()
    return len({row["twin"] for row in table})


@pytest.mark.parametrize("name", [SSN, "urn:oid:2.16.840.1.113883.4.1", "2.16.840.1.113883.4.1"])
def test_an_alias_is_the_system(tmp_path: Path, name: str) -> None:
    assert twins(tmp_path, f"{name},1,lab,9") == 1
    (tmp_path / "other").mkdir()
    assert twins(tmp_path / "other", f"lab,9,{name},1") == 1


def test_another_system_is_another(tmp_path: Path) -> None:
    assert twins(tmp_path, "urn:oid:2.16.840.1.113883.4.3,1,lab,9") == 2


def test_a_name_that_a_mapping_declares(tmp_path: Path) -> None:
    assert twins(tmp_path, f"{SSN},1,lab,9", lab='lab: "urn:example:lab"') == 1


def test_a_name_that_two_mappings_declare_differently_is_only_a_name(tmp_path: Path) -> None:
    declared = {"lab": 'lab: "urn:example:lab"', "clinic": 'lab: "urn:example:other"'}
    assert twins(tmp_path, f"{SSN},1,lab,9", **declared) == 2


def test_a_row_with_too_few_cells_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cross\.csv:2: 4 fields where the header has 5"):
        twins(tmp_path, f"{SSN},1,lab")
