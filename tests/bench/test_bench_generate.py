"""Generated inputs: the same bytes every time, hostile as promised, and readable by strict readers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from twinmap.formats.csvdialect import tally


@pytest.mark.parametrize("workload", ["observations", "fhir", "hl7v2"])
def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, workload: str) -> None:
    import generate

    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
    first, again, other = (
        generate.WORKLOADS[workload](50, folder, seed).read_bytes()
        for folder, seed in zip(folders, (7, 7, 8), strict=True)
    )
    assert first == again
    assert first != other


def test_rows_are_hostile_and_well_formed(tmp_path: Path) -> None:
    import generate

    path = generate.observations(3000, tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert tuple(header) == generate.COLUMNS
    assert len(rows) == 3000
    assert {len(row) for row in rows} == {len(generate.COLUMNS)}
    assert len({row[2] for row in rows}) == 3000 // generate.PER_PATIENT
    texts = "".join(row[6] for row in rows)
    assert all(sign in texts for sign in ('"', "\\", "\n", ",", "é", "µ", "ọ"))
    assert 0.01 < sum(not row[8] for row in rows) / 3000 < 0.03
    counted = tally(path, ",")
    assert counted is not None
    assert counted.records == 3000


def test_resources_and_messages_carry_the_rows(tmp_path: Path) -> None:
    import generate

    lines = generate.fhir(20, tmp_path)
    resources = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert [resource["id"] for resource in resources] == [f"o{number}" for number in range(20)]
    assert json.loads(generate.nested(lines).read_text("utf-8")) == resources

    segments = generate.hl7v2(4, tmp_path).read_bytes().decode().split("\r")
    assert sum(segment.startswith("MSH|") for segment in segments) == 4
    results = [segment for segment in segments if segment.startswith("OBX|")]
    assert len(results) == 4 * generate.PER_MESSAGE
    assert segments[-1] == ""
