"""The generated pages of the documentation are those that the code would write."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from twinmap import registry

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_current(generate: ModuleType) -> None:
    assert [str(path.relative_to(DOCS)) for path in generate.stale(DOCS)] == [], (
        "run: python docs/generate.py"
    )


def test_pages_are_written_mended_and_removed(generate: ModuleType, tmp_path: Path) -> None:
    assert generate.main(["--check"], tmp_path) == 1
    assert not list(tmp_path.iterdir())
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    (tmp_path / "rules" / "TM-O05.md").write_text("old", encoding="utf-8")
    (tmp_path / "rules" / "TM-X99.md").write_text("gone", encoding="utf-8")
    assert generate.main(["--check"], tmp_path) == 1
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    assert not (tmp_path / "rules" / "TM-X99.md").exists()


def test_every_code_has_a_page_and_a_line_in_the_index(generate: ModuleType) -> None:
    pages = generate.rules()
    for code in registry.codes():
        assert f"# {code.code} {code.slug}" in pages[f"{code.code}.md"]
        assert f"| [{code.code}]({code.code}.md) | {code.severity} |" in pages["README.md"]
