"""A crosswalk names systems as mappings do: by URI, OID or alias, or by a name that a mapping declares."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twinmap import api
from twinmap.engine.crosswalk import read
from twinmap.errors import InputOutputError, UsageError
from twinmap.privacy import Key

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


def test_the_option_is_as_the_project_has_it(tmp_path: Path) -> None:
    twins(tmp_path, f"{SSN},1,lab,9")
    arguments = [str(tmp_path / "clinic.yaml"), str(tmp_path / "lab.yaml")]
    key, cross = ROOT / "examples" / "demo.key", tmp_path / "cross.csv"
    for given, number in ((cross, 1), (None, 2)):
        out = tmp_path / f"out-{number}"
        api.run(arguments, out=out, key_file=key, crosswalk=given, engine="none", jobs=1)
        rows = pq.read_table(out / "tables" / "observation.parquet").to_pylist()
        assert len({row["twin"] for row in rows}) == number


def test_two_sides_meet_by_a_crosswalk(tmp_path: Path) -> None:
    """Mappings that are run, and finished runs of one key."""
    twins(tmp_path, f"{SSN},1,lab,9")
    key, cross = ROOT / "examples" / "demo.key", tmp_path / "cross.csv"
    mappings = [str(tmp_path / f"{name}.yaml") for name in ("clinic", "lab")]
    for name, mapping in zip("ab", mappings, strict=True):
        api.run(mapping, out=tmp_path / name, key_file=key, engine="none", jobs=1)
    for sides in (mappings, [tmp_path / "a", tmp_path / "b"]):
        apart = api.diff(*sides, key_file=key, jobs=1).report.difference
        met = api.diff(*sides, key_file=key, crosswalk=cross, jobs=1).report.difference
        assert apart is not None
        assert met is not None
        assert [len(found["patients"]) for found in (apart, met)] == [2, 1]


def test_a_crosswalk_that_finds_nobody_is_told(tmp_path: Path) -> None:
    twins(tmp_path, f"{SSN},1,lab,9")
    key, other = ROOT / "examples" / "demo.key", tmp_path / "other.key"
    other.write_text("another secret of enough characters, as a key wants it\n")
    api.run(tmp_path / "lab.yaml", out=tmp_path / "b", key_file=key, engine="none", jobs=1)
    cross = tmp_path / "cross.csv"
    with pytest.raises(UsageError, match="another key"):
        api.diff(tmp_path / "b", tmp_path / "out", key_file=other, crosswalk=cross, jobs=1)
    cross.write_text("system_a,id_a,system_b,id_b\nurn:x,1,urn:y,2\n")
    with pytest.raises(UsageError, match="no row"):
        api.diff(tmp_path / "b", tmp_path / "out", key_file=key, crosswalk=cross, jobs=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cross.csv is empty"),
        ("system_a,id_a,system_b\n", "cross.csv:1: there is no column id_b"),
        ("system_a,id_a,system_b,id_b\nx,1,y\n", "cross.csv:2: 3 fields"),
        ("system_a,id_a,system_b,id_b\nx,1,y,2\nx,1,y,\n", "cross.csv:3: id_b is empty"),
        ('system_a,id_a,system_b,id_b\nx,1,y,"2\n', "cross.csv:2: a quote"),
    ],
    ids=["empty", "a column", "a field", "an id", "a quote"],
)
def test_what_is_no_crosswalk_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    cross = tmp_path / "cross.csv"
    cross.write_text(text)
    with pytest.raises(UsageError, match=said):
        read(cross, Key(b"x" * 32, "a test"))


def test_a_crosswalk_that_is_missing_is_told(tmp_path: Path) -> None:
    twins(tmp_path, f"{SSN},1,lab,9")
    for run in (api.run, lambda mapping, **options: api.diff(mapping, mapping, **options)):
        with pytest.raises(InputOutputError, match=r"nowhere\.csv"):
            run(tmp_path / "lab.yaml", out=tmp_path / "o", crosswalk=tmp_path / "nowhere.csv", jobs=1)
