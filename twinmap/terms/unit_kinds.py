"""The kind of quantity that a unit measures, where its dimension does not tell.

UCUM compares dimensions, and for medicine that is not enough: to UCUM the mole is a number, so that
``mmol/L`` would convert to ``/L``, and ``1/min`` to ``Bq``. Here each such kind counts as a dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from twinmap.terms.ucum import Unit, commensurable, parse
from twinmap.terms.ucum_essence import essence

#: Kinds of quantity that are not told by their dimension, by the name that the UCUM table gives them, each
#: with the unit that stands for it.
_BY_QUANTITY = {
    "amount of substance": "mol",
    "amount of substance (dissolved particles)": "osm",
    "radioactivity": "Bq",
    "energy dose": "Gy",
    "dose equivalent": "Sv",
    "amount of information": "bit",
    "signal transmission rate": "Bd",
    "x-ray attenuation": "[hnsf'U]",
    "view area in microscope": "[HPF]",
    "refraction of a lens": "[diop]",
    "sedimentation coefficient": "[S]",
    "level": "B",
    "electric potential level": "B[V]",
    "power level": "B[W]",
}
#: The same for single atoms. UCUM defines the equivalent as one mole, which holds for single charges only;
#: catalytic activity is an amount of substance in a time, by definition.
_BY_ATOM = {"eq": "eq", "kat": "mol", "U": "mol", "[NTU]": "[NTU]", "[FNU]": "[FNU]"}

#: What a fraction is of, by the dimension of what stands above the line.
_FRACTIONS: dict[tuple[int, ...], str] = {(0, 0, 1, 0, 0, 0, 0): "mass", (3, 0, 0, 0, 0, 0, 0): "volume"}


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of quantity of a unit, beyond its dimension.

    ``quantities`` are units that stand for kinds, with their powers (``mmol/L``: ``(("mol", 1),)``).
    ``fraction`` is what a unit without dimension is a fraction of: ``substance``, ``mass``, ``volume``, or
    None where it does not say (``%``).
    """

    quantities: tuple[tuple[str, int], ...] = ()
    fraction: str | None = None


@lru_cache(maxsize=8192)
def kind(unit: str) -> Kind:
    """The kind of quantity that a UCUM unit measures.

    Raises:
        UcumError: The unit is not valid.
    """
    parsed = parse(unit)
    powers: dict[str, int] = {}
    for component in parsed.components:
        name = _kind_of_atom(component.atom)
        if name is not None:
            powers[name] = powers.get(name, 0) + component.exponent
    if _is_torque(parsed):
        powers["N.m"] = 1
    quantities = tuple(sorted(item for item in powers.items() if item[1]))
    is_number = not any(parsed.dimension) and not quantities and not parsed.arbitrary
    return Kind(quantities, _fraction(parsed) if is_number else None)


def _kind_of_atom(code: str) -> str | None:
    atom = essence().atoms[code]
    known = _BY_ATOM.get(code) or _BY_QUANTITY.get(atom.quantity)
    if known is None and atom.function is not None and not parse(code).is_affine:
        return code
    return known


def _is_torque(unit: Unit) -> bool:
    """A force times a length and nothing else; energy is written otherwise."""
    atoms = essence().atoms
    written = sorted((atoms[part.atom].quantity, part.exponent) for part in unit.components)
    return written == [("force", 1), ("length", 1)]


def _fraction(unit: Unit) -> str | None:
    above = [component for component in unit.components if component.exponent > 0]
    if any(_kind_of_atom(component.atom) == "mol" for component in above):
        return "substance"
    powers = [0] * 7
    for component in above:
        for index, power in enumerate(parse(component.atom).dimension):
            powers[index] += power * component.exponent
    return _FRACTIONS.get(tuple(powers))


def same_kind(first: str, second: str) -> bool:
    """Whether a value in one unit means the same in the other after a conversion of units alone.

    Stricter than :func:`twinmap.terms.ucum.commensurable`: ``mmol/L`` and ``/L``, ``/min`` and ``Bq``,
    ``Gy`` and ``Sv``, ``N.m`` and ``J``, ``meq`` and ``mmol``, ``mmol/mol`` and ``mg/g`` are not of a kind.
    ``%`` fits any fraction: where an analyte has a scale of its own in percent (HbA1c), ask
    :func:`twinmap.terms.analytes.rule_between` first.

    Raises:
        UcumError: One of them is not valid.
    """
    if not commensurable(first, second):
        return False
    one, other = kind(first), kind(second)
    fractions = {one.fraction, other.fraction} - {None}
    return one.quantities == other.quantities and len(fractions) < 2


def counts_substance(unit: str) -> bool:
    """Whether the numerator of a UCUM unit is an amount of substance.

    >>> counts_substance("mmol/L"), counts_substance("meq/L"), counts_substance("mg/mmol")
    (True, True, False)
    """
    numerator = unit.partition("/")[0]
    return "mol" in numerator or numerator.endswith("eq")
