"""The benchmarks on a few rows, without peers: that they run and tell the truth, not how long they take."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")


@linux_only
def test_usage_is_of_the_whole_tree(tmp_path: Path) -> None:
    from measure import Command, run

    # A child that fills 80 MB and works for a while: its parent only waits for it.
    child = "import time; block = bytearray(b'x' * 80_000_000); end = time.time() + 0.3\nwhile time.time() < end: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    used = run(Command([sys.executable, "-c", parent], tmp_path))
    assert used.peak > 80_000_000
    assert used.cpu > 0.05
    assert used.wall >= 0.3


@linux_only
def test_a_failing_command_is_no_measurement(tmp_path: Path) -> None:
    from measure import Command, CommandError, run

    with pytest.raises(CommandError, match="status 3"):
        run(Command([sys.executable, "-c", "raise SystemExit(3)"], tmp_path))


def test_runs_take_turns_and_the_median_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import measure
    from measure import Command, Usage

    order: list[str] = []

    def pretend(command: Command) -> Usage:
        order.append(command.arguments[0])
        return Usage(float(len(order)), 2.0 * len(order), len(order))

    monkeypatch.setattr(measure, "run", pretend)
    used = measure.interleaved({name: Command([name], tmp_path) for name in "ab"}, 3)
    assert order == list("ababab")
    assert used == {"a": Usage(3.0, 6.0, 5), "b": Usage(4.0, 8.0, 6)}


@linux_only
def test_the_cases_run_on_a_few_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import run

    chosen = [
        part for name in ("run", "meaning", "fhir", "hl7v2", "units", "profile") for part in ("--only", name)
    ]
    run.main(["--rows", "200", "--repeat", "1", "--no-peers", "--work", str(tmp_path), *chosen])
    told = capsys.readouterr()
    lines = [line for line in told.out.splitlines() if line.startswith("| ")]
    assert "failed" not in told.out
    assert any("run without SHACL, 200 rows" in line and "not measured" in line for line in lines)
    assert any(
        "200 rows of CSV, codes and units" in line and "200 observations and 200" in line for line in lines
    )
    assert any("2,000 values from Cel to [degF]" in line and "twinmap 0.50" in line for line in lines)
    assert any("20 FHIR resources" in line and "| 100 % |" in line for line in lines)
    assert any("step `read`" in line for line in lines)
    assert not (tmp_path / "peers").exists()


def test_the_reader_writes_the_strings_of_the_peer(tmp_path: Path) -> None:
    import cases
    import hl7_columns

    text = (
        "MSH|^~\\&|LAB|H|T|H|20260301||ORU^R01|M1|P|2.5.1\rPID|1||7^^^H&1.2&ISO^MR~8^^^I\rOBR|1||F^2|X|||20260302\r"
        "OBX|1|NM|1-8^a\\T\\b^LN||5|mg^mg^UCUM|||||F|||20260303\rOBX|2|ST|2-6^é^LN||x||||||P\r"
    )
    source, table, lines = (tmp_path / name for name in ("in.hl7", "out.arrow", "peer.tsv"))
    source.write_text(text, "utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["hl7_columns.py", str(source), str(table)])
        hl7_columns.main()
    head = ("M1", "7", "H&1.2&ISO", "F^2")
    rows = [
        (*head, "1-8", "a\\T\\b", "LN", "5", "mg", "F", "20260303"),
        (*head, "2-6", "é", "LN", "x", "", "P", "20260302"),
    ]
    assert list(hl7_columns.rows(table)) == rows
    lines.write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8", newline="")
    assert cases._same_rows(table, lines) == (True, 2)
    lines.write_text("\t".join(rows[0]) + "\n", "utf-8", newline="")
    assert cases._same_rows(table, lines) == (False, 1)


def test_common_triples_are_compared_under_the_same_names(tmp_path: Path) -> None:
    from common import PREDICATES, Compared, compare

    from twinmap import run

    data = tmp_path / "rows.csv"
    data.write_text(
        "ID,PATIENT,ENCOUNTER,CODE,VALUE,UNITS,DATE\no1,p 1,e/1,8310-5,98.6,[degF],2026-03-01T08:00:00Z\n"
    )
    mapping = tmp_path / "map.yaml"
    mapping.write_text(
        "twinmap: 1\nid: m\nversion: 1.0.0\nsource: {format: csv, timezone: UTC}\n"
        "patient: {id: $(PATIENT), system: s}\nencounter: $(ENCOUNTER)\nkey: [ID]\ntime: $(DATE)\n"
        "observe:\n  result: {code: 'loinc:$(CODE)', value: $(VALUE), unit: $(UNITS)}\n"
    )
    key = Path(__file__).parents[2] / "examples" / "demo.key"
    out = tmp_path / "out"
    run(mapping, out=out, data=[str(data)], key_file=key, engine="none")
    subject, xsd = "<https://twin.invalid/obs/o1>", "http://www.w3.org/2001/XMLSchema#"
    objects = (
        "<http://www.w3.org/ns/sosa/Observation>",
        "<https://twin.invalid/patient/p%201>",
        "<http://loinc.org/rdf/8310-5>",
        f'"98.6"^^<{xsd}decimal>',
        '"[degF]"',
        f'"2026-03-01T08:00:00Z"^^<{xsd}dateTime>',
        "<https://twin.invalid/encounter/e%2F1>",
        "<https://twin.invalid/record/p%201>",
        "<https://twin.invalid/file/1#o1>",
    )
    peer = tmp_path / "peer.nt"
    lines = [f"{subject} <{name}> {term} .\n" for name, term in zip(PREDICATES, objects, strict=True)]
    rows = "SELECT 1 AS record, 'o1' AS id, 'p%201' AS patient, 'e/1' AS encounter"

    def compared() -> Compared:
        table = out / "tables" / "observation.parquet"
        return compare(out / "graph.nq", table, rows, peer, tmp_path)

    peer.write_text("".join(lines))
    assert compared() == Compared(9, 9, 0, 0)
    peer.write_text("".join(lines).replace('"98.6"', '"98.60"'))
    assert compared() == Compared(9, 9, 1, 1)
    peer.write_text("".join(lines[1:]))
    assert not compared().equal
