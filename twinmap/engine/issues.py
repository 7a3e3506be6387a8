"""Issues of statements and readers gathered to findings: one a rule, slot and code, with exact counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, Severity, Span
from twinmap.engine.apply import RECORD_RULES, Applied
from twinmap.engine.duck import Duck
from twinmap.mapping.ast import Group, Value
from twinmap.mapping.plan import Plan
from twinmap.mapping.slots import SEPARATOR
from twinmap.model import Issue, Note, SetAside
from twinmap.sqltext import quoted

#: Actions that decide the severity; else it is the code's own.
_SEVERITY = {"error": Severity.ERROR, "info": Severity.INFO}

#: Codes whose detail (a unit, a word of a list) tells findings of one slot apart.
_BY_DETAIL = ("TM-U01", "TM-U13", "TM-C01", "TM-C14", "TM-E01")

#: Codes of values that could not be used: where this share of at least so many values of one slot fails, it is
#: the mapping that does not fit, and the finding is an error.
_OF_VALUES = ("TM-Q11", "TM-Q12", "TM-Q13")
_NEARLY_ALL = Fraction(95, 100)
_ENOUGH = 20

#: What says that a statement of a kind has a value of a slot that could be used; without a word, each has one.
_USED = {
    ("observation", "value"): "value_kind IS NOT NULL",
    ("patient", "birth-date"): "birth_date IS NOT NULL",
    ("", "time"): "start_us IS NOT NULL",
}


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose an issue is: a rule's, or that of the whole record set where several rules share the slot."""

    name: str
    shared: bool
    span: Span | None


def of_statements(duck: Duck, done: Applied) -> Iterator[Finding]:
    """Findings from the issues of one group's statements."""
    selects = [
        f"SELECT rule, file, record, line, part, unnest(issues) AS i FROM read_parquet({quoted(str(path))}) "
        "WHERE issues IS NOT NULL"
        for kind, path in done.tables.items()
        if kind not in {"identifier", "sensor"}
    ]
    if not selects:
        return
    duck.run(
        "CREATE OR REPLACE TEMP TABLE said AS SELECT * EXCLUDE (i), split_part(i, chr(31), 1) AS code, "
        "split_part(i, chr(31), 2) AS slot, split_part(i, chr(31), 3) AS action, "
        f"split_part(i, chr(31), 4) AS form FROM ({' UNION ALL '.join(selects)})"
    )
    owners = _owners(done.plan)
    pairs = duck.rows("SELECT DISTINCT rule, slot FROM said WHERE code <> '' ORDER BY ALL")
    if not pairs:
        return
    found = [owners.get((rule, slot)) or owners[(rule, "")] for rule, slot in pairs]
    names = list(
        dict.fromkeys(owner.name + SEPARATOR + slot for owner, (_, slot) in zip(found, pairs, strict=True))
    )
    duck.register(
        "k_owner",
        {
            "rule": ("INTEGER", [rule for rule, _ in pairs]),
            "slot": ("VARCHAR", [slot for _, slot in pairs]),
            "owner": (
                "INTEGER",
                [names.index(o.name + SEPARATOR + slot) for o, (_, slot) in zip(found, pairs, strict=True)],
            ),
            "shared": ("BOOLEAN", [owner.shared for owner in found]),
        },
    )
    detailed = ", ".join(quoted(code) for code in _BY_DETAIL)
    place = "{'file': file, 'record': record, 'part': part, 'line': line, 'form': form}"
    by_number = {names.index(o.name + SEPARATOR + slot): o for o, (_, slot) in zip(found, pairs, strict=True)}
    for number, code, slot, action, detail, count, places in duck.rows(
        f"SELECT owner, code, slot, action, CASE WHEN code IN ({detailed}) THEN form ELSE '' END AS detail, "
        "CASE WHEN bool_and(shared) THEN count(DISTINCT (file, record, part)) ELSE count(*) END, "
        f"min({place}, {PLACES_KEPT * 4}) FROM said JOIN k_owner USING (rule, slot) WHERE code <> '' "
        "GROUP BY ALL ORDER BY ALL"
    ):
        distinct = list({(p["file"], p["record"], p["part"]): p for p in places}.values())[:PLACES_KEPT]
        yield _finding(done, by_number[number], code, slot, action, detail, count, distinct)


def judged(duck: Duck, groups: Sequence[Applied], findings: Sequence[Finding]) -> list[Finding]:
    """The findings of one source; an error where nearly all values of a slot of a rule could not be used.

    All files together decide. ``details`` have the number of ``values`` and, of an error, the ``share`` that failed.
    """
    failed: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        if finding.code in _OF_VALUES and "slot" in finding.details:
            failed[_slot(finding)] += finding.count
    values = {
        slot: wrong + sum(_used(duck, done, *slot) for done in groups)
        for slot, wrong in failed.items()
        if wrong >= _ENOUGH * _NEARLY_ALL
    }
    return [
        _judged(finding, failed[_slot(finding)], values[_slot(finding)])
        if _slot(finding) in values
        else finding
        for finding in findings
    ]


def _slot(finding: Finding) -> tuple[str, str, str]:
    return finding.rule or "", finding.code, finding.facet or ""


def _judged(finding: Finding, wrong: int, total: int) -> Finding:
    details = {**finding.details, "values": total}
    if total < _ENOUGH or Fraction(wrong, total) < _NEARLY_ALL:
        return replace(finding, details=details)
    message = f"{finding.message} ({wrong:,} of {total:,} values, {100 * wrong // total} %)"
    details["share"] = round(wrong / total, 4)
    return replace(finding, message=message, severity=Severity.ERROR, details=details)


