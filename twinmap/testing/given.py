"""What a test gives, as the files that the mapping reads."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from twinmap.errors import UsageError
from twinmap.formats import csvdialect, yamlnodes
from twinmap.formats.yamlnodes import Node, Scalar
from twinmap.mapping.ast import Document, RecordSet
from twinmap.mapping.columns import column
from twinmap.mapping.uses import used
from twinmap.testing.cases import Case

#: Formats whose records are written as JSON.
_JSON = ("json", "ndjson", "fhir")
_BARE = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null")


def write(case: Case, document: Document, folder: Path) -> Path:
    """Write what a test gives below ``folder``; a record set that is given nothing gets an empty file.

    Returns:
        The data of the run: the folder, or the one file where the mapping is one record set.

    Raises:
        UsageError: It does not fit the mapping.
    """
    given = dict(_by_name(case, document))
    for name, records in given.items():
        if name in document.lookups:
            _write_table(folder / _file_name(document.lookups[name].files[0], name), [], _records(records))
    if len(document.records) == 1:
        record_set = document.records[0]
        path = folder / (case.file or _file_name(next(iter(record_set.files), ""), record_set.options.format))
        _write(record_set, given.get(record_set.name), path, case)
        return path
    for record_set in document.records:
        node = given.get(record_set.name)
        pattern = next(iter(record_set.files), f"{record_set.name}.{record_set.options.format}")
        if node is not None or not set(pattern) & set("*?["):
            _write(record_set, node, folder / _file_name(pattern, record_set.name), case)
    return folder


def _by_name(case: Case, document: Document) -> Iterator[tuple[str, Node]]:
    """What is given, by the name of the record set or look-up table that it is for."""
    node = case.given
    names = {record_set.name for record_set in document.records} | document.lookups.keys()
    if isinstance(node, yamlnodes.Mapping) and (
        len(document.records) > 1 or any(entry.key.text in document.lookups for entry in node.entries)
    ):
        for entry in node.entries:
            if entry.key.text not in names:
                _refuse(case, f'the mapping has no record set "{entry.key.text}"')
            yield entry.key.text, entry.value
    elif len(document.records) > 1:
        _refuse(case, f"say for which record set: {', '.join(sorted(names))}")
    else:
        yield document.records[0].name, node


def _refuse(case: Case, message: str) -> None:
    raise UsageError(f'{case.span}: the test "{case.name}" cannot run: {message}')


def _file_name(pattern: str, other: str) -> str:
    """A name that fits a glob.

    >>> _file_name("vitals*.csv", "csv"), _file_name("**/[ab]?.json", "json"), _file_name("", "csv")
    ('vitalstest.csv', 'ax.json', 'test.csv')
    """
    if not pattern:
        return f"test.{other}"
    name = re.sub(r"\[!?(.)[^\]]*\]", r"\1", pattern.replace("**/", ""))
    return name.replace("*", "test").replace("?", "x")


def _write(record_set: RecordSet, node: Node | None, path: Path, case: Case) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = _raw(node)
    encoding = record_set.options.encoding[0]
    if raw is not None:
        path.write_bytes(raw.encode(encoding))
    elif record_set.options.format == "csv":
        columns = dict.fromkeys(column(use.ref.path) for use in used(record_set) if use.ref.kind == "path")
        columns.pop(".", None)
        _write_table(path, list(columns), _records(node), record_set)
    elif record_set.options.format == "ndjson":
        lines = (f"{_json(record)}\n" for record in _records(node))
        path.write_text("".join(lines), encoding="utf-8")
    elif record_set.options.format in _JSON:
        records = _records(node)
        text = _json(records[0]) if len(records) == 1 else f"[{', '.join(map(_json, records))}]"
        path.write_text(text, encoding="utf-8")
    elif node is None:
        path.write_bytes(b"")
    else:
        _refuse(case, f"give {record_set.options.format} as it is: given: {{text: |}}")


def _raw(node: Node | None) -> str | None:
    """The raw input: a text, or a table with nothing but ``text``."""
    if isinstance(node, yamlnodes.Mapping) and [entry.key.text for entry in node.entries] == ["text"]:
        node = node.entries[0].value
    return node.text if isinstance(node, Scalar) else None


def _records(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return list(node.items) if isinstance(node, yamlnodes.Sequence) else [node]


def _write_table(
    path: Path, columns: Sequence[str], records: Sequence[Node], record_set: RecordSet | None = None
) -> None:
    """Write records as CSV; a column that a record does not name is empty in it."""
    rows: list[Mapping[str, str]] = [
        {entry.key.text: _cell(entry.value) for entry in record.entries}
        for record in records
        if isinstance(record, yamlnodes.Mapping)
    ]
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    options = record_set.options if record_set else None
    delimiter = options.delimiter if options and options.delimiter else "\t" if path.suffix == ".tsv" else ","
    if options is not None and not options.header:
        names = [str(number) for number in range(1, max(map(int, names), default=0) + 1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = options.encoding[0] if options else "utf-8"
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=csvdialect.delimiter(delimiter), lineterminator="\n")
        if options is None or options.header:
            writer.writerow(names)
        writer.writerows([row.get(name, "") for name in names] for row in rows)


def _cell(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else _json(node)


def _json(node: Node) -> str:
    """A node as JSON; what is not in quotes and looks like a number, true, false or null is one."""
    if isinstance(node, yamlnodes.Mapping):
        return (
            "{"
            + ", ".join(
                f"{json.dumps(entry.key.text, ensure_ascii=False)}: {_json(entry.value)}"
                for entry in node.entries
            )
            + "}"
        )
    if isinstance(node, yamlnodes.Sequence):
        return f"[{', '.join(map(_json, node.items))}]"
    bare = not node.quoted and _BARE.fullmatch(node.text)
    return node.text if bare else json.dumps(node.text, ensure_ascii=False)
