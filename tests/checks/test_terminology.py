"""A terminology store beside a run: which editions answered is told, and without a store nothing of it is loaded."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

from twinmap.api import Outcome, run
from twinmap.terms import local, names, unit_kinds, unit_notes
from twinmap.terms.store.add import add

MAPPING = """\
twinmap: 1
id: lab
version: 1.0.0
source: {format: csv, files: lab.csv, timezone: UTC}
patient: {id: $(p), system: mrn}
key: [p, t]
time: $(t)
observe: {result: {code: "loinc:$(c)", value: $(v), unit: $(u)}}
"""
DATA = "p,t,c,v,u\n1,2026-03-01T08:00:00,2345-7,90,mg/dL\n1,2026-03-01T09:00:00,99999-9,1.5,/min\n"


def release(version: str, *, content: str = "complete") -> str:
    axes = {
        "COMPONENT": "Something",
        "PROPERTY": "MCnc",
        "TIME_ASPCT": "Pt",
        "SYSTEM": "Ser",
        "SCALE_TYP": "Qn",
    }
    properties = [{"code": name, "valueString": value} for name, value in axes.items()]
    concepts = [{"code": "99999-9", "display": "Something", "property": properties}]
    system = {"resourceType": "CodeSystem", "url": "http://loinc.org", "name": "LOINC", "version": version}
    return json.dumps(system | {"status": "active", "content": content, "concept": concepts})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWINMAP_TERMS", str(tmp_path / "terms"))
    (tmp_path / "lab.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "lab.csv").write_text(DATA, "utf-8")
    (tmp_path / "key").write_bytes(bytes(range(32)))
    return tmp_path


def load(folder: Path, version: str) -> None:
    path = folder / f"loinc-{version}.json"
    path.write_text(release(version), "utf-8")
    add(path, folder / "terms")


def outcome(folder: Path) -> Outcome:
    return run(
        folder / "lab.yaml",
        out=folder / "out",
        key_file=folder / "key",
        engine="none",
        jobs=1,
        force=True,
    )


def terminology(done: Outcome) -> list[dict[str, str]]:
    manifest = json.loads((done.out / "manifest.json").read_text("utf-8"))
    found: list[dict[str, str]] = manifest["terminology"]
    return found


def stated(done: Outcome) -> list[str]:
    """The graph without its findings."""
    lines = (done.out / "graph.nq").read_text("utf-8").splitlines()
    return [line for line in lines if "graph/findings>" not in line]


def codes(done: Outcome) -> set[str]:
    return {item.code for item in done.findings}


def test_the_manifest_names_the_edition_that_answered(folder: Path) -> None:
    load(folder, "2.72")
    load(folder, "2.82")
    done = outcome(folder)
    ucum, *others = terminology(done)
    assert ucum["name"] == "UCUM"
    assert [(item["name"], item["version"], item["content"]) for item in others] == [
        ("LOINC", "2.82", "complete")
    ]
    assert len(others[0]["sha256"]) == 64
    assert {"TM-C02", "TM-U06"} <= codes(done)


def test_the_same_store_gives_the_same_findings(folder: Path) -> None:
    load(folder, "2.82")
    first = [item.to_json() for item in outcome(folder).findings]
    assert [item.to_json() for item in outcome(folder).findings] == first


def test_what_is_stated_does_not_depend_on_the_store(folder: Path) -> None:
    without = outcome(folder)
    assert [item["name"] for item in terminology(without)] == ["UCUM"]
    assert not {"TM-C02", "TM-U06"} & codes(without)
    before = stated(without)
    load(folder, "2.82")
    assert stated(outcome(folder)) == before
    assert len(before) > 20


def test_without_terminology_nothing_of_the_store_is_loaded(folder: Path) -> None:
    code = (
        "import sys\nfrom twinmap import lint\nlint.check(['lab.yaml'])\n"
        "print(sorted(name for name in sys.modules if name.startswith('twinmap.terms.store.')), 'duckdb' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['twinmap.terms.store.place'] False"


@pytest.mark.parametrize("module", [names, local, unit_notes, unit_kinds], ids=lambda each: each.__name__)
def test_examples(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0
    assert found.failed == 0
