"""The benchmarks: each makes its inputs, runs its contenders in turn and gives rows of the table."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import common
import generate
import hl7_columns
import measure
import peers
from diff_runs import diff
from measure import Command, Usage
from table import Row

HERE = Path(__file__).parent
KEY = HERE.parent / "examples" / "demo.key"

#: How much smaller than ``--rows`` the inputs are that peers take long for.
_FHIR_PART, _HL7_PART = 10, 50
#: Values of an array to a row of CSV.
_VALUES = 10


@dataclass(frozen=True, slots=True)
class Bench:
    """What all cases need: sizes, the folder to work in, and the interpreter of the peers (None: no peers)."""

    rows: int
    repeat: int
    work: Path
    peer: Path | None

    @property
    def data(self) -> Path:
        """The folder of generated inputs; made once, since they are the same on every run."""
        folder = self.work / "data"
        folder.mkdir(exist_ok=True)
        return folder

    def made(self, workload: str, count: int) -> Path:
        """An input, generated where it is not there."""
        suffix = {"observations": "csv", "fhir": "ndjson", "hl7v2": "hl7", "two-sources": "parquet"}[workload]
        stem = {"hl7v2": "messages", "two-sources": workload}.get(workload, "observations")
        path = self.data / f"{stem}-{count}.{suffix}"
        return path if path.exists() else generate.WORKLOADS[workload](count, self.data)

    def folder(self, name: str) -> Path:
        """An empty folder for one case."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path


def twinmap_run(mapping: str, data: Path, folder: Path, *options: str) -> Command:
    """``twinmap run`` of a mapping of ``bench/mappings``; the output of the run before is removed."""
    out = folder / "out"
    arguments = [*_TWINMAP, "run", str(HERE / "mappings" / mapping), "--source", str(data), "-o", str(out)]
    arguments += ["--key-file", str(KEY), "--quiet", *options]
    return Command(arguments, folder, before=lambda: shutil.rmtree(out, ignore_errors=True))


_TWINMAP = (sys.executable, "-m", "twinmap")


def _told(usage: Usage | None) -> str:
    if usage is None:
        return ""
    return f"{usage.wall:.2f} s, {usage.cpu:.2f} s CPU, {usage.peak / 1e6:,.0f} MB"


def _ratio(theirs: float | None, ours: float) -> float | None:
    return None if theirs is None else theirs / ours


# --- one case each --------------------------------------------------------------------------------


def csv_run(bench: Bench) -> Iterable[Row]:
    """CSV to statements, tables, findings and graph, without and with SHACL, beside a bare RML mapping."""
    data = bench.made("observations", bench.rows)
    plain, checked = bench.folder("run"), bench.folder("run-shacl")
    commands = {
        "plain": twinmap_run("observations.yaml", data, plain, "--engine", "none"),
        "checked": twinmap_run("observations.yaml", data, checked),
    }
    beside = bench.folder("run-peer")
    if bench.peer is not None:
        commands["peer"] = Command(peers.morph_kgc(bench.peer, "observations.rml.ttl", data, beside), beside)
    used = measure.interleaved(commands, bench.repeat)
    peer, note = used.get("peer"), "the peer was not run"
    if peer is not None:
        rows = (
            "SELECT row_number() OVER () AS record, ID AS id, PATIENT AS patient, ENCOUNTER AS "
            f"encounter FROM read_csv('{data}', all_varchar = true, header = true, quote = '\"', escape = '\"')"
        )
        found = common.compare(
            plain / "out" / "graph.nq",
            plain / "out" / "tables" / "observation.parquet",
            rows,
            beside / "peer.nq",
            bench.work,
        )
        note = f"{found.ours:,} common triples, equal"
        if not found.equal:
            peer = None
            note = f"no ratio: {found.only_ours:,} triples are only ours, {found.only_peer:,} only the peer's"
    for name, usage, what in (
        ("run", used["plain"], "run without SHACL"),
        ("run-shacl", used["checked"], "run with SHACL"),
    ):
        for axis in ("wall", "cpu"):
            value = _ratio(getattr(peer, axis) if peer else None, getattr(usage, axis))
            text = f"{what}, {bench.rows:,} rows of CSV: {'clock' if axis == 'wall' else 'CPU'}, times faster"
            yield Row(f"{name}-{axis}", text, value, "x", _told(usage), _told(used.get("peer")), note)
    memory = f"peak memory of the run with SHACL, {bench.rows:,} rows"
    yield Row(
        "memory",
        memory,
        used["checked"].peak / 1e6,
        "MB",
        note=f"{measure.memory_name()} of the process tree",
    )


