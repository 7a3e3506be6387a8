"""Look-ups that lead to nothing: keys that their table does not have (Q17)."""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place
from twinmap.engine.apply import Applied
from twinmap.engine.duck import Duck
from twinmap.mapping.sql import LookJoin
from twinmap.sqltext import quoted


def misses(duck: Duck, done: Applied) -> Iterator[Finding]:
    """One finding a look-up and record set: how many kept records have a key without a row, and the first.

    Reads ``records`` and ``fates``, the tables of the plan that was applied last.
    """
    plan = done.plan
    spot = "{'file': r._file, 'record': r._record, 'part': r._part, 'line': r._line}"
    kept = "JOIN fates AS f ON f._file = r._file AND f._record = r._record AND f._part = r._part"
    for item in plan.lookups:
        ((count, spots),) = duck.rows(
            f"SELECT count(*), min({spot}, {PLACES_KEPT}) FROM records r {' '.join(plan.lookup_joins)} {kept} "
            f"WHERE f.fate <> 'filtered' AND {_missed(done, item)}"
        )
        if count:
            yield _finding(done, item, count, spots)


def _missed(done: Applied, item: LookJoin) -> str:
    """SQL that holds where something is looked up, and not found."""
    plan = done.plan
    words = (*plan.record_set.missing, *plan.document.lookups[item.table].missing)
    none = f" AND {item.key} NOT IN ({', '.join(map(quoted, words))})" if words else ""
    return f"{item.key} IS NOT NULL{none} AND {item.alias}._key IS NULL"


def _finding(done: Applied, item: LookJoin, count: int, spots: list[dict[str, object]]) -> Finding:
    plan = done.plan
    names = {file.number: file.name for file in done.staged.files}
    return registry.finding(
        "TM-Q17",
        registry.code("TM-Q17").module.MESSAGE,
        where=plan.document.lookups[item.table].span,
        places=tuple(
            Place(plan.source, names[p["file"]], p["record"], p["line"], p["part"])  # type: ignore[index, arg-type]
            for p in spots
        ),
        sources=(plan.source,),
        rule=f"{plan.document.id}#{plan.record_set.name}",
        details={"detail": item.table},
        count=count,
    )
