"""The examples of docs/mapping-language.md are mappings that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from twinmap.diagnostics import Severity
from twinmap.mapping.load import loads
from twinmap.mapping.project import load_project

PAGE = (Path(__file__).parents[1] / "docs" / "mapping-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

#: Blocks that are not mappings: tests beside one, and a project.
OTHERS = ("tests:", "sources:")
MAPPINGS = [block for block in BLOCKS if not block.startswith(OTHERS)]

#: What a fragment leaves out.
REST = {
    "twinmap": "1",
    "id": "fragment",
    "version": "1.0.0",
    "source": "{format: csv, files: data.csv, timezone: UTC}",
    "patient": "{id: $(patient), system: local}",
    "key": "[id]",
}

SSSOM = """\
#curie_map:
#  lab: https://lab.example.org/tests
subject_id\tpredicate_id\tobject_id\tmapping_justification
lab:GLU\tskos:exactMatch\tloinc:2345-7\tsemapv:ManualMappingCuration
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "lab.sssom.tsv").write_text(SSSOM, encoding="utf-8")
    (tmp_path / "maps" / "units.tsv").write_text("source\tucum\nK/UL\t10*3/uL\n", encoding="utf-8")
    return tmp_path


def whole(block: str) -> str:
    given = set(re.findall(r"^([a-z]+):", block, re.MULTILINE))
    return "".join(f"{key}: {text}\n" for key, text in REST.items() if key not in given) + block


def test_the_page_has_examples() -> None:
    assert len(MAPPINGS) >= 6
    assert len(BLOCKS) - len(MAPPINGS) == len(OTHERS)


@pytest.mark.parametrize("block", MAPPINGS, ids=lambda block: block.split("\n")[0][:30])
def test_an_example_loads(block: str, folder: Path) -> None:
    loaded = loads(whole(block), folder=folder)
    assert loaded.usable, loaded.findings
    assert [f for f in loaded.findings if f.severity is not Severity.INFO] == []


def test_the_tests_are_yaml() -> None:
    tests = next(block for block in BLOCKS if block.startswith("tests:"))
    assert yaml.safe_load(tests)["tests"][0].keys() == {"name", "given", "expect", "findings"}


def test_the_project_loads(tmp_path: Path) -> None:
    for name in ("icu-monitor.yaml", "home-cuff.yaml"):
        (tmp_path / name).write_text(MAPPINGS[0], encoding="utf-8")
    path = tmp_path / "twinmap.yaml"
    path.write_text(next(block for block in BLOCKS if block.startswith("sources:")), encoding="utf-8")
    project = load_project(path)
    assert [binding.name for binding in project.bindings] == ["icu", "home"]
    assert project.bindings[1].params == {"patient": "P-17"}


def test_links_lead_somewhere() -> None:
    folder = Path(__file__).parents[1] / "docs"
    for page in [*folder.glob("*.md"), *folder.glob("decisions/*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
