"""A mapping tried on the first records of its data: formats and units that fit none of them.

What fits some records and not others is for a run to tell; what fits none is a fault of the mapping.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, Place, Severity, Span
from twinmap.engine import sources
from twinmap.engine.apply import Applied, Context
from twinmap.engine.duck import Duck, connect
from twinmap.engine.workers import Workers
from twinmap.errors import InputOutputError, UsageError
from twinmap.mapping import inputs
from twinmap.mapping.ast import Group, Statement, Value
from twinmap.mapping.named import Subject
from twinmap.mapping.project import Binding
from twinmap.model import InputFile
from twinmap.privacy import Key
from twinmap.sqltext import quoted

#: Files of each record set, and bytes of each that are read.
_FILES, _BYTES = 3, 1 << 20
#: Fewer texts than this may all be wrong by themselves.
_FEW = 5
#: Patients are told apart, and no id leaves this module.
_KEY = Key(b"\0" * 32, "of no run")

#: Code and slot, and SQL that holds for a statement whose slot could be used.
_TESTS: Mapping[tuple[str, str], str] = {
    ("TM-Q12", "time"): "start_us IS NOT NULL OR end_us IS NOT NULL",
    ("TM-Q11", "value"): "value_kind IN ('quantity', 'range', 'ratio')",
    ("TM-U01", "unit"): "unit_received IS NOT NULL AND len(said) = 0",
}


@dataclass(frozen=True, slots=True)
class _Tried:
    """How often the slot of a rule could be used and how often not, with the form of a text that was not."""

    code: str
    statement: Statement
    span: Span
    fitting: int
    failed: int
    form: str
    place: Place


def try_out(subject: Subject, data: Path) -> Iterator[Finding]:
    """Findings where no text of the first records fits the format of its time, is a number or a unit.

    Where only codes of family L are looked for, no records are read.

    Args:
        subject: A mapping that can be used.
        data: Its data: a folder or a file.
    """
    from twinmap.terms.concepts import catalogue

    concepts = catalogue(subject.concepts)
    binding = Binding(subject.mapping, None, data, (), subject.params or {})
    with TemporaryDirectory(prefix="twinmap-sample-") as name:
        work = Path(name)
        try:
            source, _ = sources.open_source(binding, concepts)
            with connect(work, key=_KEY) as duck:
                sources.look_up_tables(duck, source)
                if subject.selection.select and all(code[:4] == "TM-L" for code in subject.selection.select):
                    return
                yield from _findings(list(_tried(duck, source, Context(_KEY, concepts, _facets()), work)))
        except (UsageError, InputOutputError) as error:
            yield from error.findings


def _facets() -> tuple[str, ...]:
    from twinmap.terms.facets import facets

    return tuple(facets())


def _tried(duck: Duck, source: sources.Source, context: Context, work: Path) -> Iterator[_Tried]:
    heads: dict[Path, InputFile] = {}
    files = {
        record_set.name: _heads(inputs.files(source.document, record_set, source.root), heads, work)
        for record_set in source.document.records
    }
    for number, (plans, group) in enumerate(sources.readings(source, files)):
        for made in sources.make(duck, plans, group, context, work, f"{number:04}", Workers(1)):
            yield from _of(duck, made.applied)


def _heads(paths: Sequence[Path], known: dict[Path, InputFile], work: Path) -> list[InputFile]:
    """The beginnings of the first files; the rest of a JSON document would be missing, so it is whole."""
    found = []
    for path in paths[:_FILES]:
        if path not in known:
            safeio.regular_file(path)
            folder = work / f"file{len(known)}"
            folder.mkdir()
            known[path] = InputFile(len(known) + 1, _head(path, folder / path.name), path.name)
        found.append(known[path])
    return found


def _head(path: Path, copy: Path) -> Path:
    if path.stat().st_size <= _BYTES:
        shutil.copyfile(path, copy)
        return copy
    with safeio.open_bytes(path) as file:
        start = file.read(_BYTES)
    whole = start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1]
    copy.write_bytes(whole or start)
    return copy


# --- what fits ------------------------------------------------------------------------------------


def _of(duck: Duck, done: Applied) -> Iterator[_Tried]:
    rules = {rule.index: rule.statement for rule in done.plan.rules}
    names = {file.number: file.name for file in done.staged.files}
    for kind, path in sorted(done.tables.items()):
        columns = {row[0] for row in duck.rows(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(path))})")}
        for (code, slot), fits in _TESTS.items():
            if not {"rule", "issues", "start_us"} <= columns or (slot != "time" and kind != "observation"):
                continue
            failed = (
                f"list_filter(issues, lambda i: split_part(i, chr(31), 1) = {quoted(code)} AND "
                f"split_part(i, chr(31), 2) = {quoted(slot)} AND split_part(i, chr(31), 3) <> 'info')"
            )
            for rule, fitting, wrong, form, file, record in duck.rows(
                f"SELECT rule, count(*) FILTER ({fits}), count(*) FILTER (len(said) > 0), "
                "min(split_part(said[1], chr(31), 4)), min(file), min(record) "
                f"FROM (SELECT *, {failed} AS said FROM read_parquet({quoted(str(path))})) GROUP BY rule ORDER BY rule"
            ):
                bound = rules[rule].slots.get(slot) if rule in rules else None
                if wrong and isinstance(bound, Value | Group):
                    place = Place(done.plan.source, names[file], record, field=slot)
                    yield _Tried(code, rules[rule], bound.span, fitting, wrong, form, place)


def _findings(tried: list[_Tried]) -> Iterator[Finding]:
    """One finding a place of the mapping, where nothing fits; rules may share it."""
    ordered = sorted(tried, key=_place)
    for _, group in groupby(ordered, key=_place):
        same = list(group)
        failed = max(item.failed for item in same)
        if not any(item.fitting for item in same):
            yield registry.finding(
                same[0].code,
                f"none of the first {failed:,} {_what(same[0])}: {same[0].form}",
                severity=Severity.ERROR if failed >= _FEW else Severity.WARNING,
                where=same[0].span,
                places=(same[0].place,),
                sources=(same[0].place.source,),
                details={"failed": failed, "share": 1.0},
                help=_HELP[same[0].code],
            )


def _place(item: _Tried) -> tuple[str, str, int, int]:
    return item.code, item.span.file, item.span.line, item.span.column


_HELP = {
    "TM-Q11": "look at the column, decimal and thousands of source, and missing",
    "TM-Q12": "write the format as the data has it, such as {from: $(column), format: dd.MM.yyyy HH:mm}",
    "TM-U01": "look at the column, or add a map to the unit, from the texts of the source to UCUM",
}


def _what(item: _Tried) -> str:
    if item.code == "TM-Q12":
        time = item.statement.slots.get("time")
        formats = time.value("format") if isinstance(time, Group) else None
        return f"times fits {' or '.join(formats.format) if formats and formats.format else 'its format'}"
    noun = "values of {} is a number" if item.code == "TM-Q11" else "units of {} is known"
    return noun.format(item.statement.name)
