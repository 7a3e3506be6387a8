"""Two patients of two sources that nothing links are very likely one.

What it means:
    They have the same birth date (to the day) and the same sex, and at least three readings of the same code, second
    and number. No link is made: a person decides. Names are not
    looked at, for twinmap keeps none. The finding counts such pairs of patients.

Why it matters:
    As two twins, what the sources say of one person is never compared, and half of the record is missing from each.

Example:
    ehr and wristband use numbers of their own, and 40 heart rates are the same to the second

What to do:
    Have the pairs checked by those who know the patients, and give the links in a crosswalk.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.statements import TIMED
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "have the pairs checked by those who know the patients, and give the links in a crosswalk"

#: Readings that have to be the same.
FEWEST = 3


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources."""
    patients, observations = context.table("patient"), context.table("observation")
    if patients is None or observations is None:
        return
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_born AS SELECT source, twin, min(birth_date) AS born, min(sex) AS sex "
        f"FROM {patients} WHERE birth_precision = 'day' GROUP BY source, twin "
        "HAVING min(birth_date) = max(birth_date) AND min(sex) = max(sex)"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_alike AS SELECT a.source AS source_a, b.source AS source_b, a.twin AS one, "
        "b.twin AS other FROM k_born a JOIN k_born b ON b.born = a.born AND b.sex = a.sex AND b.source > a.source "
        "WHERE a.twin <> b.twin"
    )
    if not context.duck.value("SELECT count(*) FROM k_alike"):
        return
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_near AS SELECT DISTINCT source, twin, code, start_us // 1000000 AS second, "
        f"value_num FROM {observations} WHERE {TIMED} AND value_num <> 0 "
        "AND twin IN (SELECT one FROM k_alike UNION SELECT other FROM k_alike)"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_equal AS SELECT a.source AS source_a, b.source AS source_b, a.twin AS one, "
        "b.twin AS other, count(*) AS n FROM k_near a JOIN k_near b ON b.code = a.code AND b.second = a.second "
        f"AND b.value_num = a.value_num AND b.source > a.source GROUP BY ALL HAVING count(*) >= {FEWEST}"
    )
    for source_a, source_b, count, least in context.duck.rows(
        "SELECT source_a, source_b, count(*), min(n) FROM k_equal JOIN k_alike USING (source_a, source_b, one, other) "
        "GROUP BY ALL ORDER BY ALL"
    ):
        yield registry.finding(
            "TM-I03",
            f"{count:,} patients of {source_a} may be patients of {source_b}: birth date, sex and readings are the same",
            where=context.where_of(source_a, "patient"),
            sources=(source_a, source_b),
            concept="patient",
            details={"same_readings_at_least": least},
            count=count,
        )
