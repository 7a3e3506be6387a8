"""Several versions of one result are stated: preliminary, final and corrected all count.

What it means:
    Statements of one source have the same key, patient and code, and different statuses (``registered`` or
    ``preliminary``, ``final``, ``amended`` or ``corrected``): they are one result, told again. As a warning: they have
    different keys, and are of the same patient, code, device and second. The finding counts the statements that have
    the rarer statuses. Withdrawn statements are S01.

Why it matters:
    Every version weighs in a mean, and the wrong value stays beside the one that corrected it.

Example:
    OBX|1|NM|2823-3^Potassium^LN||6.1|mmol/L|||||F|||20260301083000
    OBX|1|NM|2823-3^Potassium^LN||4.1|mmol/L|||||C|||20260301083000         # the same specimen

What to do:
    Keep the last version of each: where the source tells which that is, by ``keep``, else ask for the status in every
    query and take ``corrected`` before ``final`` before ``preliminary``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import FIRST, Context, Seen
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted

SEVERITY = Severity.ERROR
HELP = "keep the last version of each result, or ask for the status in every query"

_VERSIONS = ("registered", "preliminary", "final", "amended", "corrected")
#: The id that a key gives: of several records with one key, the others have a number behind it.
_KEY = "split_part(id, '-', 1)"
_STANDS = f"status IN {_VERSIONS} AND value_kind <> 'absent'"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule, status and way of being the same."""
    table = context.table("observation")
    if table is None or not _find(context, table):
        return
    for source, rule, status, is_same, count, places in context.duck.rows(
        f"SELECT source, rule, status, same_id, count(*), {FIRST} FROM k_version GROUP BY ALL ORDER BY ALL"
    ):
        seen = Seen(
            "observation", source, rule, None, status, "status", count, context.places(source, places)
        )
        how = "have the key" if is_same else "are of the patient, code and second"
        yield context.finding(
            "TM-D03",
            f"{status} results of {source} {how} of others with another status",
            seen,
            "status",
            severity=SEVERITY if is_same else Severity.WARNING,
            concept=f"observation {status}",
            details={"detail": "key" if is_same else "second", "status": status},
        )


def _find(context: Context, table: str) -> bool:
    """Make ``k_version``: the statements of the rarer statuses that are a version of another one."""
    by_source: dict[str, list[tuple[int, str]]] = {}
    for source, status, count in context.duck.rows(
        f"SELECT source, status, count(*) FROM {table} WHERE status IN {_VERSIONS} GROUP BY ALL ORDER BY ALL"
    ):
        by_source.setdefault(source, []).append((count, status))
    rare = [
        f"(source = {quoted(source)} AND status = {quoted(status)})"
        for source, found in by_source.items()
        for _, status in sorted(found)[:-1]
    ]
    if not rare:
        return False
    context.duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_rare AS SELECT source, rule, status, {_KEY} AS key, twin, code_system, code, "
        "device, start_us, time_precision IN ('second', 'millisecond', 'microsecond') AS timed, "
        f"file, record, line, part, ordinal FROM {table} WHERE ({' OR '.join(rare)}) AND {_STANDS}"
    )
    place = "r.file, r.record, r.part, r.ordinal"
    same = "t.source = r.source AND t.twin = r.twin AND t.code = r.code"
    context.duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_same AS SELECT DISTINCT {place}, true AS same_id FROM k_rare r "
        f"JOIN (SELECT *, {_KEY} AS key FROM {table} WHERE {_STANDS}) t ON t.key = r.key AND {same} "
        f"WHERE t.status <> r.status UNION SELECT DISTINCT {place}, false FROM k_rare r "
        f"JOIN (SELECT * FROM {table} WHERE {_STANDS}) t ON t.start_us = r.start_us AND {same} "
        "WHERE r.timed AND t.status <> r.status AND t.device IS NOT DISTINCT FROM r.device "
        "AND t.code_system IS NOT DISTINCT FROM r.code_system"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_version AS SELECT r.*, s.same_id FROM k_rare r JOIN "
        "(SELECT file, record, part, ordinal, bool_or(same_id) AS same_id FROM k_same GROUP BY ALL) s "
        "USING (file, record, part, ordinal)"
    )
    return True
