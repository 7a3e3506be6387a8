"""The mistakes of the first day: one clear message with its place, no traceback, nothing half done.

Each is made on the files of conftest.py. What a run publishes is whole, and what fails publishes nothing.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from twinmap.errors import Exit

FAST = ("--engine", "none", "--jobs", "1")


class Mistake(NamedTuple):
    """A command, its exit code, the finding, and what the text must hold."""

    arguments: tuple[str, ...]
    code: int
    finding: str
    said: tuple[str, ...]


def _run(*arguments: str) -> tuple[str, ...]:
    return ("run", *arguments, "-o", "out", *FAST)


MISTAKES = {
    "a mistyped column, seen by run": Mistake(
        _run("m.yaml", "-s", "no-column.csv"),
        Exit.USAGE,
        "TM-L01",
        (
            'TM-L01 error: column "hr_unit" is not in no-column.csv\n',
            "--> m.yaml:10:38\n",
            "10 |   - heart-rate: {value: $(hr), unit: $(hr_unit)}\n",
            "   |                                      ^^^^^^^^^^\n",
            "::: icu: no-column.csv, line 1, hr_unit\n",
            'help: did you mean "hrunit"?\n',
        ),
    ),
    "a mistyped column, seen by check": Mistake(
        ("check", "m.yaml", "--against", "no-column.csv"),
        Exit.FINDINGS,
        "TM-L01",
        ('column "hr_unit" is not in no-column.csv', "m.yaml:10:38", 'did you mean "hrunit"?'),
    ),
    "an unknown key": Mistake(
        ("check", "unknown-key.yaml"),
        Exit.FINDINGS,
        "TM-L02",
        (
            'TM-L02 error: "mapping" has no key "pateint"\n',
            "--> unknown-key.yaml:6:1\n",
            "6 | pateint: {id: $(mrn), system: hospital-mrn}\n  | ^^^^^^^\n",
            'help: did you mean "patient"?\n',
        ),
    ),
    "no number": Mistake(
        _run("m.yaml", "-s", "no-number.csv"),
        Exit.OK,
        "TM-Q11",
        ("TM-Q11 warning: the value is not a number\n", "--> m.yaml:10:25\n", "no-number.csv, record 1"),
    ),
    "an impossible date": Mistake(
        _run("m.yaml", "-s", "no-date.csv"),
        Exit.OK,
        "TM-Q12",
        (
            "TM-Q12 warning: the time does not fit its format\n",
            "--> m.yaml:7:7\n",
            "no-date.csv, record 1",
            ", time: 99.99.9999 99:99\n",
        ),
    ),
    "an unknown unit": Mistake(
        _run("m.yaml", "-s", "no-unit.csv"),
        Exit.OK,
        "TM-U01",
        (
            "TM-U01 warning: the unit is not written as UCUM: xxxxxxxx\n",
            "--> m.yaml:10:38\n",
            "no-unit.csv, record 1",
        ),
    ),
    "a code without a mapping": Mistake(
        _run("m.yaml", "-s", "no-code.csv"),
        Exit.OK,
        "TM-C01",
        (
            'TM-C01 warning: a code of shape "xxxx" has no target in the map\n',
            "--> m.yaml:12:13\n",
            "no-code.csv, record 1",
        ),
    ),
    "a row that is too short": Mistake(
        _run("m.yaml", "-s", "ragged.csv"),
        Exit.OK,
        "TM-Q01",
        ("TM-Q01 error: 2 fields where the header has 7\n", "ragged.csv, record 2 (line 3)\n"),
    ),
    "a truncated file": Mistake(
        _run("m.yaml", "-s", "cut.csv.gz"),
        Exit.INPUT_OUTPUT,
        "TM-O02",
        ("TM-O02 error: cut.csv.gz is cut short or damaged: it cannot be unpacked to its end\n",),
    ),
    "a missing file": Mistake(
        _run("m.yaml", "-s", "missing.csv"),
        Exit.INPUT_OUTPUT,
        "TM-O01",
        ("TM-O01 error: missing.csv does not exist\n",),
    ),
    "an empty file": Mistake(
        _run("m.yaml", "-s", "empty.csv"),
        Exit.OK,
        "TM-O05",
        ("TM-O05 warning: empty.csv holds no records\n",),
    ),
    "another format": Mistake(
        _run("m.yaml", "-s", "other.csv"),
        Exit.INPUT_OUTPUT,
        "TM-O04",
        (
            "TM-O04 error: other.csv is not the table that the mapping reads: it has none of the columns\n",
            "error: nothing of icu could be read\n",
        ),
    ),
    "somebody else's folder": Mistake(
        ("run", "m.yaml", "-o", "not-ours"),
        Exit.USAGE,
        "TM-O07",
        (
            "TM-O07 error: not-ours holds files that twinmap did not write\n",
            "or --force to replace what is there",
        ),
    ),
}

#: What stands under a final name after any run that did not fail.
WHOLE = {
    "findings.jsonl",
    "graph.nq",
    "ledger.json",
    "manifest.json",
    "quarantine.jsonl",
    "tables",
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_clearly(mistake: Mistake, here: Path, cli: Any) -> None:
    done = cli(*mistake.arguments)
    assert done.code == mistake.code, done.err
    for text in mistake.said:
        assert text in done.err
    assert f"docs: twinmap explain {mistake.finding}\n" in done.err
    published = {path.name for path in here.glob("out/*")}
    if mistake.code == Exit.OK:
        assert published >= WHOLE
        codes = [json.loads(line)["code"] for line in (here / "out/findings.jsonl").read_text().splitlines()]
        assert mistake.finding in codes
    else:
        assert not published
    assert not (here / "out" / ".twinmap").exists()
    assert (here / "not-ours" / "holiday.txt").read_text() == "a photograph\n"


@pytest.mark.parametrize("name", ["no-number.csv", "no-date.csv", "no-unit.csv", "no-code.csv"])
def test_the_rest_of_the_record_is_kept(name: str, here: Path, cli: Any) -> None:
    """One value that cannot be used costs that value, not its record: the books say so."""
    assert cli(*_run("m.yaml", "-s", name)).code == Exit.OK
    ledger = json.loads((here / "out" / "ledger.json").read_text())
    records = ledger["records"]["icu"]
    assert (records["read"], records["mapped"], records["lost"]) == (1, 1, 0)


def test_a_wrong_number_makes_no_triple(here: Path, cli: Any) -> None:
    assert cli(*_run("m.yaml", "-s", "no-number.csv")).code == Exit.OK
    graph = (here / "out" / "graph.nq").read_text()
    assert '"fast"' not in graph
    assert '"90"' in graph


def test_one_of_several_named_files_is_missing(here: Path, cli: Any) -> None:
    text = Path("m.yaml").read_text().replace("files: vitals.csv", "files: [vitals.csv, more.csv]")
    Path("two.yaml").write_text(text)
    done = cli(*_run("two.yaml"))
    assert (done.code, "more.csv does not exist" in done.err) == (Exit.INPUT_OUTPUT, True)
    assert not list(here.glob("out/*"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_compressed_file_may_be_cut_anywhere(share: float, here: Path, cli: Any) -> None:
    header, row = Path("vitals.csv").read_text().splitlines(keepends=True)
    whole = gzip.compress(
        (header + "".join(row.replace("42", str(n), 1) for n in range(500))).encode(), mtime=0
    )
    Path("v.csv.gz").write_bytes(whole)
    assert cli(*_run("m.yaml", "-s", "v.csv.gz")).code == Exit.OK
    Path("v.csv.gz").write_bytes(whole[: int(len(whole) * share)])
    before = {path.name: path.read_bytes() for path in here.glob("out/*.*")}
    done = cli(*_run("m.yaml", "-s", "v.csv.gz"))
    assert (done.code, "TM-O02 error: v.csv.gz is cut short" in done.err) == (Exit.INPUT_OUTPUT, True)
    assert {path.name: path.read_bytes() for path in here.glob("out/*.*")} == before


def test_a_file_of_another_format_among_good_ones_is_set_aside(here: Path, cli: Any) -> None:
    (here / "data").mkdir()
    for name in ("vitals.csv", "other.csv"):
        (here / name).rename(here / "data" / name)
    Path("all.yaml").write_text(Path("m.yaml").read_text().replace("files: vitals.csv", 'files: "*.csv"'))
    done = cli(*_run("all.yaml", "-s", "data"))
    assert done.code == Exit.OK, done.err
    assert "TM-O04 error: other.csv is not the table that the mapping reads" in done.err
    assert "2 records read = 1 mapped + 0 filtered + 0 unclaimed + 1 set aside, 0 lost" in done.err
    (line,) = (here / "out" / "quarantine.jsonl").read_text().splitlines()
    assert json.loads(line)["raw"] == '{"a": 2}'


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04\xff", b'{"a": "\xfc"}'])
def test_a_file_that_is_no_text_among_good_ones_is_set_aside(here: Path, cli: Any, start: bytes) -> None:
    (here / "data").mkdir()
    (here / "vitals.csv").rename(here / "data" / "vitals.csv")
    (here / "data" / "picture.csv").write_bytes(start)
    Path("all.yaml").write_text(Path("m.yaml").read_text().replace("files: vitals.csv", 'files: "*.csv"'))
    done = cli(*_run("all.yaml", "-s", "data"))
    assert done.code == Exit.OK, done.err
    assert "TM-O04 error: picture.csv is no table but " in done.err
    assert "2 records read = 1 mapped + 0 filtered + 0 unclaimed + 1 set aside, 0 lost" in done.err


def test_a_table_in_another_encoding_stops_the_run(here: Path, cli: Any) -> None:
    Path("vitals.csv").write_bytes(Path("vitals.csv").read_bytes() + b"\xfc\n")
    done = cli(*_run("m.yaml", "-s", "vitals.csv"))
    assert (done.code, "name its encoding" in done.err) == (Exit.INPUT_OUTPUT, True)


def test_the_wrong_delimiter_is_named(here: Path, cli: Any) -> None:
    Path("semicolon.csv").write_text(Path("vitals.csv").read_text().replace(",", ";"))
    done = cli(*_run("m.yaml", "-s", "semicolon.csv"))
    assert done.code == Exit.INPUT_OUTPUT
    assert 'another delimiter: source: {delimiter: ";"}' in done.err


def test_the_last_line_is_the_sum(here: Path, cli: Any) -> None:
    done = cli(*_run("m.yaml", "-s", "ragged.csv"))
    last = done.err.splitlines()[-1]
    assert last.startswith("2 records read = 1 mapped + 0 filtered + 0 unclaimed + 1 set aside, 0 lost · ")
    assert last.endswith(" s · 1 error 0 warnings")
    quiet = cli(*_run("m.yaml", "-s", "ragged.csv"), "--quiet")
    assert len(quiet.err.splitlines()) == 1


def test_the_wrong_folder_keeps_the_old_output(here: Path, cli: Any) -> None:
    """The user forgot --source, or named another folder: nothing of it is an empty source."""
    (here / "feed").mkdir()
    (here / "feed" / "a.hl7").write_bytes(b"MSH|^~\\&|LAB\r")
    text = Path("m.yaml").read_text().replace("files: vitals.csv", 'files: "vital*.csv"')
    Path("glob.yaml").write_text(text)
    assert cli(*_run("glob.yaml")).code == Exit.OK
    before = {path.name: path.read_bytes() for path in here.glob("out/*.*")}
    done = cli(*_run("glob.yaml", "-s", "feed"), "--quiet")
    assert done.code == Exit.INPUT_OUTPUT
    assert "icu: no file fits vital*.csv in feed; it holds 1 *.hl7 (HL7 v2: builtin:hl7v2?)" in done.err
    assert {path.name: path.read_bytes() for path in here.glob("out/*.*")} == before
    for path in here.rglob("vitals.csv*"):
        path.unlink()
    assert "help: where its data is: --source PATH" in cli(*_run("glob.yaml")).err


def test_files_from_below_a_folder_are_told(here: Path, cli: Any) -> None:
    (here / "data" / "march").mkdir(parents=True)
    Path("vitals.csv").rename(here / "data" / "march" / "vitals.csv")
    done = cli(*_run("m.yaml", "-s", "data"))
    assert done.code == Exit.OK
    assert "data itself holds no vitals.csv: 1 from below it (march)\n" in done.err


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "bed,ward\n1,A\n2,B,C\n",
            "the look-up table beds cannot be used: beds.csv:3: 3 fields where the header has 2",
        ),
        ('bed,ward\n1,"A\n', "beds.csv:2: "),
        ("bett,ward\n1,A\n", 'TM-L01 error: column "bed" is not in beds.csv'),
        ("bed,ward\n1,A\n1,B\n", "beds.csv"),
    ],
)
def test_a_bad_row_of_a_look_up_table_is_told(table: str, said: str, here: Path, cli: Any) -> None:
    Path("beds.csv").write_text(table)
    text = (
        Path("m.yaml")
        .read_text()
        .replace("observe:", "lookups: {beds: {files: beds.csv, key: bed}}\nobserve:")
    )
    Path("look.yaml").write_text(
        text.replace("unit: $(hr_unit)}", "unit: $(hr_unit), setting: $(mrn -> beds.ward)}")
    )
    done = cli(*_run("look.yaml"))
    assert done.code == Exit.USAGE, done.said
    assert said in done.err


def test_whose_data_it_is_may_be_said_on_the_command_line(here: Path, cli: Any) -> None:
    text = Path("m.yaml").read_text().replace("id: $(mrn)", "id: $(mrn) | $(param:patient)")
    Path("whose.yaml").write_text(text.replace("observe:", 'params: {patient: ""}\nobserve:'))
    Path("vitals.csv").write_text(Path("vitals.csv").read_text().replace("\n42,", "\n,"))
    done = cli(*_run("whose.yaml"))
    assert "TM-Q10 error" in done.err
    assert "help: say whose they are: --set patient=ID\n" in done.err
    assert "TM-Q10" not in cli(*_run("whose.yaml", "--set", "patient=42")).err


def test_a_name_like_the_missing_one_is_suggested(here: Path, cli: Any) -> None:
    assert f'did you mean "{Path("vitals.csv")}"?' in cli(*_run("m.yaml", "-s", "vital.csv")).err
    Path("typed.yaml").write_text(
        Path("m.yaml").read_text().replace("files: vitals.csv", "files: vitlas.csv")
    )
    assert 'did you mean "vitals.csv"?' in cli(*_run("typed.yaml")).err
    assert "there is no folder nowhere" in cli("check", "nowhere/m.yaml").err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "builtin:fhir-r4", "-s", "page.ndjson", "-o", "out"), 3, "error: not JSON but XML or HTML"),
        (("run", "m.yaml", "-s", "wide.csv", "-o", "out"), 3, "help: name its encoding, such as source: {encoding: utf-16}"),
        (("run", "builtin:hl7v2", "-s", "a.hl7", "-o", "out"), 2, "error: the mapping builtin:hl7v2 cannot be used"),
        (("run", "m.yaml", "-s", "vitals.csv", "-o", "out", "--set", "a=b"), 2, "help: the mapping takes none"),
        (("run", "m.yaml", "-o", "vitals.csv"), 2, "help: name a folder"),
        (("run", "builtin:synthea-csv", "-s", "vitals.csv", "-o", "out"), 3, "help: name a file that is called so"),
        (("diff", "m.yaml", "feed"), 2, "error: feed is not the output of a run"),
        (("diff", "m.yaml", "vitals.csv"), 2, "help: data goes with its mapping: MAPPING=vitals.csv"),
    ],
)  # fmt: skip
def test_what_to_do_is_said(arguments: tuple[str, ...], code: int, said: str, here: Path, cli: Any) -> None:
    (here / "feed").mkdir()
    Path("page.ndjson").write_text("<html>\n<body>not found</body>\n</html>\n")
    Path("wide.csv").write_bytes(Path("vitals.csv").read_text().replace("/min", "°C").encode("utf-16"))
    Path("a.hl7").write_text("MSH|^~\\&|LAB\r")
    done = cli(*arguments)
    assert (done.code, said in done.err) == (code, True), done.err
    assert done.err.count("help: ") == 1
    assert not list(here.glob("out/*"))


def test_data_of_which_nothing_is_stated_is_a_warning(here: Path, cli: Any) -> None:
    """The wrong file for a mapping, in a format that it reads: nothing fails, and nothing is stated."""
    Path("settings.json").write_text('{"colour": "blue"}')
    done = cli(*_run("builtin:openmhealth", "-s", "settings.json"))
    assert done.code == Exit.OK
    assert "TM-Q19 warning: no rule of the mapping applies to the record\n" in done.err
    assert "help: look whether this is the data that the mapping is for" in done.err