def meaning(bench: Bench) -> Iterable[Row]:
    """What codes and units cost: the rows with their own, beside the same rows with one code and unit written out."""
    data = bench.made("observations", bench.rows)
    folders = {name: bench.folder(f"meaning-{name}") for name in ("observations", "stated")}
    options = ("--engine", "none", "--jobs", "1")
    used = measure.interleaved(
        {name: twinmap_run(f"{name}.yaml", data, folder, *options) for name, folder in folders.items()},
        bench.repeat,
    )
    stated = [_rows(folder / "out" / "tables" / "observation.parquet") for folder in folders.values()]
    yield Row(
        "meaning-cost",
        f"{bench.rows:,} rows of CSV, codes and units resolved: CPU over that with none to resolve",
        used["observations"].cpu / used["stated"].cpu,
        "x",
        _told(used["observations"]),
        _told(used["stated"]),
        f"{stated[0]:,} observations and {stated[1]:,}",
    )


def scaling(bench: Bench) -> Iterable[Row]:
    """Five times the rows: memory and time of the run with SHACL."""
    folder = bench.folder("scaling")
    small, large = (
        measure.run(twinmap_run("observations.yaml", bench.made("observations", count), folder))
        for count in (bench.rows, 5 * bench.rows)
    )
    shutil.rmtree(folder)
    what = f"{5 * bench.rows:,} rows"
    yield Row("memory-5x", f"peak memory, {what}", large.peak / 1e6, "MB", _told(large))
    yield Row(
        "scaling", f"time of {what} over that of {bench.rows:,}", large.wall / small.wall, "x", _told(small)
    )


