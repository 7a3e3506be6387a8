"""The statements of two sides in one table a kind, their patients linked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twinmap.diff.sides import OFFSET, Side
from twinmap.engine.crosswalk import Pair
from twinmap.engine.duck import Duck
from twinmap.engine.identity import Twins, link
from twinmap.errors import UsageError
from twinmap.kinds import KINDS
from twinmap.sqltext import quoted

#: B's files are numbered from here on, so that a number is one file.
SECOND = 1_000_000


def unite(
    duck: Duck, sides: Sequence[Side], folder: Path, crosswalk: Sequence[Pair] = ()
) -> tuple[dict[str, Path], Twins]:
    """Write ``folder/<kind>.parquet`` with the statements of both sides; ``source`` is the side.

    Records are one patient where a side or the crosswalk says so, where they are the same record, and where they have an
    identifier of one system; records that contradict each other stay apart, as in a run.

    Returns:
        The tables by kind, and the patients of both sides.

    Raises:
        UsageError: There is a crosswalk, and it has no patient of these sides.
    """
    twins = _linked(duck, sides, folder, crosswalk)
    records = sorted(twins.of)
    columns = {
        "patient_record": ("VARCHAR", records),
        "twin": ("VARCHAR", [twins.of[each] for each in records]),
    }
    duck.register("k_both", columns)
    made = {}
    for kind in KINDS:
        selects = [_select(side, kind) for side in sides if kind in side.tables]
        if selects and OFFSET in KINDS[kind].names:
            selects.append(f"SELECT NULL::SMALLINT AS {OFFSET} WHERE false")
        if selects:
            made[kind] = folder / f"{kind}.parquet"
            duck.to_parquet(" UNION ALL BY NAME ".join(selects), made[kind])
    return made, twins


def scan(side: Side, kind: str) -> str:
    """SQL of the statements of one kind that a side has."""
    mine = "" if side.source is None else f" WHERE source = {quoted(side.source)}"
    return f"(SELECT * FROM read_parquet({quoted(str(side.tables[kind]))}){mine})"


def number(side: Side, file: int) -> int:
    """The number of a file of a side among those of both."""
    return file + SECOND * (side.label != "A")


def _select(side: Side, kind: str) -> str:
    names = KINDS[kind].names
    # A graph does not say by which rule a statement was made, nor always where it stands.
    new = {
        "rule": "coalesce(s.rule, '')",
        "source": quoted(side.label),
        "file": f"(s.file + {number(side, 0)})::INTEGER",
    }
    new |= {"id": f"concat({quoted(side.label)}, s.id)"} if "id" in names else {}
    new |= {"twin": "coalesce(k.twin, s.twin)"} if "twin" in names else {}
    replaced = ", ".join(f"{sql} AS {name}" for name, sql in new.items())
    join = " LEFT JOIN k_both k USING (patient_record)" if "twin" in names else ""
    return f"SELECT s.* REPLACE ({replaced}) FROM {scan(side, kind)} s{join}"


def _linked(duck: Duck, sides: Sequence[Side], folder: Path, crosswalk: Sequence[Pair]) -> Twins:
    pairs = [
        f"SELECT patient_record, twin FROM {scan(side, kind)}"
        for side in sides
        for kind in side.tables
        if "twin" in KINDS[kind].names
    ]
    if not pairs:
        return Twins()
    union = " UNION ALL ".join(pairs)
    known = f"SELECT DISTINCT patient_record, twin FROM ({union}) WHERE patient_record IS NOT NULL AND twin IS NOT NULL"
    within = [(*row, "a run") for row in duck.rows(f"{known} AND twin <> patient_record ORDER BY ALL")]
    who, said = folder / "who.parquet", folder / "said.parquet"
    record = "SELECT DISTINCT unnest([patient_record, twin]) AS patient_record"
    duck.to_parquet(
        f"SELECT patient_record, 'record' AS system, patient_record AS local FROM ({record} FROM ({known}))",
        who,
    )
    patients = [f"SELECT * FROM {scan(side, 'patient')}" for side in sides if "patient" in side.tables]
    if patients:
        duck.to_parquet(f"SELECT *, false AS aside FROM ({' UNION ALL BY NAME '.join(patients)})", said)
    identifiers = [side.tables["identifier"] for side in sides if "identifier" in side.tables]
    twins = link(duck, [who], identifiers, [said] if patients else [], [*within, *crosswalk])
    if crosswalk and not any(one in twins.of and other in twins.of for one, other, _ in crosswalk):
        raise UsageError(
            "no row of the crosswalk names two patients of the sides", help="name the systems by their URIs"
        )
    return twins