def _used(duck: Duck, done: Applied, name: str, code: str, slot: str) -> int:
    """How many values of a slot a group used: one a statement, or one a record where rules share the slot."""
    numbers = {
        rule.index: rule.statement.kind for rule in done.plan.rules if rule.statement.kind in done.tables
    }
    numbers |= {RECORD_RULES["patient"]: "patient"} if "patient" in done.tables else {}
    owners = _owners(done.plan)
    # Where no rule binds the slot itself, it is told of the rule or the record set as a whole.
    mine = {number: owners[(number, slot)] for number in numbers if (number, slot) in owners}
    mine = {number: owner for number, owner in mine.items() if owner.name == name} or {
        number: owners[(number, "")] for number in numbers if owners[(number, "")].name == name
    }
    rules = list(mine)
    if not rules:
        return 0
    listed = ", ".join(map(str, rules))
    begin = quoted(SEPARATOR.join((code, slot, "")))
    wrong = f"len(list_filter(issues, lambda i: starts_with(i, {begin}))) > 0"
    selects = []
    for kind in sorted({numbers[number] for number in rules}):
        used = _USED.get((kind, slot)) or _USED.get(("", slot), "true")
        selects.append(
            f"SELECT file, record, part FROM read_parquet({quoted(str(done.tables[kind]))}) "
            f"WHERE rule IN ({listed}) AND {used} AND (issues IS NULL OR NOT {wrong})"
        )
    places = "DISTINCT (file, record, part)" if mine[rules[0]].shared else "*"
    return int(duck.value(f"SELECT count({places}) FROM ({' UNION ALL '.join(selects)})"))


def _finding(
    done: Applied,
    owner: _Owner,
    code: str,
    slot: str,
    action: str,
    detail: str,
    count: int,
    places: Iterable[Mapping[str, object]],
) -> Finding:
    known = registry.code(code)
    names = {file.number: file.name for file in done.staged.files}
    words = {"slot": slot, "rule": owner.name, "shape": detail, "count": count, "source": done.plan.source}
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
        where=owner.span,
        places=shown,
        sources=(done.plan.source,),
        rule=owner.name,
        facet=slot,
        help=known.module.advice(done.plan.record_set) if hasattr(known.module, "advice") else None,
        details={"slot": slot, "detail": detail} if detail else {"slot": slot},
        count=count,
    )


def _owners(plan: Plan) -> dict[tuple[int, str], _Owner]:
    """The owner of each slot of each rule; the slot "" stands for the rule itself."""
    whole = f"{plan.document.id}#{plan.record_set.name}"
    shared = {
        name: slot.span for name, slot in plan.record_set.slots.items() if isinstance(slot, Value | Group)
    }
    found: dict[tuple[int, str], _Owner] = {}
    for rule in plan.rules:
        found[(rule.index, "")] = _Owner(rule.id, False, rule.statement.span)
        for slot, value in rule.statement.slots.items():
            if isinstance(value, Value | Group):
                is_shared = len(plan.rules) > 1 and shared.get(slot) == value.span
                found[(rule.index, slot)] = _Owner(whole if is_shared else rule.id, is_shared, value.span)
        found[(rule.index, "patient")] = _Owner(whole, True, shared.get("patient", plan.record_set.span))
    number = RECORD_RULES["patient"]
    group = plan.record_set.slots.get("patient")
    found[(number, "")] = _Owner(whole, True, plan.record_set.span)
    if isinstance(group, Group):
        found[(number, "patient")] = _Owner(whole, True, group.span)
        for name, part in group.parts.items():
            if isinstance(part, Value):
                found[(number, name)] = _Owner(whole, True, part.span)
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


def unclaimed(duck: Duck, done: Applied, gone: Path | None) -> Iterator[Finding]:
    """Q19: kept records to which no rule applies, and those that are set aside for it (in ``gone``).

    Nothing is said where the mapping says to ignore them.
    """
    choices = [choice for choice in done.plan.record_set.choices if choice.cases]
    known = registry.code("TM-Q19")
    if any(choice.otherwise != "ignore" for choice in choices):
        kept = "SELECT * FROM fates WHERE fate = 'unclaimed' AND claim = 'none'"
        yield from _unclaimed(duck, done, kept, known.module.MESSAGE)
    if gone is not None and any(choice.otherwise == "quarantine" for choice in choices):
        aside = (
            f"SELECT f.* FROM read_parquet({quoted(str(gone))}) AS a JOIN fates AS f ON f._file = a.file "
            "AND f._record = a.record AND f._part = a.part WHERE a.code = 'TM-Q19'"
        )
        yield from _unclaimed(
            duck, done, aside, known.module.ASIDE, severity=Severity.WARNING, detail="aside"
        )


def _unclaimed(
    duck: Duck, done: Applied, relation: str, message: str, severity: Severity | None = None, detail: str = ""
) -> Iterator[Finding]:
    plan = done.plan
    spot = "{'file': _file, 'record': _record, 'part': _part, 'line': _line}"
    ((count, spots),) = duck.rows(f"SELECT count(*), min({spot}, {PLACES_KEPT}) FROM ({relation})")
    if not count:
        return
    names = {file.number: file.name for file in done.staged.files}
    known = registry.code("TM-Q19")
    yield registry.finding(
        "TM-Q19",
        message,
        severity=severity or known.severity,
        where=plan.record_set.span,
        places=tuple(Place(plan.source, names[p["file"]], p["record"], p["line"], p["part"]) for p in spots),
        sources=(plan.source,),
        rule=f"{plan.document.id}#{plan.record_set.name}",
        details={"detail": detail} if detail else {},
        count=count,
    )


__all__ = ["judged", "of_files", "of_notes", "of_reader", "of_statements", "unclaimed"]
