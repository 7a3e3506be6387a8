"""What else the statements of the other side say, where two that are not the same belong together.

They belong together where both sides read the same file and they stand at one place of it. Where they stand in other
files, they do where one patient has them with one code, and neither side has a second one that could be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from twinmap.compare.signature import compared_facets
from twinmap.diff.sides import OFFSET, A, B, Side
from twinmap.diff.unite import SECOND, number
from twinmap.engine.duck import Duck
from twinmap.kinds import KINDS
from twinmap.sqltext import identifier, quoted

#: What is compared as the canonical value where there is one.
VALUE = {
    "value_text": "coalesce({0}canon_num::VARCHAR, {0}value_text)",
    "unit": "CASE WHEN {0}canon_num IS NULL THEN coalesce({0}unit, {0}unit_raw) ELSE {0}canon_unit END",
}

#: Whether two values are compared as the canonical ones; else they and their units are as they are stated.
_ALIKE = "a.canon_unit = b.canon_unit"
_STATED = {"value_text": "coalesce({0}value_num::VARCHAR, {0}value_text)", "unit": "{0}unit"}

#: A coding beside the one that is taken; where a map was applied the column holds what the map has read.
FURTHER = "CASE WHEN {0}map_predicate IS NULL THEN {0}raw_code END"

#: The day of a time at the offset that stood with it: another one of the same instant is a change.
_INSTANT = "coalesce({0}start_us, {0}end_us)"
LOCAL_DAY = f"make_timestamp({_INSTANT} + {{0}}{OFFSET}::BIGINT * 60000000)::DATE"

#: Columns of words that are no patient's, beside those of codes and facets; the facets that are are left out.
_WORDS = frozenset(
    {
        *("unit", "unit_system_raw", "status", "value_kind", OFFSET),
        *("comparator", "time_precision", "birth_precision"),
        *("class", "event", "clinical_status", "verification_status", "severity", "absent_reason"),
    }
)

#: What says more of a time or a unit: where a side has none it is no change of its own.
_SAYS_MORE = {"time_precision": "start_us", "unit_system_raw": "unit_system_raw"}

#: By what statements of the same file belong together, first those of one code.
_PLACES = {
    "the record and the code": ("input", "record", "part", "code_system", "code"),
    "the record": ("input", "record", "part"),
}
#: By what others do, the surest first. The last two: the same code of a system that has another name, and the same
#: two codings of which each side took another one for the first.
_MEANT = {
    "the code and the time": ("twin", "code_system", "code", "start_us"),
    "the code": ("twin", "code_system", "code"),
    "the code, by another name of its system": ("twin", "code"),
    "another coding": ("twin", "least(code, raw_code)", "greatest(code, raw_code)"),
    "the patient": ("twin",),
}
#: Examples of each change that are kept.
_EXAMPLES = 3


def register_files(duck: Duck, sides: Sequence[Side]) -> None:
    """The table ``k_input`` of the files that both sides read."""
    hashes = [{sha for _, sha in side.files.values()} for side in sides]
    both = sorted(hashes[0] & hashes[1])
    rows = [
        (number(side, file), both.index(sha))
        for side in sides
        for file, (_, sha) in side.files.items()
        if sha in both
    ]
    columns = {"file": ("INTEGER", [row[0] for row in rows]), "input": ("INTEGER", [row[1] for row in rows])}
    duck.register("k_input", columns)


def pair(duck: Duck, kind: str, said: Sequence[str], rest: Path) -> list[dict[str, Any]]:
    """Put together the statements that are not the same and belong together, each at most once.

    Makes the table ``met`` of pairs ``n_a, n_b`` of their row numbers, and ``why``.

    Args:
        duck: A connection with the table ``k_input``.
        kind: Of the statements.
        said: The columns in which they are compared.
        rest: The table of those without a same one on the other side.

    Returns:
        Rows ``{"kind", "by", "n"}``: how many pairs there are, by why.
    """
    duck.run(
        "CREATE OR REPLACE TEMP VIEW apart AS SELECT s.*, s.file_row_number AS n, i.input "
        f"FROM read_parquet({quoted(str(rest))}, file_row_number = true) s LEFT JOIN k_input i USING (file)"
    )
    duck.run("CREATE OR REPLACE TEMP TABLE met (n_a BIGINT, n_b BIGINT, why VARCHAR)")
    order = ", ".join(VALUE.get(name, "{0}" + identifier(name)).format("") for name in said)
    coded = "code" in KINDS[kind].names
    if duck.value("SELECT count(*) FROM k_input"):
        for by, columns in _PLACES.items():
            if coded or "code" not in columns:
                _meet(duck, by, columns, "input IS NOT NULL", f"{order}, ordinal")
    for by, columns in _MEANT.items():
        if coded == ("code" in "".join(columns)):
            stated = " AND ".join(f"{column} IS NOT NULL" for column in columns)
            _meet(duck, by, columns, f"input IS NULL AND {stated}")
    met = duck.rows("SELECT why, count(*) FROM met GROUP BY why ORDER BY why")
    return [{"kind": kind, "by": why, "n": n} for why, n in met]


def changes(duck: Duck, kind: str, said: Sequence[str], rest: Path) -> Iterator[dict[str, Any]]:
    """What differs between the statements that :func:`pair` put together.

    Only words of a list (codes, units, statuses, facets) are told; of values and times which side alone says one,
    and a ratio or a shift that nearly all of them have.

    Args:
        duck: The connection of :func:`pair`.
        kind: As there.
        said: As there.
        rest: As there.

    Returns:
        Rows ``{"kind", "system", "code", "what", "by", "n", "places"}`` with ``before`` and ``after`` of words, or
        ``only`` (the side that says it), ``ratio`` or ``shift_us``; ``system`` and ``code`` are those of A.
    """
    names = KINDS[kind].names
    apart = f"read_parquet({quoted(str(rest))}, file_row_number = true)"
    codes = "[a.code_system, a.code]" if "code" in names else "[NULL, NULL]"
    ratio = (
        f"CASE WHEN {_ALIKE} THEN b.canon_num / nullif(a.canon_num, 0) ELSE b.value_num / nullif(a.value_num, 0) END"
        if kind == "observation"
        else "NULL::DOUBLE"
    )
    shift = "b.start_us - a.start_us" if "start_us" in names else "NULL::BIGINT"
    tests = ", ".join(_test(kind, name) for name in _told(kind, said))
    for (system, code), by, what, before, after, only, n, ratios, shifts, places in duck.rows(
        "SELECT code, why, d.what, d.before, d.after, d.only, count(*), quantile_disc(ratio, [0.02, 0.98]), "
        f"quantile_disc(shift, [0.02, 0.98]), min(place, {_EXAMPLES}) FROM (SELECT {codes} AS code, why, "
        f"{ratio} AS ratio, {shift} AS shift, {{'a': {_place('a', 0)}, 'b': {_place('b', SECOND)}}} AS place, "
        f"unnest(list_filter([{tests}], lambda d: d IS NOT NULL)) AS d "
        f"FROM met JOIN {apart} a ON a.file_row_number = met.n_a JOIN {apart} b ON b.file_row_number = met.n_b) "
        "GROUP BY code, why, d ORDER BY count(*) DESC, code, d, why"
    ):
        row = {"kind": kind, "system": system, "code": code, "what": what, "by": by, "n": n, "places": places}
        row |= {"before": before, "after": after} if _is_word(kind, what) else {}
        row |= {"only": only} if only else {}
        if what == "value_text" and ratios and abs(ratios[0] - ratios[1]) <= 1e-9 * abs(ratios[0]):
            row["ratio"] = float(f"{ratios[0]:.6g}")
        if what == "start_us" and not only and shifts and shifts[0] == shifts[1]:
            row["shift_us"] = shifts[0]
        yield row


def _meet(duck: Duck, by: str, columns: Sequence[str], which: str, order: str | None = None) -> None:
    """Pair what is left at one spot: the only one of each side, and by ``order`` several, where there is one."""
    left = (
        " AND n NOT IN (SELECT unnest([n_a, n_b]) FROM met)" if duck.value("SELECT count(*) FROM met") else ""
    )
    spots = f"SELECT n, source, hash({', '.join(columns)}) AS spot FROM apart WHERE {which}{left}"
    a, b = (f"count(*) FILTER (WHERE source = {quoted(side)})" for side in (A, B))
    n_a, n_b = (f"min(n) FILTER (WHERE source = {quoted(side)})" for side in (A, B))
    duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_spot AS SELECT spot, {n_a} AS n_a, {n_b} AS n_b, {a} = 1 AND {b} = 1 AS sole "
        f"FROM ({spots}) GROUP BY spot HAVING {f'{a} = 1 AND {b} = 1' if order is None else f'{a} > 0 AND {b} > 0'}"
    )
    if order is not None and duck.value("SELECT count(*) FROM k_spot WHERE NOT sole"):
        one = (
            f"SELECT n, spot, row_number() OVER (PARTITION BY spot ORDER BY {order}) AS nth FROM ("
            f"SELECT *, hash({', '.join(columns)}) AS spot FROM apart WHERE {which}{left} AND source = %s) "
            "SEMI JOIN (SELECT spot FROM k_spot WHERE NOT sole) USING (spot)"
        )
        duck.run(
            f"INSERT INTO met SELECT a.n, b.n, {quoted(by)} FROM ({one % quoted(A)}) a JOIN ({one % quoted(B)}) b "
            "ON a.nth = b.nth AND a.spot = b.spot"
        )
    duck.run(f"INSERT INTO met SELECT n_a, n_b, {quoted(by)} FROM k_spot WHERE sole")
    duck.run("DROP TABLE k_spot")


def _told(kind: str, said: Sequence[str]) -> Iterator[str]:
    """The columns in which changes are told: a code stands for its system too."""
    systems = {system for system, _ in KINDS[kind].pairs.values()}
    return (name for name in said if name not in systems and name != "twin")


def _test(kind: str, name: str) -> str:
    """SQL of ``{what, before, after, only}`` where a column differs, else null."""
    one, other = _of("a", kind, name), _of("b", kind, name)
    word = "{0}" if _is_word(kind, name) else "NULL::VARCHAR"
    only = f"CASE WHEN {other} IS NULL THEN {quoted(A)} WHEN {one} IS NULL THEN {quoted(B)} END"
    of = _SAYS_MORE.get(name)
    limit = f" AND a.{of} IS NOT NULL AND b.{of} IS NOT NULL" if of else ""
    if name == OFFSET:
        instants, days = (
            f"{sql.format('a.')} {sign} {sql.format('b.')}"
            for sql, sign in ((_INSTANT, "="), (LOCAL_DAY, "<>"))
        )
        limit = f" AND {instants} AND {days}"
    if name == "raw_code":
        # Of several one is kept, and not the same one where they stand in another order: only none is told.
        limit = f" AND ({one} IS NULL) <> ({other} IS NULL) AND a.code = b.code"
    return (
        f"CASE WHEN {one} IS DISTINCT FROM {other}{limit} THEN {{'what': {quoted(name)}, 'before': {word.format(one)}, "
        f"'after': {word.format(other)}, 'only': {only}}} END"
    )


def _of(side: str, kind: str, name: str) -> str:
    """What a column says, a code with its system."""
    system = _systems(kind).get(name)
    if system is not None:
        stated = FURTHER.format(f"{side}.") if name == "raw_code" else f"{side}.{name}"
        return f"CASE WHEN {stated} IS NOT NULL THEN concat_ws('|', {side}.{system}, {stated}) END"
    if kind == "observation" and name in _STATED:
        return f"CASE WHEN {_ALIKE} THEN {VALUE[name]} ELSE {_STATED[name]} END".format(f"{side}.")
    if name == OFFSET:
        minutes = f"{side}.{name}"
        sign = f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END"
        return f"format('{{}}{{:02d}}:{{:02d}}', {sign}, abs({minutes}) // 60, abs({minutes}) % 60)"
    if name == "unit_system_raw":
        return f"nullif(regexp_replace({side}.{name}, '[|]$', ' (no code)'), '')"
    return f"{side}.{identifier(name)}"


def _systems(kind: str) -> dict[str, str]:
    return {code: system for system, code in KINDS[kind].pairs.values()}


def _is_word(kind: str, name: str) -> bool:
    return name in _WORDS or name in _systems(kind) or (kind == "observation" and name in compared_facets())


def _place(side: str, first: int) -> str:
    return f"{{'file': {side}.file - {first}, 'record': {side}.record, 'line': {side}.line, 'part': {side}.part}}"
