"""Issues of statements and readers gathered to findings: one a rule, slot and code, with exact counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, Severity, Span
from twinmap.engine.apply import RECORD_RULES, Applied
from twinmap.engine.duck import Duck
from twinmap.mapping.ast import Group, Value
from twinmap.mapping.plan import Plan
from twinmap.mapping.sql import quoted
from twinmap.model import Issue, Note, SetAside

#: Actions that decide the severity; else it is the code's own.
_SEVERITY = {"error": Severity.ERROR, "info": Severity.INFO}

#: Codes whose detail (a unit, a word of a list) tells findings of one slot apart.
_BY_DETAIL = ("TM-U01", "TM-C01", "TM-E01")


def of_statements(duck: Duck, done: Applied) -> Iterator[Finding]:
    """Findings from the issues of one group's statements."""
    spans = _spans(done.plan)
    names = {rule.index: rule.id for rule in done.plan.rules}
    names[RECORD_RULES["patient"]] = f"{done.plan.document.id}#{done.plan.record_set.name}/patient"
    detailed = ", ".join(quoted(code) for code in _BY_DETAIL)
    for kind, path in done.tables.items():
        if kind in {"identifier", "sensor"}:
            continue
        rows = duck.rows(
            "SELECT rule, code, slot, action, CASE WHEN code IN ("
            + detailed
            + ") THEN form ELSE '' END AS detail, "
            f"count(*), min({{'file': file, 'record': record, 'part': part, 'line': line, 'form': form}}, {PLACES_KEPT}) "
            "FROM (SELECT rule, file, record, line, part, split_part(i, chr(31), 1) AS code, split_part(i, chr(31), 2) AS slot, "
            "split_part(i, chr(31), 3) AS action, split_part(i, chr(31), 4) AS form FROM "
            f"(SELECT rule, file, record, line, part, unnest(issues) AS i FROM read_parquet({quoted(str(path))}) WHERE issues IS NOT NULL)) "
            "WHERE code <> '' GROUP BY ALL ORDER BY ALL"
        )
        for number, code, slot, action, detail, count, places in rows:
            yield _finding(done, spans, names[number], code, slot, action, detail, count, places)


def _finding(
    done: Applied,
    spans: Mapping[tuple[str, str], Span],
    rule: str,
    code: str,
    slot: str,
    action: str,
    detail: str,
    count: int,
    places: Iterable[Mapping[str, object]],
) -> Finding:
    known = registry.code(code)
    names = {file.number: file.name for file in done.staged.files}
    words = {"slot": slot, "rule": rule, "shape": detail, "count": count, "source": done.plan.source}
    shown = tuple(
        Place(
            done.plan.source,
            names[int(str(place["file"]))],
            int(str(place["record"])),
            None if place["line"] is None else int(str(place["line"])),
            str(place["part"]),
            slot,
            str(place["form"] or ""),
        )
        for place in places
    )
    return registry.finding(
        code,
        known.module.MESSAGE.format(**words),
        severity=_SEVERITY.get(action, known.severity),
        where=spans.get((rule, slot)) or spans.get((rule, "")),
        places=shown,
        sources=(done.plan.source,),
        rule=rule,
        help=getattr(known.module, "HELP", None),
        details={"slot": slot, "detail": detail} if detail else {"slot": slot},
        count=count,
    )


def _spans(plan: Plan) -> dict[tuple[str, str], Span]:
    """Where in the mapping each slot of each rule is bound."""
    found: dict[tuple[str, str], Span] = {}
    for rule in plan.rules:
        found[(rule.id, "")] = rule.statement.span
        for slot, value in rule.statement.slots.items():
            if isinstance(value, Value | Group):
                found[(rule.id, slot)] = value.span
    prefix = f"{plan.document.id}#{plan.record_set.name}/patient"
    group = plan.record_set.slots.get("patient")
    found[(prefix, "")] = plan.record_set.span
    if isinstance(group, Group):
        found[(prefix, "patient")] = group.span
        found |= {(prefix, name): part.span for name, part in group.parts.items() if isinstance(part, Value)}
    return found


