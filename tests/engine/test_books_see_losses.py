"""A row that is lost between any two steps is seen: the books are independent counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap import api
from twinmap.engine import stage
from twinmap.engine.duck import Duck
from twinmap.errors import InputOutputError, InternalError
from twinmap.formats import batches
from twinmap.readers import csv

ROOT = Path(__file__).parent.parent.parent
MAPPING = """
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: "*.csv", timezone: UTC}
patient: {id: $(pid), system: mrn}
key: [pid, at]
time: $(at)
observe:
  heart-rate: {value: $(hr), unit: /min}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rows = [f"p{n % 7},2026-03-01T08:{n:02}:00,{60 + n}" for n in range(40)]
    (tmp_path / "ward.yaml").write_text(MAPPING)
    (tmp_path / "a.csv").write_text("pid,at,hr\n" + "\n".join(rows) + "\n")
    return tmp_path


def run(folder: Path) -> api.Outcome:
    return api.run(
        folder / "ward.yaml",
        out=folder / "out",
        data=[str(folder / "a.csv")],
        key_file=ROOT / "examples" / "demo.key",
        engine="none",
        jobs=1,
    )


def test_nothing_is_lost(project: Path) -> None:
    outcome = run(project)
    assert outcome.ledger.records["ward"]["mapped"] == 40
    assert outcome.ledger.lost == 0


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        ("reading", "FROM (SELECT row_number() OVER ()", "FROM (SELECT * FROM (SELECT row_number() OVER ()"),
        ("splitting", "NOT failed AND NOT aside", "NOT failed AND NOT aside AND record <> 17"),
        ("sorting", " ORDER BY twin", " WHERE n.record <> 17 ORDER BY twin"),
        ("expanding", "JOIN rules r ON r.grp = n.grp", "JOIN rules r ON n.record <> 17 AND r.grp = n.grp"),
        ("publishing", "COPY (SELECT * REPLACE (", ""),
    ],
)
def test_a_row_is_lost_while(
    project: Path, monkeypatch: pytest.MonkeyPatch, where: str, old: str, new: str
) -> None:
    """SQL is changed on its way so that record 17 falls out between two steps."""
    original, hits = Duck.run, []

    def changed(self: Duck, sql: str, *rest: Any) -> Any:
        if where == "reading" and old in sql:
            sql = sql.replace(") TO ", " WHERE _record <> 17) TO ", 1)
            hits.append(sql)
        elif where == "publishing" and "observation-" in sql and sql.startswith(old):
            sql = sql.replace(") TO ", " WHERE record <> 17) TO ", 1)
            hits.append(sql)
        elif where not in {"reading", "publishing"} and old in sql:
            sql = sql.replace(old, new)
            hits.append(sql)
        return original(self, sql, *rest)

    monkeypatch.setattr(Duck, "run", changed)
    with pytest.raises(InternalError) as caught:
        run(project)
    assert hits, "the test changed nothing"
    assert caught.value.exit_code == 4
    assert not (project / "out" / "graph.nq").exists()


def test_a_row_is_lost_by_the_strict_reader(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has a quote that only the strict reader takes; it forgets a row and does not count it."""
    (project / "a.csv").write_text((project / "a.csv").read_text() + 'p1,"2026-03-01T09:00:00,60\n')
    original = csv.csvdialect.records

    def forgetful(*args: Any) -> Iterator[Any]:
        return (row for row in original(*args) if row.number != 17)

    monkeypatch.setattr(csv.csvdialect, "records", forgetful)
    monkeypatch.setattr(csv.csvdialect, "count_records", lambda *_: 41)
    with pytest.raises(InternalError):
        run(project)


def test_a_row_is_lost_from_a_batch(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader counted it; it does not arrive."""
    (project / "a.csv").write_text((project / "a.csv").read_text() + 'p1,"2026-03-01T09:00:00,60\n')
    original = batches.BatchBuilder.finish

    def cut(self: batches.BatchBuilder) -> Iterator[Any]:
        for batch in original(self):
            yield batch.slice(0, batch.num_rows - 1)

    monkeypatch.setattr(batches.BatchBuilder, "finish", cut)
    with pytest.raises(InternalError):
        run(project)


def test_a_record_that_is_forgotten_in_the_quarantine_is_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of too many fields is neither read nor set aside."""
    (project / "a.csv").write_text((project / "a.csv").read_text() + "p1,2026-03-01T09:00:00,60,x\n")
    monkeypatch.setattr(csv, "SetAside", lambda *_: csv.Note(1, "TM-O04", "forgotten"))
    with pytest.raises(InternalError):
        run(project)


def test_a_loss_from_a_file_that_changed_is_no_bug(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file grows between the two counts of it: exit 3, and nothing is published."""
    original = stage.tally

    def and_grown(path: Path, delimiter: str) -> Any:
        counted = original(path, delimiter)
        with path.open("a") as file:
            file.write("p1,2026-03-01T09:00:00,60\n")
        return counted

    monkeypatch.setattr(stage, "tally", and_grown)
    with pytest.raises(InputOutputError, match="changed while it was read"):
        run(project)
    assert not (project / "out" / "graph.nq").exists()


def test_all_rows_of_one_record_set_are_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a record set without a row nothing is computed; what the reader counted of it must have arrived all the same."""
    patient = {"resourceType": "Patient", "id": "p"}
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "233604007"}]}
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}, "code": code}
    entries = [{"resource": patient}, {"resource": condition}]
    (tmp_path / "a.json").write_text(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    )

    def run() -> api.Outcome:
        key, data = ROOT / "examples" / "demo.key", [str(tmp_path / "a.json")]
        return api.run(
            "builtin:fhir-r4", out=tmp_path / "out", data=data, key_file=key, engine="none", jobs=1
        )

    assert run().ledger.records["fhir-r4"]["mapped"] == 2
    given = stage._events

    def without_conditions(*about: Any) -> Iterator[tuple[int, Any]]:
        for number, event in given(*about):
            yield number, event.slice(event.num_rows) if number and hasattr(event, "num_rows") else event

    monkeypatch.setattr(stage, "_events", without_conditions)
    with pytest.raises(InternalError, match="do not balance"):
        run()
