"""The house rules: small files and functions, few doors to heavy packages, one file to add one thing."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from twinmap.kinds import KINDS
from twinmap.terms.facets import facets

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "twinmap"

#: Files of more than 400 lines. The list can only shrink.
LONG_FILES: dict[str, int] = {}
#: Functions of more than 60 lines. The list can only shrink.
LONG_FUNCTIONS = {
    "twinmap/api.py run": 70,
    "twinmap/mapping/plan.py compile_record_set": 67,
}

#: The one or two modules that may import a package.
DOORS = {
    "duckdb": {"duck.py"},
    "rich": {"cli/output.py"},
    "pandas": {"api.py"},
    "pyshacl": {"validate/engine_pyshacl.py"},
    "rdflib": {"writers/jsonld.py", "validate/engine_pyshacl.py"},
}

#: What no module of the package may hold: data and mappings are never run as code.
FORBIDDEN = re.compile(
    r"(?<![\w.])(?:eval|exec)\(|\bpickle\b|\bsubprocess\b|\bos\.system\b|yaml\.(?:load|unsafe_load|full_load)\("
    r"|\bmarshal\b|\bshelve\b|shell=True|random\.|uuid\d?\("
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, ast.Module]:
    """The modules of the package by their path below the checkout."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in paths}


def definitions(node: ast.AST, public: bool = True) -> Iterator[tuple[Function | ast.ClassDef, bool]]:
    """Classes and functions of a module, methods included, and whether each is public."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            shown = public and not child.name.startswith("_")
            yield child, shown
            inner = shown if isinstance(child, ast.ClassDef) else False
            yield from definitions(child, inner)
        else:
            yield from definitions(child, public)


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sorted(PACKAGE.rglob("*.py"))
        if (lines := path.read_text("utf-8").count("\n")) > 400
    }
    assert {name: lines for name, lines in long.items() if lines > LONG_FILES.get(name, 400)} == {}
    assert set(LONG_FILES) <= set(long), "a file is short now: take it from the list"


def test_no_function_is_too_long() -> None:
    long = {
        f"{name} {found.name}": length
        for name, module in modules().items()
        for found, _ in definitions(module)
        if not isinstance(found, ast.ClassDef) and (length := (found.end_lineno or 0) - found.lineno + 1) > 60
    }
    assert {name: length for name, length in long.items() if length > LONG_FUNCTIONS.get(name, 60)} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "a function is short now: take it from the list"


def test_folders_and_classes_are_not_deep() -> None:
    assert {name for name in modules() if name.count("/") > 3} == set()
    bases = {
        found.name: [base.id for base in found.bases if isinstance(base, ast.Name)]
        for module in modules().values()
        for found, _ in definitions(module)
        if isinstance(found, ast.ClassDef)
    }

    def depth(name: str) -> int:
        return 1 + max((depth(base) for base in bases[name] if base in bases and base != name), default=0)

    assert {name for name in bases if depth(name) > 3} == set()


def test_everything_public_says_what_it_is() -> None:
    silent = [name for name, module in modules().items() if not ast.get_docstring(module)]
    for name, module in modules().items():
        for found, public in definitions(module):
            overload = any(
                isinstance(item, ast.Name) and item.id == "overload" for item in found.decorator_list
            )
            if public and not overload and not ast.get_docstring(found):
                silent.append(f"{name} {found.name}")
    assert silent == []


def test_nothing_is_run_as_code_and_nothing_is_left_to_chance() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if FORBIDDEN.search(line.partition("#")[0]) and "re.compile(" not in line
    ]
    assert found == []


def _imports(module: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("package", DOORS)
def test_heavy_packages_have_one_door(package: str) -> None:
    through = {
        name.removeprefix("twinmap/")
        for name, module in modules().items()
        if any(found.split(".")[0] == package for found in _imports(module))
        and not _only_for_types(module, package)
    }
    assert through <= DOORS[package]


def _only_for_types(module: ast.Module, package: str) -> bool:
    """Whether the package is imported below ``if TYPE_CHECKING`` alone."""
    guarded = {
        id(node)
        for found in ast.walk(module)
        if isinstance(found, ast.If) and isinstance(found.test, ast.Name) and found.test.id == "TYPE_CHECKING"
        for node in ast.walk(found)
    }
    return all(
        id(node) in guarded
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and package
        in {alias.name.split(".")[0] for alias in node.names}
        | {(getattr(node, "module", "") or "").split(".")[0]}
    )


@pytest.mark.parametrize("kind", ["readers", "writers", "renderers", "cli"])
def test_siblings_do_not_import_each_other(kind: str) -> None:
    """What begins with ``_`` is shared within the folder."""
    names = {Path(name).stem for name in modules() if name.startswith(f"twinmap/{kind}/")}
    own = {name for name in names if not name.startswith("_")} - {"output"}
    for name, module in modules().items():
        if name.startswith(f"twinmap/{kind}/") and not Path(name).stem.startswith("_"):
            siblings = {found for found in own if f"twinmap.{kind}.{found}" in _imports(module)}
            assert siblings <= {Path(name).stem}, name


def test_help_imports_nothing_heavy() -> None:
    heavy = {"duckdb", "pyarrow", "pandas", "rdflib", "rich", "pyshacl", "pyoxigraph", "numpy", "yaml"}
    code = f"import sys, twinmap.cli; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_no_place_of_work_is_named() -> None:
    """The project speaks of itself alone."""
    places = re.compile("|".join(("/wo" + "rk/", "/home/" + r"\w", "shared/" + "corpus/", "/Us" + "ers/")))
    suffixes = {".py", ".md", ".yaml", ".toml", ".tsv", ".ttl", ".json"}
    folders = ["twinmap", "tests", "docs", "ontologies", "mappings", "examples", "bench"]
    files = [path for name in folders for path in sorted((ROOT / name).rglob("*")) if path.suffix in suffixes]
    files += [path for path in ROOT.iterdir() if path.suffix in suffixes]
    named = [
        str(path.relative_to(ROOT)) for path in files if places.search(path.read_text("utf-8", "replace"))
    ]
    assert named == []


# --- the statement table ----------------------------------------------------------------------------

#: The columns of an observation as the documentation of the model lists them, with DuckDB's types.
OBSERVATION = """
source VARCHAR, rule VARCHAR, file INTEGER, record BIGINT, line BIGINT, part VARCHAR, ordinal SMALLINT,
id VARCHAR, twin VARCHAR, patient_record VARCHAR, encounter VARCHAR, device VARCHAR, panel VARCHAR,
status VARCHAR, status_raw VARCHAR,
code_system VARCHAR, code VARCHAR, display VARCHAR,
raw_code_system VARCHAR, raw_code VARCHAR, raw_display VARCHAR, map_predicate VARCHAR,
value_kind VARCHAR, value_text VARCHAR, value_num DOUBLE, value_decimals TINYINT, comparator VARCHAR,
low_text VARCHAR, high_text VARCHAR, value_system VARCHAR, value_code VARCHAR, absent_reason VARCHAR,
unit_raw VARCHAR, unit_system_raw VARCHAR, unit VARCHAR, canon_num DOUBLE, canon_unit VARCHAR,
start_us BIGINT, end_us BIGINT, time_precision VARCHAR, time_origin VARCHAR,
offset_min SMALLINT,
site VARCHAR, method VARCHAR, posture VARCHAR, specimen VARCHAR, statistic VARCHAR, over VARCHAR, meal VARCHAR,
activity VARCHAR, oxygen VARCHAR, setting VARCHAR, origin VARCHAR, challenge VARCHAR, performer VARCHAR,
ref_low VARCHAR, ref_high VARCHAR, flag VARCHAR, note VARCHAR
"""


def test_the_observation_table_is_the_one_that_is_documented() -> None:
    documented = [tuple(column.split()) for column in OBSERVATION.replace("\n", " ").split(",")]
    assert [
        (column.name, column.type) for column in KINDS["observation"].columns(tuple(facets()))
    ] == documented


# --- one file adds one thing ------------------------------------------------------------------------

READER = '''"""Toy: every line is a record, ``n`` its first word, ``v`` its last."""
from twinmap.formats.batches import BatchBuilder
from twinmap.model import FileCounts, Reader


class Toy(Reader):
    def parse(self, path, *, each=None):
        return None if path in {"n", "v"} else "there are n and v"

    def read(self, file, request):
        builder = BatchBuilder(request.fields)
        lines = file.path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            words = {"n": line.split()[0], "v": line.split()[-1], "record:index": str(number)}
            cells = [_shaped(words.get(item.path), item.shape) for item in request.fields]
            yield from builder.add([file.number, number, number, "", *cells, ["n", "v"]])
        yield from builder.finish()
        yield FileCounts(file.number, len(lines), second=len(lines))


def _shaped(text, shape):
    if shape == "value":
        return [(None, text, *[None] * 8)]
    if shape == "identifier":
        return [(text, None, None)]
    return [(None, text, None)] if shape == "code" else text


READER = Toy()
'''
RENDERER = '''"""Toy."""
def render(report):
    return f"toy: {len(report.findings)}"
'''
WRITER = '''"""Toy."""
FORMATS = ("toy",)


def write(blocks, path):
    path.write_bytes(b"".join(blocks))
'''
CHECK = '''"""A toy was found.

