"""Two sources tell one result with values that exclude each other: positive and negative.

What it means:
    Same patient, concept and second, one statement on each side, comparable in every facet: one value says yes
    (positive, detected, reactive, present, true), the other no. Known are boolean values, the plain words, and the
    codes of LOINC answers, SNOMED CT and HL7 table 0136 for these. Other codes may be broader and narrower words for
    one thing, and are never taken to exclude each other. It is an error where both name the same device, and a warning
    where one of them names none: the readings may be two.

Why it matters:
    One of them is wrong, and nobody who sees a single source can know it.

Example:
    laboratory: SARS-CoV-2 RNA, detected        portal: not detected, of the same second

What to do:
    Look at both places and follow the route of each; a code map that swaps two values is a common cause.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import FIRST, Context
from twinmap.checks.statements import TIMED, both, grouped
from twinmap.compare.signature import STANDS
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted
from twinmap.terms import loinc, snomed

SEVERITY = Severity.ERROR
HELP = "look at both places and follow the route of each; look at the code maps first"

_YES_NO = "http://terminology.hl7.org/CodeSystem/v2-0136"
#: Codes that say yes and no. LOINC answers and SNOMED CT: value sets of qualitative results, HL7 SMART Health Cards.
YES = {
    loinc.SYSTEM: ("LA33-6", "LA6576-8", "LA9633-4", "LA11882-0", "LA15255-5"),
    snomed.SYSTEM: ("10828004", "260373001", "11214006"),
    _YES_NO: ("Y",),
}
NO = {
    loinc.SYSTEM: ("LA32-8", "LA6577-6", "LA9634-2", "LA11883-8"),
    snomed.SYSTEM: ("260385009", "260415000", "131194007", "2667000"),
    _YES_NO: ("N",),
}
_YES_WORDS = ("positive", "detected", "reactive", "present", "true", "yes")
_NO_WORDS = ("negative", "not detected", "non-reactive", "nonreactive", "absent", "false", "no")


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept, with and without a device."""
    comparable = {
        (item.source_a, item.source_b, item.concept)
        for item in both(context)
        if all(pair.relation.relation in ("equivalent", "a-narrower", "a-broader") for pair in item.pairs)
        and any(side.values in ("coded", "text") for pair in item.pairs for side in (pair.a, pair.b))
    }
    if not comparable:
        return
    _answers(context)
    for source_a, source_b, concept, device, count, a, b in context.duck.rows(
        "SELECT a.source, b.source, a.concept, a.device IS NOT NULL AND b.device IS NOT NULL AS same, count(*), "
        "min(a.place, 3), min(b.place, 3) FROM k_answer a JOIN k_answer b ON b.twin = a.twin AND b.grp = a.grp "
        "AND b.second = a.second AND b.source > a.source WHERE a.yes <> b.yes "
        "AND (a.device IS NULL OR b.device IS NULL OR a.device = b.device) GROUP BY ALL ORDER BY ALL"
    ):
        if (source_a, source_b, concept) not in comparable:
            continue
        places = (*context.places(source_a, a[:2], "value"), *context.places(source_b, b[:1], "value"))
        yield registry.finding(
            "TM-X02",
            f"{context.said(concept)}: {source_a} and {source_b} tell results of one moment that exclude each other",
            severity=SEVERITY if device else Severity.WARNING,
            places=places,
            sources=(source_a, source_b),
            concept=concept,
            facet="device" if device else None,
            relation="conflicting",
            count=count,
        )


def _answers(context: Context) -> None:
    """The table ``k_answer``: yes or no by source, patient, concept and second, where a source has one of them."""
    grouped(context)
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_answer AS SELECT s.source, twin, grp, concept, start_us // 1000000 AS second, "
        f"any_value({_said()}) AS yes, any_value(device) AS device, {FIRST}[1] AS place "
        f"FROM {context.table('observation')} s JOIN k_group k ON k.code = s.code "
        f"AND k.code_system = coalesce(s.code_system, '') WHERE {TIMED} AND {STANDS} "
        "AND value_kind IN ('coded', 'string', 'boolean') GROUP BY ALL HAVING count(*) = 1 AND yes IS NOT NULL"
    )


def _said() -> str:
    """SQL: true for yes, false for no, null for anything else."""
    tests = [
        f"WHEN value_system = {quoted(system)} AND value_code IN ({', '.join(map(quoted, codes))}) THEN {answer}"
        for answer, known in (("true", YES), ("false", NO))
        for system, codes in known.items()
    ]
    tests += [
        f"WHEN value_code IS NULL AND lower(trim(value_text)) IN ({', '.join(map(quoted, words))}) THEN {answer}"
        for answer, words in (("true", _YES_WORDS), ("false", _NO_WORDS))
    ]
    return f"CASE {' '.join(tests)} END"
