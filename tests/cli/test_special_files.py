"""Pipes, devices, links and globs on the command line."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from twinmap.cli import output
from twinmap.errors import Exit

FAST = ("--engine", "none", "--jobs", "1")


def test_star_names_a_mapping_and_its_tests(here: Path, cli: Any) -> None:
    """What a shell makes of ``*.yaml``."""
    star = sorted(str(path.relative_to(here)) for path in here.glob("good/*.yaml"))
    assert star == ["good/m.test.yaml", "good/m.yaml"]
    done = cli("check", *star)
    assert (done.code, done.err) == (Exit.OK, "1 mapping checked: nothing found\n")
    done = cli("test", *star)
    assert done.code == Exit.OK
    assert done.err.endswith("1 passed, 0 failed\n")
    (here / "good" / "vitals.csv").write_bytes((here / "vitals.csv").read_bytes())
    assert cli("run", *star, "-o", "out", *FAST).code == Exit.OK


def test_what_is_wrong_is_said_once(here: Path, cli: Any) -> None:
    done = cli("check", "broken/m.yaml", "broken/m.test.yaml", "broken")
    assert done.code == Exit.FINDINGS
    assert done.err.count('a test has no "nmae"') == 1
    assert "times" not in done.err


def test_tests_without_their_mapping(here: Path, cli: Any) -> None:
    (here / "broken" / "m.yaml").unlink()
    assert cli("check", "broken/m.test.yaml").code == Exit.FINDINGS
    done = cli("test", "broken/m.test.yaml")
    assert (done.code, "broken/m.yaml does not exist" in done.err) == (Exit.INPUT_OUTPUT, True)
    assert cli("run", "broken/m.test.yaml", "-o", "out").code == Exit.USAGE


@pytest.mark.parametrize("command", ["check", "test", "run"])
def test_a_project_that_is_a_pipe(command: str, here: Path, cli: Any) -> None:
    (here / "p").mkdir()
    os.mkfifo(here / "p" / "twinmap.yaml")
    done = cli(command, "p", *(("-o", "out") if command == "run" else ()))
    assert (done.code, "is not a regular file" in done.err) == (Exit.INPUT_OUTPUT, True)


@pytest.mark.parametrize("name", ["pipe.csv", "/dev/zero", "loop.csv"])
def test_data_that_is_no_file(name: str, here: Path, cli: Any) -> None:
    os.mkfifo(here / "pipe.csv")
    (here / "loop.csv").symlink_to("loop.csv")
    assert cli("run", "m.yaml", "-s", name, "-o", "out", *FAST).code == Exit.INPUT_OUTPUT


def test_a_link_to_itself_among_the_mappings(here: Path, cli: Any) -> None:
    (here / "good" / "loop.yaml").symlink_to("loop.yaml")
    done = cli("check", "good")
    assert (done.code, "good/loop.yaml cannot be read" in done.err) == (Exit.INPUT_OUTPUT, True)
    assert cli("test", "good").err.endswith("1 passed, 0 failed\n")


def test_a_project_whose_output_has_no_name(here: Path, cli: Any) -> None:
    (here / "twinmap.yaml").write_text('out: "\\0"\nsources: [{mapping: m.yaml}]\n')
    assert cli("run", *FAST).code == Exit.USAGE


def test_a_link_that_leads_nowhere_among_the_data(here: Path, cli: Any) -> None:
    """It is a file that is missing."""
    (here / "data").mkdir()
    (here / "data" / "a.csv").write_bytes((here / "vitals.csv").read_bytes())
    (here / "data" / "b.csv").symlink_to("nowhere")
    (here / "m.yaml").write_text((here / "m.yaml").read_text().replace("vitals.csv", '"*.csv"'))
    done = cli("run", "m.yaml", "-s", "data", "-o", "out", *FAST)
    assert (done.code, "data/b.csv does not exist" in done.err) == (Exit.INPUT_OUTPUT, True)


def test_a_saved_run_with_a_pipe_in_it(here: Path, cli: Any) -> None:
    (here / "done" / "findings.jsonl").unlink()
    os.mkfifo(here / "done" / "findings.jsonl")
    assert cli("report", "done").code == Exit.INPUT_OUTPUT


def test_a_headerless_file_without_anything(here: Path, cli: Any) -> None:
    text = (here / "m.yaml").read_text().replace("format: csv", "format: csv, header: false")
    for number, name in enumerate(["mrn", "at", "hr", "hr_unit", "test", "result", "unit"], start=1):
        text = text.replace(f"$({name})", f"$({number})")
    (here / "n.yaml").write_text(text.replace("[mrn, at]", "[1, 2]"))
    done = cli("run", "n.yaml", "-s", "empty.csv", "-o", "out", *FAST)
    assert (done.code, "0 records read" in done.err) == (Exit.OK, True)


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    output.write_product("report\n", pipe)
    reader.join()
    assert got == ["report\n"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to("real/r.txt")
    for text in ("one\n", "two\n"):
        output.write_product(text, tmp_path / "link.txt")
        assert (tmp_path / "real" / "r.txt").read_text() == text
    assert (tmp_path / "link.txt").is_symlink()


def test_a_terminal_is_not_flooded(here: Path, cli: Any) -> None:
    """One line for each of 150 findings is too much; the worst are told, and how many there are."""
    head, row = (here / "vitals.csv").read_text().splitlines(keepends=True)
    units = ["-" * (number % 15) + "+" * (number // 15) + "x" for number in range(150)]
    (here / "many.csv").write_text(
        head + "".join(row.replace("42", str(n), 1).replace("/min", u) for n, u in enumerate(units))
    )
    done = cli("run", "m.yaml", "-s", "many.csv", "-o", "out", *FAST)
    lines = done.err.splitlines()
    assert done.code == Exit.OK
    assert 90 < len(lines) < 110
    assert [line for line in lines if line.startswith("and ") and line.endswith(" more")]
    assert "in full: twinmap report out" in lines
    assert "150 records read" in lines[-1]


def test_a_file_in_no_encoding_that_was_tried_is_an_error(here: Path, cli: Any) -> None:
    (here / "latin.csv").write_bytes((here / "vitals.csv").read_bytes().replace(b"GLU", b"GL\xdc"))
    done = cli("run", "m.yaml", "-s", "latin.csv", "-o", "out", *FAST)
    assert done.code == Exit.INPUT_OUTPUT
    assert done.err.startswith("TM-Q03 error: latin.csv is not valid text in utf-8\nhelp: name its encoding")
