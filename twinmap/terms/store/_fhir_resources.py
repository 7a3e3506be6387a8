"""The three resources of FHIR terminology as rows of the common tables; nothing is recursive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from twinmap.formats.jsonlex import Number, text_of
from twinmap.terms.sssom import RELATIONS
from twinmap.terms.store.editions import Edition
from twinmap.terms.systems import canonical

Object = Mapping[str, Any]

#: Values of the property ``status`` of a concept that say that it is not used any more.
_INACTIVE = {"inactive", "retired", "withdrawn", "deprecated", "superseded", "obsolete"}
_ACTIVE = {"active", "draft", "trial", "experimental", "discouraged"}
#: Properties that name the code that took the place of another.
_REPLACED = {"replacedby", "replaced-by", "map_to", "successor"}
_KINDS = {"CodeSystem": "codes", "ValueSet": "values", "ConceptMap": "map"}


@dataclass(slots=True)
class Said:
    """What a resource says: rows by table (``table`` is the one that counts), and what of it is not kept."""

    what: str
    table: str
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    content: str = ""

    def add(self, table: str, *cells: Any) -> None:
        """Add a row to a table."""
        self.rows.setdefault(table, []).append(cells)


#: What stands where in the resources, as far as it is read: text, a list of objects (``*``) or an object (``!``)
#: of a kind.
_TEXT = "text"
_HEAD = dict.fromkeys(("url", "version", "title", "name", "copyright", "date", "language"), _TEXT)
_CODED = {"code": _TEXT, "display": _TEXT}
_SHAPES: Mapping[str, Mapping[str, str]] = {
    "Bundle": {"entry": "*entry"},
    "entry": {"resource": "!resource"},
    "CodeSystem": {**_HEAD, "content": _TEXT, "hierarchyMeaning": _TEXT, "concept": "*concept"},
    "concept": {
        **_CODED,
        "definition": _TEXT,
        "designation": "*designation",
        "property": "*property",
        "concept": "*concept",
    },
    "designation": {"language": _TEXT, "value": _TEXT},
    "property": {"code": _TEXT},
    "ValueSet": {**_HEAD, "compose": "!compose", "expansion": "!expansion"},
    "compose": {"include": "*part", "exclude": "*part"},
    "part": {"system": _TEXT, "concept": "*listed", "filter": "*filter"},
    "listed": _CODED,
    "expansion": {"contains": "*contains"},
    "contains": {**_CODED, "system": _TEXT, "contains": "*contains"},
    "ConceptMap": {**_HEAD, "group": "*group"},
    "group": {"source": _TEXT, "target": _TEXT, "element": "*element"},
    "element": {**_CODED, "target": "*target"},
    "target": {
        **_CODED,
        "equivalence": _TEXT,
        "relationship": _TEXT,
        "dependsOn": "*condition",
        "product": "*condition",
    },
}


def misshapen(resource: Object) -> str | None:
    """Where something stands that FHIR has no place for, as ``/concept/0/code is not a text``; None where all fits."""
    stack: list[tuple[str, Object, str]] = [("", resource, str(resource.get("resourceType")))]
    while stack:
        place, found, kind = stack.pop()
        for key, wanted in _SHAPES.get(kind, {}).items():
            value, here = found.get(key), f"{place}/{key}"
            if value is None:
                continue
            if wanted == _TEXT and type(value) is not str:
                return f"{here} is not a text"
            if wanted[0] in "*!":
                inner = [(here, value)]
                if wanted[0] == "*":
                    if not isinstance(value, list):
                        return f"{here} is not a list"
                    inner = [(f"{here}/{place}", item) for place, item in enumerate(value)]
                for there, item in inner:
                    if not isinstance(item, dict):
                        return f"{there} is not an object"
                    stack.append((there, item, wanted[1:]))
    return None


def objects(value: Any) -> list[Object]:
    """The objects of a list; nothing where it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def edition(resource: Object, kind: str, url: str, licence: str) -> Edition:
    """What a resource says of itself."""
    content = resource.get("content")
    return Edition(
        _KINDS[kind],
        system(url) or url if kind == "CodeSystem" else url,
        _text(resource.get("version")) or "",
        _text(resource.get("title")) or _text(resource.get("name")) or "",
        "complete" if kind == "CodeSystem" and content == "complete" else "fragment",
        " ".join((_text(resource.get("copyright")) or licence).split())[:300],
        _text(resource.get("date")) or "",
    )


