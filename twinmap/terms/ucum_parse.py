"""What a UCUM unit is: an exact factor, the powers of the base units, and what is special about it.

Sections cited are those of the UCUM specification 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from twinmap.terms.ucum_essence import Atom, essence
from twinmap.terms.ucum_syntax import Token, UcumError, UnknownSymbolError, tokens

#: Powers of the base units, in the order of :attr:`Essence.base`.
Dimension = tuple[int, ...]

_NONE: Dimension = (0,) * 7

#: The linear scales of section 21 by their functions: what is added to a value before it is multiplied.
OFFSETS = {"Cel": Fraction("273.15"), "degF": Fraction("459.67"), "degRe": Fraction("218.52")}


@dataclass(frozen=True, slots=True)
class Special:
    """A unit on a scale that is not a ratio scale (section 21): ``m = f⁻¹(scale * x) * factor``.

    ``function`` is the name that the UCUM table gives it; ``offset`` is set where ``f⁻¹(x) = x + offset``.
    """

    function: str
    scale: Fraction = Fraction(1)
    offset: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One atom of a unit as written: ``(prefix atom) ** exponent``, with its annotation."""

    prefix: str
    atom: str
    exponent: int
    annotation: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A parsed unit: ``factor`` times the base units to the powers of ``dimension``.

    ``arbitrary`` are the arbitrary units (section 24) with their powers, sorted: they convert to nothing
    but themselves. ``annotations`` mean nothing to UCUM, but something to people (``{creat}``).
    """

    text: str
    factor: Fraction
    dimension: Dimension
    special: Special | None = None
    arbitrary: tuple[tuple[str, int], ...] = ()
    annotations: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()

    @property
    def is_affine(self) -> bool:
        """Whether values in this unit are a linear function of those in base units."""
        return self.special is None or self.special.offset is not None


@lru_cache(maxsize=8192)
def parse(unit: str) -> Unit:
    """Parse a case-sensitive UCUM unit.

    >>> parse("mm[Hg]").dimension
    (-1, -2, 1, 0, 0, 0, 0)

    Raises:
        UcumError: The text is no valid unit; ``position`` says where it fails.
    """
    factor = Fraction(1)
    powers = list(_NONE)
    arbitrary: dict[str, int] = {}
    components: list[Component] = []
    special: Special | None = None
    found = tokens(unit)
    for token in found:
        if token.symbol is None:
            factor *= Fraction(token.number) ** token.exponent
            continue
        prefix, meaning = _meaning(token, unit)
        exponent = token.exponent
        components.append(Component(prefix[0], prefix[1], exponent, token.annotation))
        if meaning.special is not None:
            _check_alone(token, found, unit)
            special = meaning.special
        factor *= meaning.factor**exponent
        for index, power in enumerate(meaning.dimension):
            powers[index] += power * exponent
        for code, power in meaning.arbitrary:
            arbitrary[code] = arbitrary.get(code, 0) + power * exponent
    if special is not None:
        factor, special = _scaled(special, factor, found)
    return Unit(
        unit,
        factor,
        tuple(powers),
        special,
        tuple(sorted(item for item in arbitrary.items() if item[1])),
        tuple(token.annotation for token in found if token.annotation is not None),
        tuple(components),
    )


@lru_cache(maxsize=8192)
def split(symbol: str) -> tuple[str, Atom] | None:
    """The prefix (empty where there is none) and the atom of a symbol, or None if this is no unit.

    Section 4: the prefix is the longest one that leaves a metric atom.
    """
    table = essence()
    for length in (2, 1):
        atom = table.atoms.get(symbol[length:])
        if atom is not None and atom.metric and symbol[:length] in table.prefixes:
            return symbol[:length], atom
    atom = table.atoms.get(symbol)
    return None if atom is None else ("", atom)


def _meaning(token: Token, text: str) -> tuple[tuple[str, str], Unit]:
    """The (prefix, atom) of a token's symbol, and what they are worth together."""
    symbol = token.symbol or ""
    parts = split(symbol)
    if parts is None:
        raise UnknownSymbolError(symbol, text, token.position)
    prefix, atom = parts
    return (prefix, atom.code), _worth(prefix, atom.code)


@lru_cache(maxsize=8192)
def _worth(prefix: str, code: str) -> Unit:
    """An atom with a prefix as a unit; definitions are followed down to the base units."""
    table = essence()
    atom = table.atoms[code]
    scale = table.prefixes[prefix] if prefix else Fraction(1)
    if not atom.unit:
        dimension = tuple(int(code == base) for base in table.base)
        return Unit(prefix + code, scale, dimension)
    definition = parse(atom.unit)
    if atom.arbitrary:
        # [IU] is defined as [iU]: one unit with two spellings.
        arbitrary = definition.arbitrary or ((code, 1),)
        return Unit(prefix + code, scale, _NONE, None, arbitrary)
    factor = atom.value * definition.factor
    if atom.function is None:
        return Unit(prefix + code, scale * factor, definition.dimension)
    special = Special(atom.function, scale, OFFSETS.get(atom.function))
    return Unit(prefix + code, factor, definition.dimension, special)


def _check_alone(token: Token, found: tuple[Token, ...], text: str) -> None:
    """Section 22: a special unit may be scaled by a number, and nothing else."""
    others = [other for other in found if other is not token and other.symbol not in (None, "10*", "10^")]
    if token.exponent != 1 or others:
        hint = " (for a difference of temperature write K)" if token.symbol in ("Cel", "[degF]") else ""
        raise UcumError(
            f"{token.symbol} is not on a ratio scale and cannot be combined{hint}", text, token.position
        )


def _scaled(special: Special, factor: Fraction, found: tuple[Token, ...]) -> tuple[Fraction, Special]:
    """Move the numbers beside a special unit from the factor into its scale (section 22)."""
    number = Fraction(1)
    for token in found:
        if token.symbol is None:
            number *= Fraction(token.number) ** token.exponent
        elif token.symbol in ("10*", "10^"):
            number *= Fraction(10) ** token.exponent
    return factor / number, Special(special.function, special.scale * number, special.offset)
