"""Texts and names as SQL writes them."""

from __future__ import annotations

from collections.abc import Mapping


def quoted(text: str) -> str:
    """A text as an SQL literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def case(subject: str, values: Mapping[str, str], other: str | None = None) -> str:
    """What stands for each value of an expression, as an SQL expression; NULL, or ``other``, for the rest.

    >>> case("upper(s)", {"OLD": "inactive"}, "unknown")
    "CASE upper(s) WHEN 'OLD' THEN 'inactive' ELSE 'unknown' END"
    """
    whens = " ".join(f"WHEN {quoted(value)} THEN {quoted(meant)}" for value, meant in values.items())
    return f"CASE {subject} {whens}{'' if other is None else f' ELSE {quoted(other)}'} END"


def identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
