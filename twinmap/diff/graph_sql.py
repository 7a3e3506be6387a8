"""Terms of N-Quads in SQL: their lexical form, their datatype, and the ids that their IRIs hold."""

from __future__ import annotations

from collections.abc import Mapping

from twinmap.engine.duck import Duck
from twinmap.sqltext import identifier

#: The form of an id of ours, a number behind it where several things have one; hex digits that are not in its
#: alphabet are written as letters.
_ID = "[a-z2-7]{26}(?:-[0-9]+)?"

#: SQL of what a term is; escapes are those of N-Quads, and pairs of backslashes are told first.
_MACROS = (
    """lexical(o) AS CASE WHEN o[1] <> '"' THEN NULL WHEN NOT contains(o, '\\') THEN
        o[2:length(o) - strpos(reverse(o), '"')] ELSE unescaped(regexp_extract(o,
        '^"((?:[^"\\\\]|\\\\.)*)"', 1, 's')) END""",
    """unescaped(t) AS list_aggregate(list_transform(string_split(t, '\\\\'), lambda x: hexed(replace(replace(replace(
        replace(replace(replace(replace(x, '\\"', '"'), '\\''', ''''), '\\n', chr(10)), '\\r', chr(13)), '\\t', chr(9)),
        '\\b', chr(8)), '\\f', chr(12)))), 'string_agg', '\\')""",
    """hexed(t) AS CASE WHEN contains(t, '\\u') OR contains(t, '\\U') THEN list_reduce(list_prepend(t,
        regexp_extract_all(t, '\\\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})', 1)),
        lambda a, h: replace(a, concat('\\', h), chr(concat('0x', h[2:])::INTEGER))) ELSE t END""",
    """datatype(o) AS regexp_extract(o, '"\\^\\^<([^>]*)>$', 1)""",
    f"""ident(o, folder) AS CASE WHEN o IS NULL THEN NULL ELSE coalesce(
        nullif(regexp_extract(o, concat('[/#:]', folder, '/({_ID})>$'), 1), ''),
        translate(sha256(concat(folder, chr(31), o))[1:26], '0189', 'ghij')) END""",
)


def install(duck: Duck) -> None:
    """Make the macros ``lexical(o)``, ``datatype(o)`` and ``ident(o, folder)``."""
    for macro in reversed(_MACROS):
        duck.run(f"CREATE OR REPLACE TEMP MACRO {macro}")


def listed(columns: Mapping[str, str]) -> str:
    """SQL of columns by name."""
    return ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
