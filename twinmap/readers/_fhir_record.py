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

#: The elements that lead to the resource of a type (R4). Where they are absent or lead elsewhere (the
#: subject is a group), no other element is taken: a performer who is a patient is not the patient.
LEADING: Mapping[str, tuple[str, ...]] = {
    "Patient": ("subject", "patient", "beneficiary", "for", "individual"),
    "Encounter": ("encounter", "context"),
    "Device": ("device",),
    "Specimen": ("specimen",),
    "Medication": ("medicationReference",),
    "Location": ("location",),
}

_Reference = Mapping[str, Any]


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
        "missing",
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
        self.missing: tuple[int, str] | None = None

    def start(self, up: int) -> Any:
        """The node from which a path with this ``up`` begins."""
        return self.resource if self.row is None else treewalk.outward(self.row, up)

    def miss(self, kind: str, literal: str) -> None:
        """Count a reference that leads nowhere, once however many fields ask for it."""
        if self.missing != (self.number, literal):
            self.missing = (self.number, literal)
            self.missed[kind] = self.missed.get(kind, 0) + 1

    def report(self, code: str, message: str, path: str, text: str) -> None:
        """Note a value that cannot be given."""
        place = (self.file, self.number, self.line, self.place)
        self.issues.append(Issue(*place, code, message, path, shape(text)))


def references(resource: Mapping[str, Any], kind: str) -> list[_Reference]:
    """The distinct Reference objects of a resource that may lead to a resource of a type."""
    leading = LEADING.get(kind)
    nodes = resource.values() if leading is None else [resource[name] for name in leading if name in resource]
    found: list[_Reference] = []
    for node in nodes:
        for one in node if type(node) is list else (node,):
            if type(one) is dict and _may_lead_to(one, kind) and one not in found:
                found.append(one)
    return found


def ids(record: Record, reference: _Reference, kind: str) -> list[Any]:
    """The reference itself where it names a resource of a type: the nodes of an IDENTIFIER.

    A URL that leads to a resource of this source is that resource's id; others keep their server.
    """
    literal = reference.get("reference")
    if not isinstance(literal, str) or literal.startswith("#"):
        return [reference]
    if _named_type(literal) is None:
        return [reference] if _resolve(record, literal, kind) else []
    here = _look_up(record, literal, kind) if "://" in literal else ()
    return [{"reference": f"{kind}/{one['id']}"} for one in here if "id" in one] or [reference]


def id_texts(record: Record, reference: _Reference, kind: str) -> list[Any]:
    """The id of the resource that a literal reference names; a contained one has none of use outside."""
    literal = reference.get("reference")
    if not isinstance(literal, str) or literal.startswith("#"):
        return []
    known = record.scope.ids.get(literal) if record.scope else None
    if known is not None:
        return [known]
    if _named_type(literal) and "?" not in literal:
        named = shapes.referred(literal)
        return [named[0]] if named else []
    return [one["id"] for one in _resolve(record, literal, kind) if "id" in one]


def targets(record: Record, reference: _Reference, kind: str) -> Sequence[Mapping[str, Any]]:
    """The resources that a reference leads to; of a logical one, what its identifier says."""
    literal = reference.get("reference")
    if isinstance(literal, str):
        found = _resolve(record, literal, kind)
        if found:
            return found
    identifier = reference.get("identifier")
    return [{"identifier": [identifier]}] if type(identifier) is dict else []


def contained(record: Record, ident: str) -> list[shapes.Identifier]:
    """The identifiers of a contained resource; its id is of no use outside."""
    for one in _contained(record, ident):
        identifiers = one.get("identifier")
        listed = identifiers if type(identifiers) is list else [identifiers]
        return [found for node in listed if type(node) is dict and (found := shapes.identifier(node))]
    return []


def _contained(record: Record, ident: str) -> list[dict[str, Any]]:
    inside = record.resource.get("contained")
    listed = inside if type(inside) is list else ()
    return [one for one in listed if type(one) is dict and one.get("id") == ident]


def _may_lead_to(reference: _Reference, kind: str) -> bool:
    literal, said = reference.get("reference"), reference.get("type")
    if isinstance(literal, str):
        return (_named_type(literal) or said or kind) == kind
    return "identifier" in reference and (said or kind) == kind


def _named_type(literal: str) -> str | None:
    """The resource type in ``Type/id``, at the end of a URL, or in ``Type?…``."""
    parts = literal.partition("/_history/")[0].partition("?")[0].split("/")
    return next((part for part in parts[-2:] if part in RESOURCE_TYPES), None)


def _resolve(record: Record, literal: str, kind: str) -> Sequence[Mapping[str, Any]]:
    if literal.startswith("#"):
        return [one for one in _contained(record, literal[1:]) if one.get("resourceType") == kind]
    found = _look_up(record, literal, kind)
    if not found:
        record.miss(kind, literal)
    return found


def _look_up(record: Record, literal: str, kind: str) -> Sequence[Mapping[str, Any]]:
    found = record.scope.get(literal, kind) if record.scope else ()
    return found or record.across().get(literal, kind)
