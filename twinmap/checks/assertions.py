"""What is asserted of a patient: conditions and allergies, with how sure it is, how it stands, and when it held.

``k_said`` has ``kind, source, rule, twin, system, code, verification, phase, from_us, to_us`` and the place. The two
ends say when it holds for certain: the start and the end where both are known to the day, without an end up to
now where it is active and else for the day (or the second) of the start. What is known only by the month, or not at
all, has none, and is never taken to overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from twinmap.checks.context import FIRST, Context
from twinmap.compare.meaning import said
from twinmap.diagnostics import Place

_KINDS = ("condition", "allergy")
_DAY_US = 86_400_000_000
_OPEN_US = 2**62
_ACTIVE = "('active', 'recurrence', 'relapse')"
_ENDED = "('inactive', 'remission', 'resolved')"
#: How long what is known by its start alone holds for certain; null where the start is not known to the day.
_SPAN = (
    f"CASE WHEN time_precision = 'day' THEN {_DAY_US} "
    "WHEN time_precision IN ('minute', 'second', 'millisecond', 'microsecond') THEN 1000000 END"
)
_END = f"CASE WHEN end_us IS NOT NULL THEN end_us WHEN clinical_status IN {_ACTIVE} THEN {_OPEN_US} ELSE start_us END"

#: SQL: two assertions a and b hold at one time, for certain.
OVERLAP = "a.from_us < b.to_us AND b.from_us < a.to_us"


class Opposed(NamedTuple):
    """Assertions of ``source`` that stand against some of ``other``, of so many patients."""

    kind: str
    source: str
    other: str
    rule: str
    system: str | None
    code: str
    against: str
    number: int
    places: tuple[Place, ...]

    @property
    def said(self) -> str:
        """How a message names what is asserted."""
        return said(self.system, self.code)

    @property
    def said_against(self) -> str:
        """How a message names what the other side asserts."""
        return said(self.system, self.against)


def opposed(context: Context, test: str, above: str = "") -> Iterator[Opposed]:
    """Assertions a and b of one patient that pass an SQL test over both.

    Args:
        context: The context.
        test: SQL over ``a`` and ``b``, rows of ``k_said``.
        above: A table of ``system, upper, lower``: b may be of a code below that of a; else the codes are equal.
    """
    if not _made(context):
        return
    code = (
        f"(b.code = a.code OR EXISTS (SELECT 1 FROM {above} h WHERE h.system = a.system AND h.upper = a.code "
        "AND h.lower = b.code))"
        if above
        else "b.code = a.code"
    )
    for kind, source, other, rule, system, one, against, count, places in context.duck.rows(
        f"SELECT kind, source, other, rule, system, code, against, count(DISTINCT twin), {FIRST} FROM ("
        "SELECT a.*, b.source AS other, b.code AS against FROM k_said a JOIN k_said b ON b.kind = a.kind "
        f"AND b.twin = a.twin AND b.system IS NOT DISTINCT FROM a.system WHERE {code} AND ({test})) "
        "GROUP BY ALL ORDER BY ALL"
    ):
        found = context.places(source, places, "code")
        yield Opposed(kind, source, other, rule, system, one, against, count, found)


#: SQL: a is refuted and b confirmed, and both hold at one time.
CONTRADICT = f"a.verification = 'refuted' AND b.verification = 'confirmed' AND {OVERLAP}"


def contradictions(context: Context) -> Sequence[Opposed]:
    """What is refuted of a patient (a) and confirmed all the same (b), itself or what is known to be a kind of it.

    That a code is below another is known by the user's terminology alone; without one, only equal codes meet.
    """
    kept: dict[str, Any] = vars(context)  # as a cached property does: two codes tell of these
    if "_contradictions" not in kept:
        kept["_contradictions"] = list(_contradictions(context))
    found: Sequence[Opposed] = kept["_contradictions"]
    return found


def _contradictions(context: Context) -> Iterator[Opposed]:
    if not _made(context) or not context.duck.value(
        "SELECT count(*) FROM k_said WHERE verification = 'refuted'"
    ):
        return
    pairs = context.duck.rows(
        "SELECT DISTINCT a.system, a.code, b.code FROM k_said a JOIN k_said b ON b.kind = a.kind "
        f"AND b.twin = a.twin AND b.system = a.system AND b.code <> a.code WHERE {CONTRADICT} ORDER BY ALL"
    )
    above = [pair for pair, is_above in zip(pairs, _above(context, pairs), strict=True) if is_above]
    context.duck.register(
        "k_above",
        {
            name: ("VARCHAR", [pair[place] for pair in above])
            for place, name in enumerate(("system", "upper", "lower"))
        },
    )
    yield from opposed(context, CONTRADICT, "k_above")


def _above(context: Context, pairs: Sequence[tuple[str, str, str]]) -> list[bool]:
    """Whether the first code of each pair is known to be above the second."""
    if context.store is None:
        return [False] * len(pairs)
    answers: dict[tuple[str, str, str], bool | None] = {}
    for system in sorted({pair[0] for pair in pairs}):
        asked = [pair for pair in pairs if pair[0] == system]
        found = context.store.subsumes(system, [(upper, lower) for _, upper, lower in asked])
        answers |= dict(zip(asked, found, strict=True))
    return [answers[pair] is True for pair in pairs]


def _made(context: Context) -> bool:
    """Make the table ``k_said``; whether there is anything in it."""
    kept: dict[str, Any] = vars(context)
    if "_asserted" not in kept:
        kept["_asserted"] = _make(context)
    return bool(kept["_asserted"])


def _make(context: Context) -> bool:
    tables = [(kind, table) for kind in _KINDS if (table := context.table(kind)) is not None]
    if not tables:
        return False
    rows = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, source, rule, twin, code_system AS system, code, "
        "verification_status AS verification, "
        f"CASE WHEN clinical_status IN {_ACTIVE} THEN 'active' WHEN clinical_status IN {_ENDED} THEN 'ended' END AS phase, "
        f"CASE WHEN {_SPAN} IS NOT NULL THEN start_us END AS from_us, "
        f"greatest({_END}, start_us) + CASE WHEN {_END} < {_OPEN_US} THEN {_SPAN} ELSE 0 END AS to_us, "
        f"file, record, line, part FROM {table} WHERE code IS NOT NULL "
        "AND verification_status IS DISTINCT FROM 'entered-in-error'"
        for kind, table in tables
    )
    context.duck.run(f"CREATE OR REPLACE TEMP TABLE k_said AS {rows}")
    return True
