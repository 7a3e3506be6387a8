"""One patient id occurs in two sources under different systems, and the two are not linked.

What it means:
    The same text is an id of system A in one source and of system B in another, and the patients behind it
    are different twins. Either the systems are one that goes by two names, or the numbers are equal by chance:
    the finding tells how many of these patients agree in birth date and sex, and how many do not.

Why it matters:
    Whoever joins on the bare number puts two people into one record. Where the systems are one, every
    comparison of the two sources is missed instead.

Example:
    system hospital-mrn 4711 (ehr)      system urn:oid:2.999.7 4711 (laboratory)

What to do:
    If the systems are one, give both mappings the same ``system`` (``systems`` may hold the alias). If they
    are not, nothing is wrong: link the patients that are the same by a crosswalk.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity
from twinmap.kinds import KINDS
from twinmap.sqltext import quoted

SEVERITY = Severity.WARNING
HELP = "give both mappings the same system if it is one; else link the patients by a crosswalk"

#: What is stated of a patient.
_KINDS = tuple(name for name, kind in KINDS.items() if "twin" in kind.names)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and systems."""
    if not context.patients or not any(context.table(kind) for kind in _KINDS):
        return
    _prepare(context)
    for source_a, source_b, system_a, system_b, count, agree, disagree in context.duck.rows(
        "SELECT a.source, b.source, a.system, b.system, count(*), "
        "count(*) FILTER (WHERE a.birth = b.birth AND (a.sex = b.sex OR a.sex IS NULL OR b.sex IS NULL)), "
        "count(*) FILTER (WHERE a.birth <> b.birth OR a.sex <> b.sex) "
        "FROM k_local a JOIN k_local b ON a.local = b.local AND a.source < b.source AND a.system <> b.system "
        "AND a.twin <> b.twin GROUP BY ALL ORDER BY ALL"
    ):
        yield registry.finding(
            "TM-I01",
            f"{count:,} patient ids are both of {system_a} ({source_a}) and of {system_b} ({source_b}), not linked",
            where=context.where_of(source_a, "patient"),
            sources=(source_a, source_b),
            concept=f"{system_a} {system_b}",
            details={"systems": [system_a, system_b], "agree": agree, "disagree": disagree},
            count=count,
        )


def _prepare(context: Context) -> None:
    """The table ``k_local``: source, twin, system, local id, and what is said of birth date and sex."""
    tables = [table for kind in _KINDS if (table := context.table(kind)) is not None]
    known = " UNION ".join(f"SELECT DISTINCT source, patient_record, twin FROM {table}" for table in tables)
    listed = ", ".join(quoted(str(path)) for path in context.patients)
    local = f"SELECT patient_record, system, local FROM read_parquet([{listed}], union_by_name = true)"
    if identifiers := context.table("identifier"):
        local += f" UNION SELECT patient_record, system, value FROM {identifiers}"
    patients = context.table("patient")
    said = (
        f"SELECT twin, max(birth_date) AS birth, max(sex) AS sex FROM {patients} GROUP BY twin"
        if patients
        else "SELECT '' AS twin, '' AS birth, '' AS sex WHERE false"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_ids AS SELECT DISTINCT source, twin, system, trim(local) AS local "
        f"FROM ({known}) JOIN ({local}) USING (patient_record) WHERE local IS NOT NULL AND system IS NOT NULL"
    )
    context.duck.run(f"CREATE OR REPLACE TEMP TABLE k_who AS {said}")
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_local AS SELECT * FROM k_ids LEFT JOIN k_who USING (twin)"
    )
