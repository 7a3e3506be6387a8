"""The FHIR record that is being read, and the way from it to the resources that it refers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinmap.formats import treewalk
from twinmap.formats.fhirtypes import RESOURCE_TYPES
from twinmap.formats.treewalk import Row
from twinmap.model import Issue
from twinmap.privacy import shape
from twinmap.readers import _fhir_shapes as shapes
from twinmap.readers._fhir_source import Scope

#: Elements that lead to the resource of a type, looked at before all others (R4).
_LEADING: Mapping[str, tuple[str, ...]] = {
    "Patient": ("subject", "patient"),
    "Encounter": ("encounter", "context"),
    "Device": ("device",),
    "Specimen": ("specimen",),
    "Medication": ("medicationReference",),
    "Location": ("location",),
}


class Record:
    """The record that is being read; one object is moved from record to record.

    ``node`` is the resource or the item below it that ``row`` stands for (None: the resource itself).
    ``across`` gives the scope of all files; ``missed`` counts references that lead nowhere, by type.
    """

    __slots__ = (
        "across",
        "file",
        "issues",
        "line",
        "missed",
        "node",
        "number",
        "place",
        "resource",
        "row",
        "scope",
    )

    def __init__(self, file: int, across: Callable[[], Scope]) -> None:
        self.file, self.across = file, across
        self.number, self.line, self.place = 0, 0, ""
        self.resource: dict[str, Any] = {}
        self.node: Any = None
        self.row: Row | None = None
        self.scope: Scope | None = None
        self.issues: list[Issue] = []
        self.missed: dict[str, int] = {}

    def start(self, up: int) -> Any:
        """The node from which a path with this ``up`` begins."""
        return self.resource if self.row is None else treewalk.outward(self.row, up)

    def report(self, code: str, message: str, path: str, text: str) -> None:
        """Note a value that cannot be given."""
        place = (self.file, self.number, self.line, self.place)
        self.issues.append(Issue(*place, code, message, path, shape(text)))


def references(resource: Mapping[str, Any], kind: str) -> list[str]:
    """The literal references that may lead to a type: those of its own elements, else of any."""
    leading = [resource[name] for name in _LEADING.get(kind, ()) if name in resource]
    found = _literal(leading, kind)
    return found or _literal(resource.values(), kind)


def _literal(nodes: Any, kind: str) -> list[str]:
    found: dict[str, None] = {}
    for node in nodes:
        for one in node if type(node) is list else (node,):
            reference = one.get("reference") if type(one) is dict else None
            if isinstance(reference, str) and _may_lead_to(reference, kind, one.get("type")):
                found.setdefault(reference)
    return list(found)


def _may_lead_to(reference: str, kind: str, said: Any) -> bool:
    parts = reference.partition("/_history/")[0].partition("?")[0].split("/")
    named = next((part for part in parts[-2:] if part in RESOURCE_TYPES), None)
    if named is not None:
        return named == kind
    return said is None or said == kind


def named_id(record: Record, reference: str, kind: str) -> str | None:
    """The id in ``Type/id``, unless the Bundle knows the resource by another."""
    known = record.scope.ids.get(reference) if record.scope else None
    if known is not None:
        return known
    if f"{kind}/" not in reference or "?" in reference:
        return None
    found = shapes.referred(reference)
    return found[0] if found else None


def resolve(record: Record, reference: str, kind: str) -> Sequence[Mapping[str, Any]]:
    if reference.startswith("#"):
        contained = record.resource.get("contained")
        inner = contained if type(contained) is list else ()
        return [
            one
            for one in inner
            if type(one) is dict and one.get("id") == reference[1:] and one.get("resourceType") == kind
        ]
    found = record.scope.get(reference, kind) if record.scope else ()
    found = found or record.across().get(reference, kind)
    if not found:
        record.missed[kind] = record.missed.get(kind, 0) + 1
    return found


def contained(record: Record, ident: str) -> list[shapes.Identifier]:
    """The identifiers of a contained resource; its id is of no use outside."""
    contained = record.resource.get("contained")
    for one in contained if type(contained) is list else ():
        if type(one) is dict and one.get("id") == ident:
            identifiers = one.get("identifier")
            listed = identifiers if type(identifiers) is list else [identifiers]
            return [found for node in listed if type(node) is dict and (found := shapes.identifier(node))]
    return []
