"""The CSV door: records with their lines, encodings tried strictly, counts from bytes alone."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.errors import InputOutputError
from twinmap.formats import csvdialect
from twinmap.formats.csvdialect import BadRow, Row, Tally, detect_encoding, records, tally
from twinmap.limits import LIMITS, Limits


def read(path: Path, text: str | bytes, encoding: str = "utf-8", delimiter: str = ",") -> list[Row | BadRow]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(records(path, encoding, delimiter))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def test_records_have_numbers_and_lines(path: Path) -> None:
    found = read(path, 'id,v\n\n1,"two\nlines"\n2,x\n')
    assert found == [Row(0, 1, ["id", "v"]), Row(1, 3, ["1", "two\nlines"]), Row(2, 5, ["2", "x"])]


def test_a_broken_quote_costs_one_line(path: Path) -> None:
    found = read(path, 'id,v\n1,"open\n2,x\n3,"y"z\n4,"good\nline"\n')
    assert [(item.number, item.line) for item in found] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    assert [isinstance(item, BadRow) for item in found] == [False, True, False, True, False]
    assert found[1].raw == '1,"open\n'  # type: ignore[union-attr]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6),
            min_size=2,
            max_size=4,
        ),
        max_size=8,
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|", "¦"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(path: Path, rows: list[list[str]], delimiter: str, end: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    found = read(path, text.getvalue(), delimiter=delimiter)
    assert [item.cells for item in found if isinstance(item, Row)] == rows
    assert [item.number for item in found] == list(range(len(rows)))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='ab,"\n\r\0é', max_size=40))
def test_any_text_ends_and_loses_no_line(path: Path, text: str) -> None:
    """Every physical line is in one record: nothing is swallowed, nothing is read twice."""
    found = read(path, text)
    assert [item.number for item in found] == list(range(len(found)))
    lines = [item.line for item in found]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    ("data", "encodings", "found"),
    [
        ("größe".encode(), ["utf-8"], "utf-8"),
        ("größe".encode("latin-1"), ["utf-8", "cp1252"], "cp1252"),
        ("größe".encode("latin-1"), ["utf-8"], None),
        ("größe".encode("utf-16"), ["utf-8", "utf-16"], "utf-16"),
        ("\ufeffgröße".encode(), ["utf-8"], "utf-8"),
        ("größe".encode()[:-1] + b"\xc3", ["utf-8"], None),
        (b"\x81", ["utf-8", "cp1252", "latin-1"], "latin-1"),
        (b"", ["utf-8"], "utf-8"),
    ],
)
def test_encodings_are_tried_in_order(
    path: Path, data: bytes, encodings: list[str], found: str | None
) -> None:
    path.write_bytes(data)
    assert detect_encoding(path, encodings) == found


def test_a_wrong_byte_at_the_end_is_seen(path: Path) -> None:
    path.write_bytes(b"a" * 3_000_000 + b"\xe9")
    assert detect_encoding(path, ["utf-8", "latin-1"]) == "latin-1"


def test_a_long_field_and_an_endless_quote_are_bounded(path: Path) -> None:
    long = "x" * (LIMITS.field_bytes + 1)
    _, bad, good = read(path, f'id,v\n1,"{long}"\n2,y\n')
    assert isinstance(bad, BadRow)
    assert bad.code == "TM-Q15"
    assert isinstance(good, Row)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError):
        list(records(tmp_path, "utf-8", ","))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b\n1,2\n", Tally(1, 2, 0)),
        ('a,b\n"x,y\n\nz",2\n', Tally(1, 2, 2)),
        ("a,b\n1,2,\n", Tally(1, 3, 0)),
        ("a,b\n1,\0\n", None),
        ("\na,b\n1,2\n", None),
    ],
)
def test_tallies(path: Path, text: str, found: Tally | None) -> None:
    path.write_bytes(text.encode())
    assert tally(path, ",") == found


def test_an_even_file(path: Path) -> None:
    """One delimiter more at the end of every line is not even: the columns would shift."""
    path.write_text("a,b\n1,2\n3,4\n")
    found = tally(path, ",")
    assert found is not None
    assert found.is_even(2)
    path.write_text("a,b\n1,2,\n3,4,\n")
    found = tally(path, ",")
    assert found is not None
    assert not found.is_even(2)


def test_a_record_that_is_too_long_is_one_record(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its start is kept, and reading goes on behind its line end."""
    monkeypatch.setattr(csvdialect, "LIMITS", Limits(record_bytes=1_000))
    for middle in ("1," + "x" * 5_000, '1,"' + "x" * 5_000 + '"', "," * 5_000):
        found = read(path, f"id,v\n{middle}\n2,y\n")
        assert [(item.number, item.line) for item in found] == [(0, 1), (1, 2), (2, 3)]
        assert isinstance(found[1], BadRow)
        assert (found[1].code, found[1].raw) == ("TM-Q15", middle[:1_000])
        assert found[2] == Row(2, 3, ["2", "y"])


def test_a_line_that_is_too_long_is_never_cut_and_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not either where an open quote led into it."""
    monkeypatch.setattr(csvdialect, "LIMITS", Limits(record_bytes=1_000))
    monkeypatch.setattr(csvdialect, "_SHOWN", 5)
    found = read(path, 'id,v\n1,"open\n2,xyz' + "z" * 2_000 + "\n3,y\n")
    assert [(item.number, item.line) for item in found] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert [getattr(item, "code", "") for item in found] == ["", "TM-Q15", "TM-Q15", ""]


def test_a_record_of_many_lines_has_an_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvdialect, "LIMITS", Limits(record_bytes=100))
    found = read(path, 'id,v\n1,"' + "ab\n" * 50 + "2,y\n")
    assert isinstance(found[1], BadRow)
    assert (found[1].code, found[1].raw) == ("TM-Q15", '1,"ab\n')
    assert found[-1] == Row(52, 53, ["2", "y"]) or isinstance(found[-1], Row)


def test_more_fields_than_a_file_may_have_columns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvdialect, "LIMITS", Limits(columns=10))
    found = read(path, 'id,v\n1,"' + "," * 50 + '"\n' + "," * 50 + "\n2,y\n")
    assert [type(item) for item in found] == [Row, Row, BadRow, Row]
    assert getattr(found[2], "code", "") == "TM-Q15"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16"])
def test_a_mark_is_no_part_of_the_first_name(path: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    assert read(path, f"{mark}id\n1\n".encode(encoding), encoding)[0] == Row(0, 1, ["id"])


def test_utf_16_without_its_mark_fits_nothing(path: Path) -> None:
    path.write_bytes(b"id,v\n1,2\n")
    assert detect_encoding(path, ["utf-16"]) is None
    assert detect_encoding(path, ["utf-16", "utf-8"]) == "utf-8"


def test_what_is_not_text_is_said(path: Path) -> None:
    """A table that is not tried before (a look-up, a crosswalk), or a file that changes while it is read."""
    with pytest.raises(InputOutputError) as caught:
        read(path, "id,v\n1,ü\n".encode("latin-1"))
    assert caught.value.findings[0].code == "TM-Q03"


def test_delimiters_have_names() -> None:
    assert [csvdialect.delimiter(word) for word in ("tab", "\\t", "pipe", ";")] == ["\t", "\t", "|", ";"]
