"""What ``source`` says of the layout of a text: what no reader could follow is an error of the mapping."""

from __future__ import annotations

import pytest

from twinmap.formats import csvdialect
from twinmap.mapping.load import loads

MAPPING = """\
twinmap: 1
id: t
version: 1.0.0
source: {{format: csv, files: a.csv, timezone: UTC{}}}
patient: {{id: $(p), system: s}}
time: $(t)
key: [p, t]
observe: {{heart-rate: {{value: $(v), unit: /min}}}}
"""


def said(source: str, records: str = "") -> list[tuple[str, str]]:
    text = MAPPING.format(f", {source}" if source else "") + records
    return [(finding.code, finding.message) for finding in loads(text).findings]


@pytest.mark.parametrize(
    "source",
    [
        "encoding: klingon",
        "encoding: [utf-8, klingon]",
        "encoding: rot13",
        "encoding: hex",
        "encoding: zip",
        "encoding: idna",
        "encoding: unicode_escape",
        "encoding: undefined",
        'encoding: "a\\0b"',
        "encoding: ../x",
        "delimiter: ab",
        "delimiter: a",
        'delimiter: "1"',
        "delimiter: '\"'",
        'delimiter: "\\n"',
        'delimiter: "\\r"',
        'delimiter: "\\0"',
        'thousands: "0"',
        "thousands: x",
        'thousands: "-"',
        'thousands: "."',
        'decimal: ",", thousands: ","',
        'thousands: ",,"',
    ],
)
def test_what_cannot_be_used_is_an_error(source: str) -> None:
    assert [code for code, _ in said(source)] == ["TM-L06"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "encoding: UTF8",
        "encoding: [utf-8, iso-8859-1, cp1252, utf-16-le, gb18030, shift_jis]",
        *(f'delimiter: "{word}"' for word in csvdialect.DELIMITERS if "\\" not in word),
        'delimiter: "\\t"',
        'delimiter: "¦"',
        'delimiter: "^"',
        'decimal: ",", thousands: "."',
        'thousands: "\'"',
        'thousands: "\\u202f"',
        'thousands: ","',
    ],
)
def test_what_can_be_used(source: str) -> None:
    assert said(source) == []


def test_signs_of_a_record_set_meet_those_of_the_file() -> None:
    """Said once, where they meet."""
    records = 'records: {a: {files: a.csv, source: {decimal: ","}}, b: {files: b.csv}}\n'
    assert said('thousands: ","', records) == [
        ("TM-L06", '"," cannot group the digits of numbers whose decimal sign is ","')
    ]


@pytest.mark.parametrize("name", ['""', '"a\\0b"', '["*.csv", ""]'])
def test_a_file_needs_a_name(name: str) -> None:
    text = MAPPING.format("").replace("files: a.csv", f"files: {name}")
    assert [(item.code, item.message) for item in loads(text).findings] == [("TM-L06", "a file needs a name")]


@pytest.mark.parametrize("files", ["**x", ".", "a/**b/c.csv", ""])
def test_what_is_no_pattern_of_names_is_an_error(files: str) -> None:
    text = MAPPING.format("").replace("files: a.csv", f'files: "{files}"')
    assert [finding.code for finding in loads(text).findings] == ["TM-L06"]


@pytest.mark.parametrize("files", ["a.csv", "**/*.csv", "[ab]?.csv", "x[.csv", "a/b.csv"])
def test_names_and_patterns(files: str) -> None:
    assert loads(MAPPING.format("").replace("files: a.csv", f'files: "{files}"')).findings == ()


def test_what_cannot_be_used_is_not_handed_on() -> None:
    """The header of the data is checked all the same, though something else is wrong."""
    made = loads(MAPPING.format(', encoding: [klingon, cp1252], delimiter: "::"')).document
    assert made is not None
    options = made.records[0].options
    assert (options.encoding, options.delimiter) == (("cp1252",), None)
    made = loads(MAPPING.format(", encoding: rot13, delimiter: tab")).document
    assert made is not None
    assert (made.records[0].options.encoding, made.records[0].options.delimiter) == (("utf-8",), "tab")
