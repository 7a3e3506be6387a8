"""Whatever can be raised is explained: a page, what to do, and a place. Found in the source, not in a list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import twinmap
from twinmap import registry
from twinmap.errors import InputOutputError, UsageError

ROOT = Path(twinmap.__file__).parent
PAGES = ROOT.parent / "docs" / "rules"
CODES = list(registry.codes())
TREES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}
NAME = re.compile(r"TM-[A-Z]\d\d")

#: What a module of a code has where another one raises its finding for it.
RAISED_BY_NAME = ("check", "TELLS", "written", "MESSAGE")
#: What says where: a line of a mapping, places in the data; for shapes and hierarchies their name.
PLACED = {"where", "places", None}
NAMED_BY_RULE = ("TM-H", "TM-Q23")
#: Exceptions stop the command: their message names the file or folder.
STOPS = {UsageError.__name__, InputOutputError.__name__}

each = pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)


def names_in(tree: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value)
    }


def called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", None) or getattr(function, "id", "")


def findings(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls of ``registry.finding`` that do not stop the command."""
    stopping = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in STOPS
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "finding" and node not in stopping:
            owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else "registry"
            if owner == "registry":
                yield node


def test_every_code_that_is_raised_is_known() -> None:
    raised = {name for tree in TREES.values() for name in names_in(tree)}
    assert raised
    assert raised <= {code.code for code in CODES}


@each
def test_every_code_is_raised(code: registry.Code) -> None:
    elsewhere = (tree for path, tree in TREES.items() if path.stem != code.module.__name__.split(".")[-1])
    by_name = any(hasattr(code.module, name) for name in RAISED_BY_NAME)
    assert by_name or any(code.code in names_in(tree) for tree in elsewhere)


@each
def test_every_code_has_a_page_and_one_action(code: registry.Code) -> None:
    assert (PAGES / f"{code.code}.md").is_file()
    advice = code.help or ""
    assert 10 < len(advice) <= 170
    assert advice.isprintable()
    assert not advice[0].isupper()
    assert not advice.endswith(".")


def test_a_finding_says_what_to_do_unless_told_otherwise() -> None:
    assert registry.finding("TM-O05", "empty").help == registry.code("TM-O05").help
    assert registry.finding("TM-O05", "empty", help=None).help == registry.code("TM-O05").help
    assert registry.finding("TM-O05", "empty", help="fill it").help == "fill it"
    fault = registry.fault("TM-O01", "a.csv does not exist")
    assert (fault.message, fault.help) == (fault.findings[0].message, registry.code("TM-O01").help)


@pytest.mark.parametrize("path", TREES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_finding_has_a_place(path: Path) -> None:
    for call in findings(TREES[path]):
        said = {keyword.arg for keyword in call.keywords}
        names = {name for argument in call.args for name in names_in(argument)}
        by_rule = "rule" in said and bool(names) and all(name.startswith(NAMED_BY_RULE) for name in names)
        # registry.fault and the checks' own helpers take the rest of what is said as ``**about``.
        assert said & PLACED or by_rule, f"{path.name}:{call.lineno} tells {names or 'a code'} and not where"
