"""Elements of R5 under their names of R4, where they mean the same.

Source: the differences to R4 that each page of resources lists (https://hl7.org/fhir/R5/resourcelist.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]

#: Choices that have another name: resource type to the old stem by the new one (``occurence`` is R5's spelling).
_STEMS = {
    "Procedure": {"occurrence": "performed"},
    "MedicationAdministration": {"occurence": "effective"},
}


def as_r4(resource: Resource) -> Resource:
    """The resource with what R5 calls otherwise as R4 calls it; one of R4 as it is."""
    kind = resource["resourceType"]
    for new, old in _STEMS.get(kind, {}).items():
        resource = {
            (old + name[len(new) :] if name.startswith(new) else name): value
            for name, value in resource.items()
        }
    for name, change in (
        ("medication", _medication),
        ("reason", _reason),
        ("class", _class),
        ("reaction", _reaction),
    ):
        if name in resource:
            resource = change(resource)
    if kind == "Encounter" and "actualPeriod" in resource:
        resource["period"] = resource.pop("actualPeriod")
    return resource


def _medication(resource: Resource) -> Resource:
    """``medication`` is a concept or a reference in one."""
    given = resource["medication"]
    if isinstance(given, dict):
        names = {"concept": "medicationCodeableConcept", "reference": "medicationReference"}
        resource |= {names[name]: value for name, value in given.items() if name in names}
        del resource["medication"]
    return resource


def _reason(resource: Resource) -> Resource:
    """``reason`` holds concepts and references; of an encounter, in ``value``."""
    found: list[Any] = []
    for item in _list(resource.pop("reason")):
        found += [each for each in _list(item.get("value", item)) if isinstance(each, dict)]
    concepts = [each["concept"] for each in found if "concept" in each]
    references = [each["reference"] for each in found if "reference" in each]
    resource |= {"reasonCode": concepts} if concepts else {}
    return resource | ({"reasonReference": references} if references else {})


def _class(resource: Resource) -> Resource:
    """``class`` of an encounter is a list of concepts, and was one coding."""
    first = next(iter(resource["class"]), None) if isinstance(resource["class"], list) else None
    codings = first.get("coding") if isinstance(first, dict) else None
    return resource | {"class": codings[0]} if codings else resource


def _reaction(resource: Resource) -> Resource:
    """``manifestation`` of a reaction holds concepts and references."""
    for reaction in _list(resource["reaction"]):
        if isinstance(reaction, dict) and "manifestation" in reaction:
            shown = _list(reaction["manifestation"])
            reaction["manifestation"] = [
                each.get("concept", each) for each in shown if isinstance(each, Mapping)
            ]
    return resource


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
