"""Codes that are those of LOINC or SNOMED CT stand without their code system.

What it means:
    Nothing says which system the codes of a rule are of, and they are codes of LOINC or SNOMED CT by their form and
    check digit: one of them is in the tables that come with twinmap or in your terminology, or there are at least
    three of that form, all with the right check digit. No system is assumed: the codes are kept as received, and
    belong to no concept. A local code without a system is not meant.

Why it matters:
    A code alone names nothing: what is not known to be LOINC 8480-6 is compared with nothing.

Example:
    OBX|1|NM|8480-6^Systolic||120|mm[Hg]            # OBX-3.3 is empty

What to do:
    Give the system in the mapping: ``code: {from: $(OBX-3.1), system: loinc}``, if all codes of the field are of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from twinmap.checks.context import Context, Seen
from twinmap.diagnostics import PLACES_KEPT, Finding, Severity
from twinmap.terms import loinc, snomed

SEVERITY = Severity.ERROR
HELP = "give the system of the codes in the mapping, if all codes of the field are of it"

#: Codes of one form with the right check digit that are not so by chance.
_FEWEST = 3
_SYSTEMS = {
    "LOINC": (loinc.SYSTEM, loinc.is_loinc_shaped, loinc.check_digit_ok, loinc.terms),
    "SNOMED CT": (snomed.SYSTEM, snomed.is_snomed_shaped, snomed.is_concept, snomed.terms),
}


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule, slot and code system."""
    found: dict[tuple[str, str, str], list[Seen]] = defaultdict(list)
    for seen in context.codes:
        if not seen.system and seen.slot != "value":
            found[seen.source, seen.rule, seen.slot].append(seen)
    for (source, _, slot), codes in sorted(found.items()):
        for name, (uri, is_shaped, _, _) in _SYSTEMS.items():
            shaped = [seen for seen in codes if is_shaped(seen.code)]
            if not _are(name, shaped) and not _held(context, uri, shaped):
                continue
            first = tuple(place for seen in shaped for place in seen.places)[:PLACES_KEPT]
            yield context.finding(
                "TM-M03",
                f"{shaped[0].kind}: codes of {source} are {name} by their form, and name no code system",
                shaped[0],
                slot,
                "code",
                concept=f"{shaped[0].kind} {name}",
                places=first,
                count=sum(seen.number for seen in shaped),
                details={"codes": len(shaped), "system": uri},
            )


def _are(name: str, shaped: Sequence[Seen]) -> bool:
    _, _, is_right, terms = _SYSTEMS[name]
    if any(seen.code in terms() for seen in shaped):
        return True
    return len({seen.code for seen in shaped}) >= _FEWEST and all(is_right(seen.code) for seen in shaped)


def _held(context: Context, uri: str, shaped: Sequence[Seen]) -> bool:
    """Whether the user's terminology has one of the codes."""
    if context.store is None or not shaped:
        return False
    return any(item.exists for item in context.store.lookup([(uri, seen.code) for seen in shaped]))
