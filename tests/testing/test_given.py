"""What a test gives becomes the files that its mapping reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap.errors import UsageError
from twinmap.mapping.ast import Document
from twinmap.mapping.load import loads
from twinmap.testing import given
from twinmap.testing.cases import Case, load_cases

HEAD = "twinmap: 1\nid: m\nversion: 1.0.0\npatient: {id: $(mrn), system: h}\nkey: [mrn]\n"
RULES = "observe:\n  heart-rate: {value: $(hr), unit: /min, time: ''}\n"


def document(source: str, rest: str = RULES) -> Document:
    loaded = loads(f"{HEAD}source: {source}\n{rest}")
    assert loaded.document is not None, loaded.findings
    return loaded.document


def case(text: str) -> Case:
    (found,) = load_cases(f"tests:\n  - name: t\n{text}".encode(), "m.test.yaml")
    return found


def written(test: str, source: str, folder: Path, rest: str = RULES) -> dict[str, str]:
    given.write(case(test), document(source, rest), folder)
    return {
        str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def test_a_record_is_a_row_with_every_column_that_is_read(tmp_path: Path) -> None:
    found = written('    given: {hr: 72, note: "a, b"}\n', "{format: csv, files: v*.csv}", tmp_path)
    assert found == {"vtest.csv": 'mrn,hr,note\n,72,"a, b"\n'}


def test_the_dialect_is_that_of_the_mapping(tmp_path: Path) -> None:
    found = written(
        '    given: [{mrn: 1, hr: "72,5"}, {mrn: 2}]\n',
        '{format: csv, delimiter: ";", decimal: ","}',
        tmp_path,
    )
    assert found == {"test.csv": "mrn;hr\n1;72,5\n2;\n"}


def test_raw_text_is_kept(tmp_path: Path) -> None:
    found = written("    given: {text: 'mrn,hr'}\n    file: a/b.csv\n", "{format: csv}", tmp_path)
    assert found == {"a/b.csv": "mrn,hr"}


@pytest.mark.parametrize(
    ("fmt", "text"),
    [
        (
            "json",
            '{"mrn": "1", "hr": {"value": 72.50, "on": true, "not": null, "text": "0042"}, "all": [1, "x"]}',
        ),
        (
            "ndjson",
            '{"mrn": "1", "hr": {"value": 72.50, "on": true, "not": null, "text": "0042"}, "all": [1, "x"]}\n',
        ),
    ],
)
def test_numbers_of_json_stay_as_written(fmt: str, text: str, tmp_path: Path) -> None:
    test = '    given: {mrn: "1", hr: {value: 72.50, on: true, not: null, text: 0042}, all: [1, x]}\n'
    (found,) = written(test, f"{{format: {fmt}}}", tmp_path).values()
    assert found == text


def test_several_records_of_json_are_one_array(tmp_path: Path) -> None:
    (found,) = written("    given: [{mrn: 1}, {mrn: 2}]\n", "{format: json}", tmp_path).values()
    assert json.loads(found) == [{"mrn": 1}, {"mrn": 2}]


TABLES = (
    "lookups: {concept: {files: CONCEPT.csv, key: id}}\n"
    "records:\n"
    "  person: {files: PERSON.csv, patient: {sex: $(sex)}}\n"
    "  rate:\n    files: RATE.csv\n"
    "    observe: {result: {code: 'loinc:$(c -> concept.code)', value: $(v), unit: '1', time: ''}}\n"
)


def test_record_sets_and_look_ups_are_named(tmp_path: Path) -> None:
    test = "    given: {rate: [{mrn: 1, c: 7, v: 3}], concept: [{id: 7, code: 8867-4}]}\n"
    assert written(test, "{format: csv}", tmp_path, TABLES) == {
        "CONCEPT.csv": "id,code\n7,8867-4\n",
        "PERSON.csv": "mrn,sex\n",
        "RATE.csv": "mrn,c,v\n1,7,3\n",
    }


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("    given: {rates: [{mrn: 1}]}\n", 'no record set "rates"'),
        ("    given: [{mrn: 1}]\n", "say for which record set: concept, person, rate"),
    ],
)
def test_what_fits_no_record_set_is_refused(test: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        written(test, "{format: csv}", tmp_path, TABLES)


def test_hl7_is_given_as_it_is(tmp_path: Path) -> None:
    rules = "observe:\n  heart-rate: {value: $(OBX-5), unit: /min, time: ''}\n"
    head = rules.replace("$(mrn)", "$(PID-3)")
    loaded = loads(
        HEAD.replace("$(mrn)", "$(PID-3)").replace("[mrn]", "[MSH-10]") + f"source: {{format: hl7v2}}\n{head}"
    )
    assert loaded.document is not None
    path = given.write(case("    given: {text: 'MSH|^~'}\n"), loaded.document, tmp_path)
    assert path.read_text() == "MSH|^~"
    with pytest.raises(UsageError, match="give hl7v2 as it is"):
        given.write(case("    given: {PID-3: 1}\n"), loaded.document, tmp_path)
