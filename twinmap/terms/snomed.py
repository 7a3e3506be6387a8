"""SNOMED CT identifiers: the Verhoeff check digit and the partition, which need no terminology data.

Source: SNOMED CT Technical Implementation Guide, "SNOMED CT Identifiers": 6 to 18 digits, the last is a
Verhoeff check digit, the two before it say what is identified, and for the long format the seven before
those are a namespace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from twinmap.registry import shipped
from twinmap.terms._files import read_table

#: The URI of the code system.
SYSTEM = "http://snomed.info/sct"
#: The concept above all others (SNOMED CT Concept).
ROOT = "138875005"

_ID = re.compile(r"[1-9][0-9]{5,17}")

# Dihedral group D5 and the permutation of the Verhoeff scheme (J. Verhoeff, 1969).
_MULTIPLY = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTE = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)
_INVERSE = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)

_PARTITIONS = {
    "00": "concept",
    "01": "description",
    "02": "relationship",
    "10": "concept",
    "11": "description",
    "12": "relationship",
}


def is_snomed_shaped(code: str) -> bool:
    """Whether the text is 6 to 18 digits without a leading zero."""
    return _ID.fullmatch(code) is not None


def check_digit(digits: str) -> str:
    """The Verhoeff digit that belongs after ``digits``.

    >>> check_digit("27164900")
    '6'
    """
    state = 0
    for position, digit in enumerate(reversed(digits), start=1):
        state = _MULTIPLY[state][_PERMUTE[position % 8][int(digit)]]
    return str(_INVERSE[state])


def check_digit_ok(code: str) -> bool:
    """Whether the text is shaped like an identifier and its last digit is right."""
    return is_snomed_shaped(code) and check_digit(code[:-1]) == code[-1]


def partition(code: str) -> str | None:
    """``concept``, ``description`` or ``relationship``; None where the partition does not exist.

    >>> partition("271649006")
    'concept'
    """
    return _PARTITIONS.get(code[-3:-1]) if is_snomed_shaped(code) else None


def namespace(code: str) -> str | None:
    """The seven digits of the extension's namespace; None for an identifier of the core.

    >>> namespace("428041000124106")
    '1000124'
    """
    if not is_snomed_shaped(code) or code[-3] != "1" or len(code) < 11:
        return None
    return code[-10:-3]


def is_concept(code: str) -> bool:
    """Whether the text is a well-formed concept identifier: shape, partition and check digit."""
    return check_digit_ok(code) and partition(code) == "concept"


@cache
def terms() -> Mapping[str, str]:
    """The terms of the few identifiers that twinmap names (``ontologies/snomed``, with the notice)."""
    table = read_table(shipped("ontologies") / "snomed" / "snomed-core.tsv")
    return {row["id"]: row["term"] for row in table}
