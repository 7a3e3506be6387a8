"""Files of documents: windows, lines, faults in their place."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.errors import InputOutputError
from twinmap.formats import jsonlex, jsonstream, jsonwindow
from twinmap.formats.jsonstream import Head, OneByOne, count_lines, documents, lines, pick_encoding
from twinmap.formats.jsonwindow import Fault, Item
from twinmap.limits import Limits

BUNDLE = OneByOne("entry", re.compile('"Bundle"'), lambda head: head.get("type") == "Bundle")


def test_one_document(tmp_path: Path) -> None:
    (item,) = documents(_file(tmp_path, '\n\n {"a": [1, 2]}\n'))
    assert item == Item({"a": ["1", "2"]}, '{"a": [1, 2]}', 3)


def test_the_items_of_an_array_are_documents(tmp_path: Path) -> None:
    found = list(documents(_file(tmp_path, '[{"a": 1},\n2,\n\n"x"]')))
    assert [(item.value, item.line) for item in found if isinstance(item, Item)] == [
        ({"a": "1"}, 1),
        ("2", 2),
        ("x", 4),
    ]


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff", "[]", "\ufeff [ \n]"])
def test_nothing(tmp_path: Path, text: str) -> None:
    assert list(documents(_file(tmp_path, text))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1} {"b": 2}', ["ok", "TM-Q04 another begins on line 1"]),
        ('[1, {"a": 1, "a": 2}, 3]', ["ok", 'TM-Q05 "a"', "ok"]),
        ('[1, {"a": tru}, 3]', ["ok", "TM-Q04 line 1, column 11", "ok"]),
        ('[1, NaN, "\\ud800", 3]', ["ok", "TM-Q04 NaN", "TM-Q04 surrogate", "ok"]),
        ('[1, {"a": "x]}", "b" 2, "c": "\\""}, 3]', ["ok", "TM-Q04 delimiter", "ok"]),
        ('[1, {"a": 1', ["ok", "TM-Q04 delimiter"]),
        ('[1, {"a": "x', ["ok", "TM-Q04 unterminated"]),
        ("[1, 2", ["ok", "ok", "TM-Q04 cut short"]),
        ("[1, 2,", ["ok", "ok", "TM-Q04 missing behind"]),
        ("[1, 2,]", ["ok", "ok", "TM-Q04 missing behind"]),
        ("[1 2]", ["ok", "TM-Q04 expecting ',' or ']'"]),
        ("[" * 70 + "]" * 70, ["TM-Q15 deeper"]),
        ('[1, {"a":' + "[" * 70 + "]" * 70 + "}, 2]", ["ok", "TM-Q15 deeper", "ok"]),
        ("<html></html>", ["TM-O04 XML or HTML"]),
        ("PK\x03\x04", ["TM-O04 a zip archive"]),
        ("MSH|^~\\&|LAB", ["TM-O04 HL7 v2"]),
        ("%%", ["TM-O04 begins otherwise"]),
        ("{'a': 1}", ["TM-Q04 property name"]),
    ],
)
def test_faults_stand_in_their_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = list(documents(_file(tmp_path, text)))
    assert len(found) == len(expected)
    for item, words in zip(found, expected, strict=True):
        if words == "ok":
            assert isinstance(item, Item)
            continue
        assert isinstance(item, Fault)
        code, _, rest = words.partition(" ")
        assert item.code == code
        assert rest in item.message
        assert item.text in text


def test_a_fault_has_its_text_and_line(tmp_path: Path) -> None:
    bad = '{"a": "]",\n "b": [1, ]}'
    (_, fault, _) = documents(_file(tmp_path, "[1,\n " + bad + ",\n 2]"))
    assert isinstance(fault, Fault)
    assert (fault.text, fault.line) == (bad, 2)
    assert "(line 3, column 11)" in fault.message


def test_bytes_that_are_no_text_spoil_one_item(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"a": "M\xfcller"}, {"b": 1}, "\xed\xa0\x80"]')
    first, second, third = documents(path)
    assert isinstance(first, Fault)
    assert (first.code, first.text) == ("TM-Q03", '{"a": "M\\xfcller"}')
    assert isinstance(second, Item)
    assert isinstance(third, Fault)


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes('{"a": "Müller"}'.encode("latin-1"))
    assert pick_encoding(path, ["utf-8", "cp1252"]) == "cp1252"
    assert pick_encoding(path, ["utf-8", "ascii"]) is None
    (item,) = documents(path, "cp1252")
    assert item.value == {"a": "Müller"}
    path.write_bytes('{"a": 1}\n\n{"a": 2}\n'.encode("utf-16"))
    assert [item.value for item in lines(path, "utf-16") if isinstance(item, Item)] == [
        {"a": "1"},
        {"a": "2"},
    ]
    assert count_lines(path, "utf-16") is None
    (fault,) = documents(path)
    assert isinstance(fault, Fault)
    assert fault.code == "TM-Q03"
    (none,) = jsonstream.items(path, ["utf-8", "ascii"], ndjson=False)
    assert isinstance(none, Fault)
    assert none.code == "TM-Q03"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    items=st.lists(
        st.dictionaries(st.sampled_from("abc"), st.text('x\n"\\]},é😀', max_size=12), max_size=3)
        | st.integers(-100, 10**12)
        | st.sampled_from([None, True, "", []]),
        max_size=12,
    ),
    chunk=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
)
def test_windows_of_any_size_see_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: list[Any], chunk: int, indent: int | None
) -> None:
    monkeypatch.setattr(jsonwindow, "CHUNK", chunk)
    text = json.dumps(items, ensure_ascii=False, indent=indent)
    found = list(documents(_file(tmp_path, text)))
    assert [_loads(item) for item in found] == items
    offset = 0
    for item in found:
        assert isinstance(item, Item)
        offset = text.index(item.text, offset)
        assert item.line == text.count("\n", 0, offset) + 1
        offset += len(item.text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.binary(max_size=60).filter(lambda data: data[:1] not in b"\x1f\x28"), chunk=st.integers(1, 20))
def test_any_bytes_are_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, chunk: int
) -> None:
    monkeypatch.setattr(jsonwindow, "CHUNK", chunk)
    path = tmp_path / "a.json"
    for start in (b"", b"[1,", b'{"type": "Bundle", "entry": [{},'):
        path.write_bytes(start + data)
        for item in documents(path, member=BUNDLE):
            if isinstance(item, Fault):
                item.text.encode()
        assert len(list(lines(path))) == count_lines(path)


def test_a_large_item_is_set_aside_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (jsonstream, jsonwindow):
        monkeypatch.setattr(module, "LIMITS", Limits(record_bytes=1000))
        monkeypatch.setattr(module, "CHUNK", 64)
    large = json.dumps({"a": 'x]"' * 2000})
    path = _file(tmp_path, f'[1, {large}, 2, "{"y" * 1500}", 3]')
    found = list(documents(path))
    assert [item.code if isinstance(item, Fault) else item.value for item in found] == [
        "1",
        "TM-Q15",
        "2",
        "TM-Q15",
        "3",
    ]
    path = _file(tmp_path, f"1\n{large}\n2\n", "a.ndjson")
    assert [item.code if isinstance(item, Fault) else item.value for item in lines(path)] == [
        "1",
        "TM-Q15",
        "2",
    ]
    assert count_lines(path) == 3


def test_the_entries_of_an_object_come_one_by_one(tmp_path: Path) -> None:
    text = '{"type": "Bundle",\n"entry": [{"a": 1},\n{"a": 2, "a": 2}, {"a": 3}], "total": 3}'
    found = list(documents(_file(tmp_path, text), member=BUNDLE))
    assert [(item.place, item.line) for item in found if not isinstance(item, Head)] == [
        ("/entry/0", 2),
        ("/entry/1", 3),
        ("/entry/2", 3),
    ]
    assert isinstance(found[1], Fault)
    assert found[-1] == Head({"type": "Bundle", "total": "3"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"type": "List", "of": "Bundle", "entry": [1]}',
            [{"type": "List", "of": "Bundle", "entry": ["1"]}],
        ),
        ('{"entry": [1], "type": "Bundle"}', [{"entry": ["1"], "type": "Bundle"}]),
        ('{"type": "Bundle"}', [{"type": "Bundle"}]),
        ('{"x": NaN, "y": "Bundle"}', ["TM-Q04"]),
        ('{"type": "Bundle", "type": 1}', ["TM-Q05"]),
        ('{"type": "Bundle", "entry": [1, 2', ["1", "2", "TM-Q04"]),
        ('{"type": "Bundle", "entry": [1, 2]', ["1", "2", "TM-Q04"]),
        ('{"type": "Bundle", "entry": [1, 2],}', ["1", "2", "TM-Q04"]),
        ('{"type": "Bundle", "entry": [1], 2: 3}', ["1", "TM-Q04"]),
        ('{"type": "Bundle", "entry": [1], "total" 3}', ["1", "TM-Q04"]),
        ('{"type": "Bundle", "entry": [1], "x": {"a": tru}}', ["1", "TM-Q04", {"type": "Bundle"}]),
        ('{"type": "Bundle", "entry": [1]} x', ["1", {"type": "Bundle"}, "TM-Q04"]),
    ],
)
def test_objects_that_are_read_in_parts(tmp_path: Path, text: str, expected: list[Any]) -> None:
    found = documents(_file(tmp_path, text), member=BUNDLE)
    assert [item.code if isinstance(item, Fault) else item.value for item in found] == expected


def test_lines(tmp_path: Path) -> None:
    path = _file(tmp_path, '\ufeff{"a": 1}\r\n\n  \n{"a": 1, "a": 2}\n[1, 2\n3', "a.ndjson")
    found = list(lines(path))
    assert [(item.line, getattr(item, "code", "ok")) for item in found] == [
        (1, "ok"),
        (4, "TM-Q05"),
        (5, "TM-Q04"),
        (6, "ok"),
    ]
    assert "(line 5, column 6)" in found[2].message  # type: ignore[union-attr]
    assert count_lines(path) == 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(text=st.text("1 \n\r\t\ufeff", max_size=30), chunk=st.integers(1, 9))
def test_two_ways_to_count_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, chunk: int
) -> None:
    path = _file(tmp_path, text, "a.ndjson")
    expected = sum(1 for line in text.removeprefix("\ufeff").split("\n") if line.strip(" \t\r"))
    assert len(list(lines(path))) == count_lines(path) == expected
    monkeypatch.setattr(jsonstream, "CHUNK", chunk)
    assert count_lines(path) == expected


def test_compressed_and_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    data = gzip.compress(b'{"a": 1}\n' * 1000)
    path.write_bytes(data)
    assert len(list(lines(path))) == count_lines(path) == 1000
    path.write_bytes(data[:-20])
    with pytest.raises(InputOutputError) as caught:
        list(lines(path))
    assert [finding.code for finding in caught.value.findings] == ["TM-O02"]
    with pytest.raises(InputOutputError):
        list(documents(path))


@pytest.mark.corpus
def test_the_json_test_suite(corpus: Path) -> None:
    """``y_`` files are JSON (ours refuses a key twice), ``n_`` files are not, ``i_`` may be either."""
    for path in sorted((corpus / "security" / "jsontestsuite" / "test_parsing").glob("*.json")):
        found = list(documents(path))
        faults = [item for item in found if isinstance(item, Fault)]
        if path.name.startswith("y_"):
            assert all(fault.code == "TM-Q05" for fault in faults), path.name
        elif path.name.startswith("n_"):
            assert faults or not found, path.name
        assert len(list(lines(path))) == count_lines(path), path.name


@pytest.mark.corpus
def test_hostile_json(corpus: Path) -> None:
    folder = corpus / "security" / "made-hostile" / "json"
    (numbers,) = documents(folder / "big-numbers.json")
    assert isinstance(numbers, Item)
    (deep,) = documents(folder / "deep-array.json")
    assert isinstance(deep, Fault)
    assert deep.code == "TM-Q15"


def _file(folder: Path, text: str, name: str = "a.json") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def _loads(item: Item | Fault | Head) -> Any:
    return json.loads(jsonlex.dump(item.value)) if not isinstance(item, Fault) else item


def test_more_values_than_a_document_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take a hundred times their size in memory; what stands around them is read."""
    monkeypatch.setattr(jsonwindow, "CHUNK", 64)
    for module in (jsonstream, jsonwindow):
        monkeypatch.setattr(module, "LIMITS", Limits(json_values=200))
    many = "[" + "1," * 2_000 + "1]"
    path = _file(tmp_path, f'[{{"a": 1}}, {many}, {{"a": 2}}]')
    found = list(documents(path))
    assert [type(item) for item in found] == [Item, Fault, Item]
    assert (found[1].code, found[1].text) == ("TM-Q15", many)  # type: ignore[union-attr]
    path = _file(tmp_path, f'{{"a": 1}}\n{many}\n{{"a": 2}}\n')
    assert [getattr(item, "code", "") for item in lines(path)] == ["", "TM-Q15", ""]


