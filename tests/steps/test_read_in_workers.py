"""Files that readers in Python read are read by all workers; no output depends on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap import api
from twinmap.engine import stage
from twinmap.errors import InputOutputError

ROOT = Path(__file__).parent.parent.parent
MAPPING = """\
twinmap: 1
id: m
version: 1.0.0
source: {format: fhir, files: "*.ndjson", timezone: UTC}
observe: auto
patient: {id: $(subject.reference) | $(id)}
"""


def _observation(number: int, patient: int) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": f"Patient/p{patient}"},
        "effectiveDateTime": f"2026-01-01T00:{number % 60:02}:00Z",
        "valueQuantity": {"value": 60 + number % 9, "system": "http://unitsofmeasure.org", "code": "/min"},
    }


def _write(folder: Path) -> None:
    """Five files: good resources, one that is no JSON, one of a type that is not read, copies across files."""
    folder.mkdir()
    for file in range(5):
        rows = [json.dumps(_observation(100 * file + number, number % 7)) for number in range(40)]
        rows.append(json.dumps(_observation(3, 3)))
        rows.append('{"resourceType": "Observation", "id": ')
        rows.append('{"resourceType": "Basic", "id": "b"}')
        rows.append(json.dumps({"resourceType": "Patient", "id": f"p{file}", "gender": "female"}))
        (folder / f"f{file}.ndjson").write_text("\n".join(rows) + "\n")


def _told(folder: Path, out: Path, jobs: int) -> dict[str, object]:
    outcome = api.run(
        folder / "m.yaml",
        data=[str(folder / "data")],
        out=out,
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=jobs,
    )
    timed = {"manifest.json", "run.ttl", "report.html"}
    files = [path for path in out.rglob("*") if path.is_file() and path.name not in timed]
    return {
        "files": {str(path.relative_to(out)): path.read_bytes() for path in files},
        "findings": outcome.findings,
        "ledger": outcome.ledger.to_json(),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.yaml").write_text(MAPPING)
    _write(tmp_path / "data")
    return tmp_path


def test_the_output_is_that_of_one_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = _told(folder, folder / "alone", 1)
    monkeypatch.setattr(stage, "_TASK_BYTES", 1)
    many = _told(folder, folder / "many", 1)
    both = _told(folder, folder / "both", 2)
    assert alone == many == both
    assert {"graph.nq", "quarantine.jsonl"} <= set(alone["files"])  # type: ignore[call-overload]
    codes = {finding.code: finding.count for finding in alone["findings"]}  # type: ignore[attr-defined]
    assert codes["TM-Q04"] == 5


def test_a_fault_in_a_worker_is_that_of_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed file that is cut short ends the run as it does in one process."""
    import gzip

    whole = gzip.compress((folder / "data" / "f1.ndjson").read_bytes())
    (folder / "data" / "f9.ndjson.gz").write_bytes(whole[:-20])
    (folder / "m.yaml").write_text(MAPPING.replace('"*.ndjson"', '"*.ndjson*"'))
    monkeypatch.setattr(stage, "_TASK_BYTES", 1)
    said = []
    for jobs in (1, 2):
        with pytest.raises(InputOutputError) as caught:
            _told(folder, folder / f"out{jobs}", jobs)
        said.append((caught.value.message, caught.value.help, [f.code for f in caught.value.findings]))
    assert said[0] == said[1]
    assert "f9.ndjson.gz" in said[0][0]
