"""The exit codes of ``run``, input by input, and of what is missing: more cells of docs/exit-codes.md."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from twinmap.cli import output
from twinmap.errors import Exit
from twinmap.steps import records

FAST = ("--engine", "none", "--jobs", "1")
OK, FINDINGS, USAGE, INPUT_OUTPUT = Exit.OK, Exit.FINDINGS, Exit.USAGE, Exit.INPUT_OUTPUT

SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
@prefix ex: <https://example.org/> .
ex:Shape a sh:NodeShape ; sh:targetClass sosa:Observation ; sh:property ex:Shape-it .
ex:Shape-it sh:path PATH ; sh:minCount 1 .
"""
SERVICE = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <https://example.org/> .
ex:S a sh:NodeShape ; sh:targetClass ex:T ;
  sh:sparql [ sh:select "SELECT $this WHERE { SERVICE <https://example.org/> { $this ?p ?o } }" ] .
"""
MESSAGE = "\r".join(
    (
        "MSH|^~\\&|LAB|H|X|H|20260301081500||ORU^R01|{0}|P|2.5.1",
        "PID|1||4{0}^^^H^MR",
        "OBR|1|||8867-4^Heart rate^LN|||20260301081500",
        "OBX|1|NM|8867-4^Heart rate^LN||7{0}|/min|||||F",
    )
)

#: What is asked for -> the arguments of ``run`` and the exit code.
CELLS: dict[str, tuple[tuple[str, ...], Exit]] = {
    # --- what --fail-on makes of findings
    "a warning, --fail-on error": (("m.yaml", "-s", "no-number.csv", "--fail-on", "error"), OK),
    "a warning, --fail-on info": (("m.yaml", "-s", "no-number.csv", "--fail-on", "info"), FINDINGS),
    "an error, --fail-on error": (("m.yaml", "-s", "ragged.csv", "--fail-on", "error"), FINDINGS),
    "an error, --fail-on never": (("m.yaml", "-s", "ragged.csv", "--fail-on", "never"), OK),
    "no finding, --fail-on info": (("m.yaml", "--fail-on", "info"), OK),
    "an empty file, --fail-on warning": (("m.yaml", "-s", "empty.csv", "--fail-on", "warning"), FINDINGS),
    # --- what is wrong in the data
    "a time that fits no format": (("m.yaml", "-s", "no-date.csv"), OK),
    "a unit that is not UCUM": (("m.yaml", "-s", "no-unit.csv"), OK),
    "a code without a mapping": (("m.yaml", "-s", "no-code.csv"), OK),
    "a message cut at the end of a file": (("hl7.yaml",), OK),
    "another format among others": (("many.yaml", "-s", "mixed"), OK),
    "another format among others, --fail-on warning": (
        ("many.yaml", "-s", "mixed", "--fail-on", "warning"),
        FINDINGS,
    ),
    "no file fits": (("many.yaml", "-s", "nothing"), INPUT_OUTPUT),
    "one of several named files is missing": (("named.yaml",), INPUT_OUTPUT),
    "all but one of the files are cut": (("many.yaml", "-s", "cut"), INPUT_OUTPUT),
    "not UTF-8 in the mapping": (("latin.yaml",), USAGE),
    # --- the command line
    "a file for a folder": (("m.yaml", "-o", "m.yaml"), USAGE),
    "a folder below a file": (("m.yaml", "-o", "m.yaml/out"), INPUT_OUTPUT),
    "an unknown target": (("m.yaml", "--target", "nope"), USAGE),
    "an unknown engine": (("m.yaml", "--engine", "nope"), USAGE),
    "an unknown severity": (("m.yaml", "--fail-on", "nope"), USAGE),
    "an unknown way of errors": (("m.yaml", "--on-error", "nope"), USAGE),
    "a parameter that is not declared": (("m.yaml", "--set", "x=y"), USAGE),
    "a parameter without a value": (("m.yaml", "--set", "x"), USAGE),
    "no workers": (("m.yaml", "-j", "0"), USAGE),
    "a key that is none": (("m.yaml", "--key-file", "vitals.csv"), USAGE),
    "one source twice": (("m.yaml", "-s", "vitals.csv", "-s", "vitals.csv"), USAGE),
    "two sources of one name": (("m.yaml", "m.yaml"), USAGE),
    "a folder without a project": (("nothing",), USAGE),
    # --- reports
    "a report to a file": (("m.yaml", "--report", "json:r.json", "--report", "sarif:r.sarif"), OK),
    "a report into the output": (("m.yaml", "--report", "text:out/r.txt"), OK),
    "a report on stdout": (("m.yaml", "--report", "concise:-"), OK),
    "a report and findings": (
        ("m.yaml", "-s", "no-number.csv", "--report", "html:r.html", "--fail-on", "warning"),
        FINDINGS,
    ),
    "a report without a path": (("m.yaml", "--report", "json"), USAGE),
    "a report to a folder": (("m.yaml", "--report", "html:nothing"), USAGE),
    "the graph and a report on stdout": (("m.yaml", "-o", "-", "--report", "json:-"), USAGE),
    # --- shapes of one's own
    "shapes that fit": (("m.yaml", "--shapes", "fit.ttl", "--engine", "auto"), OK),
    "shapes that do not fit": (("m.yaml", "--shapes", "unfit.ttl", "--engine", "auto"), OK),
    "shapes that do not fit, --fail-on error": (
        ("m.yaml", "--shapes", "fit.ttl", "--shapes", "unfit.ttl", "--engine", "auto", "--fail-on", "error"),
        FINDINGS,
    ),
    "shapes and no engine": (("m.yaml", "--shapes", "fit.ttl"), USAGE),
    "shapes that are not Turtle": (("m.yaml", "--shapes", "broken.ttl", "--engine", "auto"), USAGE),
    "shapes that reach the network": (("m.yaml", "--shapes", "service.ttl", "--engine", "auto"), USAGE),
    "shapes of an unknown format": (("m.yaml", "--shapes", "vitals.csv", "--engine", "auto"), USAGE),
    "shapes that are missing": (("m.yaml", "--shapes", "missing.ttl", "--engine", "auto"), INPUT_OUTPUT),
}

#: The same of other commands: command and arguments, and the exit code.
OTHERS: dict[str, tuple[tuple[str, ...], Exit]] = {
    "validate: shapes that are missing": (("validate", "fine.ttl", "--shapes", "none.ttl"), INPUT_OUTPUT),
    "validate: shapes that reach the network": (("validate", "fine.ttl", "--shapes", "service.ttl"), USAGE),
    "validate: a missing graph of no known suffix": (("validate", "missing"), INPUT_OUTPUT),
    "validate: an unknown engine": (("validate", "fine.ttl", "--engine", "nope"), USAGE),
    "validate: a report that cannot be written": (
        ("validate", "fine.ttl", "--shapes", "shapes.ttl", "-o", "no/r.ttl"),
        INPUT_OUTPUT,
    ),
    "report: a missing folder": (("report", "missing"), INPUT_OUTPUT),
    "report: a file": (("report", "vitals.csv"), USAGE),
    "explain: nothing named": (("explain",), USAGE),
    "explain: a code by its slug": (("explain", "unknown-key"), OK),
    "completion: nothing named": (("completion",), USAGE),
}


@pytest.fixture
def inputs(here: Path) -> Path:
    """The inputs of these cells beside the others."""
    mapping = Path("m.yaml").read_text("utf-8")
    Path("many.yaml").write_text(mapping.replace("files: vitals.csv", 'files: "*.csv*"'))
    Path("named.yaml").write_text(mapping.replace("files: vitals.csv", "files: [vitals.csv, gone.csv]"))
    Path("latin.yaml").write_bytes(mapping.encode() + b"# caf\xe9\n")
    for folder, name in (("mixed", "other.csv"), ("cut", "cut.csv.gz")):
        Path(folder).mkdir()
        for found in ("vitals.csv", name):
            Path(folder, found).write_bytes(Path(found).read_bytes())
    Path("fit.ttl").write_text(SHAPES.replace("PATH", "sosa:observedProperty"))
    Path("unfit.ttl").write_text(SHAPES.replace("PATH", "tm:posture"))
    Path("service.ttl").write_text(SERVICE)
    Path("feed.hl7").write_text(f"{MESSAGE.format(1)}\r{MESSAGE.format(2)}\rOB", newline="")
    Path("hl7.yaml").write_text(
        "twinmap: 1\nid: feed\nversion: 1.0.0\nobserve: auto\n"
        "source: {format: hl7v2, files: feed.hl7, timezone: UTC}\n"
    )
    return here


def _run(arguments: tuple[str, ...]) -> list[str]:
    out = [] if "-o" in arguments else ["-o", "out"]
    return ["run", *(FAST if "--engine" not in arguments else FAST[2:]), *arguments, *out]


@pytest.mark.parametrize(("arguments", "code"), CELLS.values(), ids=CELLS)
def test_a_cell_of_run(arguments: tuple[str, ...], code: Exit, inputs: Path, cli: Any) -> None:
    done = cli(*_run(arguments))
    assert done.code == code, done.said
    if code >= USAGE:
        assert (done.out, [path.name for path in inputs.glob("out/*")]) == ("", [])
    else:
        assert (inputs / "out" / "manifest.json").is_file()


@pytest.mark.parametrize(("arguments", "code"), OTHERS.values(), ids=OTHERS)
def test_a_cell_of_another_command(arguments: tuple[str, ...], code: Exit, inputs: Path, cli: Any) -> None:
    done = cli(*arguments)
    assert done.code == code, done.said
    assert code == OK or done.out == ""


def test_a_cut_message_is_set_aside(inputs: Path, cli: Any) -> None:
    assert cli(*_run(("hl7.yaml",))).err.endswith("· 1 error 0 warnings\n")
    ledger = json.loads(Path("out/ledger.json").read_text())
    assert ledger["records"]["feed"]["read"] == 2
    assert ledger["records"]["feed"]["set_aside"] == 1


def test_each_report_is_written_whatever_the_verdict(inputs: Path, cli: Any) -> None:
    """``--report`` may be repeated; what it writes is what ``report`` renders."""
    formats = ("text", "concise", "json", "sarif", "html")
    wanted = [part for name in formats for part in ("--report", f"{name}:r.{name}")]
    done = cli(*_run(("m.yaml", "-s", "no-number.csv", "--fail-on", "warning", *wanted)))
    assert done.code == FINDINGS
    for name in formats:
        cli("report", "out", "-f", name, "-o", f"again.{name}")
        assert Path(f"r.{name}").read_text("utf-8") == Path(f"again.{name}").read_text("utf-8"), name
    assert [item["code"] for item in json.loads(Path("r.json").read_text())["findings"]] == ["TM-Q11"]


def test_a_report_that_cannot_be_written_is_3(
    inputs: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes last: the output itself is there, and whole."""
    Path("reports").mkdir()

    def full(*_: Any, **__: Any) -> None:
        raise output.InputOutputError("no space left for reports/r.html")

    monkeypatch.setattr(output, "write_product", full)
    done = cli(*_run(("m.yaml", "--report", "html:reports/r.html")))
    assert (done.code, done.err) == (INPUT_OUTPUT, "error: no space left for reports/r.html\n")
    assert Path("out/manifest.json").is_file()
    assert not list(Path("reports").iterdir())


def test_too_many_records_set_aside_are_3(inputs: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    few = dataclasses.replace(records.LIMITS, quarantine_records=1)
    monkeypatch.setattr(records, "LIMITS", few)
    assert cli(*_run(("m.yaml", "-s", "ragged.csv"))).code == OK
    Path("ragged.csv").write_text(Path("ragged.csv").read_text() + "44,01.03.2026 08:15\n")
    before = Path("out/manifest.json").read_bytes()
    done = cli(*_run(("m.yaml", "-s", "ragged.csv")))
    assert (done.code, "more than 1 records are set aside" in done.err) == (INPUT_OUTPUT, True)
    assert Path("out/manifest.json").read_bytes() == before


def test_a_read_only_place_is_3(inputs: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root every folder can be written: the fault is made."""
    import errno
    import os

    made = os.mkdir

    def refuse(path: Any, *about: Any, **more: Any) -> None:
        if str(path).endswith("out"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        made(path, *about, **more)

    monkeypatch.setattr(os, "mkdir", refuse)
    done = cli(*_run(("m.yaml",)))
    assert done.code == INPUT_OUTPUT
    assert done.err.startswith("TM-O03 error: out cannot be written: Read-only file system\nhelp: ")
