"""A flag is not one of the codes that HL7 has for it.

What it means:
    HL7 v2 table 0078, and the code system ObservationInterpretation that took its place in FHIR, list what a flag
    may be: H, HH, L, N, A … (``ontologies/checks/flags.yaml``). The flag of these statements is none of them. It is
    kept as received. Ids of SNOMED CT, which FHIR allows as well, are not meant.

Why it matters:
    A query for what is high asks for ``H``, and does not find ``+``, ``high`` or ``hoch``.

Example:
    flag: ++            flag: HIGH

What to do:
    Translate it in the mapping: ``flag: {from: $(flag), map: {"+": H, "++": HH, "-": L}}``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.values import facts
from twinmap.diagnostics import Finding, Severity
from twinmap.privacy import shape
from twinmap.sqltext import quoted
from twinmap.terms import snomed

SEVERITY = Severity.WARNING
HELP = "translate the flags of this source into those of HL7 by a map"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and shape of flag."""
    known = ", ".join(map(quoted, facts("flags").texts("codes")))
    parts = (
        f"list_filter(string_split_regex(s.flag, '[~,; ]+'), lambda x: x <> '' AND upper(x) NOT IN ({known}))"
    )
    for seen in context.grouped("observation", f"{parts}[1]", "flag"):
        if snomed.is_concept(seen.code):
            continue
        said = shape(seen.code)
        yield context.finding(
            "TM-R03",
            f"flags of {seen.source} are no codes of HL7: {said}",
            seen,
            "flag",
            concept="flag",
            details={"flag": said, "detail": said},
        )