def system(uri: Any) -> str | None:
    """The one URI of a system, without the version that may follow it."""
    text = _text(uri)
    if text is None:
        return None
    bare = text.partition("|")[0]
    known = canonical(bare)
    return known.uri if known else bare


def counted(resource: Object) -> int:
    """The rows that a resource has, found by another way than they are read: by their key, wherever it stands."""
    total = 0
    kind = resource.get("resourceType")
    stack: list[tuple[str, Any]] = [("", resource)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, list):
            stack += [(key, item) for item in value]
        elif isinstance(value, dict):
            total += key in _COUNTED[str(kind)]
            stack += [(name, item) for name, item in value.items() if name in _WAYS]
    return total


#: The keys that lead to rows: what stands below another one is none, whatever it is called.
_WAYS = {
    *("concept", "compose", "include", "exclude", "expansion", "contains"),
    *("group", "element", "target"),
}
#: By resource, the keys whose objects are rows.
_COUNTED = {"CodeSystem": {"concept"}, "ValueSet": {"concept", "contains"}, "ConceptMap": {"target"}}


# --- CodeSystem -----------------------------------------------------------------------------------


def code_system(resource: Object, number: int) -> Said:
    """Concepts, also nested ones, with their designations, status, properties, parents and replacements."""
    said = Said("concepts", "concept")
    uri = str(resource["url"])
    language = _text(resource.get("language"))
    is_a = resource.get("hierarchyMeaning") == "is-a"
    nested = 0
    seen: set[str] = set()
    stack: list[tuple[Object, str | None]] = [
        (item, None) for item in reversed(objects(resource.get("concept")))
    ]
    while stack:
        concept, parent = stack.pop()
        code = _text(concept.get("code"))
        below = objects(concept.get("concept"))
        nested += bool(below)
        stack += [(item, code) for item in reversed(below)]
        if code is None:
            said.refused["a concept without a code"] += 1
            continue
        if is_a and parent is not None:
            said.add("edge", number, code, parent)
        if code in seen:
            reason = "a code that stands twice"
            (said.skipped if is_a and parent is not None else said.refused)[reason] += 1
            continue
        seen.add(code)
        _concept(said, concept, code, number, uri, language, is_a=is_a)
    if nested and not is_a:
        meaning = _text(resource.get("hierarchyMeaning")) or "not said"
        said.notes.append(f"what its nesting means is {meaning}, so it is no is-a")
    if resource.get("content") == "complete" and not seen:  # else no code of the system would exist
        said.content = "fragment"
        said.notes.append("it says that it is complete, and has no concept: it counts as a fragment")
    return said


def _concept(
    said: Said, concept: Object, code: str, number: int, uri: str, language: str | None, *, is_a: bool
) -> None:
    display = _text(concept.get("display"))
    properties = [(str(item.get("code")), _value(item)) for item in objects(concept.get("property"))]
    said.add("concept", number, code, display, *_status(properties))
    if display:
        said.add("designation", number, code, language, "display", display)
    definition = _text(concept.get("definition"))
    if definition:
        said.add("designation", number, code, language, "definition", definition)
    for item in objects(concept.get("designation")):
        term = _text(item.get("value"))
        if term:
            said.add("designation", number, code, _text(item.get("language")) or language, "synonym", term)
    for name, value in properties:
        if value is None:
            continue
        if name.casefold() in _REPLACED:
            said.add("replacement", number, code, system(uri), value, "replaced-by")
        elif is_a and name == "parent":
            said.add("edge", number, code, value)
        elif is_a and name == "child":
            said.add("edge", number, value, code)
        else:
            said.add("property", number, code, name, value)


def _value(item: Object) -> str | None:
    value = next((value for key, value in item.items() if key.startswith("value")), None)
    return _text(value.get("code")) if isinstance(value, dict) else text_of(value)


def _status(properties: Iterable[tuple[str, str | None]]) -> tuple[str, str | None]:
    """Active unless a property says otherwise: that is the default of ``inactive``."""
    said = {name.casefold(): value for name, value in properties if value is not None}
    word = (said.get("status") or "").casefold()
    gone = said.get("inactive") == "true" or said.get("deprecated", "false") != "false"
    if gone or word in _INACTIVE:
        return "inactive", said.get("status") or ("deprecated" if "deprecated" in said else None)
    return ("active" if not word or word in _ACTIVE else "unknown"), said.get("status")


