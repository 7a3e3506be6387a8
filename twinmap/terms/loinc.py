"""LOINC without a whole release: check digits, the six axes, their lattice, and what a property measures.

The axes of some four hundred codes are shipped (``ontologies/loinc``, with the LOINC notice); of any
other code no axis is known. An axis that was not verified is ``?`` and never compared as equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from twinmap.registry import shipped
from twinmap.terms._files import read_table

#: The URI of the code system.
SYSTEM = "http://loinc.org"

#: An axis whose value is not known here.
UNKNOWN = "?"

_TERM = re.compile(r"[1-9][0-9]{0,6}-[0-9]")


def is_loinc_shaped(code: str) -> bool:
    """Whether the text has the form of a LOINC term: a number, a hyphen, a check digit.

    Parts, answers, lists and groups (``LP…``, ``LA…``, ``LL…``, ``LG…``) are no terms.
    """
    return _TERM.fullmatch(code) is not None


def check_digit(number: str) -> str:
    """The mod 10 digit that belongs after the number (LOINC Users' Guide, "Mod 10 check digit").

    >>> check_digit("8480")
    '6'
    """
    total = 0
    for position, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


def check_digit_ok(code: str) -> bool:
    """Whether the text is shaped like a term and its check digit is right."""
    return is_loinc_shaped(code) and check_digit(code[:-2]) == code[-1]


def corrected(code: str) -> str | None:
    """The code with the right check digit; None where it is right already, or not a term.

    A wrong digit may as well be a mistyped number: the result is a suggestion, never a correction.

    >>> corrected("8480-7")
    '8480-6'
    """
    if not is_loinc_shaped(code) or check_digit_ok(code):
        return None
    return f"{code[:-1]}{check_digit(code[:-2])}"


class LoincAxes(NamedTuple):
    """The six parts of a fully specified name; ``method`` is empty where LOINC gives none."""

    component: str
    property: str
    time: str
    system: str
    scale: str
    method: str

    def base(self) -> str:
        """The component without challenge and adjustment (what stands before the first ``^``)."""
        return self.component.partition("^")[0]

    def challenge(self) -> str:
        """What stands between the first and the second ``^`` of the component: ``sitting``."""
        return self.component.partition("^")[2].partition("^")[0]

    def adjustment(self) -> str:
        """What stands after the second ``^`` of the component."""
        return self.component.partition("^")[2].partition("^")[2]

    def subject(self) -> str:
        """Whose system it is: ``Patient`` unless the system says another (``^Fetus``, ``Donor``)."""
        return self.system.partition("^")[2] or "Patient"

    def sample(self) -> str:
        """The system without the subject; empty where the whole subject is meant."""
        return self.system.partition("^")[0]


class Term(NamedTuple):
    """One row of the shipped table; ``status`` is ``?`` where it was not verified."""

    code: str
    name: str
    axes: LoincAxes
    status: str
    source: str


@cache
def terms() -> Mapping[str, Term]:
    """The shipped terms by code, with their official long common names."""
    table = {}
    for row in read_table(shipped("ontologies") / "loinc" / "loinc-core.tsv"):
        code, name, *axes, status, source = row.values()
        table[code] = Term(code, name, LoincAxes(*axes), status, source)
    return table


class Property(NamedTuple):
    """A LOINC kind of property: its name, the kind of amount, and UCUM units of its dimension."""

    name: str
    amount: str | None
    units: tuple[str, ...]


@cache
def properties() -> Mapping[str, Property]:
    """The kinds of property that are known here, by abbreviation."""
    return {
        row["property"]: Property(
            row["name"],
            None if row["amount"] == "-" else row["amount"],
            () if row["units"] == "-" else tuple(row["units"].split(" ")),
        )
        for row in read_table(shipped("ontologies") / "loinc" / "properties.tsv")
    }


def property_dimension(property_: str) -> tuple[str, ...]:
    """UCUM units that stand for the dimensions of a LOINC property, ``("mm[Hg]",)`` for ``Pres``.

    A unit fits the property where it is commensurable with one of them. Empty: the property is not
    known here, or says nothing about the dimension.
    """
    known = properties().get(property_)
    return known.units if known else ()


#: Properties of differences: 1 K and 1 Cel are one difference, whatever zero the scales begin at.
DIFFERENCES = frozenset({"TempDiff"})


def is_molar(property_: str) -> bool | None:
    """True for amounts of substance, False for masses, None for what is neither.

    >>> is_molar("SCnc"), is_molar("MCnc"), is_molar("Pres")
    (True, False, None)
    """
    known = properties().get(property_)
    return {"molar": True, "mass": False}.get(known.amount or "") if known else None


# What ends a property that is a fraction of one and not a percentage, and the properties of a quotient: "Ratio"
# stands where the two sides are of different kinds, as mass to substance.
_PURE = ".DF"
_RATIOS = frozenset({"MRto", "SRto", "Ratio"})

# --- the lattice ----------------------------------------------------------------------------------

# Kinds of blood that are blood, and of plasma. The union systems of LOINC are split at the slash.
_BLOOD = {**dict.fromkeys(("BldA", "BldV", "BldC", "BldMV", "BldCo"), "Bld"), "PPP": "Plas"}


def axis_relations(a: LoincAxes, b: LoincAxes) -> Mapping[str, str]:
    """How each axis of ``a`` relates to that of ``b``: ``=``, narrower, broader, disjoint or unknown.

    The axes are ``component challenge adjustment property time system subject scale method``. An empty
    challenge, adjustment or method is open, so it is broader than any value; so are the system ``XXX``
    and the whole patient. A union (``Ser/Plas``) is broader than its parts.
    """
    return {
        "component": _equal(a.base(), b.base()),
        "challenge": _open(a.challenge(), b.challenge()),
        "adjustment": _open(a.adjustment(), b.adjustment()),
        "property": _equal(a.property, b.property),
        "time": _equal(a.time, b.time),
        "system": _system(a.sample(), b.sample()),
        "subject": _equal(a.subject(), b.subject()),
        "scale": _equal(a.scale, b.scale),
        "method": _open(a.method, b.method),
    }


def relation(a: LoincAxes, b: LoincAxes) -> str:
    """How code ``a`` relates to code ``b``: ``=``, ``narrower``, ``broader``, ``related``, ``different``.

    ``different``: another component, subject or scale, or a property of another kind of quantity.
    ``related``: mass against amount of substance, another time, method, challenge or system, or
    narrower on one axis and broader on another; and where an axis is not known, since no more can be
    claimed then.
    """
    axes = axis_relations(a, b)
    if any(axes[name] == "disjoint" for name in ("component", "subject", "scale")):
        return "different"
    if axes["property"] == "disjoint" and not _convertible(a.property, b.property):
        return "different"
    found = set(axes.values()) - {"="}
    if not found:
        return "="
    return found.pop() if found in ({"narrower"}, {"broader"}) else "related"


def _convertible(a: str, b: str) -> bool:
    """Mass and substance of one form (``MCnc`` and ``SCnc``, not ``SRat``), percent and pure fraction, ratios."""
    one, other = a.removesuffix(_PURE), b.removesuffix(_PURE)
    if {one, other} <= _RATIOS:
        return True
    return one == other or ({is_molar(one), is_molar(other)} == {True, False} and one[1:] == other[1:])


def _equal(a: str, b: str) -> str:
    if UNKNOWN in (a, b):
        return "unknown"
    return "=" if a == b else "disjoint"


def _open(a: str, b: str) -> str:
    if a and b:
        return _equal(a, b)
    if a == b:
        return "="
    return "narrower" if a else "broader"


def _system(a: str, b: str) -> str:
    if a == b or UNKNOWN in (a, b):
        return _equal(a, b)
    below, above = _covers(b, a), _covers(a, b)
    if below and above:
        return "="
    if below:
        return "narrower"
    return "broader" if above else "disjoint"


def _covers(general: str, special: str) -> bool:
    if general in ("", "XXX"):
        return True
    parts = set(general.split("/"))
    return all(part in parts or _BLOOD.get(part) in parts for part in special.split("/"))
