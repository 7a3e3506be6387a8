"""FHIR terminology, R4 and R5: CodeSystem, ValueSet and ConceptMap, alone, in Bundles, packages and NDJSON.

Source of fields and codes: FHIR R4 and R5, "CodeSystem", "ValueSet", "ConceptMap", "Concept Properties".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twinmap import registry
from twinmap.errors import InputOutputError
from twinmap.formats.jsonlex import JsonError, decode
from twinmap.limits import LIMITS
from twinmap.terms.store import _fhir_resources as resources
from twinmap.terms.store.editions import Tally
from twinmap.terms.store.loader import Loader
from twinmap.terms.store.nearly import Kind
from twinmap.terms.store.package import File
from twinmap.terms.store.staging import Layout

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "fhir"
#: Nothing of it is known by the columns of a table.
TABLES: Mapping[str, Kind] = {}

_TYPE = re.compile(r'"resourceType"\s*:\s*"(\w+)"')
_PACKAGE = re.compile(r'"fhirVersions?"\s*:|"fhir-version-list"\s*:')
#: What else of FHIR may hold terminology.
_CONTAINERS = {"Bundle"}


def claim(file: File, found: Layout | None) -> str | None:  # noqa: ARG001
    """``resource`` or ``lines`` (NDJSON) for FHIR, ``package`` for the description of a package."""
    head = file.head.lstrip()
    if not head.startswith("{"):
        return None
    first = head.partition("\n")[0].rstrip()
    types = set(_TYPE.findall(head)) or _types(file)
    if not types & (resources.READ.keys() | _CONTAINERS):
        return "package" if file.base == "package.json" and _PACKAGE.search(head) else None
    if (
        first.endswith("}")
        and _is_object(first)
        and "\n" in head
        and head.partition("\n")[2].lstrip().startswith("{")
    ):
        return "lines"
    return "resource"


def _types(file: File) -> set[str]:
    """The types of resources in a file that does not begin with one."""
    with file.open() as stream:
        text = stream.read(LIMITS.record_bytes).decode("utf-8", "replace")
    return set(_TYPE.findall(text))


def _is_object(line: str) -> bool:
    try:
        return isinstance(decode(line), dict)
    except JsonError:
        return False


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load every resource; what is no terminology is counted and left.

    Raises:
        InputOutputError: A file is not JSON (Q04), not UTF-8 (Q03) or too large (Q15), or there is no terminology.
    """
    about: Mapping[str, Any] = {}
    for item in claims:
        if item.role == "package":
            about = next(_documents(item.file, "resource"))
    other: dict[str, int] = {}
    for item in claims:
        if item.role == "package":
            continue
        for document in _documents(item.file, item.role):
            for resource in _contained(item.file, document):
                kind = str(resource.get("resourceType"))
                if kind in resources.READ:
                    _load(resource, kind, item.file, loader, about)
                else:
                    other[kind] = other.get(kind, 0) + 1
    if other:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(other.items()))
        loader.notes.append(f"resources that are no terminology are not read: {told}")
    if not loader.editions:
        raise loader.unusable(
            f"{loader.package.path} holds no CodeSystem, ValueSet or ConceptMap that can be used"
        )


def _load(
    resource: Mapping[str, Any], kind: str, file: File, loader: Loader, about: Mapping[str, Any]
) -> None:
    url = resource.get("url")
    wrong = resources.misshapen(resource) or (None if url else "it has no url")
    if wrong is not None:
        loader.refuse("TM-Q22", file.name, f"a whole {kind}: {wrong}", 1)
        read = resources.counted(resource)
        loader.book(
            Tally(file.name, kind, read, 0, {}, {"a resource that cannot be used": read} if read else {})
        )
        return
    licence = str(about.get("license") or "")
    number = loader.edition(resources.edition(resource, kind, str(url), licence))
    loader.origins[number] = file.name
    said = resources.READ[kind](resource, number)
    kept = {table: loader.rows(resources.TABLE.get(table, table), rows) for table, rows in said.rows.items()}
    for reason, count in sorted(said.refused.items()):
        loader.refuse("TM-Q22", file.name, reason, count)
    if said.content:
        loader.change(number, content=said.content)
    loader.notes += [f"{url}: {note}" for note in said.notes]
    main = kept.get(said.table, 0)
    loader.book(
        Tally(file.name, said.what, resources.counted(resource), main, dict(said.skipped), dict(said.refused))
    )


def _documents(file: File, role: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a file."""
    if role == "lines":
        with file.open() as stream:
            while line := stream.readline(LIMITS.record_bytes + 1):
                if line.strip():
                    yield _parsed(file, line)
        return
    with file.open() as stream:
        yield _parsed(file, stream.read(LIMITS.record_bytes + 1))


def _parsed(file: File, data: bytes) -> Mapping[str, Any]:
    try:
        if len(data) > LIMITS.record_bytes:
            raise _broken("TM-Q15", f"{file.name} has a document of more than {LIMITS.record_bytes:,} bytes")
        found = decode(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _broken("TM-Q03", f"{file.name} is not UTF-8") from error
    except JsonError as error:
        raise _broken(error.code, f"{file.name}: {error.message}") from error
    if not isinstance(found, dict):
        raise _broken("TM-O04", f"{file.name} is not a FHIR resource")
    return found


def _broken(code: str, message: str) -> InputOutputError:
    return registry.fault(code, message, help="fetch it again, from its publisher")


def _contained(file: File, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A resource, or those of a Bundle."""
    if document.get("resourceType") != "Bundle":
        yield document
        return
    wrong = resources.misshapen(document)
    if wrong is not None:
        raise _broken("TM-O04", f"{file.name} is not a FHIR Bundle: {wrong}")
    for entry in resources.objects(document.get("entry")):
        inner = entry.get("resource")
        if isinstance(inner, dict):
            yield from _contained(file, inner)
