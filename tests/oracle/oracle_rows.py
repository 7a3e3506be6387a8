"""A loaded mapping over CSV rows, one record after the other: what must come out of a run.

Slow and obvious on purpose. Terms (units, codes, facets, concepts) and the keyed hash are taken from the
package, since other tests hold them; everything else is said again here.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import oracle_values as values

from twinmap.mapping.ast import Condition, Document, Group, RecordSet, Ref, Statement, Test, Text, Value
from twinmap.privacy import Key
from twinmap.terms import analytes, concepts, facets, systems, ucum, units

US = {"us": 1, "ms": 10**3, "s": 10**6, "sec": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6}
US |= {"d": 24 * US["h"], "wk": 7 * 24 * US["h"]}
TEXTS = {
    "observation": {"flag": "flag", "note": "note"},
    "condition": {"status": "clinical_status", "verification": "verification_status"},
    "medication": {
        "event": "event",
        "status": "status",
        "dose": "dose",
        "unit": "dose_unit",
        "route": "route",
    },
}
STANDARD = ("loinc", "snomed", "rxnorm", "cvx", "icd10cm", "icd10", "icd9cm", "ndc", "atc", "mdc")
STATUSES = [
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
]


@dataclass(frozen=True)
class File:
    """One CSV file as read: ``rows`` are lists of cells under ``header``."""

    number: int
    name: str
    folder: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Record:
    """One row with the names of its parts and everything that is wrong with it."""

    file: File
    number: int
    cells: Mapping[str, str | None]
    parts: dict[str, str] = field(default_factory=dict)
    part: str = ""

    @property
    def place(self) -> tuple[int, int, str]:
        """What names the record."""
        return self.file.number, self.number, self.part


#: What becomes of a record, the better first: a cell that the items of a row share has the best.
FATES = ("mapped", "set_aside", "unclaimed", "filtered")


@dataclass
class Made:
    """One statement: its row without id and twin, ``identity`` decides which ones are the same."""

    kind: str
    record: Record
    row: dict[str, Any]
    identity: tuple[Any, ...]
    panel: tuple[Any, ...] | None = None
    issues: list[tuple[str, str]] = field(default_factory=list)
    failed: bool = False
    aside: bool = False
    statement: Statement | None = None


@dataclass
class Expected:
    """What must come out."""

    made: list[Made] = field(default_factory=list)
    identifiers: set[tuple[str, str, str, bool]] = field(default_factory=set)
    issues: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    aside: set[tuple[int, int, str]] = field(default_factory=set)
    cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sayings: set[tuple[Any, ...]] = field(default_factory=set)

    def written(self) -> list[Made]:
        """Statements that stand: not failed, and not of a record that is set aside."""
        return [one for one in self.made if not one.failed and one.record.place not in self.aside]


class Oracle:
    """Interprets one source."""

    def __init__(
        self,
        document: Document,
        key: Key,
        source: str,
        params: Mapping[str, str],
        tables: Mapping[str, Mapping[str, Mapping[str, str | None]]],
    ) -> None:
        self.document, self.key, self.source, self.params, self.tables = document, key, source, params, tables
        self.out = Expected()

    # --- texts ---

    def ref(self, ref: Ref, record: Record, sets: RecordSet) -> str | None:
        if ref.kind == "param":
            found = self.params.get(ref.path) or None
        elif ref.kind == "file":
            name = record.file.name
            found = {"name": name, "stem": name.split(".")[0], "folder": record.file.folder}[ref.path]
        elif ref.kind == "record":
            found = str(record.number) if ref.path == "index" else record.part or None
        elif ref.kind == "part":
            found = record.parts.get(ref.path)
        else:
            up = "^" if ref.path.startswith("^") and sets.each is not None else ""
            found = record.cells.get(up + _unquoted(ref.path.removeprefix(up)))
        for step in ref.lookups:
            look = self.document.lookups[step.table]
            row = None if found is None or found in look.missing else self.tables[step.table].get(found)
            found = (row or {}).get(step.column)
        return found

    def text(
        self,
        value: Value | None,
        slot: str,
        record: Record,
        sets: RecordSet,
        issues: list[tuple[str, str, str]],
    ) -> tuple[str | None, str]:
        """The text of a value and who wrote it: the ``source``, the ``mapping``, or an ``expression``."""
        if value is None:
            return None, "mapping"
        found: str | None = None
        origin = "mapping"
        trouble: str | None = None
        for alternative in value.alternatives:

            def look(ref: Ref) -> str | None:
                text = self.ref(ref, record, sets)
                return None if text in value.missing else text

            if isinstance(alternative, Text):
                pieces = [part if isinstance(part, str) else look(part) for part in alternative.parts]
                found = None if None in pieces else "".join(str(piece) for piece in pieces) or None
                origin = "source" if alternative.literal is None else "mapping"
            else:
                found, problem = self.expression(alternative.node, look, sets)
                trouble = trouble or problem
                origin = "expression"
            if found is not None:
                break
        noted = [(trouble, slot, "")] if trouble else []
        # One finding a value: the last is that it is not in the map.
        action = {"quarantine": "set-aside", "fail": "error"}.get(value.unmapped or "", "")
        if found is not None and value.map is not None and found in value.map.entries:
            issues += noted
            return value.map.entries[found] or None, "mapping"
        if found is None or value.map is None or value.unmapped == "keep" or (slot == "unit" and not action):
            issues += noted
            return found, origin
        code = {"unit": "TM-U01", "code": "TM-C01"}.get(slot, "TM-E01")
        issues.append((code, slot, action))
        return (found if slot in {"unit", "code"} else None), "mapping"

    def expression(self, node: Any, look: Any, sets: RecordSet) -> tuple[str | None, str | None]:
        refs = _refs(node)
        if any(look(ref) is None for ref in refs):
            return None, None
        number = _numbers(sets)
        try:
            result = values.evaluate(node, look, number)
        except values.NoResult as none:
            return None, str(none)
        if isinstance(result, Decimal):
            return values.plain(result), None
        if isinstance(result, values.Source) and (sets.decimal != "." or sets.thousands):
            read = number(result)
            return (result if read is None else values.plain(read)) or None, None
        return str(result) or None, None

    # --- conditions ---

    def holds(self, condition: Condition | None, record: Record, sets: RecordSet) -> bool:
        if condition is None:
            return True
        return any(all([self.test(test, record, sets) for test in tests]) for tests in condition.alternatives)

    def test(self, test: Test, record: Record, sets: RecordSet) -> bool:
        text = self.ref(test.ref, record, sets)
        if test.operator == "missing":
            return (text is None) == (test.words == ("true",))
        if test.operator == "not":
            return text is None or text not in test.words
        if text is None:
            return False
        if test.operator == "in":
            return text in test.words
        if test.operator == "like":
            pattern = "".join(
                {"*": "(?s:.*)", "?": "(?s:.)"}.get(char, re.escape(char)) for char in test.words[0]
            )
            return re.fullmatch(pattern, text) is not None
        if test.operator in {"min", "max"}:
            number, limit = _numbers(sets)(text), values.exact(test.words[0])
            if number is None or limit is None:
                return False
            return number >= limit if test.operator == "min" else number <= limit
        assert test.pattern is not None
        found = _parts(test.pattern, text)
        record.parts |= found or {}
        return found is not None

    # --- the run ---

    def run(self, sets: RecordSet, files: Sequence[File], first: int = 0) -> None:
        """Interpret one record set over its files."""
        for file in files:
            for number, row in enumerate(file.rows, 1):
                cells = {name: _clean(cell, sets) for name, cell in zip(file.header, row, strict=True)}
                records = [Record(file, number, cells)]
                if sets.each is not None:
                    up = {f"^{name}": cell for name, cell in cells.items()}
                    names = [name for name in file.header if fnmatch.fnmatchcase(name, sets.each)]
                    records = [Record(file, number, {**up, ".": cells[name]}, part=name) for name in names]
                fates = {record.part: self.fate(record, sets) for record in records}
                best = min(fates.values(), key=FATES.index)
                for name, cell in cells.items():
                    self.cell(name, cell, fates.get(name, best), sets)

    def fate(self, record: Record, sets: RecordSet) -> str:
        """Take what a record states, and say what becomes of it."""
        kept, quarantine, made, rules = self.record(record, sets)
        said = [one for one in made if one.kind != "patient"]
        if quarantine or any(one.aside for one in made) or (said and all(one.failed for one in said)):
            self.out.aside.add(record.place)
        made = [one for one in made if one.kind != "patient" or not self.repeats(one, sets, rules)]
        # What several rules share is said once a record, of the record set.
        shared_issues: set[tuple[str, str, str]] = set()
        for one in made:
            for code, slot in one.issues:
                owner = self.owner(one, slot, sets)
                if owner != one.row["rule"]:
                    shared_issues.add((owner, code, slot))
                else:
                    self.out.issues[(owner, code, slot)] += 1
        self.out.issues.update(shared_issues)
        self.out.made += made
        beside = rules and sets.each is not None  # then what is said of the patient is said of the row
        if record.place in self.out.aside:
            fate = "set_aside"
        elif any(not one.failed for one in (said if beside else made)):
            fate = "mapped"
        else:
            fate = "unclaimed" if kept else "filtered"
        self.out.fates[fate] += 1
        return fate

    def cell(self, name: str, cell: str | None, fate: str, sets: RecordSet) -> None:
        """Count a cell whose record has this fate."""
        outcome = "missing" if cell is None else fate
        if outcome == "mapped":
            outcome = "ignored" if name in sets.ignore else "other"
        self.out.cells[name][outcome] += 1

    def record(self, record: Record, sets: RecordSet) -> tuple[bool, bool, list[Made], bool]:
        """Whether a record is kept and goes to the quarantine, what it states, and whether there are rules."""
        made: list[Made] = []
        quarantine = False
        number = 0
        if not self.holds(sets.keep, record, sets):
            return False, False, made, False
        group = sets.slots.get("patient")
        if isinstance(group, Group) and {"birth-date", "sex", "deceased", "identifiers"} & set(group.parts):
            made.append(self.patient(group, record, sets))
        for choice in sets.choices:
            for statement in choice.always:
                number += 1
                made += self.statement(statement, number, record, sets)
            decided = False
            for case in choice.cases:
                holds = not decided and self.holds(case.when, record, sets)
                for statement in case.statements:
                    number += 1
                    if holds:
                        made += self.statement(statement, number, record, sets)
                decided = decided or holds
            quarantine |= bool(choice.cases) and not decided and choice.otherwise == "quarantine"
        return True, quarantine, made, number > 0

    def repeats(self, one: Made, sets: RecordSet, rules: bool) -> bool:
        """Whether what a record says of its patient stands already: beside other statements it is told once a file."""
        place = one.record.place
        aside = place in self.out.aside
        if not aside:
            self.out.identifiers |= set(one.row.pop("identifiers", ()))
        said = (
            sets.name,
            place[0],
            aside,
            place if one.row["patient_record"] is None else None,
            one.row["_birth"],
            *(one.row[name] for name in ("patient_record", "sex", "deceased")),
            *one.issues,
        )
        known = rules and said in self.out.sayings
        self.out.sayings.add(said)
        return known

    def owner(self, one: Made, slot: str, sets: RecordSet) -> str:
        """The rule of an issue, or the record set where several rules share the slot."""
        whole = f"{self.document.id}#{sets.name}"
        rules = sum(
            len(choice.always) + sum(len(case.statements) for case in choice.cases) for choice in sets.choices
        )
        inherited = one.statement is not None and one.statement.slots.get(slot) == sets.slots.get(slot, slot)
        return (
            whole
            if one.kind == "patient" or slot == "patient" or (inherited and rules > 1)
            else one.row["rule"]
        )

    def patient(self, group: Group, record: Record, sets: RecordSet) -> Made:
        issues: list[tuple[str, str, str]] = []
        who = self.who(group, record, sets, [])
        row: dict[str, Any] = {
            "rule": self.rule(sets, "patient"),
            "source": self.source,
            "patient_record": who,
        }
        birth = group.value("birth-date")
        text, _ = self.text(birth, "birth-date", record, sets, issues)
        row["birth_date"] = row["birth_precision"] = None
        row["_birth"] = text
        if text is not None:
            found = values.instant(text, (birth.format if birth else ()) or ("iso",), "UTC")
            if found.us is None:
                issues.append(("TM-Q12", "birth-date", ""))
            else:
                day = _date(found.us)
                precision = found.precision if found.precision in {"year", "month"} else "day"
                row["birth_date"] = day[: {"year": 4, "month": 7, "day": 10}[precision]]
                row["birth_precision"] = precision
        for name in ("sex", "deceased"):
            row[name] = self.text(group.value(name), name, record, sets, issues)[0]
        if who is None:
            issues.append(("TM-Q10", "patient", "set-aside"))
        found_ids = group.parts.get("identifiers")
        for entry in found_ids if isinstance(found_ids, tuple) else ():
            ident = self.text(entry.value("id"), "identifiers", record, sets, [])[0]
            system = self.text(entry.value("system"), "identifiers", record, sets, [])[0]
            if ident is not None and who is not None:
                row.setdefault("identifiers", []).append(
                    (who, self.system(system), ident, system is not None)
                )
        return self.finished("patient", record, row, (), issues)

    def who(
        self, group: Group | None, record: Record, sets: RecordSet, issues: list[tuple[str, str, str]]
    ) -> str | None:
        if group is None:
            return None
        local = self.text(group.value("id"), "patient", record, sets, issues)[0]
        system = self.text(group.value("system"), "patient", record, sets, issues)[0]
        return None if local is None else self.key.hash("patient", self.system(system), local)

    def system(self, name: str | None) -> str:
        if name is None:
            return f"source:{self.source}"
        if name in self.document.systems:
            return self.document.systems[name]
        known = systems.canonical(name)
        return known.uri if known else name

    def rule(self, sets: RecordSet, name: str) -> str:
        return f"{self.document.id}#{sets.name}/{name}"

    @staticmethod
    def finished(
        kind: str,
        record: Record,
        row: dict[str, Any],
        identity: tuple[Any, ...],
        issues: list[tuple[str, str, str]],
        failed: bool = False,
    ) -> Made:
        aside = any(action == "set-aside" for *_, action in issues)
        place = {"file": record.file.number, "record": record.number, "part": record.part}
        said = [(code, slot) for code, slot, _ in issues if code]
        return Made(kind, record, {**row, **place}, identity, None, said, failed, aside)

    # --- statements ---

    def statement(self, one: Statement, number: int, record: Record, sets: RecordSet) -> list[Made]:
        issues: list[tuple[str, str, str]] = []

        def text(slot: str) -> str | None:
            found = one.slots.get(slot)
            value = (
                found
                if isinstance(found, Value)
                else found.value("id") or found.value("from")
                if isinstance(found, Group)
                else None
            )
            return self.text(value, slot, record, sets, issues)[0]

        group = sets.slots.get("patient")
        row: dict[str, Any] = {"rule": self.rule(sets, one.name), "source": self.source, "ordinal": number}
        row["patient_record"] = self.who(group if isinstance(group, Group) else None, record, sets, issues)
        row |= self.time(one, record, sets, issues)
        row |= {column: text(slot) for slot, column in TEXTS[one.kind].items()}
        encounter = one.slots.get("encounter")
        row["encounter"] = None
        if isinstance(encounter, Group):
            parts = [
                self.text(encounter.value(name), "encounter", record, sets, issues)[0]
                for name in ("id", "system")
            ]
            row["encounter"] = None if parts[0] is None else ("encounter", *parts)
        key = [self.ref(ref, record, sets) for ref in sets.key]
        row["_key"] = tuple(key) if any(part is not None for part in key) else None
        coded = one.kind != "observation" or one.concept == "result"
        if one.kind == "observation":
            exists, failed, raw = self.value(one, record, sets, issues, row)
            if not exists:
                return []
            self.meaning(one, row, record, sets, issues, text)
        else:
            if text_of_code(self, one, record, sets) is None:
                return []
            failed, raw = False, ()
            self.code(one, row, record, sets, issues, text)
        if (coded and row.get("code") is None) or (one.kind == "observation" and row.get("code") is None):
            issues.append(("TM-Q18", "code", "fail"))
            failed = True
        if row["patient_record"] is None:
            issues.append(("TM-Q10", "patient", "set-aside"))
        identity = (one.kind, row["rule"], row["patient_record"])
        if row["_key"] is not None:
            identity += ("key", row["_key"])
        else:
            identity += (row.get("code_system"), row.get("code"), row["start_us"], row["end_us"], *raw)
            identity += (row.get("unit_raw"), row.get("device"), row.get("_tie"))
        made = self.finished(one.kind, record, row, identity, issues, failed or row.pop("_fails", False))
        made.panel, made.statement = row.pop("_panel", None), one
        return [made]

    def time(
        self, one: Statement, record: Record, sets: RecordSet, issues: list[tuple[str, str, str]]
    ) -> dict[str, Any]:
        nothing = dict.fromkeys(("start_us", "end_us", "time_precision", "time_origin", "offset_min"))
        group = one.slots.get("time")
        if not isinstance(group, Group):
            return nothing

        def part(name: str) -> str | None:
            return self.text(group.value(name), "time", record, sets, issues)[0]

        fmt = group.value("format")
        formats = fmt.format if fmt is not None and fmt.format else ("iso",)
        zone_value = group.value("timezone") or sets.timezone
        zone = self.text(zone_value, "time", record, sets, issues)[0]
        start, end, duration, unit = part("from"), part("end"), part("duration"), part("unit")
        if start is None:
            start = part("start")
        elif group.value("from") is not None:
            end = end if group.value("from") is None else None
        if start is None and end is None:
            return nothing
        moments = {
            name: values.instant(text, formats, zone)
            for name, text in (("start", start), ("end", end))
            if text is not None
        }
        issues += [(moment.issue, "time", "") for moment in moments.values() if moment.issue]
        first, last = moments.get("start"), moments.get("end")
        end_us = last.us if last else None
        if end is None and duration is not None and first is not None and first.us is not None:
            length = _numbers(sets)(duration) or values.exact(duration)
            scale = US.get(unit or "s")
            until = None
            if length is not None and scale is not None:
                numerator, denominator = (length * scale).as_integer_ratio()
                until = first.us + int(Decimal(numerator) / denominator)
            if until is not None and values.exists(until):
                end_us = until
            else:
                issues.append(("TM-Q12", "time", ""))
        known = first or last
        assert known is not None
        return {
            "start_us": first.us if first else None,
            "end_us": end_us,
            "time_precision": known.precision,
            "time_origin": known.origin,
            "offset_min": known.offset,
        }

    def value(
        self,
        one: Statement,
        record: Record,
        sets: RecordSet,
        issues: list[tuple[str, str, str]],
        row: dict[str, Any],
    ) -> tuple[bool, bool, tuple[Any, ...]]:
        """The value columns; whether there is a statement, whether it fails, and the raw value."""

        def text(slot: str, notes: list[tuple[str, str, str]]) -> tuple[str | None, str]:
            found = one.slots.get(slot)
            return self.text(found if isinstance(found, Value) else None, slot, record, sets, notes)

        columns = (
            "value_kind",
            "value_text",
            "value_num",
            "value_decimals",
            "comparator",
            "low_text",
            "high_text",
            "value_system",
            "value_code",
            "absent_reason",
        )
        row |= dict.fromkeys(columns)
        noted: list[tuple[str, str, str]] = []
        found, origin = text("value", noted)
        absent, kind, sign = text("absent", issues)[0], text("kind", issues)[0], text("comparator", issues)[0]
        issues += noted
        if found is None:
            if absent is None and not noted:
                return False, False, ()
            row["value_kind"], row["absent_reason"] = (
                ("absent", absent) if absent is not None else (None, None)
            )
            return True, absent is None, ("absent", absent)
        coded = None
        if kind == "code" or (origin == "mapping" and kind is None):
            coded = systems.expand(found, self.document.systems)
        if coded is not None:
            row |= {
                "value_kind": "coded",
                "value_system": coded[0],
                "value_code": coded[1],
                "value_text": found if found != coded[1] else None,
            }
            return True, False, (found, sign)
        number = _numbers(sets) if origin == "source" else values.exact
        result = values.typed(found, kind, sign, number)
        row["_typing"] = result.issue
        if result.issue:
            issues.append((result.issue, "value", ""))
        row |= {
            "value_kind": result.kind,
            "value_text": result.text,
            "comparator": result.comparator,
            "low_text": result.low,
            "high_text": result.high,
        }
        if result.kind == "quantity" and result.text is not None:
            row["value_num"] = float(result.text)
            row["value_decimals"] = len(result.text.partition(".")[2])
        return True, result.fails, (found, sign)

    def meaning(
        self,
        one: Statement,
        row: dict[str, Any],
        record: Record,
        sets: RecordSet,
        issues: list[tuple[str, str, str]],
        text: Any,
    ) -> None:
        """Code, unit, facets, status, device, panel and range of an observation."""
        catalogue = concepts.catalogue()
        for name, facet in facets.facets().items():
            word = text(name)
            row[name] = None if word is None else facet.value(word)
            if word is not None and row[name] is None:
                issues.append(("TM-E01", name, ""))
        concept = catalogue.get(one.concept)
        template = concept is not None
        if concept is None:
            self.code(one, row, record, sets, issues, text)
            concept = catalogue.by_code(row["code_system"] or "", row["code"] or "")
        mapped = text("unit")
        row["unit_raw"] = mapped
        row["unit"] = None
        if mapped is not None:
            bound = one.slots.get("unit")
            if isinstance(bound, Value) and bound.map is not None:
                row["unit_raw"] = self.text(replace(bound, map=None), "unit", record, sets, [])[0]
            resolved = units.resolve(mapped, concept.unit if concept else None, declared=False)
            row["unit"] = resolved.unit
            if resolved.status != "ucum":
                issues.append(("TM-U01", "unit", ""))
        if template and concept is not None:
            self.template_code(concept, row)
        if (
            concept is not None
            and concept.kind == "quantity"
            and row["value_kind"] == "string"
            and not row["_typing"]
        ):
            issues.append(("TM-Q11", "value", ""))
            row["_fails"] = template
        status = text("status")
        row["status_raw"] = status
        row["status"] = status.lower() if status and status.lower() in STATUSES else None
        self.canonical(concept, row)
        row["device"] = self.device(one, record, sets, issues)
        row["ref_low"], row["ref_high"] = self.reference_range(one, record, sets, issues)
        panel = text("panel")
        row["_panel"], row["_tie"] = None, panel
        if concept is not None and concept.panel is not None:
            if panel is not None:
                row["_panel"] = (row["patient_record"], row["start_us"], concept.panel, "bound", panel)
            elif one.panel is not None and "panel" not in one.slots:
                again = re.search(r"-\d+$", one.name)
                row["_panel"] = (
                    row["patient_record"],
                    row["start_us"],
                    concept.panel,
                    "rule",
                    one.panel,
                    again[0] if again else "",
                    row["_key"],
                )

    @staticmethod
    def template_code(concept: concepts.Concept, row: dict[str, Any]) -> None:
        row |= dict.fromkeys(
            ("code_system", "code", "display", "raw_code_system", "raw_code", "raw_display", "map_predicate")
        )
        molar = None
        if row["unit"] is not None:
            numerator = row["unit"].partition("/")[0]
            molar = "mol" in numerator or numerator.endswith("eq")
        words = {name: row[name].removeprefix(f"tm:{name}-") for name in facets.facets() if row[name]}
        chosen = concept.code_for(molar, words)
        if chosen is not None:
            row |= {"code_system": chosen.system, "code": chosen.code, "display": chosen.display}

    @staticmethod
    def canonical(concept: concepts.Concept | None, row: dict[str, Any]) -> None:
        row["canon_num"] = row["canon_unit"] = None
        unit, number = row["unit"], row["value_text"]
        if unit is None or row["value_kind"] != "quantity":
            return
        own = next((code for code in concept.codes if code.code == row["code"]), None) if concept else None
        aim = (concept.unit_of(own) if own else concept.unit) if concept else None
        try:
            aim = aim or units.base_unit(unit)
            found = analytes.conversion(unit, aim, row["code"] if concept else None)
        except ucum.UcumError:
            return
        if found is not None and found.rule_class == "physical":
            row["canon_unit"] = aim
            if math.isinf(float(number)):
                return
            moved = float(f"{float(number) * float(found.factor) + float(found.offset):.12g}")
            row["canon_num"] = float(number) if found.factor == 1 and found.offset == 0 else moved

    def device(
        self, one: Statement, record: Record, sets: RecordSet, issues: list[tuple[str, str, str]]
    ) -> str | None:
        group = one.slots.get("device")
        if not isinstance(group, Group):
            return None
        names = ("id", "serial", "type", "name", "manufacturer", "model")
        told = {name: self.text(group.value(name), "device", record, sets, issues)[0] for name in names}
        fields = {
            name for name in names if (value := group.value(name)) is not None and value.literal is None
        }
        if not any(told[name] is not None for name in (fields or names)):
            return None
        return self.key.hash("device", told["type"] or "", told["serial"] or told["id"] or told["name"] or "")

    def reference_range(
        self, one: Statement, record: Record, sets: RecordSet, issues: list[tuple[str, str, str]]
    ) -> tuple[str | None, str | None]:
        group = one.slots.get("range")
        if not isinstance(group, Group):
            return None, None
        whole, low, high = (
            self.text(group.value(name), "range", record, sets, issues)[0] for name in ("from", "low", "high")
        )
        match = re.fullmatch(r"(.+?) ?- ?(.+)", whole or "")
        return (low or (match[1] if match else None)), (high or (match[2] if match else None))

    def code(
        self,
        one: Statement,
        row: dict[str, Any],
        record: Record,
        sets: RecordSet,
        issues: list[tuple[str, str, str]],
        text: Any,
    ) -> None:
        row |= dict.fromkeys(
            ("code_system", "code", "display", "raw_code_system", "raw_code", "raw_display", "map_predicate")
        )
        value = one.slots.get("code")
        assert isinstance(value, Value)
        found = text("code")
        said = self.text(value.system, "code", record, sets, issues)[0]
        shown = text("display") or self.text(value.display, "code", record, sets, issues)[0]
        if found is None:
            return
        system, code, known = None, found, None
        if said is not None:
            uri = self.document.systems.get(said, said)
            known = systems.canonical(uri)
            system = known.uri if known else uri
        elif (expanded := systems.expand(found, self.document.systems)) is not None:
            system, code = expanded
            known = systems.canonical(system)
        row |= {"code_system": system, "code": code, "display": shown}
        if value.codes is None:
            return
        targets = value.codes.entries.get((system or "", code), ())
        if known is not None and known.prefix in STANDARD:
            if targets and all(target.code != code for target in targets):
                issues.append(("TM-C13", "code", ""))
        elif targets:
            aim = systems.canonical(targets[0].system)
            row |= {"raw_code_system": system, "raw_code": code, "raw_display": row["display"]}
            row |= {
                "code_system": aim.uri if aim else targets[0].system,
                "code": targets[0].code,
                "map_predicate": targets[0].predicate,
            }
            row["display"] = targets[0].display
            if targets[0].predicate != "skos:exactMatch":
                issues.append(("TM-G01", "code", ""))
        elif value.unmapped != "keep":
            issues.append(("TM-C01", "code", "set-aside" if value.unmapped == "quarantine" else ""))


def text_of_code(oracle: Oracle, one: Statement, record: Record, sets: RecordSet) -> str | None:
    value = one.slots.get("code")
    return oracle.text(value if isinstance(value, Value) else None, "code", record, sets, [])[0]


def _clean(cell: str, sets: RecordSet) -> str | None:
    cell = cell.strip() if sets.options.trim else cell
    return None if not cell or cell in sets.missing else cell


def _numbers(sets: RecordSet) -> Any:
    return lambda text: values.exact(text, sets.decimal, sets.thousands)


def _unquoted(path: str) -> str:
    return path[1:-1].replace("''", "'") if len(path) > 1 and path[0] == path[-1] == "'" else path


def _refs(node: Any) -> list[Ref]:
    if isinstance(node, Ref):
        return [node]
    return [ref for part in getattr(node, "operands", getattr(node, "arguments", ())) for ref in _refs(part)]


def _parts(pattern: Text, text: str) -> dict[str, str] | None:
    """Read a text backwards, each part as short as it can be, by trying all ends in order."""

    def fit(index: int, at: int) -> dict[str, str] | None:
        if index == len(pattern.parts):
            return {} if at == len(text) else None
        part = pattern.parts[index]
        if isinstance(part, str):
            return fit(index + 1, at + len(part)) if text.startswith(part, at) else None
        for end in range(at + 1, len(text) + 1):
            rest = fit(index + 1, end)
            if rest is not None:
                return {part.path: text[at:end], **rest}
        return None

    return fit(0, 0)


def _date(us: int) -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).strftime("%Y-%m-%d")


__all__ = ["Expected", "File", "Made", "Oracle", "fnmatch"]
