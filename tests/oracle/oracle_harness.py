"""Runs a mapping both ways and lists every difference."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracle_rows import Expected, File, Made, Oracle

from twinmap import api
from twinmap.mapping.load import loads
from twinmap.privacy import Key

KEY = Key(bytes(range(32)), "test")
IGNORED = {"id", "twin", "panel", "encounter", "line", "time_precision_", "value_num"}


@dataclass
class Actual:
    """What a run wrote."""

    tables: Mapping[str, list[dict[str, Any]]]
    findings: list[dict[str, Any]]
    ledger: dict[str, Any]
    out: Path


def to_csv(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """The text of a CSV file, quotes where they are needed."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    # A record of one empty field would be a blank line.
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
    return text.getvalue()


def run(
    mapping: Mapping[str, Any],
    files: Mapping[str, str],
    folder: Path,
    params: Mapping[str, str] | None = None,
) -> Actual:
    """Run a mapping over files in a folder."""
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "map.yaml").write_text(json.dumps(mapping, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "key").write_bytes(KEY.secret)
    for name, text in files.items():
        (folder / "data" / name).write_text(text, encoding="utf-8", newline="")
    loaded = loads(
        json.dumps(mapping, ensure_ascii=False), name="map.yaml", folder=folder, params=params or {}
    )
    assert loaded.usable, [finding.message for finding in loaded.findings]
    out = folder / "out"
    api.run(
        [folder / "map.yaml"],
        out=out,
        data=[str(folder / "data")],
        params=params or {},
        key_file=folder / "key",
        jobs=1,
        engine="none",
    )
    tables = {path.stem: pq.read_table(path).to_pylist() for path in sorted((out / "tables").iterdir())}
    findings = [
        json.loads(line) for line in (out / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return Actual(tables, findings, json.loads((out / "ledger.json").read_text()), out)


def check(
    mapping: Mapping[str, Any],
    data: Mapping[str, tuple[Sequence[str], Sequence[Sequence[str]]]],
    *,
    params: Mapping[str, str] | None = None,
    tables: Mapping[str, tuple[str, Sequence[Mapping[str, str]]]] | None = None,
    delimiter: str = ",",
    beside: Mapping[str, str] | None = None,
) -> None:
    """Compare a run with the oracle.

    Args:
        mapping: The mapping as JSON.
        data: File name to header and rows.
        params: Values of the parameters.
        tables: Look-up table to its key column and rows; its file is ``<table>.csv``.
        delimiter: Of the data files.
        beside: Files beside the mapping.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in (beside or {}).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        files = {file: to_csv(header, rows, delimiter) for file, (header, rows) in data.items()}
        for table, (_, rows) in (tables or {}).items():
            header = list(rows[0])
            files[f"{table}.csv"] = to_csv(header, [[row[column] for column in header] for row in rows])
        actual = run(mapping, files, folder, params)
        expected = interpret(mapping, data, folder, params or {}, tables or {})
        problems = [
            *compare_tables(expected, actual),
            *compare_findings(expected, actual),
            *compare_books(expected, actual),
        ]
        assert not problems, "\n".join(problems[:12]) + "\n" + json.dumps(mapping, ensure_ascii=False)[:6000]


def interpret(
    mapping: Mapping[str, Any],
    data: Mapping[str, Any],
    folder: Path,
    params: Mapping[str, str],
    tables: Mapping[str, Any],
) -> Expected:
    """What the oracle expects."""
    loaded = loads(json.dumps(mapping, ensure_ascii=False), name="map.yaml", folder=folder, params=params)
    assert loaded.document is not None, loaded.findings
    document = loaded.document
    given = {name: param.default for name, param in document.params.items() if param.default is not None}
    rows = {
        table: {row[key]: {column: cell or None for column, cell in row.items()} for row in found}
        for table, (key, found) in tables.items()
    }
    oracle = Oracle(document, KEY, document.id, {**given, **params}, rows)
    numbers: dict[str, int] = {}
    for sets in document.records:
        names = sorted(name for name in data if any(Path(name).match(pattern) for pattern in sets.files))
        for name in names:
            numbers.setdefault(name, len(numbers) + 1)
        oracle.run(
            sets,
            [
                File(numbers[name], name, "data", [cell.strip() for cell in data[name][0]], data[name][1])
                for name in names
            ],
        )
    return oracle.out


# --- comparing ------------------------------------------------------------------------------------


def compare_tables(expected: Expected, actual: Actual) -> list[str]:
    """Differences of the statement tables."""
    problems: list[str] = []
    written = expected.written()
    for kind in sorted({one.kind for one in written} | (set(actual.tables) - {"device", "identifier"})):
        mine = [one for one in written if one.kind == kind]
        theirs = actual.tables.get(kind, [])
        problems += compare_patients(mine, theirs) if kind == "patient" else compare_kind(kind, mine, theirs)
    devices = {one.row["device"] for one in written if one.row.get("device")}
    found = [row["id"] for row in actual.tables.get("device", [])]
    if sorted(devices) != sorted(found):
        problems.append(f"device: expected {sorted(devices)}, found {sorted(found)}")
    idents = expected.identifiers
    listed = [
        (row["patient_record"], row["system"], row["value"], row["linking"])
        for row in actual.tables.get("identifier", [])
    ]
    if sorted(idents) != sorted(listed):
        problems.append(f"identifier: expected {sorted(idents)}, found {sorted(listed)}")
    return problems


def compare_patients(mine: list[Made], theirs: list[dict[str, Any]]) -> list[str]:
    columns = ("source", "patient_record", "birth_date", "birth_precision", "sex", "deceased")
    one = {tuple(made.row[name] for name in columns) for made in mine}
    other = Counter(tuple(row[name] for name in columns) for row in theirs)
    if one != set(other) or max(other.values(), default=1) > 1:
        return [
            f"patient: expected {one - set(other)}, found {set(other) - one}, twice {[k for k, n in other.items() if n > 1]}"
        ]
    return []


def compare_kind(kind: str, mine: list[Made], theirs: list[dict[str, Any]]) -> list[str]:
    """Rows one by one by their place; ids, panels and encounters by whether they are equal where they must be."""
    columns = [name for name in (theirs[0] if theirs else {}) if name not in IGNORED]
    content = [name for name in columns if name not in {"rule", "file", "record", "part", "ordinal"}]

    def place(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return (row["file"], row["record"], row["part"], row["rule"])

    # The first of those that say the same under one id is written.
    versions: dict[tuple[Any, ...], dict[tuple[Any, ...], Made]] = defaultdict(dict)
    for one in sorted(
        mine, key=lambda one: (one.row["file"], one.row["record"], one.row["part"], one.row["ordinal"])
    ):
        said = tuple(repr(one.row.get(name)) for name in (*content, "encounter")) + (repr(one.panel),)
        versions[one.identity].setdefault(said, one)
    stand = {place(one.row): one for said in versions.values() for one in said.values()}
    found = {place(row): row for row in theirs}
    problems = [
        f"{kind}: {name} is not written: {_brief(stand[name].row)}"
        for name in sorted(stand.keys() - found.keys())
    ]
    problems += [
        f"{kind}: {name} is written and must not be: {_brief(found[name])}"
        for name in sorted(found.keys() - stand.keys())
    ]
    if len(found) != len(theirs):
        problems.append(f"{kind}: {len(theirs) - len(found)} statements are written twice")
    for name in sorted(stand.keys() & found.keys()):
        one, row = stand[name].row, found[name]
        wrong = {
            column: (one.get(column), row[column])
            for column in columns
            if not _same(one.get(column), row[column])
        }
        if row.get("value_num") is not None and row["value_num"] != one["value_num"]:
            wrong["value_num"] = (one["value_num"], row["value_num"])
        if wrong:
            problems.append(f"{kind}: {name}: (expected, found) {wrong} in {_brief(one)}")
    problems += _bijection(
        kind,
        "id",
        {name: stand[name].identity for name in stand},
        {name: row["id"].partition("-")[0] for name, row in found.items()},
    )
    problems += _bijection(
        kind,
        "encounter",
        {name: one.row.get("encounter") for name, one in stand.items()},
        {name: row.get("encounter") for name, row in found.items()},
    )
    if kind == "observation":
        problems += _bijection(
            kind,
            "panel",
            {name: one.panel for name, one in stand.items()},
            {name: row["panel"] for name, row in found.items()},
        )
    suffixes: dict[str, list[int]] = defaultdict(list)
    for row in theirs:
        stem, _, number = row["id"].partition("-")
        suffixes[stem].append(int(number or 1))
    problems += [
        f"{kind}: the versions of {stem} are {sorted(all_)}"
        for stem, all_ in suffixes.items()
        if sorted(all_) != list(range(1, len(all_) + 1))
    ]
    return problems + _ordered(kind, theirs)


def _ordered(kind: str, rows: list[dict[str, Any]]) -> list[str]:
    def position(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in ("twin", "source", "file", "record", "part", "ordinal"))

    return [] if rows == sorted(rows, key=position) else [f"{kind}: the rows are not in order"]


def _bijection(kind: str, what: str, mine: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> list[str]:
    """Two statements have one id (panel, encounter) in a run exactly where the oracle says so."""
    pairs = {(mine[name], theirs[name]) for name in mine.keys() & theirs.keys()}
    for side in (0, 1):
        twice = [key for key, number in Counter(pair[side] for pair in pairs).items() if number > 1]
        if twice:
            return [
                f"{kind}: {what} {twice[0]!r} stands against {[pair for pair in pairs if pair[side] == twice[0]]}"
            ]
    return []


def _same(one: Any, other: Any) -> bool:
    return one == other


def _brief(row: Mapping[str, Any]) -> str:
    return str({name: value for name, value in row.items() if value is not None})[:700]


#: Codes of which the oracle speaks: what may go wrong with the slots of one statement.
_CODES = ("C01", "C13", "E01", "G01", "K05", "Q10", "Q11", "Q12", "Q13", "Q14", "Q15", "Q18", "T01", "U01")
SPOKEN_OF = frozenset(f"TM-{code}" for code in _CODES)


def compare_findings(expected: Expected, actual: Actual) -> list[str]:
    """Issues of statements by rule, code and slot, with exact counts; and what is stated twice."""
    said: Counter[tuple[str, str, str]] = Counter()
    for finding in actual.findings:
        if "slot" in finding.get("details", {}) and finding["code"] in SPOKEN_OF:
            said[(finding["rule"], finding["code"], finding["details"]["slot"])] += finding.get("count", 1)
    return [
        f"finding {key}: expected {expected.issues[key]}, found {said[key]}"
        for key in sorted(said.keys() | expected.issues.keys())
        if said[key] != expected.issues[key]
    ]


def compare_books(expected: Expected, actual: Actual) -> list[str]:
    """Records, statements and cells."""
    problems = []
    (book,) = actual.ledger["records"].values()
    for fate in ("mapped", "filtered", "unclaimed", "set_aside"):
        if book[fate] != expected.fates[fate]:
            problems.append(f"records {fate}: expected {expected.fates[fate]}, found {book[fate]}")
    if book["lost"] or book["read"] != sum(expected.fates.values()):
        problems.append(f"records: {book}")
    (cells,) = actual.ledger["cells"].values()
    for name in expected.cells:
        mine, theirs = expected.cells[name], cells.get(name, {})
        found = {
            key: theirs.get(key, 0) for key in ("missing", "set_aside", "filtered", "unclaimed", "ignored")
        }
        found["other"] = sum(theirs.get(key, 0) for key in ("unread", "failed", "mapped"))
        if {key: mine[key] for key in found} != found:
            problems.append(f"cells of {name}: expected {dict(mine)}, found {theirs}")
    (statements,) = actual.ledger["statements"].values()
    stand = expected.written()
    if statements["planned"] != len(expected.made) or statements["failed"] != len(expected.made) - len(stand):
        problems.append(
            f"statements: expected {len(expected.made)} planned, {len(stand)} that stand, found {statements}"
        )
    written = sum(len(rows) for kind, rows in actual.tables.items() if kind not in {"device", "identifier"})
    if statements["lost"] or statements["written"] != written:
        problems.append(f"statements: {statements}, in the tables {written}")
    return problems