# --- ValueSet -------------------------------------------------------------------------------------


def value_set(resource: Object, number: int) -> Said:
    """Members: those of the expansion where there is one, else those that the definition lists.

    A definition that takes a whole system is a row without a code; one that filters, or takes over other value
    sets, leaves the set a fragment.
    """
    said = Said("members", "member")
    expansion = resource.get("expansion")
    compose = resource.get("compose")
    compose = compose if isinstance(compose, dict) else {}
    if isinstance(expansion, dict):
        _expansion(said, expansion, number)
        listed = sum(1 for part in ("include", "exclude") for _ in _listed(compose, part))
        if listed:
            said.skipped["listed in the definition, and expanded"] += listed
        return said
    whole = True
    for part in ("include", "exclude"):
        for item in objects(compose.get(part)):
            whole &= _part(said, item, number, excluded=part == "exclude")
    said.content = "complete" if whole and compose else "fragment"
    if not whole:
        said.notes.append(
            "its definition filters or takes over other value sets, so not all members are known"
        )
    return said


def _listed(compose: Object, part: str) -> Iterator[Object]:
    for item in objects(compose.get(part)):
        yield from objects(item.get("concept"))


def _part(said: Said, item: Object, number: int, *, excluded: bool) -> bool:
    """One include or exclude; gives whether all of it is known."""
    uri = system(item.get("system"))
    concepts = objects(item.get("concept"))
    for concept in concepts:
        code = _text(concept.get("code"))
        if code is None or uri is None:
            said.refused["a member without a code or a system"] += 1
            continue
        said.add("member", number, uri, code, _text(concept.get("display")), excluded)
    if item.get("valueSet") or objects(item.get("filter")):
        return False
    if not concepts and uri is not None:
        said.add("whole", number, uri, None, None, excluded)
    return True


def _expansion(said: Said, expansion: Object, number: int) -> None:
    found = 0
    stack = [*reversed(objects(expansion.get("contains")))]
    while stack:
        item = stack.pop()
        found += 1
        stack += reversed(objects(item.get("contains")))
        uri, code = system(item.get("system")), _text(item.get("code"))
        if item.get("abstract") is True or (code is None and objects(item.get("contains"))):
            said.skipped["a heading, no member"] += 1
        elif uri is None or code is None:
            said.refused["a member without a code or a system"] += 1
        else:
            said.add("member", number, uri, code, _text(item.get("display")), False)
    total = expansion.get("total")
    paged = isinstance(total, Number) and total.isdecimal() and int(total) > found
    said.content = "fragment" if paged else "complete"
    if paged:
        said.notes.append(f"its expansion is a page: {found:,} of {total}")


# --- ConceptMap -----------------------------------------------------------------------------------


def concept_map(resource: Object, number: int) -> Said:
    """Mappings; what maps under a condition is refused, for it does not hold without it."""
    said = Said("mappings", "mapping")
    for group in objects(resource.get("group")):
        origin, target = system(group.get("source")), system(group.get("target"))
        for element in objects(group.get("element")):
            for item in objects(element.get("target")):
                _target(said, element, item, number, origin, target)
    return said


def _target(
    said: Said, element: Object, item: Object, number: int, origin: str | None, target: str | None
) -> None:
    relation = item.get("relationship", item.get("equivalence"))
    code, meant = _text(element.get("code")), _text(item.get("code"))
    if relation == "unmatched" or (meant is None and relation in {"disjoint", "not-related-to"}):
        said.skipped["says that there is no target"] += 1
    elif relation not in RELATIONS:
        said.refused["a relationship that does not exist"] += 1
    elif objects(item.get("dependsOn")) or objects(item.get("product")):
        said.refused["maps under a condition (dependsOn, product)"] += 1
    elif code is None or origin is None:
        said.refused["no source code or no source system"] += 1
    elif meant is None or target is None:
        said.refused["no target code or no target system"] += 1
    else:
        predicate, negated = RELATIONS[relation]
        labels = _text(element.get("display")), _text(item.get("display"))
        said.add(
            "mapping",
            number,
            origin,
            code,
            labels[0],
            predicate,
            negated,
            target,
            meant,
            labels[1],
            None,
            None,
        )


#: Rows that go to a table and are no rows of the resource.
TABLE = {"whole": "member"}
READ: Mapping[str, Callable[[Object, int], Said]] = {
    "CodeSystem": code_system,
    "ValueSet": value_set,
    "ConceptMap": concept_map,
}
