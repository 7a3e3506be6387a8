"""The JSON Schema of mapping files, from the definitions that load them.

Editors read YAML with types (``0042`` is a number to them, ``no`` may be a boolean), our loader reads text:
wherever the language takes text, the schema takes any scalar.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinmap.mapping.context import CatalogueLike
from twinmap.mapping.definitions import (
    LANGUAGE,
    OBSERVATION_SLOTS,
    Definition,
    Either,
    Key,
    Many,
    Table,
    Text,
    definitions,
)
from twinmap.mapping.rules import RESULT

Schema = dict[str, Any]

#: Where the schema of this version of the language is known by.
URI = f"https://w3id.org/twinmap/schema/mapping-{LANGUAGE}.json"

_SCALAR = ["string", "number", "boolean"]


def json_schema(concepts: CatalogueLike | None = None, facets: Mapping[str, Any] | None = None) -> Schema:
    """The JSON Schema (draft 2020-12) of a mapping file.

    Args:
        concepts: The catalogue whose templates are offered; ours where it is None.
        facets: The facets by name; ours where it is None.
    """
    if concepts is None:
        from twinmap.terms.concepts import catalogue

        concepts = catalogue()
    if facets is None:
        from twinmap.terms.facets import facets as ours

        facets = ours()
    language = definitions(tuple(facets))
    schemas = {name: _schema(definition) for name, definition in language.items()}
    schemas["observe-rule"]["properties"] |= _concepts(concepts)
    schemas["observe-rule"]["additionalProperties"] = False
    for name, facet in facets.items():
        _facet_words(schemas, name, facet)
    slots = schemas.pop("slots")
    schemas.pop("concept-slots")
    for name, concept in {RESULT: None, **concepts.concepts}.items():
        schemas[f"slots-of-{name}"] = _slots_of(slots, concept, tuple(facets))
    root = schemas.pop("document")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": URI,
        "title": "twinmap mapping",
        **root,
        "$defs": dict(sorted(schemas.items())),
    }


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _schema(definition: Definition) -> Schema:
    match definition:
        case Text():
            return _text(definition)
        case Table():
            return _table(definition)
        case Many(doc=doc, of=of, single=single):
            listed: Schema = {"type": "array", "items": _reference(of)}
            return {"description": doc, "anyOf": [_reference(of), listed]} if single else listed
        case Either(doc=doc, options=options):
            return {"description": doc, "anyOf": [_reference(name) for name in options]}


def _text(definition: Text) -> Schema:
    schema: Schema = {"description": definition.doc}
    if definition.words:
        return schema | {"enum": [word for text in definition.words for word in _spellings(text)]}
    schema["type"] = _SCALAR
    if definition.pattern:
        schema["pattern"] = f"^(?:{definition.pattern})$"
    if definition.example:
        schema["examples"] = [definition.example]
    return schema


def _spellings(word: str) -> list[Any]:
    """A word as text, and as what YAML makes of it."""
    typed = {"true": True, "false": False}.get(word, int(word) if word.isdigit() else None)
    return [word] if typed is None else [word, typed]


def _table(definition: Table) -> Schema:
    schema: Schema = {"description": definition.doc, "type": "object"}
    schema["properties"] = {name: _key(key) for name, key in definition.keys.items()}
    required = [name for name, key in definition.keys.items() if key.required]
    if required:
        schema["required"] = required
    schema["additionalProperties"] = _reference(definition.rest) if definition.rest else False
    if definition.names:
        schema["propertyNames"] = {"pattern": f"^(?:{definition.names})$"}
    return schema


def _key(key: Key) -> Schema:
    return {**_reference(key.of), "description": key.doc}


# --- concepts and facets --------------------------------------------------------------------------


def _concepts(concepts: CatalogueLike) -> Schema:
    """One property for each concept: its slots, or a list of them."""
    described = {RESULT: "Any code: bind code and value."}
    described |= {name: concept.definition for name, concept in concepts.concepts.items()}
    return {
        name: {
            "description": text,
            "anyOf": [
                _reference(f"slots-of-{name}"),
                {"type": "array", "items": _reference(f"slots-of-{name}")},
            ],
        }
        for name, text in described.items()
    }


def _slots_of(slots: Schema, concept: Any, facets: tuple[str, ...]) -> Schema:
    """The slots that one concept has; ``None`` is the concept of any code."""
    properties = dict(slots["properties"])
    if concept is not None:
        accepted = set(concept.accepted)
        dropped = {name for name in facets if name not in accepted and name not in OBSERVATION_SLOTS}
        dropped |= {"code"} | ({"value"} if concept.members else set())
        properties = {name: schema for name, schema in properties.items() if name not in dropped}
        properties |= {member: _reference("value") for member in concept.members}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _facet_words(schemas: dict[str, Schema], name: str, facet: Any) -> None:
    """Offer the words of a facet; other texts may be references or CURIEs, which the loader checks."""
    if name in OBSERVATION_SLOTS:
        return
    options = [{"enum": list(facet.words)}] if facet.words else []
    schemas[f"facet-{name}"] = {"description": facet.definition, "anyOf": [*options, _reference("value")]}
    for table in ("document", "record-set", "slots"):
        schemas[table]["properties"][name] = _reference(f"facet-{name}")