What it means:
    That.

Why it matters:
    It does not.

Example:
    None.

What to do:
    Nothing.
"""
from twinmap import registry
from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO


def check(context):
    yield registry.finding("TM-X98", "a toy was found")
'''
FACET = """facet: toy
order: 99
label: Toy
definition: A toy.
property: tm:toy
element: none
axis: "-"
role: context
type: words
values:
  ball: {label: Ball, definition: A ball.}
"""
CONCEPT = """concept: toy-count
label: Toys
definition: Number of toys.
kind: quantity
codes:
  - {code: "55423-8"}
unit: "{toys}"
accepts: ["{toys}"]
facets: {accepted: [toy], required: []}
"""
TARGET = """name: toy
prefixes: {ex: https://toy.example/}
kinds:
  observation:
    subject: obs/{id}
    triples:
      - [a, ex:Toy]
      - [ex:size, '"{value_text}"']
"""
COMMAND = '''"""Toy."""
import click

@click.command()
def command():
    """Play."""
    click.echo("played")
    return 0
'''
#: The toys of code by group and name; the others are data.
TOYS = {
    ("readers", "toy"): READER,
    ("renderers", "toy"): RENDERER,
    ("writers", "toys"): WRITER,
    ("checks", "x98_toy_found"): CHECK,
    ("cli", "toy"): COMMAND,
}
MAPPING = """twinmap: 1
id: toys
version: 1.0.0
source: {format: FORMAT, files: "*.toy"}
patient: $(n)
key: [n]
observe:
  toy-count: {value: $(v), unit: "{toys}", toy: ball}
"""
SCRIPT = """
import sys
from pathlib import Path
from twinmap import api
from twinmap.renderers import load_report
from twinmap import registry
how = {"target": "toy", "format": "toy", "engine": "none", "jobs": 1}
outcome = api.run(sys.argv[1], out=sys.argv[2], key_file=Path(sys.argv[3]), **how)
row = outcome.frame().sort_values("record").to_dict("records")[0]
print(row["value_text"], row["toy"], row["code"])
print((outcome.out / "graph.toy").read_text().count("https://toy.example/Toy"))
print([finding.code for finding in outcome.findings if finding.code == "TM-X98"])
print(registry.load("renderers", "toy").render(load_report(outcome.out)).split()[0])
"""


def _toy_house(folder: Path) -> Path:
    """A copy of the package and its data, with one file more of every kind."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("twinmap", "ontologies", "mappings"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    # Its code is that of the steps: in this copy the toy takes the place.
    (folder / "ontologies" / "concepts" / "steps.yaml").unlink()
    (folder / "ontologies" / "facets" / "toy.yaml").write_text(FACET)
    (folder / "ontologies" / "concepts" / "toy-count.yaml").write_text(CONCEPT)
    (folder / "ontologies" / "targets" / "toy.yaml").write_text(TARGET)
    return folder


@pytest.mark.parametrize("way", ["file", "entry-point"])
def test_one_file_adds_one_thing(tmp_path: Path, way: str) -> None:
    """A reader, a check, a facet, a concept, a target, two formats and a command, each without another edit."""
    house = _toy_house(tmp_path / "house")
    if way == "file":
        for (group, name), text in TOYS.items():
            folder = house / "twinmap" / group / ("semantic" if group == "checks" else "")
            (folder / f"{name}.py").write_text(text)
    else:
        about = house / "toys-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
        for (group, _), text in TOYS.items():
            (house / f"toy_{group}.py").write_text(text)
        points = (f"[twinmap.{group}]\n{name} = toy_{group}\n" for group, name in TOYS)
        (about / "entry_points.txt").write_text("".join(points))
    (tmp_path / "a.toy").write_text("p1 3\np2 4\n")
    (tmp_path / "toys.yaml").write_text(MAPPING.replace("FORMAT", "toy"))
    (tmp_path / "run.py").write_text(SCRIPT)
    command = [
        sys.executable,
        str(tmp_path / "run.py"),
        "toys.yaml",
        "out",
        str(ROOT / "examples" / "demo.key"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(house)}
    found = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stdout.splitlines() == ["3 tm:toy-ball 55423-8", "2", "['TM-X98']", "toy:"]
    code = "from twinmap.cli import main; main()"
    command = [sys.executable, "-c", code, "toy"]
    played = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert played.stdout.strip() == "played", played.stderr[-2000:]
