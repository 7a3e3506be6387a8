"""What a symbol of a unit is: an atom, or a prefix and a metric atom; and what was meant if it is neither."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from twinmap.terms.ucum_essence import Atom, essence


@lru_cache(maxsize=8192)
def split(symbol: str) -> tuple[str, Atom] | None:
    """The prefix (empty where there is none) and the atom, or None if this is no unit.

    UCUM section 4: the prefix is the longest one that leaves a metric atom.
    """
    table = essence()
    for length in (2, 1):
        atom = table.atoms.get(symbol[length:])
        if atom is not None and atom.metric and symbol[:length] in table.prefixes:
            return symbol[:length], atom
    atom = table.atoms.get(symbol)
    return None if atom is None else ("", atom)


def _pairs() -> Iterator[tuple[str, str]]:
    """Every atom and every prefix with a metric atom: case-insensitive code, case-sensitive code."""
    table = essence()
    for atom in table.atoms.values():
        yield atom.upper, atom.code
        if atom.metric:
            for upper, prefix in table.upper_prefixes.items():
                yield upper + atom.upper, prefix + atom.code


@cache
def _by_upper() -> dict[str, str]:
    """The case-insensitive variant of UCUM; where two codes share one (l and L), the last wins."""
    return dict(_pairs())


@cache
def _by_letters() -> dict[str, tuple[str, ...]]:
    """Case-sensitive codes by their letters in lower case."""
    found: dict[str, list[str]] = {}
    for _, code in _pairs():
        found.setdefault(code.lower(), []).append(code)
    return {letters: tuple(codes) for letters, codes in found.items()}


def from_upper(symbol: str) -> str | None:
    """The case-sensitive code of a symbol of UCUM's case-insensitive variant (``MMOL`` is ``mmol``)."""
    return _by_upper().get(symbol.upper())


def close_to(symbol: str) -> tuple[str, ...]:
    """Units that may be meant by an unknown symbol, the likeliest first."""
    bare = symbol.rstrip("^*")
    if bare != symbol and split(bare):
        return (bare,)
    known = _by_letters()
    for letters in (symbol.lower(), f"[{symbol.lower()}]"):
        if letters in known:
            return tuple(sorted(known[letters], key=lambda code: _differing(code, symbol)))
    if len(symbol) < 4:
        return ()
    from difflib import get_close_matches

    near = get_close_matches(symbol.lower(), known, n=3, cutoff=0.8)
    return tuple(min(known[letters], key=lambda code: _differing(code, symbol)) for letters in near)


def _differing(code: str, symbol: str) -> tuple[int, str]:
    """How many letters of a code are not in the symbol in the same case."""
    return sum(char not in symbol for char in code), code
