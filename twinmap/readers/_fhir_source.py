"""The resources of a FHIR file, one after the other, and the way from a reference to its resource.

A file is a resource, a Bundle, an array of either, or NDJSON of either. The entries of a Bundle in a file
of its own are read one by one. References are followed inside the resource (``#id``), inside its Bundle
(``fullUrl``, ``Type/id``), then across the files of the source; of the resources that may be asked for,
only the elements that the mapping names are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from twinmap.formats import jsonstream
from twinmap.formats.jsonlex import dump, text_of
from twinmap.formats.jsonstream import Head, OneByOne
from twinmap.formats.jsonwindow import Fault, Item
from twinmap.safeio import compression, regular_file

#: Files up to this size (bytes) are decoded once and held; the Bundle of a larger one is read twice.
HELD = 8_000_000
#: The same for compressed files.
PACKED = HELD // 20

#: Elements that are kept, by resource type.
Needs = Mapping[str, frozenset[str]]


class Found(NamedTuple):
    """A resource; ``entry`` is what stands around it in the Bundle, ``text`` the source where known."""

    resource: Any
    line: int
    place: str = ""
    entry: Mapping[str, Any] | None = None
    scope: Scope | None = None
    text: str = ""


class Around(NamedTuple):
    """A Bundle without its entries, or an entry without a resource: fields outside any record."""

    node: Any
    name: str


class Scope:
    """The resources that references may lead to, by ``fullUrl`` and ``Type/id``."""

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self._found: dict[str, list[dict[str, Any]]] = {}
        #: ``Type/id`` of resources that no server is said to hold: a URL may lead to them by its end.
        self._anywhere: set[str] = set()
        #: The ids of resources whose fullUrl ends otherwise.
        self.ids: dict[str, str] = {}

    def add(self, resource: Any, full_url: str | None = None) -> None:
        """Keep a resource if it may be asked for."""
        if type(resource) is not dict:
            return
        resource = identified(resource, full_url)
        kind, ident = text_of(resource.get("resourceType")), text_of(resource.get("id"))
        if full_url and ident and tail(full_url) != ident:
            self.ids[full_url] = ident
        elements = self.needs.get(kind or "")
        if elements is None:
            return
        kept = {name: node for name, node in resource.items() if name in elements or name == "resourceType"}
        if ident:
            self._keep(f"{kind}/{ident}", kept)
            if not full_url or "://" not in full_url:
                self._anywhere.add(f"{kind}/{ident}")
        if full_url:
            self._keep(full_url, kept)

    def get(self, reference: str, kind: str) -> Sequence[dict[str, Any]]:
        """The resources of a type under a reference; two that differ are both given."""
        found = self._found.get(reference)
        if found is None and "/" in reference:
            path = reference.partition("/_history/")[0]
            end = "/".join(path.split("/")[-2:])
            found = self._found.get(path) or (self._found.get(end) if end in self._anywhere else None)
        return [one for one in found or () if one.get("resourceType") == kind]

    def _keep(self, name: str, resource: dict[str, Any]) -> None:
        found = self._found.setdefault(name, [])
        if resource not in found:
            found.append(resource)


def identified(resource: dict[str, Any], full_url: str | None) -> dict[str, Any]:
    """The resource with an id: where it has none, the end of the fullUrl under which others name it."""
    return {**resource, "id": tail(full_url)} if full_url and "id" not in resource else resource


def tail(reference: str) -> str:
    """The last part of a URL or URN."""
    return reference.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def is_bundle(head: Mapping[str, Any]) -> bool:
    """Whether an object is a Bundle."""
    return head.get("resourceType") == "Bundle"


_ENTRIES = OneByOne("entry", re.compile(r'"resourceType"\s*:\s*"Bundle"'), is_bundle)


def resources(
    path: Path, encodings: Sequence[str], needs: Needs, *, having: Sequence[bytes] = ()
) -> Iterator[Found | Around | Fault]:
    """Every resource of a file, and what stands around them.

    ``having`` leaves out lines of NDJSON, as in :func:`twinmap.formats.jsonstream.lines`.

    Raises:
        InputOutputError: The file is missing or cut short.
    """
    ndjson = jsonstream.is_ndjson(path)

    def read() -> Iterator[Item | Fault | Head]:
        return jsonstream.items(path, encodings, ndjson=ndjson, member=_ENTRIES, having=having)

    stream: Iterable[Item | Fault | Head] = read()
    held = not ndjson and regular_file(path).stat().st_size <= (PACKED if compression(path) else HELD)
    if held:
        stream = list(stream)
    scope: Scope | None = None
    for item in stream:
        if isinstance(item, Fault):
            yield item
        elif isinstance(item, Head):
            yield Around(item.value, "Bundle")
        elif item.place:
            if scope is None:
                entries = stream if held else read()
                scope = _scope((one.value for one in entries if isinstance(one, Item) and one.place), needs)
            yield from _entry(item.value, item.line, item.place, scope, item.text)
        else:
            yield from documents_of(item, needs)


def documents_of(item: Item, needs: Needs) -> Iterator[Found | Around | Fault]:
    """The resources of a document that is held as a whole."""
    if type(item.value) is dict and is_bundle(item.value):
        yield from _bundle(item.value, item.line, "", needs)
    else:
        yield Found(item.value, item.line, "", None, None, item.text)


def _bundle(node: dict[str, Any], line: int, place: str, needs: Needs) -> Iterator[Found | Around | Fault]:
    entries = node.get("entry", [])
    if type(entries) is not list:
        yield _unreadable("the entry of a Bundle is not an array", line, f"{place}/entry", entries, "")
        entries = []
    scope = _scope(entries, needs)
    for index, entry in enumerate(entries):
        yield from _entry(entry, line, f"{place}/entry/{index}", scope, "")
    yield Around({name: value for name, value in node.items() if name != "entry"}, "Bundle")


def _entry(entry: Any, line: int, place: str, scope: Scope, text: str) -> Iterator[Found | Around | Fault]:
    if type(entry) is not dict:
        yield _unreadable("an entry of a Bundle is not an object", line, place, entry, text)
        return
    resource = entry.get("resource")
    if resource is None:
        # FHIR R4, constraint bdl-5: a request to delete, or a response, needs no resource.
        if "resource" not in entry and ("request" in entry or "response" in entry):
            yield Around(entry, "Bundle.entry")
        else:
            yield _unreadable("an entry of a Bundle has no resource", line, place, entry, text)
        return
    around = {name: value for name, value in entry.items() if name != "resource"}
    if type(resource) is dict and is_bundle(resource):
        yield Around(around, "Bundle.entry")
        yield from _bundle(resource, line, f"{place}/resource", scope.needs)
        return
    full_url = text_of(around.get("fullUrl"))
    if full_url and type(resource) is dict and "id" not in resource:
        resource = identified(resource, full_url)
        del around["fullUrl"]  # the field is counted once, as the id
    yield Found(resource, line, f"{place}/resource", around, scope, text)


def _unreadable(message: str, line: int, place: str, node: Any, text: str) -> Fault:
    """Something in the place of a resource: it is counted as one, and set aside."""
    return Fault("TM-O04", f"not FHIR: {message}", text or dump(node), line, place)


def _scope(entries: Iterable[Any], needs: Needs) -> Scope:
    scope = Scope(needs)
    for entry in entries:
        if type(entry) is dict:
            scope.add(entry.get("resource"), text_of(entry.get("fullUrl")))
    return scope


@lru_cache(maxsize=2)
def across(
    paths: tuple[Path, ...], encodings: tuple[str, ...], needs: tuple[tuple[str, frozenset[str]], ...]
) -> Scope:
    """The resources of all files of a source that references may lead to.

    Raises:
        InputOutputError: A file is missing or cut short.
    """
    scope = Scope(dict(needs))
    having = [f'"{kind}"'.encode() for kind, _ in needs]
    for path in paths:
        for found in resources(path, encodings, {}, having=having):
            if isinstance(found, Found):
                scope.add(found.resource, text_of((found.entry or {}).get("fullUrl")))
    return scope
