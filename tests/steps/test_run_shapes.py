"""Shapes of the user's own in a run: beside ours, traced like ours, and the same however the graph is split."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from twinmap import api
from twinmap.diagnostics import Finding, Severity
from twinmap.engine import parts
from twinmap.errors import InputOutputError, UsageError

KEY = Path(__file__).parent.parent.parent / "examples" / "demo.key"
MAPPING = """\
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: "*.csv", timezone: UTC}
patient: {id: $(pid), system: mrn}
device: {id: $(monitor), type: patient-monitor}
key: [pid, at]
time: $(at)
observe:
  heart-rate: {value: $(hr), unit: /min}
"""
PATIENTS, MONITORS = 24, 2
ROWS = [f"p{n},M{n % MONITORS},2026-03-01T08:{n:02}:00,{60 + n}" for n in range(PATIENTS)]
HEAD = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <https://example.org/> .
"""
POSTURE = """
ex:Posture a sh:NodeShape ; sh:targetClass sosa:Observation ; sh:property ex:Posture-said .
ex:Posture-said sh:path tm:posture ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message "say the posture" .
"""
#: All patients of a monitor are needed to count them: no part has them.
MONITOR = """
ex:Monitor a sh:NodeShape ; sh:targetClass sosa:Sensor ; sh:property ex:Monitor-few .
ex:Monitor-few sh:path [ sh:inversePath sosa:madeBySensor ] ; sh:maxCount 11 .
"""
CONSENT = """
ex:Consent a sh:NodeShape ; sh:targetClass tm:PatientTwin ; sh:property ex:Consent-given .
ex:Consent-given sh:path ex:consent ; sh:minCount 1 .
"""
CROWD = """
ex:Crowd a sh:NodeShape ; sh:targetClass tm:PatientTwin ; sh:sparql ex:Crowd-count .
ex:Crowd-count sh:message "a crowd" ; sh:prefixes ex:names ; sh:select '''
SELECT $this WHERE {
  $this a tm:PatientTwin . { SELECT (COUNT(?x) AS ?n) WHERE { ?x a tm:PatientTwin } } FILTER (?n > 20)
}''' .
ex:names sh:declare [ sh:prefix "tm" ; sh:namespace "https://w3id.org/twinmap/ns#"^^xsd:anyURI ] .
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ward.yaml").write_text(MAPPING)
    (tmp_path / "a.csv").write_text("pid,monitor,at,hr\n" + "\n".join(ROWS) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*shapes: str, engine: str = "auto") -> list[Finding]:
    """The violations of a run with these shapes, each in a file of its own."""
    files = []
    for number, text in enumerate(shapes):
        files.append(Path(f"shapes-{number}.ttl"))
        files[-1].write_text(HEAD + text)
    outcome = api.run("ward.yaml", out="out", key_file=KEY, jobs=1, shapes=files, engine=engine)
    return [item for item in outcome.findings if item.code in {"TM-H01", "TM-H05"}]


def test_a_violation_leads_to_record_and_mapping_line(here: Path) -> None:
    (found,) = run(POSTURE)
    assert (found.severity, found.count, found.sources) == (Severity.WARNING, PATIENTS, ("ward",))
    assert "say the posture" in found.message
    assert str(found.where) == "ward.yaml:10:15"
    assert {place.file for place in found.places} == {"a.csv"}
    assert len({place.record for place in found.places}) == 3
    report = (here / "out" / "validation.ttl").read_text()
    assert report.count("<https://example.org/Posture-said>") == PATIENTS


def test_a_violation_of_a_patient_or_a_device_leads_to_a_record(here: Path) -> None:
    """No record says anything of these patients but of whom its measurement is."""
    found = run(CONSENT, MONITOR)
    assert {(item.code, item.count) for item in found} == {("TM-H01", PATIENTS), ("TM-H01", MONITORS)}
    assert all(item.places for item in found)


def test_ours_are_tested_too(here: Path) -> None:
    Path("a.csv").write_text(Path("a.csv").read_text() + "p0,M0,2026-03-02T08:00:00,9000\n")
    messages = [item.message for item in run(POSTURE)]
    assert len(messages) == 2
    assert any("heart-rate" in message for message in messages)


@pytest.mark.parametrize(
    ("engine", "shapes"),
    [
        ("shacl", (POSTURE,)),
        ("shacl", (CONSENT, MONITOR)),
        ("shacl", (CROWD, POSTURE)),
        ("pyshacl", (MONITOR, CROWD, CONSENT)),
    ],
    ids=["apart", "one needs all", "a query", "pyshacl"],
)
def test_the_number_of_parts_makes_no_difference(
    engine: str, shapes: tuple[str, ...], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shapes that need the whole graph get it: counts over all patients are those of one piece."""
    one = [replace(item, places=()) for item in run(*shapes, engine=engine)]
    assert len(one) == len(shapes)
    monkeypatch.setattr(parts, "_SHARDS", ((1_000_000, 16),))
    made, work = [], parts.work
    monkeypatch.setattr(parts, "work", lambda task: made.append(task) or work(task))
    many = [replace(item, places=()) for item in run(*shapes, engine=engine)]
    assert len(made) > 5
    assert many == one


