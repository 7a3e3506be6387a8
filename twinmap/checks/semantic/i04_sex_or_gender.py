"""The sex of a patient is read from a field that tells something else, or an observation differs.

What it means:
    ``sex`` of a patient is the administrative gender. A warning in the mapping: it is read from an extension or
    segment for birth sex, sex for clinical use or gender identity (FHIR ``us-core-birthsex``, ``us-core-sex``,
    ``patient-sexParameterForClinicalUse``, ``genderIdentity``; HL7 v2 GSP, GSR, GSC). A warning in the data: an
    observation of the sex assigned at birth (LOINC 76689-9) is male where the administrative gender is female, or
    the other way round. That is no error: both may be true, and they are two things.

Why it matters:
    Reference ranges, doses and the plausibility of findings go by the body, letters and identity checks by what is
    registered. Whoever has one field for both uses the wrong one for some patients.

Example:
    sex: $(extension(url=http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex).valueCode)

What to do:
    Bind ``sex`` to the administrative gender, and state the other as an observation (LOINC 76689-9).
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.written import Written
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.ast import Group, Ref, Text, Value
from twinmap.sqltext import quoted
from twinmap.terms import loinc

SEVERITY = Severity.WARNING
HELP = "bind sex to the administrative gender, and state sex assigned at birth as an observation"

#: Sex assigned at birth, and its answers (loinc.org/76689-9, answer list LL3324-2).
_AT_BIRTH = "76689-9"
_ANSWERS = {"LA2-8": "male", "LA3-6": "female"}
#: What names of extensions and segments tell, in lower case.
_OTHERS = {
    "birthsex": "sex at birth",
    "us-core-sex": "sex for clinical use",
    "sexparameterforclinicaluse": "sex for clinical use",
    "genderidentity": "gender identity",
    "gsp-": "sex for clinical use",
    "gsr-": "recorded sex or gender",
    "gsc-": "sex for clinical use",
}


def written(context: Written) -> Iterator[Finding]:
    """One finding a record set whose ``sex`` reads another field than that of the administrative gender."""
    for records in context.document.records:
        patient = records.slots.get("patient")
        value = patient.parts.get("sex") if isinstance(patient, Group) else None
        if not isinstance(value, Value) or not value.alternatives:
            continue
        first = value.alternatives[0]
        parts = first.parts if isinstance(first, Text) else ()
        path = " ".join(part.path.lower() for part in parts if isinstance(part, Ref))
        what = next((said for name, said in _OTHERS.items() if name in path), None)
        if what is not None:
            yield registry.finding(
                "TM-I04",
                f"sex is the administrative gender, and is read from {what}",
                where=value.span,
                concept="sex",
                facet="sex",
                rule=f"{context.document.id}#{records.name}/patient",
            )


def check(context: Context) -> Iterator[Finding]:
    """What the mappings write; and one finding a source and rule whose observations tell another sex than the patient."""
    for each in context.written.values():
        yield from written(each)
    patients = context.table("patient")
    if patients is None or not any(seen.code == _AT_BIRTH for seen in context.codes):
        return
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_sex AS SELECT twin, min(sex) AS sex "
        f"FROM {patients} WHERE sex IN ('male', 'female') GROUP BY twin HAVING min(sex) = max(sex)"
    )
    cases = " ".join(f"WHEN {quoted(code)} THEN {quoted(word)}" for code, word in _ANSWERS.items())
    told = f"CASE s.value_code {cases} END"
    said = (
        f"CASE WHEN s.code = {quoted(_AT_BIRTH)} AND s.code_system = {quoted(loinc.SYSTEM)} "
        f"AND {told} <> k.sex THEN 'sex' END"
    )
    for seen in context.grouped("observation", said, "value", "JOIN k_sex k ON k.twin = s.twin"):
        yield context.finding(
            "TM-I04",
            f"observations of {seen.source} tell another sex at birth than the administrative gender",
            seen,
            "value",
            concept="sex",
        )
