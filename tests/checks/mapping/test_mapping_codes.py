"""Every L code has cases of the same name: what it must find, and what it must leave alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from twinmap import registry
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.columns import Columns, check_columns
from twinmap.mapping.load import load

HERE = Path(__file__).parent
HEAD = "twinmap: 1\nid: t\nversion: 1.0.0\n"
CASES = [
    pytest.param(file.stem, name, case, id=f"{file.stem}-{name}")
    for file in sorted(HERE.glob("l*.yaml"))
    for name, case in yaml.safe_load(file.read_text("utf-8")).items()
]


def findings_of(case: dict[str, Any], folder: Path) -> list[Finding]:
    """Load the mapping of a case beside its files, and check it against its headers."""
    for name, text in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    path = folder / "case.yaml"
    path.write_text(case.get("whole") or HEAD + case["mapping"], "utf-8")
    loaded = load(path, params=case.get("params"))
    found = list(loaded.findings)
    if "columns" in case:
        assert loaded.document is not None
        headers = {name: Columns(f"{name}.csv", tuple(names)) for name, names in case["columns"].items()}
        lookups = {name.removeprefix("lookup "): columns for name, columns in headers.items() if " " in name}
        found += check_columns(loaded.document, headers, lookups=lookups)
    return found


@pytest.mark.parametrize(("stem", "name", "case"), CASES)
def test_case(stem: str, name: str, case: dict[str, Any], tmp_path: Path) -> None:
    code = f"TM-{stem[:3].upper()}"
    found = findings_of(case, tmp_path)
    if name.startswith("pass_"):
        assert [(item.code, item.message) for item in found] == []
        return
    wanted = case["expect"]
    mine = [item for item in found if item.code == code and item.message == wanted["message"]]
    assert len(mine) == 1, [(item.code, str(item.where), item.message) for item in found]
    where = mine[0].where
    assert where is not None
    assert where.line >= 1
    if "at" in wanted:
        shift = 0 if "whole" in case else HEAD.count("\n")
        assert f"{where.line - shift}:{where.column}" == wanted["at"]
        assert (tmp_path / "case.yaml").read_text("utf-8").split("\n")[where.line - 1] == where.text
    if "help" in wanted:
        assert mine[0].help == wanted["help"]
    assert set(case.get("also", ())) <= {item.code for item in found}


def test_every_code_has_both_kinds_of_case() -> None:
    codes = {item.code for item in registry.codes() if item.code.startswith("TM-L")}
    kinds: dict[str, set[str]] = {}
    for param in CASES:
        stem, name, _ = param.values
        kinds.setdefault(f"TM-{stem[:3].upper()}", set()).add(name.partition("_")[0])
    assert kinds == {code: {"pass", "fail"} for code in codes}


@pytest.mark.parametrize("code", [f"TM-L{number:02}" for number in range(1, 19)])
def test_page_has_its_sections(code: str) -> None:
    page = registry.code(code).page
    for heading in ("What it means:", "Why it matters:", "Example:", "What to do:"):
        assert f"\n{heading}\n" in page
    assert registry.code(code).severity in set(Severity)
