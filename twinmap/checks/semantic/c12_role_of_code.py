"""A code names another kind of thing than what is stated of it.

What it means:
    Code systems, and the hierarchies of SNOMED CT, are made for roles: an observation is of something that can
    be observed, a condition is a finding, a medication a product. Here a code of a classification of diagnoses
    or of drugs names an observation, a code of LOINC a diagnosis or a drug; or, where SNOMED CT was loaded
    (``terms add``), the semantic tag of the code is of another role: a finding or a disorder as the name of an
    observation, an observable as a condition.

Why it matters:
    "Blood pressure finding = 120" says that there is a finding, and of it a number: whoever asks for findings
    counts it, whoever asks for pressures misses it.

Example:
    observe: {result: {code: snomed:365812005, value: $(glucose)}}      # finding of blood glucose level

What to do:
    Use the observable for what is measured, and the finding for what it was judged to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twinmap.checks import Asked
from twinmap.checks.context import Seen
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import systems

SEVERITY = Severity.WARNING
HELP = "use a code that is made for this: an observable, a finding, a product"

#: Systems that are made for some kinds of statement, by their prefix.
_MADE_FOR: Mapping[str, frozenset[str]] = {
    "loinc": frozenset({"observation", "procedure", "encounter", "immunization"}),
    **dict.fromkeys(
        ("icd10", "icd10cm", "icd10gm", "icd11", "icd9cm"),
        frozenset({"condition", "encounter", "procedure", "allergy"}),
    ),
    **dict.fromkeys(("rxnorm", "ndc", "atc"), frozenset({"medication", "immunization", "allergy"})),
    "cvx": frozenset({"immunization", "medication"}),
}
#: Semantic tags of SNOMED CT to the kinds of statement that they are made for.
_TAGS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("finding", "disorder"), frozenset({"condition", "encounter", "allergy"})),
    "situation": frozenset({"condition", "encounter", "observation", "procedure", "medication"}),
    "event": frozenset({"condition", "encounter", "observation", "allergy"}),
    **dict.fromkeys(
        ("procedure", "regime/therapy"), frozenset({"procedure", "encounter", "immunization", "medication"})
    ),
    "observable entity": frozenset({"observation"}),
    **dict.fromkeys(
        (
            "substance",
            "product",
            "medicinal product",
            "medicinal product form",
            "clinical drug",
            "real clinical drug",
        ),
        frozenset({"medication", "immunization", "allergy"}),
    ),
    **dict.fromkeys(("organism", "body structure", "specimen", "qualifier value"), frozenset()),
}
#: Slots that say what the statement is of; reasons and values have no role of their own.
_SLOT = "code"


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    for seen in context.codes:
        role = _other_role(context, seen) if seen.slot == _SLOT else None
        if role is not None:
            article = "an" if seen.kind[0] in "aeiou" else "a"
            yield context.finding(
                "TM-C12",
                f"{said(seen.system, seen.code)} is {role}, and here the code of {article} {seen.kind}",
                seen,
                seen.slot,
                details={"slot": seen.slot, "kind": seen.kind},
            )


written = check


def _other_role(context: Asked, seen: Seen) -> str | None:
    """What a code is made for, where that is not what it is used for."""
    known = systems.canonical(seen.system or "")
    if known is None:
        return None
    if known.prefix in _MADE_FOR:
        return None if seen.kind in _MADE_FOR[known.prefix] else f"a code of {known.name}"
    tag = context.terms.tag(seen)
    if tag is None or seen.kind in _TAGS.get(tag, frozenset({seen.kind})):
        return None
    return f"a SNOMED CT {tag}"
