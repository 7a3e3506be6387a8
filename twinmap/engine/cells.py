"""The book of cells: what became of every field of every record, by the name that its reader gives it.

A cell that stands in a document around its items shares the best fate of them. Where several record sets read
one document, such a cell may be one of an item elsewhere: its outcome here is told apart (:data:`OUTER`), and
all but its being used counts only where no record set says better.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import chain

from twinmap import registry
from twinmap.engine.apply import RECORD_RULES, SENSOR, Applied
from twinmap.engine.duck import Duck
from twinmap.engine.stage import Staged
from twinmap.mapping.plan import Plan
from twinmap.mapping.resolve import issue
from twinmap.model import AROUND, Field, Shape
from twinmap.sqltext import quoted

#: What becomes of a record, the better first.
FATES = ("mapped", "set_aside", "unclaimed", "filtered")

#: Outcomes of a cell, in the order in which the first that holds decides.
CELLS = ("missing", "set_aside", "filtered", "unclaimed", "ignored", "unread", "failed", "mapped")

#: Begins an outcome that a record set gives to a cell that is in none of its items.
OUTER = "outer "

#: The better outcome first: where several record sets read one document, the first of them decides.
_BETTER = (
    *(
        "mapped",
        "failed",
        OUTER + "mapped",
        "set_aside",
        "unclaimed",
        "ignored",
        "missing",
        "unread",
        "filtered",
    ),
    *(OUTER + name for name in ("unread", "set_aside", "unclaimed", "filtered")),
)

#: Tables that say again what statements say.
_ASIDE = frozenset({"identifier", SENSOR})

#: The issue of a statement without a code.
_NO_CODE = issue("TM-Q18", "code", "fail")


def of_reader(staged: Staged, book: dict[str, Counter[str]]) -> None:
    """Count into ``book`` (name, outcome) the cells that reach no record, as the reader counted them."""
    for counts in staged.counts:
        for name, number in counts.cells.items():
            book[name][OUTER + "filtered"] += number
    if staged.set_aside:
        book["(unreadable record)"]["set_aside"] += len(staged.set_aside)


def count(duck: Duck, done: Applied, book: dict[str, Counter[str]]) -> None:
    """Count the cells of the records of one group into ``book``; needs the table ``fates``."""
    plan, staged = done.plan, done.staged
    failed = _failed_cells(duck, done)
    fields = {path: _fields(plan, path) for path in {*plan.read, *failed}}
    outward = [path for path in plan.read if not _is_own(plan, path)]
    for name, around, fate, number in _listed(duck, plan) if staged.cells else _columns(duck, plan):
        if number == 0:
            continue
        is_read = any(fields[path].fullmatch(name) for path in (outward if around else plan.read))
        outcome = _outcome(plan, name, fate, is_read=is_read, around=around)
        hit = {place for path, places in failed.items() if fields[path].fullmatch(name) for place in places}
        wrong = min(len(hit), number) if outcome.removeprefix(OUTER) == "mapped" else 0
        book[name][outcome] += number - wrong
        if wrong:
            book[name]["failed"] += wrong


def best(readings: list[Counter[str]]) -> Counter[str]:
    """The outcomes of one field over the readings of the same cells by several record sets."""
    total = max(sum(reading.values()) for reading in readings)
    found: Counter[str] = Counter()
    left = total
    for outcome in _BETTER:
        number = min(max(reading[outcome] for reading in readings), left)
        found[outcome.removeprefix(OUTER)] += number
        left -= number
    found["filtered"] += left
    return found


def _outcome(plan: Plan, name: str, fate: str, *, is_read: bool, around: bool) -> str:
    if fate != "mapped":
        outcome = fate
    elif name in plan.record_set.ignore:
        outcome = "ignored"
    else:
        outcome = "mapped" if is_read else "unread"
    return OUTER + outcome if around and outcome not in {"missing", "ignored"} else outcome


#: A name, whether the cell stands around the items of its document, a fate, and how many.
_Cells = list[tuple[str, bool, str, int]]


def _listed(duck: Duck, plan: Plan) -> _Cells:
    """Counts of a format that lists the cells of each record."""
    if plan.record_set.each is None:
        rows = duck.rows(
            "SELECT cell, fate, count(*) FROM (SELECT unnest(_cells) AS cell, fate FROM records "
            "JOIN fates USING (_file, _record)) GROUP BY ALL ORDER BY ALL"
        )
        return [(name, False, fate, number) for name, fate, number in rows]
    rows = duck.rows(
        f"SELECT cell, CASE WHEN starts_with(cell, {quoted(AROUND)}) THEN best ELSE fate END AS fate, count(*) FROM "
        f"(SELECT unnest(_cells) AS cell, fate, best FROM records JOIN fates USING (_file, _record, _part) "
        f"JOIN {_DOCUMENTS} USING (_file, _record)) GROUP BY ALL ORDER BY ALL"
    )
    return [(name.removeprefix(AROUND), name.startswith(AROUND), fate, number) for name, fate, number in rows]


#: SQL of ``_file, _record, best``: the best fate of the records of a document.
_DOCUMENTS = (
    f"(SELECT _file, _record, arg_min(fate, list_position({list(FATES)}, fate)) AS best "
    "FROM fates GROUP BY _file, _record)"
)


def _columns(duck: Duck, plan: Plan) -> _Cells:
    """Counts of a format whose columns are its cells; missing ones apart."""
    fields = [
        item
        for item in plan.request.fields
        if item.shape is Shape.TEXT and not item.path.startswith("record:")
    ]
    each = plan.record_set.each
    if each is None:
        rows = "records JOIN fates USING (_file, _record)"
        return _by_column(duck, {item.path: item for item in fields}, rows, around=False)
    # The columns of the row are called ^NAME, and every record of the row repeats them.
    named = {item.path[1:]: item for item in fields if item.path.startswith("^")}
    mine = {name: item for name, item in named.items() if name and fnmatch.fnmatchcase(name, each)}
    shared = {name: item for name, item in named.items() if name not in mine}
    rows = f"(SELECT DISTINCT ON (_file, _record) * FROM records) JOIN {_DOCUMENTS} USING (_file, _record)"
    return _by_column(duck, shared, rows, around=True) + _by_item(duck, mine)


def _by_column(duck: Duck, fields: Mapping[str, Field], rows: str, *, around: bool) -> _Cells:
    """Counts of columns that each row has once."""
    if not fields:
        return []
    fate = "best" if around else "fate"
    counts = ", ".join(f"count({item.name})" for item in fields.values())
    found: _Cells = []
    totals: Counter[str] = Counter()
    for word, total, *numbers in duck.rows(
        f"SELECT {fate}, count(*), {counts} FROM {rows} GROUP BY {fate} ORDER BY {fate}"
    ):
        for name, number in zip(fields, numbers, strict=True):
            found.append((name, around, word, number))
            totals[name] += total - number
    return found + [(name, around, "missing", number) for name, number in sorted(totals.items())]


def _by_item(duck: Duck, fields: Mapping[str, Field]) -> _Cells:
    """Counts of columns of which each cell is a record of its own."""
    if not fields:
        return []
    cell = " ".join(f"WHEN {quoted(name)} THEN {item.name}" for name, item in fields.items())
    found: _Cells = []
    for name, fate, total, number in duck.rows(
        f"SELECT _part, fate, count(*), count(CASE _part {cell} END) "
        "FROM records JOIN fates USING (_file, _record, _part) GROUP BY ALL ORDER BY ALL"
    ):
        found += [(name, False, fate, number), (name, False, "missing", total - number)]
    return found


def _fields(plan: Plan, path: str) -> re.Pattern[str]:
    """The names of the cells that a reference reads, as its reader says."""
    reader = registry.reader(plan.record_set.options.format)
    if path == "." and reader.layout is not None and plan.record_set.each is not None:
        return re.compile(fnmatch.translate(plan.record_set.each))
    if reader.fields_read is not None and not path.startswith("record:"):
        return re.compile(reader.fields_read(path, each=plan.record_set.each))
    names = reader.cells(path) if reader.cells else (path, path.lstrip("^"))
    return re.compile("|".join(re.escape(name) for name in names))


#: A reference, and the file, record and part where it was read.
_Reading = tuple[str, int, int, str]


def _failed_cells(duck: Duck, done: Applied) -> Mapping[str, set[tuple[int, int, str]]]:
    """Where cells of records that stand could not be used, by reference.

    The part is told only where the cell is one of the part.
    """
    readings = list(chain(_unused(duck, done), _codeless(duck, done)))
    seen: dict[str, set[tuple[int, int, str]]] = defaultdict(set)
    if not readings:
        return seen
    places = sorted({reading[1:] for reading in readings})
    types = ("INTEGER", "BIGINT", "VARCHAR")
    columns = zip(*places, strict=True)
    names = ("_file", "_record", "_part")
    duck.register(
        "k_hit",
        {name: (kind, list(values)) for name, kind, values in zip(names, types, columns, strict=True)},
    )
    standing = "SELECT _file, _record, _part FROM k_hit JOIN fates USING (_file, _record, _part)"
    stand = set(duck.rows(f"{standing} WHERE fate = 'mapped'"))
    columns_are_cells = not done.staged.cells
    is_own = cache(partial(_is_own, done.plan))
    for name, file, record, part in readings:
        if (file, record, part) in stand:
            # The cell of "each" in a CSV row is that of the column that the part names.
            column = part if name == "." and columns_are_cells else name
            seen[column].add((file, record, part if is_own(name) else ""))
    return seen


def _unused(duck: Duck, done: Applied) -> Iterator[_Reading]:
    """What slots with an issue read, and what the reader could not give."""
    paths: dict[tuple[int, str], tuple[str, ...]] = {}
    for rule in done.plan.rules:
        for slot, names in rule.slot_paths.items():
            paths[(rule.index, slot)] = names
    for slot, names in done.plan.patient_paths.items():
        paths[(RECORD_RULES["patient"], slot)] = names
    for kind, path in done.tables.items():
        if kind in _ASIDE:
            continue
        for number, slot, *place in duck.rows(
            "SELECT DISTINCT rule, split_part(i, chr(31), 2), file, record, part FROM ("
            f"SELECT rule, file, record, part, unnest(issues) AS i FROM read_parquet({quoted(str(path))}) "
            "WHERE issues IS NOT NULL AND NOT aside) WHERE split_part(i, chr(31), 1) IN "
            "('TM-Q11', 'TM-Q12', 'TM-Q13', 'TM-Q14', 'TM-E01', 'TM-T01', 'TM-K05', 'TM-Q15')"
        ):
            file, record, part = place
            yield from ((name, file, record, part) for name in paths.get((number, slot), ()))
    for said in done.staged.issues:
        if said.path:  # without one it is about the record, not about a field
            yield said.path, said.file, said.record, said.part


def _is_own(plan: Plan, path: str) -> bool:
    """Whether a reference reads the part that a record is, and not what its parts share."""
    each = plan.record_set.each
    if each is None or path.startswith(("^", "/", "record:")):
        return each is None
    if plan.record_set.options.format == "fhir" and path[:1].isupper():
        return False  # it is read on the resource of that type
    reader = registry.reader(plan.record_set.options.format)
    return path.startswith(each) if reader.cells else True


def _codeless(duck: Duck, done: Applied) -> Iterator[_Reading]:
    """References and places of what statements without a code read, and nothing that stands there does."""
    tables = [
        f"SELECT file, record, part, rule, failed, coalesce(list_contains(issues, {quoted(_NO_CODE)}), false) AS bare "
        f"FROM read_parquet({quoted(str(path))})"
        for kind, path in done.tables.items()
        if kind not in {*_ASIDE, "patient", "device"}
    ]
    if not tables:
        return
    union = " UNION ALL ".join(tables)
    read = {
        rule.index: {
            name
            for slot, names in rule.slot_paths.items()
            for name in names
            if slot != "patient" and _is_own(done.plan, name)
        }
        for rule in done.plan.rules
    }
    for file, record, part, bare, stand in duck.rows(
        "SELECT file, record, part, list(DISTINCT rule) FILTER (WHERE bare), "
        f"list(DISTINCT rule) FILTER (WHERE NOT failed) FROM ({union}) WHERE (file, record, part) IN "
        f"(SELECT (file, record, part) FROM ({union}) WHERE bare) GROUP BY ALL ORDER BY ALL"
    ):
        used = {name for rule in stand or () for name in read[rule]}
        lost = {name for rule in bare for name in read[rule]} - used
        yield from ((name, file, record, part) for name in sorted(lost))
