"""The JSON Schema says what the loader says: both come from one set of definitions."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from twinmap.formats.yamlnodes import parse
from twinmap.mapping.context import Findings
from twinmap.mapping.definitions import Definition, Either, Many, Table, definitions
from twinmap.mapping.load import loads
from twinmap.mapping.schema import json_schema
from twinmap.mapping.structure import Structure
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

MAPPING = """
twinmap: 1
id: t
version: 1.0.0
params: {patient: required}
systems: {lab: "https://lab.example.org"}
maps: {kinds: {a: quantity}, units: units.tsv}
lookups: {concept: {files: c.csv, key: id, missing: ["0"]}}
source: {format: csv, files: [a.csv, b.csv], header: true, decimal: ",", timezone: UTC}
patient: {id: $(p), birth-date: {from: $(b), format: yyyy}, identifiers: [$(x), {id: $(y), system: z}]}
time: {start: $(s), end: $(e), format: [yyyy-MM-dd]}
device: {type: cgm}
encounter: $(enc)
site: wrist
key: [p, s]
keep: [{a: [x, y]}, {b: {min: 1, max: 2}, c: {not: z}}]
observe:
  - when: {bp: {parts: $(sys)/$(dia)}}
    name: cuff
    blood-pressure: {systolic: $(sys), diastolic: $(dia), unit: mmHg, range: {low: $(l), high: $(h)}}
  - when: {t: {like: "a*"}, u: {missing: true}}
    heart-rate: [{value: $(hr)}, {value: {from: $(h2), map: kinds, unmapped: keep}, time: $(t2)}]
    result: {code: {from: $(c), system: lab}, value: $(v), specimen: blood}
  - {when: {t: z}, then: ignore}
  - otherwise: quarantine
conditions: {code: "snomed:$(c)", time: $(t)}
records:
  one: {files: one.csv, source: {delimiter: ;}, medications: [{code: "rxnorm:$(m)", event: ordered}]}
"""
WORDS = [
    "value",
    "unit",
    "when",
    "from",
    "map",
    "heart-rate",
    "systolic",
    "nonsense",
    "code",
    "missing",
    "auto",
    "1",
]


def structural_problems(text: str) -> list[str]:
    """What the loader says of structure, concepts and slots."""
    root = parse(text, "m").root
    assert root is not None
    report = Findings()
    Structure(definitions(tuple(facets())), report).clean(root, "document", "mapping")
    named = [
        f
        for f in loads(text).findings
        if f.code == "TM-L07" and ("has no slot" in f.message or "no concept" in f.message)
    ]
    return [f.message for f in (*report, *named)]


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_every_reference_leads_somewhere() -> None:
    found = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                found.add(node["$ref"].removeprefix("#/$defs/"))
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(SCHEMA)
    assert found <= set(SCHEMA["$defs"])
    assert set(SCHEMA["$defs"]) <= found, "definitions that nothing uses"


def test_every_definition_names_known_ones_and_says_what_it_is() -> None:
    language = definitions(tuple(facets()))

    def names(definition: Definition) -> list[str]:
        match definition:
            case Table(keys=keys, rest=rest):
                return [*(key.of for key in keys.values()), *([rest] if rest else [])]
            case Many(of=of):
                return [of]
            case Either(options=options):
                return list(options)
            case _:
                return []

    for name, definition in language.items():
        assert definition.doc.endswith("."), name
        assert set(names(definition)) <= set(language), name
        if isinstance(definition, Table):
            assert all(key.doc.endswith((".", "…")) for key in definition.keys.values()), name


def test_concepts_and_facets_are_offered() -> None:
    rule = SCHEMA["$defs"]["observe-rule"]["properties"]
    assert set(catalogue().concepts) | {"result"} <= set(rule)
    assert "wrist" in SCHEMA["$defs"]["facet-site"]["anyOf"][0]["enum"]
    assert {"systolic", "diastolic"} <= set(SCHEMA["$defs"]["slots-of-blood-pressure"]["properties"])
    assert "specimen" not in SCHEMA["$defs"]["slots-of-heart-rate"]["properties"]


def test_editors_read_yaml_with_types() -> None:
    typed = yaml.safe_load(MAPPING.replace('missing: ["0"]', "missing: [0]"))
    assert list(VALIDATOR.iter_errors(typed)) == []
    assert structural_problems(MAPPING) == []


def _mutate(node: Any, chance: random.Random) -> None:
    """Change one thing somewhere: a key, a value, its type."""
    spots: list[tuple[Any, Any]] = []

    def walk(part: Any) -> None:
        items = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in items:
            spots.append((part, key))
            if isinstance(value, (dict, list)):
                walk(value)

    walk(node)
    holder, key = chance.choice(spots)
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(WORDS)] = holder.pop(key)
        case 2:
            holder[key] = chance.choice(WORDS)
        case 3:
            holder[key] = [holder[key]]
        case 4:
            holder[key] = {chance.choice(WORDS): holder[key]}
        case _:
            holder[key] = copy.deepcopy(chance.choice(spots)[0])


@pytest.mark.parametrize("seed", range(6))
def test_the_schema_and_the_loader_agree(seed: int) -> None:
    chance = random.Random(seed)
    agreed = {True: 0, False: 0}
    for _ in range(40):
        data = yaml.load(MAPPING, Loader=yaml.BaseLoader)
        for _ in range(chance.randint(1, 2)):
            _mutate(data, chance)
        text = yaml.dump(data, default_flow_style=None, width=10_000, Dumper=_Plain)
        problems = structural_problems(text)
        errors = list(VALIDATOR.iter_errors(yaml.load(text, Loader=yaml.BaseLoader)))
        assert bool(problems) == bool(errors), (problems, [error.message for error in errors][:3], text)
        agreed[bool(errors)] += 1
    assert min(agreed.values()) > 2


class _Plain(yaml.SafeDumper):
    """Writes no aliases; every text in quotes, so that an empty one is a text."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


_Plain.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@pytest.mark.corpus
def test_trials_fit_the_schema(corpus: Path) -> None:
    for file in sorted((corpus.parent / "design" / "mapping-trials").glob("*.yaml")):
        text = file.read_text("utf-8")
        errors = list(VALIDATOR.iter_errors(yaml.load(text, Loader=yaml.BaseLoader)))
        assert bool(errors) == bool(structural_problems(text)), file.name