def fhir_run(bench: Bench) -> Iterable[Row]:
    """FHIR resources: CPU a resource, and how much of it the peer finds."""
    count = max(1, bench.rows // _FHIR_PART)
    lines = bench.made("fhir", count)
    folder, beside = bench.folder("fhir"), bench.folder("fhir-peer")
    commands = {"plain": twinmap_run("fhir.yaml", lines, folder, "--engine", "none")}
    if bench.peer is not None:
        array = generate.nested(lines)
        commands["peer"] = Command(peers.morph_kgc(bench.peer, "fhir.rml.ttl", array, beside, 1), beside)
    used = measure.interleaved(commands, min(bench.repeat, 3))
    ours, peer = used["plain"], used.get("peer")
    wanted = _counts(folder / "out" / "graph.nq")
    note = "the peer was not run"
    if peer is not None:
        found = _counts(beside / "peer.nq")
        missing = [name.rpartition("/")[2].rpartition("#")[2] for name in wanted if not found.get(name)]
        whole = sum(min(found.get(name, 0), number) for name, number in wanted.items()) / sum(wanted.values())
        note = f"the peer makes {whole:.0%} of the common triples" + (
            f", none of {', '.join(missing)}" if missing else ""
        )
    what = f"{count:,} FHIR resources, nested JSON"
    value = _ratio(peer.cpu if peer else None, ours.cpu)
    yield Row("fhir-cpu", f"{what}: CPU, times less", value, "x", _told(ours), _told(peer), note)
    table = folder / "out" / "tables" / "observation.parquet"
    yield Row("fhir-complete", f"{what}: read as statements", 100 * _rows(table) / count, "%")


def _counts(path: Path) -> dict[str, int]:
    """How many lines of a graph have each of the common predicates."""
    found = dict.fromkeys(common.PREDICATES, 0)
    subject = "<https://twin.invalid/obs/"
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith(subject):
                name = line.split(" ", 2)[1][1:-1]
                if name in found:
                    found[name] += 1
    return found


def _rows(table: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(table).num_rows)


def hl7v2_run(bench: Bench) -> Iterable[Row]:
    """HL7 v2 messages to a table of strings, beside python-hl7; and to the graph, which python-hl7 does not make."""
    count = max(1, bench.rows // _HL7_PART)
    messages = bench.made("hl7v2", count)
    folder, beside = bench.folder("hl7v2"), bench.folder("hl7v2-peer")
    table = folder / "columns.arrow"
    commands = {
        "plain": twinmap_run("hl7v2.yaml", messages, folder, "--engine", "none"),
        "reader": Command([sys.executable, str(HERE / "hl7_columns.py"), str(messages), str(table)], folder),
    }
    if bench.peer is not None:
        commands["peer"] = Command(peers.python_hl7(bench.peer, messages, beside), beside)
    used = measure.interleaved(commands, min(bench.repeat, 3))
    peer, same, note = used.get("peer"), False, "the peer was not run"
    if peer is not None:
        same, read = _same_rows(table, beside / "peer.tsv")
        stated = _rows(folder / "out" / "tables" / "observation.parquet")
        note = f"{stated:,} observations; the peer writes {read:,} rows of strings, no graph"
    what = f"{count:,} ORU messages of {generate.PER_MESSAGE} results"
    run, reader = used["plain"], used["reader"]
    value = _ratio(peer.cpu if peer else None, run.cpu)
    yield Row(
        "hl7v2-cpu", f"{what}, to the graph: CPU, times less", value, "x", _told(run), _told(peer), note
    )
    value = _ratio(peer.cpu if peer and same else None, reader.cpu)
    if peer is not None:
        note = "the same strings" if same else "no ratio: the strings differ"
    what = f"{what}, to the peer's table: CPU, times less"
    yield Row("hl7v2-reader-cpu", what, value, "x", _told(reader), _told(peer), note)


def _same_rows(table: Path, text: Path) -> tuple[bool, int]:
    """Whether the reader's table and the peer's hold the same rows, in order; and how many the peer's has."""
    count, same = 0, True
    with text.open(encoding="utf-8", newline="") as file:
        for ours, line in itertools.zip_longest(hl7_columns.rows(table), file):
            count += line is not None
            same = same and line is not None and ours == tuple(line.rstrip("\n").split("\t"))
    return same, count


def shacl(bench: Bench) -> Iterable[Row]:
    """The SHACL engine beside pyshacl at 100,000 triples; see ``shacl_engines.py``."""
    if bench.peer is None:
        return
    done = subprocess.run(
        [sys.executable, str(HERE / "shacl_engines.py"), "--sizes", "100000"],
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1]
    match = re.search(r"([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+(\d+)x", last)
    differs = "DIFFERENT" in last
    value = float(match[4]) if match and not differs else None
    note = "no ratio: the results differ" if differs else "the same results"
    ours, peer = (f"{match[1]} s", f"{match[3]} s") if match else ("", "")
    yield Row("shacl", "SHACL at 100,000 triples, times faster than pyshacl", value, "x", ours, peer, note)


def units(bench: Bench) -> Iterable[Row]:
    """Values converted in an array, offset included, beside numpy and pint; see ``unit_rates.py``."""
    count = _VALUES * bench.rows
    script = [sys.executable, str(HERE / "unit_rates.py"), str(count), str(bench.repeat)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    rate = {name: count / 1e6 / used["seconds"] for name, used in found.items()}
    off = ", ".join(f"{name} {used['places']:.2f}" for name, used in found.items())
    yield Row(
        "units",
        f"{count:,} values from Cel to [degF], millions a second",
        rate["twinmap"],
        "M/s",
        f"{rate['twinmap']:,.0f} M/s",
        f"numpy `x * 1.8 + 32` {rate['numpy']:,.0f} M/s, pint {rate['pint']:,.0f} M/s",
        f"largest error in units of the last place: {off}",
    )


def terms(bench: Bench) -> Iterable[Row]:
    """A terminology store of full size, built and asked; see ``store_rates.py``."""
    loinc, snomed = bench.rows // 10, bench.rows * 37 // 100
    folder = bench.data / f"terms-{bench.rows}"
    script = [sys.executable, str(HERE / "store_rates.py"), str(folder)]
    script += [str(loinc), str(snomed), str(bench.repeat)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    used = json.loads(done.stdout)
    size = used["bytes"] / 1e6
    built = f"{used['add-loinc']:.1f} s and {used['add-snomedct']:.1f} s, {size:,.0f} MB on disk"
    what = f"`twinmap terms add` of {loinc:,} LOINC terms and {snomed:,} SNOMED CT concepts"
    yield Row("terms-add", what, used["add-loinc"] + used["add-snomedct"], "s", built)
    yield Row("terms-size", "the store on disk", size, "MB")
    yield Row("terms-subsumes", "1,000,000 tests of subsumption", used["subsumes"], "s")
    yield Row("terms-find", "the slowest of five searches", used["find"], "s")


def canonical(bench: Bench) -> Iterable[Row]:
    """Two graphs told equal up to blank nodes, beside rdflib; see ``canonical_rates.py``."""
    count = max(50, bench.rows // 2000)
    script = [sys.executable, str(HERE / "canonical_rates.py"), str(count), str(min(bench.repeat, 3))]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    used = json.loads(done.stdout)
    ours, peer, large = used["twinmap"], used["rdflib"], used["large"]
    what = f"two graphs of {ours['quads']:,} quads, blank nodes in two of nine: equal, times faster"
    value = peer["seconds"] / ours["seconds"]
    note = "rdflib needs four times as long or more for twice the nodes"
    yield Row("canonical", what, value, "x", f"{ours['seconds']:.2f} s", f"{peer['seconds']:.2f} s", note)
    rate = large["quads"] / 1e6 / large["seconds"]
    yield Row("canonical-rate", f"hash of {large['quads']:,} quads without blank nodes", rate, "M/s")


def agreement(bench: Bench) -> Iterable[Row]:
    """Pairing and agreement of two sources, ten times the rows; see ``agreement.py``."""
    count = 10 * bench.rows
    folder, table = bench.folder("agreement"), bench.made("two-sources", count)
    script = [sys.executable, str(HERE / "agreement.py"), str(table), str(folder)]
    used = measure.run(Command(script, folder))
    told = json.loads((folder / "last-command.log").read_text().splitlines()[-1])
    seconds = told["pair_seconds"] + told["agreement_seconds"]
    note = f"{told['pairs']:,} pairs of {told['events']:,} events, {told['rows']} rows"
    what = f"agreement of two sources, {count:,} observations"
    split = f"{told['pair_seconds']:.1f} s to pair, {told['agreement_seconds']:.1f} s to measure"
    yield Row("agreement", what, seconds, "s", split, note=note)
    yield Row("agreement-cpu", f"{what}: CPU of the whole command", used.cpu, "s")
    yield Row("agreement-memory", f"{what}: peak memory", used.peak / 1e6, "MB")


def small(bench: Bench) -> Iterable[Row]:
    """What a user waits for: a small file, the help, the check of a mapping."""
    folder = bench.folder("small")
    bare = Command([sys.executable, str(HERE / "peer_click.py"), "--help"], folder)
    check = [*_TWINMAP, "check", str(HERE / "mappings" / "observations.yaml")]
    commands: Mapping[str, Command] = {
        "run": twinmap_run("observations.yaml", bench.made("observations", 1000), folder),
        "help": Command([*_TWINMAP, "--help"], folder),
        "click": bare,
        "check": Command(check, folder),
    }
    used = measure.interleaved(commands, max(bench.repeat, 5))
    yield Row(
        "small", "1,000 rows of CSV, whole command with SHACL", used["run"].wall, "s", _told(used["run"])
    )
    yield Row("help", "`twinmap --help`", 1000 * used["help"].wall, "ms")
    yield Row(
        "help-click",
        "`twinmap --help` over a bare click program",
        used["help"].wall / used["click"].wall,
        "x",
        f"{1000 * used['help'].wall:.0f} ms",
        f"{1000 * used['click'].wall:.0f} ms",
    )
    yield Row("check", "`twinmap check` of one mapping", 1000 * used["check"].wall, "ms")


def profile(bench: Bench) -> Iterable[Row]:
    """Where the time of a run with SHACL goes, step by step."""
    folder = bench.folder("profile")
    data = bench.made("observations", bench.rows)
    mapping = str(HERE / "mappings" / "observations.yaml")
    arguments = [
        sys.executable,
        str(HERE / "profiled.py"),
        mapping,
        str(data),
        str(folder / "out"),
        str(KEY),
        "auto",
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    for step in json.loads(done.stdout)["steps"]:
        told = f"{step['wall']:.2f} s, {step['cpu']:.2f} s CPU"
        yield Row(f"step-{step['step']}", f"step `{step['step']}`", step["wall"], "s", told)


CASES: Mapping[str, Callable[[Bench], Iterable[Row]]] = {
    "run": csv_run,
    "meaning": meaning,
    "scaling": scaling,
    "fhir": fhir_run,
    "hl7v2": hl7v2_run,
    "shacl": shacl,
    "units": units,
    "terms": terms,
    "canonical": canonical,
    "diff": diff,
    "agreement": agreement,
    "small": small,
    "profile": profile,
}


def results(bench: Bench, names: Iterable[str]) -> Iterable[Row]:
    """The rows of the named cases, in their order; a case that fails is a row that says so."""
    for name in names:
        try:
            yield from CASES[name](bench)
        except (measure.CommandError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            yield Row(name, f"case {name}", None, "", note="failed, see stderr")


__all__ = ["CASES", "Bench", "results"]