def of_reader(done: Applied, *, told: bool = False) -> Iterator[Finding]:
    """Findings from what the reader could not give, and what it set aside unless that was ``told``."""
    staged, source = done.staged, done.plan.source
    names = {file.number: file.name for file in staged.files}
    grouped: dict[tuple[str, str, str], list[Place]] = defaultdict(list)
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    items: list[SetAside | Issue] = [*([] if told else staged.set_aside), *staged.issues]
    for item in items:
        path, form = getattr(item, "path", ""), getattr(item, "shape", "")
        key = (item.code, item.message, path)
        counts[key] += 1
        if len(grouped[key]) < PLACES_KEPT:
            grouped[key].append(
                Place(source, names[item.file], item.record, item.line, item.part, path, form)
            )
    for (code, message, path), places in grouped.items():
        yield registry.finding(
            code,
            message,
            places=tuple(places),
            sources=(source,),
            rule=f"{done.plan.document.id}#{done.plan.record_set.name}",
            details={"field": path} if path else {},
            count=counts[(code, message, path)],
        )


def of_notes(groups: Sequence[Applied]) -> Iterator[Finding]:
    """Findings from what readers noted about files of one source.

    What several record sets note of one file is said once; that something is not read (Q09) only where
    none of them reads it.
    """
    noted: dict[tuple[int, str, str], Note] = {}
    unread: dict[tuple[str, int], list[Note]] = defaultdict(list)
    names = {file.number: file.name for done in groups for file in done.staged.files}
    readers = Counter(file.number for done in groups for file in done.staged.files)
    for note in (note for done in groups for note in done.staged.notes):
        if note.code == "TM-Q09" and "type" in note.details:
            unread[(note.details["type"], note.file)].append(note)
        elif note.code != "TM-O05":
            noted.setdefault((note.file, note.code, note.message), note)
    if not groups:
        return
    source = (groups[0].plan.source,)
    for note in noted.values():
        place = Place(source[0], names[note.file], 0, note.line)
        yield registry.finding(note.code, note.message, places=(place,), sources=source, details=note.details)
    for (kind, file), notes in sorted(unread.items()):
        if len(notes) == readers[file]:
            count = max(value for value in notes[0].details.values() if isinstance(value, int))
            yield registry.finding(
                "TM-Q09",
                f"nothing of {kind} is read",
                places=(Place(source[0], names[file], 0),),
                sources=source,
                details={"type": kind},
                count=count,
            )


def of_files(done: Applied) -> Iterator[Finding]:
    """O05 for files without any record."""
    names = {file.number: file.name for file in done.staged.files}
    for counts in done.staged.counts:
        if counts.records == 0:
            name = names[counts.file]
            place = Place(done.plan.source, name, 0)
            yield registry.finding(
                "TM-O05", f"{name} holds no records", places=(place,), sources=(done.plan.source,)
            )


def unclaimed(duck: Duck, done: Applied) -> Iterator[Finding]:
    """Q19: kept records to which no rule applies, where the mapping does not say to ignore them."""
    plan = done.plan
    if all(choice.otherwise == "ignore" for choice in plan.record_set.choices if choice.cases):
        return
    rows = duck.rows(
        "SELECT count(*), min({'file': _file, 'record': _record}, 3) FROM fates WHERE fate = 'unclaimed' AND NOT claimed"
    )
    count, places = rows[0]
    if not count:
        return
    names = {file.number: file.name for file in done.staged.files}
    known = registry.code("TM-Q19")
    found = registry.finding(
        "TM-Q19",
        known.module.MESSAGE.format(
            slot="", rule=plan.record_set.name, shape="", count=count, source=plan.source
        ),
        where=plan.record_set.span,
        places=tuple(Place(plan.source, names[p["file"]], p["record"]) for p in places),
        sources=(plan.source,),
        rule=f"{plan.document.id}#{plan.record_set.name}",
        count=count,
    )
    yield replace(found, help=getattr(known.module, "HELP", None))


__all__ = ["of_files", "of_notes", "of_reader", "of_statements", "unclaimed"]
