"""CSV: strict, nothing guessed, and the two ways of reading a file give the same records."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from twinmap.engine import stage
from twinmap.engine.duck import Duck, connect
from twinmap.errors import InputOutputError
from twinmap.limits import LIMITS
from twinmap.model import Field, FileCounts, InputFile, Note, Request, SetAside, SourceOptions
from twinmap.readers.csv import READER

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duck]:
    with connect(tmp_path_factory.mktemp("duck")) as found:
        yield found


def request_for(header: tuple[str, ...], **options: Any) -> Request:
    fields = [Field(f"f{index}", name) for index, name in enumerate(header)]
    return Request(None, (*fields, Field("i", "record:index")), SourceOptions(**options))


def strict(path: Path, **options: Any) -> tuple[Rows, list[SetAside], FileCounts, list[Note]]:
    """What the strict reader gives: rows, each with its line at the end, what it sets aside, its counts, its notes."""
    file = InputFile(1, path, path.name)
    layout = READER.layout(file, Request(None, (), SourceOptions(**options)))
    rows: Rows = []
    aside: list[SetAside] = []
    notes: list[Note] = []
    counts: list[FileCounts] = []
    for event in READER.read(file, request_for(layout.header, **options)):
        if isinstance(event, SetAside):
            aside.append(event)
        elif isinstance(event, FileCounts):
            counts.append(event)
        elif isinstance(event, Note):
            notes.append(event)
        else:
            rows += [
                (*(row[name] for name in row if name != "_line"), row["_line"]) for row in event.to_pylist()
            ]
    (only,) = counts
    return rows, aside, only, notes


def fast(duck: Duck, path: Path, **options: Any) -> tuple[Rows, FileCounts] | None:
    """What DuckDB gives; None where the file is not clean enough for it."""
    file = InputFile(1, path, path.name)
    layout = READER.layout(file, Request(None, (), SourceOptions(**options)))
    out = path.with_name("fast.parquet")
    counts = stage._fast_csv(duck, file, request_for(layout.header, **options), layout, out)
    if counts is None:
        return None
    scan = f"read_parquet('{str(out).replace(chr(39), chr(39) * 2)}')"
    return duck.rows(f"SELECT * EXCLUDE (_line), _line FROM {scan}"), counts


def compare(duck: Duck, path: Path, **options: Any) -> bool:
    """Whether the fast way took the file; if it did, it must say what the strict way says."""
    rows, aside, counts, _ = strict(path, **options)
    assert counts.records == len(rows) + len(aside)
    assert counts.second in {None, counts.records}
    found = fast(duck, path, **options)
    if found is None:
        return False
    assert found[0] == rows
    assert not aside, "the fast way takes no file with a record that must be set aside"
    assert found[1].records == counts.records
    assert found[1].second in {None, counts.records}
    return True


# --- any text ---------------------------------------------------------------------------------------

PIECES = [
    "a",
    "b",
    "1",
    "0042",
    ",",
    ",",
    ",",
    ";",
    '"',
    '"',
    '""',
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u00a0",
    "é",
    "\ufeff",
    "\x00",
    "\\",
    "#",
    "'",
    "\x85",
    "\u2028",
    "\x0b",
    "\x1c",
    "NULL",
    "-",
    "日",
    "🙂",
]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=24),
    delimiter=st.sampled_from([",", ",", ";", "tab"]),
    trim=st.booleans(),
)
@example(["x", ",", "y", "\n", "1", "\n"], ",", True)
@example(["x", "\n", "\n", "1", "\n"], ",", True)
@example(["x", "\n", '"', "1", "\n"], ",", True)
@example(["x", "\n", '"1"a', "\n"], ",", True)
@example(["x", "\n", '1"a"', "\n"], ",", True)
@example(["\ufeff", "x", "\n", "1"], ",", True)
@example(["x", "\n", "1", "\r", "2"], ",", True)
@example(["x", "\r\n", "1", "\n", "2\r\n"], ",", True)
@example(['"x', "\n", '"', "\n", "1"], ",", True)
@example(["a", "\n", " ", "\r\n"], ",", False)
@example(["\ufeff", "\ufeff", "\n", "a"], ",", False)
@example(["x,y", "\n", "#1,2", "\n", "\\,\\", "\n"], ",", True)
def test_any_text(duck: Duck, tmp_path: Path, pieces: list[str], delimiter: str, trim: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("".join(pieces).encode())
    try:
        READER.layout(
            InputFile(1, path, "a.csv"), Request(None, (), SourceOptions(delimiter=delimiter, trim=trim))
        )
    except InputOutputError:
        return
    compare(duck, path, delimiter=delimiter, trim=trim)


cell = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.lists(cell, min_size=3, max_size=3), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    quoted=st.booleans(),
    trim=st.booleans(),
    packed=st.booleans(),
)
def test_well_formed_files(
    duck: Duck, tmp_path: Path, rows: list[list[str]], end: str, quoted: bool, trim: bool, packed: bool
) -> None:
    """A file written by the rules comes back cell by cell, both ways."""
    text = "id,a b,ü" + end
    for row in rows:
        text += ",".join(_cell(part, always=quoted) for part in row) + end
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    compare(duck, path, trim=trim)
    read, aside, _, _ = strict(path, trim=trim)
    good = [row for row in rows if not any("\0" in part for part in row)]
    wanted = [tuple((part.strip() if trim else part) or None for part in row) for row in good]
    assert [row[3:6] for row in read] == wanted
    assert len(aside) == len(rows) - len(good)


def _cell(text: str, *, always: bool) -> str:
    if always or any(char in text for char in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


# --- one file after the other -------------------------------------------------------------------------

CLEAN = {
    "plain": "id,v\n1,2\n3,4\n",
    "no line end at the end": "id,v\n1,2\n3,4",
    "crlf": "id,v\r\n1,2\r\n",
    "quotes": 'id,v\n"1","say ""hi"", he said"\n"two\nlines",x\n',
    "one column": "id\n1\n2\n",
    "header alone": "id,v\n",
    "blanks at the ends": " id , v \n 1 , 2 \n",
    "empty cells": "id,v\n,\n,x\n",
    "quotes as text of DuckDB": "id,v\nNULL,\\N\n#x,'y'\n",
}


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN.keys())
def test_clean_files_are_read_the_fast_way(duck: Duck, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert compare(duck, path)
    path.write_bytes(gzip.compress(text.encode()))
    assert compare(duck, path)


#: Text, and the codes of what the strict reader sets aside.
REFUSED = {
    "too many": ("id,v\n1,2,3\n4,5\n", ["TM-Q01"]),
    "too few": ("id,v\n1\n4,5\n", ["TM-Q01"]),
    "an extra delimiter everywhere": ("id,v\n1,2,\n3,4,\n", ["TM-Q01", "TM-Q01"]),
    "a quote never closed": ('id,v\n1,"2\n3,4\n', ["TM-Q02"]),
    "text behind a quote": ('id,v\n1,"2"x\n3,4\n', ["TM-Q02"]),
    "a NUL": ("id,v\n1,\x002\n3,4\n", ["TM-Q03"]),
}


@pytest.mark.parametrize(("text", "codes"), REFUSED.values(), ids=REFUSED.keys())
def test_broken_records_are_set_aside_one_by_one(
    duck: Duck, tmp_path: Path, text: str, codes: list[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    rows, aside, counts, _ = strict(path)
    assert [item.code for item in aside] == codes
    assert counts.records == len(rows) + len(aside)
    assert all(item.raw for item in aside)
    assert not compare(duck, path)


def test_what_follows_an_open_quote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,v\n1,"2\n3,4\n5,6\n')
    rows, (aside,), _, _ = strict(path)
    assert [row[3:5] for row in rows] == [("3", "4"), ("5", "6")]
    assert (aside.record, aside.line, aside.raw) == (1, 2, '1,"2\n')


def test_a_quote_inside_an_unquoted_field_is_text(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,v\n1,5\" tall\n2,6' tall\n")
    rows, aside, _, _ = strict(path)
    assert not aside
    assert [row[4] for row in rows] == ['5" tall', "6' tall"]
    compare(duck, path)


@pytest.mark.parametrize(
    "name", ["a[1].csv", "a*.csv", "a?.csv", "o'brien.csv", "ü (2).csv", "a{b,c}.csv", "-x.csv"]
)
def test_file_names_are_not_patterns(duck: Duck, tmp_path: Path, name: str) -> None:
    for other in ("a1.csv", "ab.csv", "ac.csv", "axx.csv"):
        (tmp_path / other).write_text("id,v\nwrong,wrong\n")
    path = tmp_path / name
    path.write_text("id,v\n1,2\n")
    compare(duck, path)
    found = fast(duck, path)
    assert found is None or found[0][0][3:5] == ("1", "2")


def test_a_byte_order_mark_is_no_part_of_the_first_name(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffid,v\n1,2\n".encode())
    rows, _, _, _ = strict(path)
    assert rows[0][3:5] == ("1", "2")
    assert READER.layout(InputFile(1, path, "a"), request_for(())).header == ("id", "v")
    compare(duck, path)


def test_blank_lines_are_no_records(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\nid,v\n\n1,2\n\n\n3,4\n\n")
    rows, aside, counts, _ = strict(path)
    assert (len(rows), aside, counts.records) == (2, [], 2)
    assert [row[1] for row in rows] == [1, 2]
    compare(duck, path)


def test_an_empty_file_has_no_records(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"")
    rows, aside, counts, _ = strict(path)
    assert (rows, aside, counts.records) == ([], [], 0)
    assert fast(duck, path) is None


@pytest.mark.parametrize("end", ["\r", "\n\r"])
def test_other_line_ends(duck: Duck, tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"id,v{end}1,2{end}3,4{end}".encode())
    rows, _, _, _ = strict(path)
    assert [row[3:5] for row in rows] == [("1", "2"), ("3", "4")]
    compare(duck, path)


def test_mixed_line_ends(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,v\r\n1,2\n3,4\r\n5,6\n")
    rows, aside, _, _ = strict(path)
    assert [row[3:5] for row in rows] == [("1", "2"), ("3", "4"), ("5", "6")]
    assert not aside
    compare(duck, path)


def test_a_column_twice_is_refused_without_its_name(tmp_path: Path) -> None:
    """Without a header line the "names" would be the first patient's values."""
    path = tmp_path / "a.csv"
    path.write_text("id,v,id\n1,2,3\n")
    with pytest.raises(InputOutputError) as caught:
        strict(path)
    assert caught.value.findings[0].code == "TM-O04"


