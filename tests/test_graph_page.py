"""docs/graph.md is true: its queries give what it shows, and what it lists is what a run writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from twinmap.kinds import KINDS
from twinmap.registry import shipped
from twinmap.terms.facets import facets

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "graph.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SPARQL = [text for language, text in BLOCKS if language == "sparql"]
PREFIXES, QUERIES = SPARQL[0], SPARQL[1:]
#: What follows each block.
SHOWN = {text: after for (_, text), (kind, after) in pairwise(BLOCKS) if kind == "text"}


@pytest.fixture
def folder(example: Path) -> Path:
    return example.parent


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def python(word: str) -> str:
    (found,) = (text for language, text in BLOCKS if language == "python" and word in text)
    return found


def ask(program: str, query: str) -> list[str]:
    """The rows of a query, asked as the page says."""
    names: dict[str, Any] = {"query": PREFIXES + query}
    exec(compile(program, "graph.md", "exec"), names)
    return [" | ".join(map(short, row)) for row in names["rows"]]


def short(term: Any) -> str:
    text = str(getattr(term, "value", term))
    for prefix, space in re.findall(r"PREFIX (\w+:) <(.+?)>", PREFIXES):
        text = text.replace(space, prefix)
    return text.replace("https://twin.example.org/", "").replace("None", "")


def test_the_page_has_five_queries_and_their_answers() -> None:
    assert len(QUERIES) == 5
    assert [query for query in QUERIES if query not in SHOWN] == []


@pytest.mark.usefixtures("here")
@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")  # rdflib warns of what it does itself
@pytest.mark.parametrize("engine", ["rdflib", "pyoxigraph"])
def test_queries_give_what_is_shown(engine: str) -> None:
    load, _, rest = python(f"from {engine}").partition("rows = ")
    names: dict[str, Any] = {}
    exec(compile(load, "graph.md", "exec"), names)
    for query in QUERIES:
        names["query"] = PREFIXES + query
        exec(compile(f"rows = {rest}", "graph.md", "exec"), names)
        rows = [" | ".join(map(short, row)) for row in names["rows"]]
        assert "\n".join(rows) + "\n" == SHOWN[query]


@pytest.mark.usefixtures("here")
def test_without_the_union_nothing_is_found() -> None:
    program = python("from pyoxigraph").replace(", use_default_graph_as_union=True", "")
    assert ask(program, QUERIES[1]) == []
    assert len(ask(program, QUERIES[0])) == 4


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("library", ["pandas", "duckdb"])
def test_tables_give_what_is_shown(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    program = python(f"import {library}")
    capsys.readouterr()
    exec(compile(program, "graph.md", "exec"), {})
    assert capsys.readouterr().out == SHOWN[program]


def quads(folder: Path) -> Iterator[ox.Quad]:
    return ox.parse(path=str(folder / "out" / "graph.nq"), format=ox.RdfFormat.N_QUADS)


def test_every_graph_is_listed_and_every_term_declared(folder: Path) -> None:
    declared = (shipped("ontologies") / "twin.ttl").read_text("utf-8")
    tm = "https://w3id.org/twinmap/ns#"
    graphs: set[str] = set()
    terms: set[str] = set()
    for quad in quads(folder):
        graphs.add(quad.graph_name.value)
        terms.add(quad.predicate.value)
        if quad.predicate.value.endswith("#type"):
            terms.add(quad.object.value)
    below = {re.sub("source/.*", "source/NAME", graph).partition(".org/")[2] for graph in graphs}
    assert below == set(re.findall(r"^\| `(graph/[\w/]+)` \|", PAGE, re.MULTILINE))
    ours = {term.removeprefix(tm) for term in terms if term.startswith(tm)}
    assert len(ours) > 20
    assert {term for term in ours if f"\ntm:{term} a owl:" not in declared} == set()
    assert {term for term in ours if f"`tm:{term}`" not in PAGE} == set()


def test_tables_are_those_of_the_model(folder: Path) -> None:
    import pyarrow.parquet as pq

    for path in (folder / "out" / "tables").iterdir():
        assert pq.read_schema(path).names == [
            column.name for column in KINDS[path.stem].columns(tuple(facets()))
        ]


def test_every_column_says_what_it_holds() -> None:
    for kind, known in KINDS.items():
        columns = known.columns(tuple(facets()))
        assert [
            column.name for column in columns if len(column.note) < 5 and column.name != "comparator"
        ] == []
        assert f"### `{kind}.parquet`" in PAGE
        assert [column.name for column in columns if f"| `{column.name}` |" not in PAGE] == []
