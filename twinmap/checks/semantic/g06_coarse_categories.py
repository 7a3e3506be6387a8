"""One source has numbers of a concept, the other nothing but categories.

What it means:
    The concept is a quantity. One source states it as codes, or as at most twelve different texts without a digit
    ("high", "normal"), in at least ten statements; another source has numbers of the same patients. A category can
    be made of a number, and no number of a category.

Why it matters:
    Pooled, the categories are lost or become zeros. Compared, they say where somebody's limits are, which nobody
    stated.

Example:
    laboratory: potassium 5.4 mmol/L        portal: potassium "high"

What to do:
    Bin the numbers by the limits that the categories were made with, and compare category with category. That does
    not go the other way.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context, Stated
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted

SEVERITY = Severity.WARNING
HELP = "bin the numbers by the limits of the categories, and compare category with category"

_FEWEST = 10
_MOST_WORDS = 12


def check(context: Context) -> Iterator[Finding]:
    """One finding a signature with categories and a source with numbers."""
    for coarse in context.signatures:
        concept = coarse.meaning.concept
        if coarse.values not in ("coded", "text") or concept is None or concept.kind != "quantity":
            continue
        fine = [
            item
            for item in context.signatures
            if item.group == coarse.group and item.source != coarse.source and item.values == "quantity"
        ]
        if not fine or coarse.profile.n < _FEWEST or not _is_coarse(context, coarse):
            continue
        for other in sorted({item.source for item in fine}):
            if _meet(context, coarse, [item for item in fine if item.source == other]):
                about = Stated(coarse, coarse.rule, coarse.profile.n, context.first(coarse, slot="value"))
                yield context.finding(
                    "TM-G06",
                    f"{coarse.meaning.said}: {coarse.source} has categories, {other} has numbers",
                    about,
                    "value",
                    sources=(coarse.source, other),
                    relation="a-broader",
                )


def _is_coarse(context: Context, coarse: Signature) -> bool:
    """Whether the values are a few words."""
    system = "IS NULL" if coarse.meaning.system is None else f"= {quoted(coarse.meaning.system)}"
    words, numbers = context.duck.rows(
        "SELECT count(DISTINCT coalesce(value_code, value_text)), "
        "count(*) FILTER (WHERE value_code IS NULL AND regexp_matches(value_text, '[0-9]')) "
        f"FROM {context.table('observation')} WHERE source = {quoted(coarse.source)} AND code_system {system} "
        f"AND code = {quoted(coarse.meaning.code)} AND value_kind IN ('coded', 'string', 'boolean')"
    )[0]
    return 0 < int(words) <= _MOST_WORDS and int(numbers) == 0


def _meet(context: Context, coarse: Signature, fine: list[Signature]) -> bool:
    """Whether both have values of a patient."""
    numbers = ", ".join(str(item.number) for item in fine)
    common = context.duck.value(
        f"SELECT count(*) FROM (SELECT twin FROM k_seen WHERE sig = {coarse.number} "
        f"INTERSECT SELECT twin FROM k_seen WHERE sig IN ({numbers}))"
    )
    return int(common) > 0
