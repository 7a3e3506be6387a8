"""Annotations of units that change what a number means: ``{FEU}``, ``{creat}``, ``{1.73_m2}``.

To UCUM an annotation means nothing, and most say only what is counted (``{beats}/min``, ``{steps}``). Those
listed here tell two quantities apart that UCUM takes for one.

Sources: UCUM, section "curly braces" and its table of example units (``g{creat}``, ``g{Hb}``,
``mL/min/{1.73_m2}``, ``ng/mL{FEU}``, ``ng/mL{DDU}``); the scales of HbA1c are those of ifcchba1c.org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from twinmap.terms.ucum import UcumError, parse

#: What is told apart, to the words that say it.
_WORDS: Mapping[str, Mapping[str, str]] = {
    # One fibrinogen equivalent unit is about half a D-dimer unit.
    "equivalent": {"feu": "FEU", "ddu": "DDU"},
    # A ratio to creatinine or haemoglobin is another quantity than one to the whole sample.
    "reference": {
        **dict.fromkeys(("creat", "creatinine", "crea", "cre"), "creatinine"),
        **dict.fromkeys(("hb", "hgb", "hemoglobin"), "hemoglobin"),
    },
    "scale": {"ngsp": "NGSP", "ifcc": "IFCC", "jds": "JDS", "dcct": "NGSP"},
    "matter": {
        **dict.fromkeys(("dry", "drywt", "dryweight", "drytissue"), "dry matter"),
        **dict.fromkeys(("wet", "wetwt", "wetweight", "wettissue"), "wet matter"),
    },
    "body": {**dict.fromkeys(("1.73m2", "173m2", "bsa"), "1.73 m2 of body surface")},
}
#: Groups in which a unit without such a word says that it is not so: a clearance for the body as it is.
WHOLE = frozenset({"body"})


@lru_cache(maxsize=8192)
def meanings(unit: str) -> Mapping[str, str]:
    """What the annotations of a unit say, by what they tell apart; empty for a text that is no unit.

    >>> meanings("ug/L{FEU}"), meanings("{beats}/min")
    ({'equivalent': 'FEU'}, {})
    """
    try:
        said = parse(unit).annotations
    except UcumError:
        return {}
    words = [re.sub(r"[^a-z0-9.]", "", text.casefold()) for text in said]
    return {name: known[word] for name, known in _WORDS.items() for word in words if word in known}


def difference(one: str, other: str) -> tuple[str | None, str | None, str] | None:
    """In what the annotations of two units differ, and how; None where they do not.

    The relation of the first to the second is ``disjoint``, ``narrower`` or ``broader``: a unit that leaves
    it open may mean either.

    >>> difference("ug/L{FEU}", "ug/L{DDU}"), difference("mg/g{creat}", "mg/g")
    (('FEU', 'DDU', 'disjoint'), ('creatinine', None, 'narrower'))
    """
    first, second = meanings(one), meanings(other)
    for name in _WORDS:
        a, b = first.get(name), second.get(name)
        if a == b:
            continue
        if (a is not None and b is not None) or name in WHOLE:
            return a, b, "disjoint"
        return a, b, "narrower" if a is not None else "broader"
    return None
