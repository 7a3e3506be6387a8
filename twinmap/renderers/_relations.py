"""How two sources relate for one concept, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from twinmap.renderers._common import count, listed
from twinmap.renderers._report import Json

#: How a relation is said of A and B, worst first.
RELATIONS: Mapping[str, str] = {
    "not-comparable": "not comparable",
    "conflicting": "conflicting",
    "related": "related",
    "a-narrower": "narrower",
    "a-broader": "broader",
    "equivalent": "equivalent",
}


#: Other spellings of how two values of a facet relate.
_FACET_RELATION = {"⊏": "narrower", "⊐": "broader", "∥": "disjoint", "?": "unknown", "equal": "="}


def facet_relation(facet: Json) -> str:
    """``=``, ``narrower``, ``broader``, ``disjoint`` or ``unknown``."""
    said = str(facet.get("relation", "unknown"))
    return _FACET_RELATION.get(said, said)


def relation_reason(relation: Json) -> str:
    """Why two sources are so related: ``because site (upper arm ↔ wrist) differs; …``."""
    facets = [facet for facet in relation.get("facets", ()) if facet.get("facet")]
    first, second = str(relation.get("source_a", "")), str(relation.get("source_b", ""))
    differ = [
        f"{facet_word(name := facet['facet'])} "
        f"({facet_word(facet.get('a'), name)} ↔ {facet_word(facet.get('b'), name)})"
        for facet in facets
        if facet_relation(facet) == "disjoint"
    ]
    reasons = [f"{listed(differ)} {'differs' if len(differ) == 1 else 'differ'}"] if differ else []
    for said, wide, key in (("broader", first, "a"), ("narrower", second, "b")):
        less = [facet for facet in facets if facet_relation(facet) == said]
        vague = [facet_word(facet["facet"]) for facet in less if facet.get(key)]
        silent = [facet_word(facet["facet"]) for facet in less if not facet.get(key)]
        reasons += [f"{wide} is less specific in {listed(vague)}"] if vague else []
        reasons += [f"{wide} does not say {listed(silent)}"] if silent else []
    if (relation.get("conversion") or {}).get("class") == "empirical":
        reasons.append("the conversion of the values is empirical")
    if reasons:
        return f"because {'; '.join(reasons)}"
    open_facets = any(facet_relation(facet) == "unknown" for facet in facets)
    equivalent = relation.get("relation") == "equivalent"
    return f"every {'stated ' if open_facets else ''}facet agrees" if equivalent else ""


def conversion_text(relation: Json) -> str:
    """``kPa × 7.50062 = mm[Hg]``, empty where values were not converted."""
    conversion = relation.get("conversion")
    if not conversion or conversion.get("from") == conversion.get("to"):
        return ""
    offset = str(conversion.get("offset") or "0")
    shift = "" if offset.strip("+-0.") == "" else f" {'−' if offset[0] == '-' else '+'} {offset.lstrip('+-')}"
    return f"{conversion.get('from')} × {conversion.get('factor')}{shift} = {conversion.get('to')}"


def coverage_text(relation: Json) -> str:
    """``311 patients in both, 101 in ward-monitor alone, 493 in wristband alone``."""
    counts = relation.get("counts") or {}
    names = ("patients_both", "patients_a", "patients_b")
    if not all(isinstance(counts.get(name), int) for name in names):
        return ""
    both, first, second = (counts[name] for name in names)
    return (
        f"{count(both, 'patient')} in both, {first - both:,} in {relation.get('source_a')} alone, "
        f"{second - both:,} in {relation.get('source_b')} alone"
    )


def agreement_text(relation: Json) -> str:
    """``412 pairs of 38 patients: bias −3.1 mm[Hg], limits of agreement −18.2 to 12; insufficient``."""
    found = relation.get("agreement")
    if not found:
        return ""
    unit = f" {found['unit']}" if found.get("unit") else ""
    said = f"{count(int(found.get('pairs', 0)), 'pair')} of {count(int(found.get('patients', 0)), 'patient')}"
    if "bias" in found:
        said += f": bias {found['bias']}{unit}"
    if "limit_low" in found and "limit_high" in found:
        said += f", 95 % limits of agreement {found['limit_low']} to {found['limit_high']}{unit}"
    return f"{said}; {found['verdict']}" if found.get("verdict") else said


_WORD = re.compile(r"(?:tm:)?([a-z]+(?:-[a-z]+)+|(?<=tm:)[a-z]+)")


def facet_word(value: object, facet: str = "") -> str:
    """A facet's value for people: a word of our scheme without prefix, facet and hyphens, else as it is.

    >>> facet_word("tm:site-upper-arm", "site"), facet_word("snomed:368209003"), facet_word("8480-6")
    ('upper arm', 'snomed:368209003', '8480-6')
    """
    word = "" if value is None else str(value)
    if facet and word.startswith(f"tm:{facet}-"):
        word = f"tm:{word.removeprefix(f'tm:{facet}-')}"
    match = _WORD.fullmatch(word)
    return match[1].replace("-", " ") if match else word


def relation_sentence(relation: Json, label: str) -> str:
    """``Heart rate: ehr is broader than wristband, because ehr does not say site``."""
    first, second = str(relation.get("source_a", "")), str(relation.get("source_b", ""))
    said = str(relation.get("relation", ""))
    joined = (
        f"{first} is {RELATIONS[said]} than {second}"
        if said in ("a-narrower", "a-broader")
        else f"{first} and {second} are {RELATIONS.get(said, said)}"
    )
    return f"{label}: {', '.join(filter(None, [joined, relation_reason(relation)]))}"
