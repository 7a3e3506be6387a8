"""The table of QUDT units: every row is UCUM, once."""

from __future__ import annotations

from twinmap.registry import shipped
from twinmap.terms import qudt, ucum


def test_every_row_is_ucum_and_stands_once() -> None:
    text = (shipped("ontologies") / "aliases" / "qudt.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")][1:]
    assert len({name for name, _ in rows}) == len(rows) > 100
    assert all(ucum.is_valid(unit) for _, unit in rows)


def test_https_is_the_same_namespace() -> None:
    assert qudt.ucum("https://qudt.org/vocab/unit/DEG_C") == qudt.ucum(f"{qudt.NAMESPACE}DEG_C") == "Cel"
