"""Every semantic code has cases of the same name: whole runs on tiny sources that must, or must not, find it.

A case gives, by source, a ``mapping`` (joined to the defaults below) and its data (``csv``, or ``files``). Where it
gives a mapping under ``check`` instead, that is checked without data. ``terms`` are files that are loaded into the
user's terminology store before. ``expect`` may say ``count``, ``severity``, ``sources``, ``concept``, ``message``,
``help`` and ``details``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from twinmap import lint, registry
from twinmap.api import Outcome, run
from twinmap.diagnostics import Finding
from twinmap.terms.store.add import add

HERE = Path(__file__).parent
KEY = bytes(range(32))
CASES = [
    pytest.param(file.stem, name, case, id=f"{file.stem}-{name}")
    for file in sorted(HERE.glob("*.yaml"))
    for name, case in yaml.load(file.read_text("utf-8"), yaml.BaseLoader).items()
]


def mapping(name: str, source: dict[str, Any]) -> str:
    """The text of a mapping: what a case says, over what most of them share."""
    own = source["mapping"]
    defaults = {
        "twinmap": "1",
        "id": name,
        "version": "1.0.0",
        "source": {"format": "csv", "files": f"{name}.csv", "timezone": "UTC"},
        "patient": {"id": "$(p)", "system": "mrn"},
        "time": "$(t)",
    }
    for key, value in own.items():
        shared = defaults.get(key)
        defaults[key] = shared | value if isinstance(shared, dict) and isinstance(value, dict) else value
    return yaml.safe_dump(defaults, sort_keys=False, allow_unicode=True)


def outcome(case: dict[str, Any], folder: Path) -> Outcome:
    """Write the sources of a case and run them."""
    sources = case["sources"]
    _files(case, folder)
    for name, source in sources.items():
        (folder / f"{name}.yaml").write_text(mapping(name, source), "utf-8")
        if "csv" in source:
            (folder / f"{name}.csv").write_text(source["csv"], "utf-8")
    bindings = [{"name": name, "mapping": f"{name}.yaml"} for name in sources]
    project = {"twinmap": "1", "sources": bindings, **case.get("project", {})}
    (folder / "twinmap.yaml").write_text(yaml.safe_dump(project), "utf-8")
    (folder / "key").write_bytes(KEY)
    return run(folder / "twinmap.yaml", out=folder / "out", key_file=folder / "key", engine="none", jobs=1)


def _files(case: dict[str, Any], folder: Path) -> None:
    for name, text in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def checked(case: dict[str, Any], folder: Path) -> tuple[Finding, ...]:
    """What is found in the mapping of a case; nothing may be wrong with its form."""
    _files(case, folder)
    path = folder / "t.yaml"
    path.write_text(mapping("t", {"mapping": case["check"]}), "utf-8")
    found = lint.check([path]).findings
    assert [item.message for item in found if item.code[3] == "L" and item.severity == "error"] == []
    return found


def loaded(case: dict[str, Any], folder: Path) -> None:
    """Load the terminology of a case into a store of its own: each file, or each folder of files."""
    for name, text in case["terms"].items():
        path = folder / "releases" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for path in sorted((folder / "releases").iterdir()):
        assert add(path, folder / "terms").sources


@pytest.mark.parametrize(("stem", "name", "case"), CASES)
def test_case(
    stem: str, name: str, case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"TM-{stem[:3].upper()}"
    if "terms" in case:
        monkeypatch.setenv("TWINMAP_TERMS", str(tmp_path / "terms"))
        loaded(case, tmp_path)
    if "check" in case:
        found_all = checked(case, tmp_path)
    else:
        done = outcome(case, tmp_path)
        assert sum(book["written"] for book in done.ledger.statements.values()) > 0
        found_all = done.findings
    mine = [item for item in found_all if item.code == code]
    if name.startswith("pass_"):
        assert [item.message for item in mine] == []
        return
    wanted = case.get("expect", {})
    found = [item for item in mine if all(_same(item, key, value) for key, value in wanted.items())]
    assert len(found) == 1, [item.to_json() for item in mine] or [item.to_json() for item in found_all]
    if hasattr(registry.code(code).module, "HELP"):
        assert found[0].help


def _same(finding: Any, key: str, value: Any) -> bool:
    said = finding.to_json().get(key)
    if key == "details":
        return all(str(said.get(name)) == text for name, text in value.items())
    return said == value if isinstance(value, list) else str(said) == value


def test_every_code_has_both_kinds_of_case() -> None:
    modules = {
        item.module.__name__.rpartition(".")[2]
        for item in registry.codes()
        if ".semantic." in item.module.__name__
    }
    kinds: dict[str, set[str]] = {}
    for param in CASES:
        stem, name, _ = param.values
        kinds.setdefault(str(stem), set()).add(str(name).partition("_")[0])
    assert kinds == {name: {"pass", "fail"} for name in modules}
