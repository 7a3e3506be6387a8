"""Clinical conversions with their reasons: the rows of ``ucum_probes.tsv``."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from twinmap.terms.ucum import IncommensurableError, NotAffineError, affine, commensurable, convert
from twinmap.terms.ucum_essence import essence
from twinmap.terms.ucum_parse import split
from twinmap.terms.ucum_syntax import tokens
from twinmap.terms.units import same_kind

_LINES = (Path(__file__).parent / "ucum_probes.tsv").read_text(encoding="utf-8").splitlines()
PROBES = list(csv.DictReader([line for line in _LINES if not line.startswith("#")], delimiter="\t"))


def _those(*holds: str) -> pytest.MarkDecorator:
    rows = [(row["value"], row["from"], row["to"], row["result"]) for row in PROBES if row["holds"] in holds]
    return pytest.mark.parametrize(("value", "source", "target", "expected"), rows)


def _agrees(result: Decimal, expected: str) -> bool:
    """Whether they are the same to the digits given."""
    digits = max(len(Decimal(expected).as_tuple().digits), 1)
    return Decimal(f"{result:.{digits - 1}e}") == Decimal(expected)


def test_the_table_is_whole():
    assert len(PROBES) == 115
    assert {row["holds"] for row in PROBES} == {"exact", "close", "other-kind", "refused"}
    assert all(row["why"] and bool(row["result"]) == (row["holds"] != "refused") for row in PROBES)
    pairs = [(row["value"], row["from"], row["to"]) for row in PROBES]
    assert len(set(pairs)) == len(pairs)


def test_every_special_unit_has_a_probe():
    symbols = [token.symbol for row in PROBES for unit in ("from", "to") for token in tokens(row[unit])]
    probed = {parts[1].code for symbol in symbols if symbol and (parts := split(symbol))}
    assert {atom.code for atom in essence().atoms.values() if atom.function} <= probed


@_those("exact", "other-kind")
def test_exact(value, source, target, expected):
    assert _agrees(convert(Decimal(value), source, target), expected)
    assert convert(convert(Fraction(value), source, target), target, source) == Fraction(value)


@_those("exact")
def test_one_kind(value, source, target, expected):
    assert same_kind(source, target)


@_those("other-kind")
def test_another_kind(value, source, target, expected):
    assert commensurable(source, target)
    assert not same_kind(source, target)


@_those("close")
def test_close(value, source, target, expected):
    number, result = float(value), float(expected)
    assert convert(number, source, target) == pytest.approx(result, rel=1e-12)
    assert convert(result, target, source) == pytest.approx(number, rel=1e-12)
    assert convert(np.array([number, number]), source, target) == pytest.approx([result] * 2, rel=1e-12)
    with pytest.raises(NotAffineError):
        affine(source, target)


@_those("refused")
def test_refused(value, source, target, expected):
    assert not commensurable(source, target)
    with pytest.raises(IncommensurableError):
        affine(source, target)
    with pytest.raises(IncommensurableError):
        convert(np.ones(2), source, target)