def test_those_of_the_project_come_first_and_stay(here: Path) -> None:
    Path("own.ttl").write_text(HEAD + CONSENT)
    Path("twinmap.yaml").write_text("twinmap: 1\nsources: [{mapping: ward.yaml}]\nshapes: own.ttl\n")
    Path("more.ttl").write_text(HEAD + POSTURE)
    outcome = api.run(".", out="out", key_file=KEY, jobs=1, shapes=["more.ttl"])
    assert sorted(item.count for item in outcome.findings if item.code == "TM-H01") == [PATIENTS, PATIENTS]


HOSTILE = {
    "JavaScript": "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:js [ sh:jsFunctionName 'f' ] .",
    "SERVICE": (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select "
        "'SELECT $this WHERE { SERVICE <https://example.org/> { $this ?p ?o } }' ] ."
    ),
    "FROM": (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select "
        "'SELECT $this FROM <file:///etc/passwd> WHERE { $this ?p ?o }' ] ."
    ),
    "not Turtle": "ex:S a sh:NodeShape ; sh:targetClass",
    "no SHACL shape": "ex:S a ex:T .",
    "refuses": "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select 'SELEKT $this' ] .",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_shapes_that_cannot_be_used_are_refused_before_data_is_read(what: str, here: Path) -> None:
    Path("a.csv").unlink()
    with pytest.raises(UsageError) as caught:
        run(HOSTILE[what])
    assert "shapes-0.ttl" in caught.value.message
    assert what in caught.value.message or what == "refuses"
    assert not list(here.glob("out/*"))


def test_shapes_that_are_missing(here: Path) -> None:
    with pytest.raises(InputOutputError) as caught:
        api.run("ward.yaml", out="out", key_file=KEY, shapes=["none.ttl"])
    assert [item.code for item in caught.value.findings] == ["TM-O01"]


def test_one_part_or_many_hold_the_same(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few statements are one part. The lines are the same in another order, and the findings are the same."""
    run()
    one = _content(here / "out")
    monkeypatch.setattr(parts, "_SHARDS", ((1_000_000, 16),))
    run()
    many = _content(here / "out")
    assert one == many
    assert len(one[0]) > 200


def _content(out: Path) -> tuple[list[str], str, object]:
    ledger = json.loads((out / "ledger.json").read_text())
    return sorted((out / "graph.nq").read_text().splitlines()), (out / "findings.jsonl").read_text(), ledger


def test_what_a_check_tells_of_the_same_statements_is_told_once(here: Path) -> None:
    """By rows, not by counts: one statement that nobody else tells of, and the violation stands for itself."""
    rows = Path("a.csv").read_text()
    Path("a.csv").write_text(rows + "p0,M0,2026-03-02T08:00:00,9000\np1,M0,2026-03-02T08:00:00,-4\n")
    (high, low) = (item for item in run(POSTURE) if "heart-rate-value" in item.message)
    for item in (high, low):
        assert item.details["told_by"] == ["TM-V01"]
        assert (item.severity, item.count) == (Severity.ERROR, 1)
        assert item.message.startswith("not met: heart rate is a number, at least ")
        assert item.message.endswith(" (twin:heart-rate-value), as TM-V01 says")
    report = (here / "out" / "validation.ttl").read_text()
    assert report.count("sh:sourceShape <https://w3id.org/twinmap/shapes#heart-rate-value>") == 2
    # A value with a comparator is beyond the limits for the shape alone.
    Path("a.csv").write_text(rows + "p0,M0,2026-03-02T08:00:00,9000\np1,M0,2026-03-02T08:00:00,>9000\n")
    (high,) = (item for item in run(POSTURE) if "heart-rate-value" in item.message)
    assert high.count == 2
    assert "told_by" not in high.details
    assert high.help


def test_where_the_check_is_left_out_the_shape_is_told_for_itself(here: Path) -> None:
    """It names no code that the report does not have."""
    Path("a.csv").write_text(Path("a.csv").read_text() + "p0,M0,2026-03-02T08:00:00,9000\n")
    outcome = api.run("ward.yaml", out="out", key_file=KEY, jobs=1, ignore=["TM-V01"])
    (high,) = (item for item in outcome.findings if item.code == "TM-H01")
    assert ("told_by" in high.details, "TM-V01" in high.message) == (False, False)
    assert high.places
    assert high.help


def test_a_shape_of_the_user_is_told_for_itself(here: Path) -> None:
    Path("a.csv").write_text(Path("a.csv").read_text() + "p0,M0,2026-03-02T08:00:00,9000\n")
    own = """ex:Calm a sh:NodeShape ; sh:targetSubjectsOf sosa:hasSimpleResult ;
        sh:property [ sh:path sosa:hasSimpleResult ; sh:maxInclusive 400 ] ."""
    found = [item for item in run(own) if "heart-rate-value" not in item.message]
    assert [item.details.get("told_by") for item in found] == [None]
