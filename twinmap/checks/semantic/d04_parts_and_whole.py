"""A concept holds aggregates together with the readings that they were made of.

What it means:
    A statement is a mean, a sum, a maximum or another aggregate over a time (``statistic``, or LOINC ``XXX^mean``,
    with a start and an end), and single readings of the same patient and concept lie in that time. Nothing else
    tells them apart: method, site and state do not exclude each other. The finding counts the aggregates.

Why it matters:
    A mean over all values of the concept counts every reading twice, once by itself and once in its aggregate; a
    maximum looks as if it had been measured at its start.

Example:
    heart-rate 72 (mean of 08:00 to 09:00) beside sixty readings of that hour

What to do:
    Ask for ``statistic`` in every query, or leave the one or the other out by ``keep``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from twinmap.checks.context import FIRST, Context, Stated
from twinmap.compare.relation import relation
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "ask for statistic in every query, or leave the aggregates or the readings out by keep"

#: Facets by which a whole differs from its parts.
_OWN = ("statistic", "over", "loinc-time")
_READING = (None, "point")


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and source of the readings."""
    pairs = list(_pairs(context.signatures))
    if not pairs:
        return
    context.duck.register(
        "k_whole",
        {
            "whole": ("BIGINT", [whole.number for whole, _ in pairs]),
            "reading": ("BIGINT", [part.number for _, part in pairs]),
        },
    )
    _contained(context)
    known = {item.number: item for item in context.signatures}
    found: dict[tuple[str, str, str], list[Stated]] = defaultdict(list)
    for whole, part, count, places in context.duck.rows(
        f"SELECT whole, reading, count(*), {FIRST} FROM k_contained GROUP BY ALL ORDER BY ALL"
    ):
        item = known[whole]
        told = Stated(item, item.rule, count, context.places(item.source, places))
        found[item.source, item.group, known[part].source].append(told)
    for (source, concept, other), entries in sorted(found.items(), key=lambda entry: entry[0]):
        most = max(entries, key=lambda entry: entry.number)
        its = "its own readings" if source == other else f"readings of {other}"
        yield context.finding(
            "TM-D04",
            f"{context.said(concept)}: aggregates of {source} lie over {its}",
            most,
            "statistic",
            sources=(source,) if source == other else (source, other),
            facet="statistic",
            details={"detail": other},
        )


def _pairs(signatures: Sequence[Signature]) -> Iterator[tuple[Signature, Signature]]:
    """Aggregates and readings of one concept that only differ in being that."""
    by_group: dict[str, list[Signature]] = defaultdict(list)
    for item in signatures:
        if item.values == "quantity":
            by_group[item.group].append(item)
    for items in by_group.values():
        wholes = [item for item in items if item.word("statistic") not in _READING]
        readings = [
            item for item in items if item.word("statistic") in _READING and "over" not in item.facets
        ]
        for whole in wholes:
            for reading in readings:
                if not any(
                    facet.relation == "disjoint" and facet.facet not in _OWN
                    for facet in relation(whole, reading).facets
                ):
                    yield whole, reading


def _contained(context: Context) -> None:
    """The table ``k_contained``: aggregates with a reading between their ends."""
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_aggregate AS SELECT sig AS whole, id, file, record, part, start_us "
        "FROM observed WHERE sig IN (SELECT whole FROM k_whole) AND start_us IS NOT NULL"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_ended AS SELECT a.*, t.twin, t.end_us, t.line "
        f"FROM {context.table('observation')} t JOIN k_aggregate a ON a.id = t.id AND a.file = t.file "
        "AND a.record = t.record AND a.part = t.part AND a.start_us = t.start_us WHERE t.end_us > t.start_us"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_long AS SELECT e.*, w.reading FROM k_ended e JOIN k_whole w USING (whole)"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_reading AS SELECT sig, twin, start_us FROM observed "
        "WHERE sig IN (SELECT reading FROM k_whole) AND start_us IS NOT NULL "
        "AND twin IN (SELECT twin FROM k_long) AND time_precision NOT IN ('year', 'month', 'day')"
    )
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_contained AS SELECT w.* FROM k_long w ASOF JOIN k_reading r "
        "ON r.twin = w.twin AND r.sig = w.reading AND r.start_us >= w.start_us WHERE r.start_us < w.end_us"
    )
