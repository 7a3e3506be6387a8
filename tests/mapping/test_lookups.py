"""Look-up tables: what is wrong with one is told with its line; nothing of it is shown, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap.errors import Exit, InputOutputError, UsageError
from twinmap.mapping import lookups
from twinmap.mapping.ast import Document
from twinmap.mapping.load import loads

MAPPING = """\
twinmap: 1
id: t
version: 1.0.0
source: {format: csv, files: data.csv, timezone: UTC}
lookups: {concept: {files: concept.csv, key: id, missing: ["0"]}}
patient: {id: $(pid), system: x}
time: $(at)
key: [pid, at]
observe:
  result: {code: "loinc:$(cid -> concept.code)", value: $(v), unit: $(cid -> concept.unit) | $(u)}
"""
HEAD = b"id,code,unit,name\n"


def _document(text: str = MAPPING) -> Document:
    loaded = loads(text)
    assert loaded.document is not None
    assert loaded.usable, loaded.findings
    return loaded.document


def _read(folder: Path, *files: bytes, mapping: str = MAPPING) -> lookups.Table:
    paths = [folder / f"concept{number}.csv" for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_bytes(content)
    document = _document(mapping)
    return lookups.read(document, document.lookups["concept"], paths)


def test_the_columns_that_are_read_are_kept(tmp_path: Path) -> None:
    table = _read(tmp_path, HEAD + b" 7 ,8480-6, mm[Hg],Systolic\n8,8462-4,,Diastolic\n")
    assert table.keys == ["7", "8"]
    assert table.columns == {"code": ["8480-6", "8462-4"], "unit": ["mm[Hg]", None]}


def test_rows_without_a_key_are_not_looked_up(tmp_path: Path) -> None:
    assert _read(tmp_path, HEAD + b",a,b,c\n0,a,b,c\n7,a,b,c\n0,d,e,f\n").keys == ["7"]


def test_several_files_are_one_table(tmp_path: Path) -> None:
    assert _read(tmp_path, HEAD + b"7,a,b,c\n", HEAD, HEAD + b"8,a,b,c\n").keys == ["7", "8"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"concept0\.csv is empty"),
        (b"\xef\xbb\xbf", r"concept0\.csv is empty"),
        (b"\n\n", r"concept0\.csv is empty"),
        (b"id,code,unit,\n7,a,b,c\n", r"csv:1: column 4 has no name"),
        (b"\n\nid,code,unit, \n", r"csv:3: column 4 has no name"),
        (b",,\n", r"csv:1: column 1 has no name"),
        (b"id,code,unit,code\n7,8480-6,b,secret\n", r"csv:1: columns 2 and 4 have the same name"),
        (b"id,code,unit,id\n7,8480-6,b,secret\n", r"csv:1: columns 1 and 4 have the same name"),
        (HEAD + b"7,a,b,c\n8,secret\n", r"csv:3: 2 fields where the header has 4"),
        (HEAD + b"7,a,b,c,secret\n", r"csv:2: 5 fields where the header has 4"),
        (HEAD + b'7,"a,b,c\n', r"csv:2: a quote is opened and never closed"),
        (b'id,"code\n', r"csv:1: a quote is opened and never closed"),
        (HEAD + b"7,a\0,b,c\n", r"csv:2: a NUL character"),
        (HEAD + b"7,a,b,c\n8,caf\xe9,b,c\n", r"csv:3: not UTF-8"),
        (HEAD.decode().encode("utf-16"), r"csv:1: not UTF-8"),
        (HEAD + b"7,a,b,c\n8,a,b,c\n7,a,b,c\n", r"csv:4: the key stands in line 2 of .*concept0\.csv, too"),
        (HEAD + b"secret," + b"x" * 1_000_001 + b",b,c\n", r"csv:2: a field is longer than"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        _read(tmp_path, content)
    (found,) = caught.value.findings
    assert (found.code, found.where and found.where.line) == ("TM-L15", 5)
    assert "secret" not in caught.value.message + (found.help or "")


def test_a_second_file_with_other_columns(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"concept1\.csv:1: its columns are not those of .*concept0\.csv"):
        _read(tmp_path, HEAD, b"id,unit,code,name\n")


def test_a_key_in_two_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"concept1\.csv:2: the key stands in line 2 of .*concept0\.csv"):
        _read(tmp_path, HEAD + b"7,a,b,c\n", HEAD + b"7,a,b,c\n")


def test_a_cut_file_is_a_fault_of_the_input(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError):
        _read(tmp_path, b"\x1f\x8bcut")


@pytest.mark.parametrize(
    ("header", "lacking"),
    [(b"idd,code,unit\n", {"id"}), (b"id,cod,unit\n", {"code"}), (b"id;code;unit\n", {"id", "code", "unit"})],
)
def test_a_column_that_is_not_there_is_told_where_it_is_read(
    tmp_path: Path, header: bytes, lacking: set[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        _read(tmp_path, header)
    assert {found.code for found in caught.value.findings} == {"TM-L01"}
    assert {found.message.split('"')[1] for found in caught.value.findings} == lacking


def test_names_that_differ_in_capitals(tmp_path: Path) -> None:
    """One that is not read is in nobody's way; two that are read cannot be told apart."""
    content = b"id,code,unit,Code\n7,8480-6,mm[Hg],other\n"
    assert _read(tmp_path, content).columns["code"] == ["8480-6"]
    both = MAPPING.replace("-> concept.unit", "-> concept.Code")
    with pytest.raises(UsageError, match=r"csv:1: the names of columns 2 and 4 differ in capitals alone"):
        _read(tmp_path, content, mapping=both)


@pytest.mark.parametrize(("key", "code"), [("_key", "code"), ("id", "_key"), ("_key", "_key")])
def test_a_column_may_be_called_as_ours_is(tmp_path: Path, key: str, code: str) -> None:
    mapping = MAPPING.replace("key: id,", f"key: {key},").replace("concept.code", f"concept.{code}")
    names = list(dict.fromkeys([key, code, "unit"]))
    content = ",".join(names) + "\n" + ",".join(f"<{name}>" for name in names) + "\n"
    if (key, code) == ("id", "_key"):
        with pytest.raises(UsageError, match='csv:1: column 2 is called "_key"'):
            _read(tmp_path, content.encode(), mapping=mapping)
        return
    table = _read(tmp_path, content.encode(), mapping=mapping)
    assert (table.keys, table.columns[code]) == ([f"<{key}>"], [f"<{code}>"])


@pytest.mark.parametrize("content", [b"", b"id,code,unit,\n", b"id,code,unit,code\n", b"id,code\xff,unit\n"])
def test_the_command_says_so_and_ends_with_2(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    from twinmap.cli import main

    (tmp_path / "map.yaml").write_text(MAPPING)
    (tmp_path / "data.csv").write_text("pid,at,cid,v,u\n1,2024-01-01,7,120,mm[Hg]\n")
    (tmp_path / "concept.csv").write_bytes(content)
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    code = main(["run", str(tmp_path / "map.yaml"), "-o", str(tmp_path / "out"), "--key-file", str(key)])
    said = capsys.readouterr().err
    assert code == Exit.USAGE
    assert "TM-L15 error: the look-up table concept cannot be used: " in said
    assert "Traceback" not in said
