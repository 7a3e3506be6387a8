"""Statements to RDF: a target file compiled to SQL text expressions, a line of N-Quads a triple.

No term is made in Python but those of codes. Columns that need more than
copying (terms of codes, results, times, places) are defined here for every target.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from twinmap import registry
from twinmap.engine.lines import Lift, Triple
from twinmap.errors import UsageError
from twinmap.kinds import KINDS
from twinmap.sqltext import identifier, quoted

_XSD = "http://www.w3.org/2001/XMLSchema#"
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_COLUMN = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Facets:
    """How the facets are written: column to the IRI of its property; words are IRIs, others literals."""

    properties: Mapping[str, str]
    literal: frozenset[str]
    namespace: str = "https://w3id.org/twinmap/ns#"

    @classmethod
    def shipped(cls) -> Facets:
        """Those of the facet files."""
        from twinmap.terms.facets import facets

        properties = {name: facet.property for name, facet in facets().items()}
        return cls(properties, frozenset(name for name, facet in facets().items() if facet.type != "words"))


@cache
def load(name: str) -> dict[str, Any]:
    """A target file by name.

    Raises:
        UsageError: There is none.
    """
    import yaml

    known = registry.names("targets")
    if name not in known:
        raise UsageError(f'there is no target "{name}"', help=f"one of: {', '.join(known)}")
    path = registry.shipped("ontologies") / "targets" / f"{name}.yaml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def _lift(target: Mapping[str, Any], kind: str, base: str, facets: Facets, concepts: Units) -> Lift:
    """How the rows of a kind become lines: the published columns, those of :func:`derived`, terms of codes."""
    spec = target["kinds"][kind]
    prefixes = target["prefixes"]
    triples: list[Triple] = []
    for pattern in spec["triples"]:
        triples += _facets(facets) if pattern == "{facets}" else [_triple(pattern, prefixes, base)]
    graph = f"concat(' <', {quoted(base)}, 'graph/source/', source, '> .', chr(10))"
    if "graph" in spec:
        graph = quoted(f" <{base}{spec['graph']}> .") + " || chr(10)"
    subject = _path(spec["subject"], base)
    return Lift(derived(kind, base, concepts), _code_iris(kind), subject, graph, tuple(triples))


def _triple(pattern: Sequence[str], prefixes: Mapping[str, str], base: str) -> Triple:
    word, thing = pattern
    predicate = _TYPE if word == "a" else _expand(word, prefixes)
    columns = _COLUMN.findall(thing)
    if not columns:
        return Triple(predicate, None, f"'<{_expand(thing, prefixes)}>'")
    return Triple(predicate, columns[0], _term(thing, columns[0], prefixes, base))


def _term(thing: str, column: str, prefixes: Mapping[str, str], base: str) -> str:
    if thing.startswith("<"):
        return _path(thing[1:-1], base)
    if thing.startswith('"'):
        _, _, kind = thing.partition("^^")
        suffix = f"'\"^^<{_expand(kind, prefixes)}>'" if kind else "'\"'"
        return f"'\"', {literal(identifier(column))}, {suffix}"
    return identifier(column)


def _path(path: str, base: str) -> str:
    column = _COLUMN.findall(path)[0]
    before, _, after = path.partition("{" + column + "}")
    return f"concat('<', {quoted(base + before)}, {identifier(column)}, {quoted(after + '>')})"


def _expand(curie: str, prefixes: Mapping[str, str]) -> str:
    prefix, _, local = curie.partition(":")
    return prefixes[prefix] + local


def _facets(facets: Facets) -> Iterator[Triple]:
    for name, iri in facets.properties.items():
        column = identifier(name)
        word = f"'<{facets.namespace}', {column}[4:], '>'"
        term = f"'\"', {literal(column)}, '\"'" if name in facets.literal else word
        yield Triple(iri, name, term)


# --- terms ----------------------------------------------------------------------------------------

_CONTROL = '["\\\\\\x00-\\x1F\\x7F]'


def literal(sql: str) -> str:
    """SQL of a text escaped for an N-Quads literal (canonical form of RDF 1.1 N-Quads)."""
    escaped = f"replace({sql}, chr(92), chr(92) || chr(92))"
    for char, letter in ((34, '"'), (10, "n"), (13, "r"), (9, "t"), (8, "b"), (12, "f")):
        escaped = f"replace({escaped}, chr({char}), chr(92) || '{letter}')"
    return f"CASE WHEN regexp_matches({sql}, '[\\x00-\\x1F\"\\\\]') THEN {escaped} ELSE {sql} END"


def decimal(sql: str) -> str:
    """SQL of a double with 12 significant digits as a decimal without exponent."""
    plain = f"format('{{:.12g}}', {sql})"
    places = f"greatest(0, 11 - floor(log10(abs({sql})))::INTEGER)"
    small = f"rtrim(format('{{:.{{}}f}}', {sql}, {places}), '0')"
    digits, power = (f"split_part({plain}, 'e+', {part})" for part in (1, 2))
    zeros = f"repeat('0', {power}::INTEGER - length(split_part({digits}, '.', 2)))"
    large = f"concat(replace({digits}, '.', ''), {zeros})"
    return f"CASE WHEN contains({plain}, 'e-') THEN {small} WHEN contains({plain}, 'e+') THEN {large} ELSE {plain} END"


def moment(us: str, precision: str) -> str:
    """SQL of the literal of an instant, as precise as it was stated."""
    stamp = f"make_timestamp({us})"
    day = f"strftime({stamp}, '%Y-%m-%d')"
    fraction = f"rtrim(rtrim(strftime({stamp}, '%Y-%m-%dT%H:%M:%S.%f'), '0'), '.')"
    return (
        f"CASE WHEN {us} IS NULL THEN NULL "
        f"WHEN {precision} = 'day' THEN concat('\"', {day}, '\"^^<{_XSD}date>') "
        f"WHEN {precision} = 'month' THEN concat('\"', {day}[1:7], '\"^^<{_XSD}gYearMonth>') "
        f"WHEN {precision} = 'year' THEN concat('\"', {day}[1:4], '\"^^<{_XSD}gYear>') "
        f"WHEN {us} % 1000000 = 0 THEN concat('\"', strftime({stamp}, '%Y-%m-%dT%H:%M:%SZ'), '\"^^<{_XSD}dateTime>') "
        f"ELSE concat('\"', {fraction}, 'Z\"^^<{_XSD}dateTime>') END"
    )


def _typed(sql: str, kind: str) -> str:
    return f"concat('\"', {sql}, '\"^^<{_XSD}{kind}>')"


#: The units of concepts, each with the systems and codes of what stands in it.
Units = Mapping[str, Sequence[tuple[str, str]]]


def _converted(concepts: Units) -> str:
    """SQL that holds where the result stands in the unit of the concept, not in its own.

    It is a matter of code and unit and never of the value, so that one code and unit is one unit in the
    graph. Without a concept a value stays as it was received: a volume of 42 fL is not so many m3. The rows
    are those of ``u`` (see :mod:`twinmap.engine.lines`): terms of codes are joined to them.
    """
    from twinmap.terms.units import base_unit

    # What is canonical without a concept is in base units: another unit tells by itself that there is one.
    telling = [quoted(unit) for unit in sorted(concepts) if base_unit(unit) != unit]
    tests = [f"u.canon_unit IN ({', '.join(telling)})"] if telling else []
    for unit in sorted(concepts):
        if quoted(unit) not in telling:
            codes = ", ".join(f"({quoted(system)}, {quoted(code)})" for system, code in concepts[unit])
            tests.append(f"(u.canon_unit = {quoted(unit)} AND (u.code_system, u.code) IN ({codes}))")
    return f"CASE WHEN u.canon_unit <> u.unit THEN {' OR '.join(tests) or 'false'} ELSE false END"


def derived(kind: str, base: str, concepts: Units = MappingProxyType({})) -> dict[str, str]:
    """The columns that targets may name beside those of the table; ``*_iri`` of codes are joined."""
    if kind in {"twin", "record", "device"}:
        return {}
    columns = {
        "place_iri": f"concat('<', {quoted(base)}, 'file/', file, '#', record, "
        f"CASE WHEN part = '' THEN '' ELSE concat('/', replace(url_encode(part), '%2F', '/')) END, '>')"
    }
    if kind == "patient":
        columns["birth_literal"] = (
            "CASE birth_precision WHEN 'day' THEN "
            + _typed("birth_date", "date")
            + " WHEN 'month' THEN "
            + _typed("birth_date", "gYearMonth")
            + " WHEN 'year' THEN "
            + _typed("birth_date", "gYear")
            + " END"
        )
        columns["deceased_literal"] = (
            "CASE WHEN deceased IN ('true', 'false') THEN "
            + _typed("deceased", "boolean")
            + " WHEN regexp_full_match(deceased, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN "
            + _typed("deceased", "date")
            + " WHEN deceased IS NOT NULL THEN "
            + _typed("'true'", "boolean")
            + " END"
        )
        return columns
    columns["start_literal"] = moment("start_us", "time_precision")
    columns["end_literal"] = moment("end_us", "time_precision")
    if kind == "observation":
        columns |= {
            "converted": _converted(concepts),
            # A number that no double holds (P06) is not converted: it is the source value alone.
            "result": "CASE value_kind WHEN 'quantity' THEN CASE WHEN NOT converted THEN "
            + _typed("value_text", "decimal")
            + " WHEN canon_num IS NOT NULL THEN "
            + _typed(decimal("canon_num"), "decimal")
            + " END WHEN 'boolean' THEN "
            + _typed("value_text", "boolean")
            + " WHEN 'coded' THEN NULL WHEN 'absent' THEN NULL ELSE "
            + f"CASE WHEN value_text IS NOT NULL THEN concat('\"', {literal('value_text')}, '\"') END END",
            "result_unit": "CASE WHEN NOT converted THEN unit WHEN canon_num IS NOT NULL THEN canon_unit END",
            "source_value": "CASE WHEN converted THEN value_text END",
            "source_unit": "CASE WHEN converted THEN unit WHEN unit IS NULL THEN unit_raw END",
        }
    return columns


def _code_iris(kind: str) -> dict[str, tuple[str, str]]:
    """Columns of codes that become IRIs: name of the IRI column to those of system and code."""
    pairs = KINDS[kind].pairs if kind in KINDS else {}
    return {f"{stem}_iri": pair for stem, pair in pairs.items() if stem != "raw_code"}


def lifts(name: str, base: str, facets: Facets, concepts: Units) -> dict[str, Lift]:
    """The lift of every kind that a target speaks of; values of ``concepts`` are written in their unit."""
    target = load(name)
    return {kind: _lift(target, kind, base, facets, concepts) for kind in target["kinds"]}


def code_iri(base: str, system: str | None, code: str) -> str:
    """The term of a code: the IRI of its system's scheme, else one below the base."""
    from urllib.parse import quote

    from twinmap.terms import systems

    known = systems.iri(system, code) if system else None
    if known is not None:
        return f"<{known}>"
    return f"<{base}code/{quote(system or 'local', safe='')}/{quote(code, safe='')}>"
