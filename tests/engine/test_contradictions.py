"""Birth dates and sexes that contradict each other are told, whether it is a link that says who is who or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from twinmap import api
from twinmap.diagnostics import Finding

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: NAME
version: 1.0.0
source: {format: csv, files: "NAME.csv", timezone: UTC}
patient: {id: $(p), system: SYSTEM, birth-date: $(b), sex: $(s)IDENTIFIERS}
key: [p, t]
time: $(t)
observe: {heart-rate: {value: 80, unit: /min}}
"""


def run(folder: Path, **sources: tuple[str, list[str]]) -> tuple[list[Finding], list[dict[str, Any]]]:
    """The findings I02, and the observations; a source is the system of its ids, and its rows."""
    for name, (system, rows) in sources.items():
        shared = ", identifiers: [{id: $(nr), system: urn:nr}]" if "nr" in rows[0] else ""
        text = MAPPING.replace("NAME", name).replace("SYSTEM", system).replace("IDENTIFIERS", shared)
        (folder / f"{name}.yaml").write_text(text)
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    outcome = api.run(
        [str(folder / f"{name}.yaml") for name in sources],
        out=folder / "out",
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=1,
    )
    table = pq.read_table(folder / "out" / "tables" / "observation.parquet").to_pylist()
    return [item for item in outcome.findings if item.code == "TM-I02"], table


def test_two_sources_and_one_identifier(tmp_path: Path) -> None:
    (found,), rows = run(
        tmp_path,
        ehr=("mrn", ["p,b,s,t", "1,1970-03-01,female,2026-03-01", "2,1980,male,2026-03-01"]),
        lab=("mrn", ["p,b,s,t", "2,1980-02-02,male,2026-03-02", "1,1970-03-01,male,2026-03-02"]),
    )
    assert found.sources == ("ehr", "lab")
    assert [(place.source, place.record, place.field) for place in found.places] == [
        ("ehr", 1, "sex"),
        ("lab", 2, "sex"),
    ]
    (twin,) = {row["twin"] for row in rows if row["patient_record"] == found.patient}
    assert found.details["records"] == [found.patient] == [twin]
    assert len(rows) == 4


def test_one_source_that_contradicts_itself(tmp_path: Path) -> None:
    (found,), rows = run(
        tmp_path,
        ward=(
            "mrn",
            ["p,b,s,t", "1,1970-03-01,,2026-03-01", "1,1970,,2026-03-02", "1,1970-04-01,,2026-03-03"],
        ),
    )
    assert found.sources == ("ward",)
    assert "ward contradicts itself in the birth-date" in found.message
    assert [place.record for place in found.places] == [1, 2, 3]
    assert len({row["twin"] for row in rows}) == 1


def test_a_link_is_not_made(tmp_path: Path) -> None:
    (found,), rows = run(
        tmp_path,
        ehr=("mrn", ["p,nr,b,s,t", "1,77,1970-03-01,female,2026-03-01"]),
        lab=("lab-id", ["p,nr,b,s,t", "9,77,1970-03-01,male,2026-03-02"]),
    )
    assert found.sources == ("ehr", "lab")
    assert len(found.details["records"]) == 2
    assert len({row["twin"] for row in rows}) == 2