@pytest.mark.parametrize(
    "bad", ["[[[[NaN]]]]", "{'a': [[]], 'b': {}}", "[[[[[[01]]]]],[[]]]", '["]]]", [NaN]]']
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 64])
def test_a_fault_ends_where_its_brackets_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str, chunk: int
) -> None:
    """Wherever the window ends, and also where the bracket of what is around it follows at once."""
    monkeypatch.setattr(jsonwindow, "CHUNK", chunk)
    found = list(documents(_file(tmp_path, f'[{bad},{{"a": [[1]]}},{bad}]')))
    assert [getattr(item, "text", "") for item in found] == [bad, '{"a": [[1]]}', bad]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_needs_its_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a": 1}')
    for ndjson in (True, False):
        (fault,) = jsonstream.items(path, [encoding], ndjson=ndjson)
        assert isinstance(fault, Fault)
        assert (fault.code, fault.text) == ("TM-Q03", '{"a": 1}')
    assert pick_encoding(path, [encoding, "utf-8"]) == "utf-8"
    for empty in (b"", "".encode(encoding)):
        path.write_bytes(empty)
        assert list(jsonstream.items(path, [encoding], ndjson=False)) == []


@pytest.mark.parametrize("chunk", [8, 64, 1 << 20])
def test_what_utf_16_does_not_fit_is_one_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Half a pair far behind the mark; what stands around it is read in the byte order that the mark told."""
    monkeypatch.setattr(jsonwindow, "CHUNK", chunk)
    path = tmp_path / "a.json"
    half = b"\xdc\x00"
    path.write_bytes(b"\xfe\xff" + '["x", "'.encode("utf-16-be") + half + '", "y"]'.encode("utf-16-be"))
    found = list(documents(path, "utf-16"))
    assert [getattr(item, "value", None) or item.code for item in found] == ["x", "TM-Q03", "y"]  # type: ignore[union-attr]
