"""``run.ttl``: how the output was made, without a name of a file and without a value."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import DCAT, PROV, RDF

from twinmap import __version__, api, safeio
from twinmap.privacy import read_key
from twinmap.registry import shipped

KEY = Path(__file__).parent.parent.parent / "examples" / "demo.key"
TM = rdflib.Namespace("https://w3id.org/twinmap/ns#")
VERSION = rdflib.URIRef(f"{DCAT}version")  # of DCAT 3, which rdflib does not know yet
BASE = rdflib.Namespace("https://twin.example/")
MAPPING = """
twinmap: 1
id: ID
version: 2.1.0
source: {format: csv, files: "*.csv", timezone: UTC}
params: {ward: north, shift: day}
patient: {id: $(pid), system: "${ward}"}
key: [pid, at]
time: $(at)
observe:
  heart-rate: {value: $(hr), unit: /min}
"""
PROJECT = """
twinmap: 1
sources:
  - {name: ward, mapping: ward.yaml, data: ward-files, set: {ward: Quagmire}}
  - {name: home, mapping: home.yaml, data: home-files}
"""
ROW = "pid,at,hr\nZebedee,2026-03-01T08:0{0}:00,7{0}\n"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of two sources with three files that are called after patients."""
    folder = tmp_path_factory.mktemp("provenance")
    files = {"ward-files": ["meier-hans", "keller-anna"], "home-files": ["frei-ida"]}
    for name, stems in files.items():
        (folder / name).mkdir()
        for number, stem in enumerate(stems):
            (folder / name / f"{stem}.csv").write_text(ROW.format(number) + "x\n" * number)
    for name in ("ward", "home"):
        (folder / f"{name}.yaml").write_text(MAPPING.replace("ID", f"{name}-readings"))
    (folder / "twinmap.yaml").write_text(PROJECT)
    api.run(folder, out=folder / "out", key_file=KEY, base=str(BASE), jobs=1)
    return folder / "out"


@pytest.fixture(scope="module")
def graph(out: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(out / "run.ttl")


@pytest.fixture(scope="module")
def run(graph: rdflib.Graph) -> rdflib.term.Node:
    (found,) = graph.subjects(RDF.type, PROV.Activity)
    return found


def test_two_parsers_read_the_same(out: Path, graph: rdflib.Graph) -> None:
    assert len(list(ox.parse((out / "run.ttl").read_bytes(), format=ox.RdfFormat.TURTLE))) == len(graph) > 60


def test_every_input_is_used_under_its_number(out: Path, graph: rdflib.Graph, run: rdflib.term.Node) -> None:
    inputs = json.loads((out / "manifest.json").read_text())["inputs"]
    used = set(graph.objects(run, PROV.used))
    assert used == {BASE[f"file/{item['number']}"] for item in inputs}
    assert len(used) == 3
    for source, numbers in {"ward": 2, "home": 1}.items():
        assert len(list(graph.objects(BASE[f"source/{source}"], PROV.hadMember))) == numbers
    places = set(re.findall(r"<(\S+/file/\d+)#", (out / "graph.nq").read_text()))
    assert places == {str(term) for term in used}


def test_no_name_of_a_file_and_no_value_is_in_it(out: Path) -> None:
    text = (out / "run.ttl").read_text().casefold()
    hidden = [
        "meier",
        "hans",
        "keller",
        "anna",
        "frei",
        ".csv",
        "files",
        "zebedee",
        "quagmire",
        "north",
    ]
    assert [word for word in hidden if word in text] == []
    assert "70" not in re.findall(r'"([^"]*)"', text)


def test_every_term_is_of_a_vocabulary(graph: rdflib.Graph) -> None:
    ours = rdflib.Graph().parse(data=(shipped("ontologies") / "twin.ttl").read_bytes(), format="turtle")
    used = {*graph.predicates(), *graph.objects(None, RDF.type)} - {RDF.type}
    known = {term for term in used if (term in PROV) or (term in DCAT) or (term, None, None) in ours}
    assert used - known == {VERSION}
    assert {TM.mapping, TM.keyId, PROV.used} <= used


def test_what_was_made_is_listed_with_its_hash(out: Path, graph: rdflib.Graph, run: rdflib.term.Node) -> None:
    """Short texts could be found by their hash: files with raw texts or names have none."""
    made = {str(term).removeprefix(f"{BASE}output/"): term for term in graph.objects(run, PROV.generated)}
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert made.keys() == there - {"run.ttl", "manifest.json"}
    hashes = {name: [str(o) for o in graph.objects(term, TM.sha256)] for name, term in made.items()}
    bare = {"findings.jsonl", "quarantine.jsonl", "tables/identifier.parquet"} & there
    assert {name for name, found in hashes.items() if not found} == bare
    assert all(found == [safeio.sha256(out / name)] for name, found in hashes.items() if found)
    forms = {str(term).rpartition("/")[2] for term in graph.objects(BASE.dataset, DCAT.distribution)}
    assert {"graph.nq", "observation.parquet"} <= forms
    listed = json.loads((out / "manifest.json").read_text())["outputs"]
    assert listed["run.ttl"]["sha256"] == safeio.sha256(out / "run.ttl")


def test_mappings_key_target_and_parameters(out: Path, graph: rdflib.Graph, run: rdflib.term.Node) -> None:
    manifest = json.loads((out / "manifest.json").read_text())
    plans = {
        str(graph.value(plan, TM.mappingId)): (
            str(graph.value(plan, VERSION)),
            str(graph.value(plan, TM.sha256)),
        )
        for association in graph.objects(run, PROV.qualifiedAssociation)
        for plan in graph.objects(association, PROV.hadPlan)
    }
    assert plans == {item["id"]: ("2.1.0", item["sha256"]) for item in manifest["mappings"]}
    assert graph.value(BASE["source/ward"], TM.mapping) == BASE["mapping/ward-readings/2.1.0"]
    assert str(graph.value(run, TM.keyId)) == read_key(KEY).id == manifest["key"]
    assert str(graph.value(run, TM.target)) == "twin"
    assert [str(o) for o in graph.objects(BASE["source/ward"], TM.parameterName)] == ["ward"]
    assert not list(graph.objects(BASE["source/home"], TM.parameterName))
    (tool,) = graph.objects(run, PROV.wasAssociatedWith)
    assert (tool, RDF.type, PROV.SoftwareAgent) in graph
    assert str(graph.value(tool, VERSION)) == __version__


def test_the_times_are_those_of_the_run(out: Path, graph: rdflib.Graph, run: rdflib.term.Node) -> None:
    started, ended = (
        graph.value(run, predicate).toPython()  # type: ignore[union-attr]
        for predicate in (PROV.startedAtTime, PROV.endedAtTime)
    )
    assert started <= ended
    told = json.loads((out / "manifest.json").read_text())["run"]
    assert [datetime.fromisoformat(told[name]) for name in ("started", "ended")] == [started, ended]


def test_but_for_the_times_it_is_the_same_on_every_run(out: Path, tmp_path: Path) -> None:
    api.run(out.parent, out=tmp_path / "again", key_file=KEY, base=str(BASE), jobs=2)
    texts = [(folder / "run.ttl").read_text() for folder in (out, tmp_path / "again")]
    one, other = (re.sub(r'"[^"]+"\^\^xsd:dateTime', "", text) for text in texts)
    assert one == other