def test_a_cut_gzip_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    text = "id,v\n" + "".join(f"{n},{n * 7919 % 1009}\n" for n in range(5000))
    data = gzip.compress(text.encode())
    for cut in (len(data) // 2, len(data) - 4, len(data) - 8):
        path.write_bytes(data[:cut])
        with pytest.raises(InputOutputError) as caught:
            strict(path)
        assert caught.value.findings[0].code == "TM-O02"


def test_two_gzip_members_are_one_file(duck: Duck, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,v\n1,2\n") + gzip.compress(b"3,4\n"))
    rows, _, _, _ = strict(path)
    assert [row[3:5] for row in rows] == [("1", "2"), ("3", "4")]
    compare(duck, path)


@pytest.mark.parametrize(
    ("encoding", "tried"),
    [("utf-16", "utf-16"), ("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-8-sig", "utf-8")],
)
def test_encodings(duck: Duck, tmp_path: Path, encoding: str, tried: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,größe\n1,5µ\n".encode(encoding))
    rows, _, _, _ = strict(path, encoding=(tried,))
    assert rows[0][3:5] == ("1", "5µ")
    compare(duck, path, encoding=(tried,))


def test_an_encoding_that_does_not_fit_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,v\n1,5µ\n".encode("latin-1"))
    with pytest.raises(InputOutputError) as caught:
        strict(path)
    assert caught.value.findings[0].code == "TM-Q03"
    rows, _, _, _ = strict(path, encoding=("utf-8", "latin-1"))
    assert rows[0][4] == "5µ"
    asked = Request(None, (Field("v", "v"),), SourceOptions(encoding=("utf-8", "latin-1")))
    notes = [item for item in READER.read(InputFile(1, path, "a.csv"), asked) if isinstance(item, Note)]
    assert [note.message for note in notes if note.code == "TM-Q03"] == [
        "read as latin-1: utf-8 does not fit"
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_over_the_limit_is_set_aside(duck: Duck, tmp_path: Path, quote: str) -> None:
    path = tmp_path / "a.csv"
    long = "x" * (LIMITS.field_bytes + 1)
    path.write_text(f"id,v\n1,{quote}{long}{quote}\n2,ok\n")
    rows, aside, counts, _ = strict(path)
    assert [item.code for item in aside] == ["TM-Q15"]
    assert [row[3:5] for row in rows] == [("2", "ok")]
    assert counts.records == 2
    assert not compare(duck, path)


def test_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{n}" for n in range(LIMITS.columns + 1)) + "\n")
    with pytest.raises(InputOutputError) as caught:
        strict(path)
    assert caught.value.findings[0].code == "TM-Q15"


def test_columns_as_records(tmp_path: Path) -> None:
    """``each`` with a glob: every column that fits makes a record of the row."""
    path = tmp_path / "a.csv"
    path.write_text("id,h1,h2,x\n7,60,61,q\n8,,70,q\n")
    fields = (Field("v", "."), Field("k", "record:key"), Field("i", "^id"))
    found = READER.read(InputFile(1, path, "a.csv"), Request("h*", fields, SourceOptions()))
    batches = [event for event in found if not isinstance(event, SetAside | FileCounts | Note)]
    rows = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
    assert [(row[1], *row[3:]) for row in rows] == [
        (1, "h1", "60", "h1", "7"),
        (1, "h2", "61", "h2", "7"),
        (2, "h1", None, "h1", "8"),
        (2, "h2", "70", "h2", "8"),
    ]


@pytest.mark.corpus
def test_corpus_files(corpus: Path, duck: Duck, tmp_path: Path) -> None:
    """Real files, and files made to break readers: the books balance and both ways agree."""
    taken = seen = 0
    paths = [*(corpus / "csv").rglob("*.csv"), *(corpus / "security").rglob("*.csv")]
    for path in sorted(paths):
        if path.stat().st_size > 3_000_000:
            continue
        here = tmp_path / "a.csv"
        here.write_bytes(path.read_bytes())
        try:
            strict(here, encoding=("utf-8", "utf-16", "latin-1"))
        except InputOutputError:
            continue
        seen += 1
        taken += compare(duck, here, encoding=("utf-8", "utf-16", "latin-1"))
    assert seen > 20
    assert taken > 10
