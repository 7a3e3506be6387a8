"""Graphs read as tables: what a run wrote comes back, in every format; graphs of others as far as they say the same."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap import api
from twinmap.diff import graphs, quads, vocabulary
from twinmap.diff.graphs import Read
from twinmap.engine.duck import Duck, connect
from twinmap.errors import InputOutputError, UsageError
from twinmap.kinds import KINDS
from twinmap.terms.facets import facets

ROOT = Path(__file__).parent.parent.parent
KEY = ROOT / "examples" / "demo.key"

#: Columns that do not come back, as the module says.
LOST = {
    *("rule", "line", "ordinal", "display", "raw_code_system", "raw_code", "raw_display", "map_predicate"),
    *("status_raw", "unit_raw", "unit_system_raw"),
    *("ref_low", "ref_high", "note", "time_precision", "time_origin", "offset_min"),
}
LOST_OF = {"device": {"file", "record", "part", "name"}, "observation": set(), "patient": set()}


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with connect(tmp_path / "work", memory_mb=256) as made:
        yield made


def _rows(duck: Duck, path: Path) -> list[dict[str, Any]]:
    found = duck.run(f"SELECT * FROM read_parquet('{path}')")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _place(kind: str, row: dict[str, Any]) -> tuple[Any, ...]:
    if kind == "patient":
        return row["patient_record"], row["source"], row["file"], row["record"], row["part"]
    return (row["id"], row["source"] if kind == "device" else None)


def _same(duck: Duck, kind: str, tables: Path, read: Read) -> None:
    """What the table says comes back, row by row."""
    wanted = {_place(kind, row): row for row in _rows(duck, tables / f"{kind}.parquet")}
    found = {_place(kind, row): row for row in _rows(duck, read.tables[kind])}
    assert found.keys() == wanted.keys()
    lost = LOST | LOST_OF.get(kind, set())
    for place, row in wanted.items():
        kept = {name: value for name, value in row.items() if name not in lost}
        if row.get("value_kind") == "coded":
            kept["value_text"] = None
        if row.get("value_kind") == "ratio":
            kept["value_kind"] = "range"
        if row.get("value_kind") in {"datetime", "sampled"}:
            kept["value_kind"] = "string"
        assert {name: found[place][name] for name in kept} == kept


@pytest.fixture(scope="module")
def read_back(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """What its graph says."""
    folder = tmp_path_factory.mktemp("back")
    with connect(folder / "work", memory_mb=256) as made:
        return graphs.read(example / "graph.nq", folder / "read", made)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in {"identifier", "procedure", "immunization", "allergy"}]
)
def test_what_the_example_states_comes_back(example: Path, read_back: Read, duck: Duck, kind: str) -> None:
    assert (read_back.unread, read_back.several, read_back.untimed) == ({}, {}, 0)
    _same(duck, kind, example / "tables", read_back)
    (columns,) = [[row[0] for row in duck.rows(f"DESCRIBE FROM read_parquet('{read_back.tables[kind]}')")]]
    assert columns == [column.name for column in KINDS[kind].columns(tuple(facets()))]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("observation", ["observation"]),
        ("clinical", ["procedure", "immunization", "allergy", "condition", "medication", "encounter"]),
    ],
)
def test_what_real_resources_state_comes_back(
    corpus: Path, tmp_path: Path, duck: Duck, folder: str, kinds: list[str]
) -> None:
    out, data = tmp_path / "out", str(corpus / "fhir" / f"r4-examples-{folder}")
    api.run("builtin:fhir-r4", data=[data], out=out, key_file=KEY, engine="none", jobs=1)
    read = graphs.read(out / "graph.nq", tmp_path / "read", duck)
    assert read.unread == {}
    for kind in kinds:
        _same(duck, kind, out / "tables", read)


# --- formats --------------------------------------------------------------------------------------


def _written(example: Path, name: str, folder: Path) -> Path:
    """The graph of the example in the format that the ending says."""
    path = folder / name
    kinds = {".ttl": ox.RdfFormat.TURTLE, ".trig": ox.RdfFormat.TRIG, ".nt": ox.RdfFormat.N_TRIPLES}
    kinds |= {".rdf": ox.RdfFormat.RDF_XML, ".nq": ox.RdfFormat.N_QUADS, ".jsonld": ox.RdfFormat.JSON_LD}
    kind = kinds[Path(name.removesuffix(".gz")).suffix]
    # A patient whose id begins with a letter: some of the statements are enough.
    found = list(ox.parse(path=example / "graph.nq", format=ox.RdfFormat.N_QUADS))
    kept = {q.subject.value for q in found if "/obs/a" not in q.subject.value and "/obs/" in q.subject.value}
    some = [q if kind.supports_datasets else q.triple for q in found if q.subject.value not in kept]
    data = ox.serialize(some, format=kind)
    assert data is not None
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def test_every_format_gives_the_same(example: Path, tmp_path: Path, duck: Duck) -> None:
    names = ("a.nq", "b.nq.gz", "c.trig", "d.jsonld", "e.ttl", "f.nt", "g.rdf", "h.ttl.gz")
    found = {}
    for name in names:
        read = graphs.read(_written(example, name, tmp_path), tmp_path / name.replace(".", "-"), duck)
        assert read.unread == {}
        found[name] = {kind: _rows(duck, path) for kind, path in read.tables.items()}
    assert len(found["a.nq"]["observation"]) > 100
    for name in names[1:4]:
        assert found[name] == found["a.nq"]
    for name in names[5:]:
        assert found[name] == found["e.ttl"]
    # Turtle has no graphs: all that is said of a source is said of the whole.
    for row, other in zip(found["a.nq"]["observation"], found["e.ttl"]["observation"], strict=True):
        assert other == {**row, "source": None, "ordinal": other["ordinal"]}


def _read(duck: Duck, folder: Path, text: str, name: str = "g.ttl") -> Read:
    path = folder / name
    path.write_text(_PREFIXES + text if name.endswith(".ttl") else text, encoding="utf-8")
    return graphs.read(path, folder / "read", duck)


_PREFIXES = """\
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix qudt: <http://qudt.org/schema/qudt/> .
@prefix time: <http://www.w3.org/2006/time#> .
@prefix ex: <https://x.example/> .
"""


def _one(duck: Duck, folder: Path, text: str) -> dict[str, Any]:
    (row,) = _rows(duck, _read(duck, folder, text).tables["observation"])
    return row


def test_a_result_in_a_node_is_read(tmp_path: Path, duck: Duck) -> None:
    row = _one(
        duck,
        tmp_path,
        """ex:o a sosa:Observation ; sosa:hasFeatureOfInterest ex:p ; sosa:observedProperty <http://loinc.org/rdf/8480-6> ;
        sosa:hasResult [ a qudt:QuantityValue ; qudt:numericValue "16.0"^^xsd:double ; qudt:unit ex:kpa ] ;
        sosa:phenomenonTime [ a time:Interval ;
          time:hasBeginning [ time:inXSDDateTimeStamp "2026-01-01T10:00:00.250+02:00"^^xsd:dateTimeStamp ] ;
          time:hasEnd [ time:inXSDDateTimeStamp "2026-01-01T11:00:00+02:00"^^xsd:dateTimeStamp ] ] .
        ex:kpa qudt:ucumCode "kPa" .""",
    )
    assert (row["code_system"], row["code"]) == ("http://loinc.org", "8480-6")
    assert (row["value_kind"], row["value_text"], row["value_num"], row["value_decimals"]) == (
        "quantity",
        "16.0",
        16.0,
        1,
    )
    assert (row["unit"], row["canon_unit"], row["canon_num"]) == ("kPa", "mm[Hg]", 120.010200867)
    assert (row["start_us"], row["time_precision"], row["time_origin"]) == (
        1767254400250000,
        "millisecond",
        "offset",
    )
    assert row["end_us"] == 1767258000000000
    assert (row["file"], row["record"], row["part"], row["ordinal"]) == (0, 1, "", 1)


QUANTITY = """ex:o a sosa:Observation ; sosa:hasFeatureOfInterest ex:p ;
    sosa:observedProperty <http://loinc.org/rdf/8480-6> ;
    sosa:hasResult [ a qudt:QuantityValue ; qudt:numericValue 16.0 ; qudt:{word} <{unit}> ] ."""


@pytest.mark.parametrize("word", ["unit", "hasUnit"])
def test_a_unit_of_qudt_is_read_without_its_vocabulary(word: str, tmp_path: Path, duck: Duck) -> None:
    row = _one(duck, tmp_path, QUANTITY.format(word=word, unit="http://qudt.org/vocab/unit/KiloPA"))
    assert (row["unit"], row["unit_raw"], row["canon_unit"]) == ("kPa", None, "mm[Hg]")


def test_a_unit_whose_iri_is_not_known_is_kept(tmp_path: Path, duck: Duck) -> None:
    """Two numbers of different units that nobody knows are not the same."""
    row = _one(duck, tmp_path, QUANTITY.format(word="unit", unit="http://qudt.org/vocab/unit/FURLONG"))
    assert (row["unit"], row["unit_raw"], row["canon_num"]) == (
        None,
        "http://qudt.org/vocab/unit/FURLONG",
        None,
    )


def test_the_same_iri_is_the_same_patient_and_never_stands_in_the_table(tmp_path: Path, duck: Duck) -> None:
    text = """ex:{0} a sosa:Observation ; sosa:hasFeatureOfInterest ex:mrn-4711 ;
        sosa:observedProperty ex:temp ; sosa:hasSimpleResult {0} ."""
    ids = []
    for n in (1, 2):
        (tmp_path / str(n)).mkdir()
        row = _one(duck, tmp_path / str(n), text.format(n))
        assert (row["code_system"], row["code"]) == ("urn:ietf:rfc:3986", "https://x.example/temp")
        assert "4711" not in str({name: value for name, value in row.items() if name != "code"})
        ids.append(row["twin"])
    assert ids[0] == ids[1]
    assert len(ids[0]) == 26


def test_what_is_not_understood_is_counted(tmp_path: Path, duck: Duck) -> None:
    read = _read(
        duck,
        tmp_path,
        """ex:o a sosa:Observation, ex:Odd ;
        sosa:observedProperty <http://loinc.org/rdf/8867-4>, <http://snomed.info/id/364075005> ;
        sosa:hasSimpleResult 60, 61 ;
        sosa:phenomenonTime "2026-01-01T10:00:00"^^xsd:dateTime ; ex:mood "good" ; tm:dose "1" .
        ex:q a ex:Thing ; tm:dose "2" .""",
    )
    assert read.unread == {
        "https://w3id.org/twinmap/ns#dose": 2,
        "https://x.example/Odd": 1,
        "https://x.example/Thing": 1,
        "https://x.example/mood": 1,
    }
    assert read.several == {f"{vocabulary.SOSA}hasSimpleResult": 1, f"{vocabulary.SOSA}observedProperty": 1}
    assert read.untimed == 1
    (row,) = _rows(duck, read.tables["observation"])
    assert (row["code"], row["value_kind"], row["value_text"], row["start_us"]) == (
        "8867-4",
        None,
        None,
        None,
    )


VALUES = [
    ("true", "boolean", "true"),
    ('"1.50E2"^^xsd:double', "quantity", "150"),
    ('"NaN"^^xsd:double', "string", "NaN"),
    ('"007"^^xsd:integer', "quantity", "7"),
    ('"2026-01-01"^^xsd:date', "datetime", "2026-01-01"),
    ('"a\\\\n\\"b\\tc\\u0001é\\n"', "string", 'a\\n"b\tc\x01é\n'),
    ('"positive"@en', "string", "positive"),
]


@pytest.mark.parametrize(("term", "kind", "text"), VALUES)
def test_a_value_is_what_its_literal_says(
    tmp_path: Path, duck: Duck, term: str, kind: str, text: str
) -> None:
    row = _one(duck, tmp_path, f"ex:o a sosa:Observation ; sosa:hasSimpleResult {term} .")
    assert (row["value_kind"], row["value_text"]) == (kind, text)


# --- files that are not what they should be -------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.ttl", "ex:a ex:b ex:c .\nex:a <b", r"not Turtle at line 8"),
        ("a.nq", "<http://a/b> <http://a/c> 5 .\n", r"not N-Quads at line 1"),
        ("a.nt", "<http://a/b> <http://a/c> <http://a/d> .\nnothing\n", r"not N-Triples at line 2"),
        (
            "a.jsonld",
            '{"@context": "https://a.example/context", "name": "x"}',
            r"needs a remote JSON-LD context",
        ),
        ("a.rdf", '<!DoctyPe r [<!ENTITY a "b">]><r/>', r"has a document type"),
        (
            "a.rdf",
            f'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="{"x" * 1_100_000}"/>',
            r"a text is longer than 1,000,000 bytes",
        ),
        ("a.ttl", f'ex:a ex:b "{"x" * 17_000_000}" .', r"a term is longer"),
        ("a.nq", f'<http://a/b> <http://a/c> "{"x" * 2_100_000}" .\n', r"a line is longer"),
        ("a.jsonld", "[" * 1000, r"not JSON-LD at line 1"),
    ],
)
def test_what_is_no_graph_is_refused(tmp_path: Path, duck: Duck, name: str, text: str, said: str) -> None:
    with pytest.raises(InputOutputError, match=said) as caught:
        _read(duck, tmp_path, text, name)
    assert "xxx" not in caught.value.message


def test_a_cut_file_is_refused(tmp_path: Path, duck: Duck) -> None:
    path = tmp_path / "a.nq.gz"
    path.write_bytes(gzip.compress(b"<http://a/b> <http://a/c> <http://a/d> .\n" * 1000)[:-20])
    with pytest.raises(InputOutputError, match="cut short"):
        graphs.read(path, tmp_path / "read", duck)


def test_a_file_of_another_ending_is_refused(tmp_path: Path, duck: Duck) -> None:
    assert not graphs.is_graph(tmp_path / "a.csv")
    with pytest.raises(UsageError, match="no RDF format"):
        graphs.read(tmp_path / "a.csv", tmp_path / "read", duck)


def test_an_empty_graph_has_no_tables(tmp_path: Path, duck: Duck) -> None:
    read = _read(duck, tmp_path, "", "a.nq")
    assert (read.quads, dict(read.tables)) == (0, {})


# --- both ways of reading lines ---------------------------------------------------------------------

_TERMS = st.one_of(
    st.sampled_from([ox.NamedNode("http://a/b"), ox.NamedNode("urn:é"), ox.BlankNode("x1")]),
    st.builds(ox.Literal, st.text()),
    st.builds(lambda text: ox.Literal(text, language="de-CH"), st.text()),
    st.builds(
        lambda text: ox.Literal(text, datatype=ox.NamedNode("http://a/<>".replace("<>", "t"))), st.text()
    ),
)
_GRAPHS = st.sampled_from([ox.DefaultGraph(), ox.NamedNode("http://a/graph/source/s"), ox.BlankNode("g")])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(_TERMS, _GRAPHS), max_size=8))
def test_lines_are_read_alike_by_both(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[Any, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    given_quads = [
        ox.Quad(ox.NamedNode(f"http://a/{n}"), ox.NamedNode("http://a/p"), o, g)
        for n, (o, g) in enumerate(items)
    ]
    path = folder / "a.nq"
    path.write_bytes(ox.serialize(given_quads, format=ox.RdfFormat.N_QUADS) or b"")
    wanted = sorted(
        (str(q.subject), str(q.object), "s" if "source" in str(q.graph_name) else "") for q in given_quads
    )
    with connect(folder / "work") as duck:
        for name, path_of in (("one", path), ("two", _commented(path))):
            staged = quads.stage(duck, path_of, folder / name)
            found = duck.rows(f"SELECT s, o, src FROM {staged.scan()}") if staged.count else []
            assert sorted(found) == wanted


def _commented(path: Path) -> Path:
    """The same with a comment, which no line of the strict form has."""
    other = path.with_name("b.nq")
    other.write_bytes(b"# a comment\n" + path.read_bytes())
    return other
