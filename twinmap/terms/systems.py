"""Code systems and identifier systems: one URI each, whatever a source calls it.

The table is ``ontologies/aliases/systems.tsv``. HL7 v2 tables and v3 code systems follow a rule. What is
not known stays as it is: nothing is guessed from likeness, :func:`near` only suggests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from urllib.parse import quote, unquote

from twinmap.registry import shipped
from twinmap.terms._files import read_table

_THO = "http://terminology.hl7.org/CodeSystem/"
_OID = re.compile(r"(?:urn:oid:|oid:)?([0-2](?:\.(?:0|[1-9][0-9]*)){3,})", re.IGNORECASE)
_V2_TABLE = re.compile(
    r"(?:HL7-?|v2-|http://hl7\.org/fhir/v2/|http://terminology\.hl7\.org/CodeSystem/v2-)([0-9]{4})",
    re.IGNORECASE,
)
_V2_OID = "2.16.840.1.113883.12."
_V3 = re.compile(
    r"(?:v3-|http://hl7\.org/fhir/v3/|http://terminology\.hl7\.org/CodeSystem/v3-)([A-Za-z][A-Za-z0-9-]*)"
)
_BELOW_BASE = re.compile(r"\S+/code/([^/]+%3A[^/]+)/")
_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9._-]*):(?!//)(\S(?:.*\S)?)")


@dataclass(frozen=True, slots=True)
class System:
    """A code system or identifier system.

    ``uri`` is the one we write, ``prefix`` its short name, ``stem`` what stands before a code in an IRI
    (``http://loinc.org/rdf/``; None where the system has no accepted IRIs). ``kind`` is ``code`` or
    ``identifier``. ``matched`` says how a text led here: ``exact`` (the URI or the prefix), ``alias`` or
    ``oid``.
    """

    uri: str
    prefix: str
    name: str
    stem: str | None = None
    oids: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kind: str = "code"
    matched: str = "exact"


@cache
def systems() -> Mapping[str, System]:
    """The systems of the table by prefix."""
    table = {}
    for row in read_table(shipped("ontologies") / "aliases" / "systems.tsv"):
        cells = {key: "" if value == "-" else value for key, value in row.items()}
        table[cells["prefix"]] = System(
            uri=cells["uri"],
            prefix=cells["prefix"],
            name=cells["name"],
            stem=cells["iri"] or None,
            oids=tuple(cells["oids"].split()),
            aliases=tuple(filter(None, cells["aliases"].split("|"))),
            kind=cells["kind"],
        )
    return table


@cache
def _index() -> tuple[dict[str, System], dict[str, System], dict[str, System]]:
    """Systems by exact text, by folded alias and by OID."""
    exact: dict[str, System] = {}
    alias: dict[str, System] = {}
    oid: dict[str, System] = {}
    for system in systems().values():
        exact[system.uri] = exact[system.prefix] = system
        by_alias = replace(system, matched="alias")
        for text in (system.uri, system.prefix, system.name, *system.aliases):
            alias.setdefault(_fold(text), by_alias)
        for number in system.oids:
            oid[number] = replace(system, matched="oid")
    return exact, alias, oid


def _fold(text: str) -> str:
    """Case, blanks, a closing slash or hash, and ``https`` for ``http`` do not tell systems apart."""
    folded = " ".join(text.split()).casefold()
    if folded.startswith("https://"):
        folded = f"http://{folded[8:]}"
    return folded.rstrip("/#")


def canonical(text: str) -> System | None:
    """The system that a source means by a URI, an OID, a prefix or a name; None where it is not known.

    >>> canonical("LN").uri, canonical("urn:oid:2.16.840.1.113883.6.1").matched
    ('http://loinc.org', 'oid')
    """
    exact, alias, oid = _index()
    text = text.strip()
    if text in exact:
        return exact[text]
    number = _OID.fullmatch(text)
    if number:
        return oid.get(number[1]) or _table_by_oid(number[1])
    known = alias.get(_fold(text)) or _by_rule(text)
    if known is None and text.startswith(("http://snomed.info/sct/", "https://snomed.info/sct/")):
        return alias["snomed"]  # the URI of an edition or version: same system
    return known


def _by_rule(text: str) -> System | None:
    table = _V2_TABLE.fullmatch(text)
    if table:
        return _hl7(f"v2-{table[1]}", f"HL7 v2 table {table[1]}", text)
    v3 = _V3.fullmatch(text)
    return _hl7(f"v3-{v3[1]}", f"HL7 v3 {v3[1]}", text) if v3 else None


def _hl7(prefix: str, name: str, text: str) -> System:
    known = systems().get(prefix) or System(uri=f"{_THO}{prefix}", prefix=prefix, name=name)
    return known if text in (known.uri, prefix) else replace(known, matched="alias")


def _table_by_oid(number: str) -> System | None:
    """HL7 v2 table n has the OID 2.16.840.1.113883.12.n."""
    table = number.removeprefix(_V2_OID)
    if table == number or not table.isdigit() or len(table) > 4:
        return None
    known = canonical(f"v2-{int(table):04d}")
    return replace(known, matched="oid") if known else None


def by_stem(stem: str) -> str:
    """The URI of the system whose concepts have IRIs with this stem; any other stem names a system of its own.

    A system without IRIs is told by what stands before its codes in a graph: ``<base>code/<system>/``.

    >>> by_stem("http://snomed.info/id/"), by_stem("https://twin.invalid/code/urn%3Aoid%3A2.16.840.1.113883.6.1/")
    ('http://snomed.info/sct', 'http://loinc.org')
    """
    for system in systems().values():
        if stem in {system.stem, system.uri, f"{system.uri}/"}:
            return system.uri
    below = _BELOW_BASE.fullmatch(stem)
    named = unquote(below[1]) if below else stem
    known = canonical(named)
    return known.uri if known else named


@lru_cache(4096)
def near(text: str) -> str | None:
    """The URI of a known system that the text misses by one or two characters, or None.

    For a text that :func:`canonical` knows there is nothing to suggest.

    >>> near("http://loinc.ogr")
    'http://loinc.org'
    """
    text = text.strip()
    if len(text) < 8 or canonical(text) is not None or _OID.fullmatch(text):
        return None
    folded = _fold(text)
    lengths = range(len(folded) - _NEAR, len(folded) + _NEAR + 1)
    candidates = (item for length in lengths for item in _folded().get(length, ()))
    distance, uri = min(
        ((_distance(folded, known), uri) for known, uri in candidates), default=(_NEAR + 1, "")
    )
    return uri if distance <= _NEAR else None


#: The most characters that a near text misses a URI by.
_NEAR = 2


@cache
def _folded() -> Mapping[int, list[tuple[str, str]]]:
    """The URIs of all systems as :func:`_fold` makes them, and as they are, by the length of the first."""
    found: dict[int, list[tuple[str, str]]] = {}
    for system in systems().values():
        folded = _fold(system.uri)
        found.setdefault(len(folded), []).append((folded, system.uri))
    return found


def _distance(a: str, b: str) -> int:
    """The edit distance of two texts with swaps of neighbours as one edit; ``_NEAR + 1`` if more.

    What both begin and end with is left out: unknown systems share ``http://`` with every other one.
    """
    a, b = _differing(a, b)
    before: list[int] = []
    previous = [min(j, _NEAR + 1) for j in range(len(b) + 1)]
    for i, char in enumerate(a, start=1):
        current = [_NEAR + 1] * (len(b) + 1)
        current[0] = min(i, _NEAR + 1)
        for j in range(max(1, i - _NEAR), min(len(b), i + _NEAR) + 1):
            other = b[j - 1]
            cost = min(previous[j - 1] + (char != other), previous[j] + 1, current[j - 1] + 1)
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            current[j] = min(cost, _NEAR + 1)
        if min(current) > _NEAR:
            return _NEAR + 1
        before, previous = previous, current
    return previous[-1]


def _differing(a: str, b: str) -> tuple[str, str]:
    """Two texts without what they both begin and end with."""
    start = _shared(a, b)
    a, b = a[start:], b[start:]
    end = _shared(a[::-1], b[::-1])
    return a[: len(a) - end], b[: len(b) - end]


def _shared(a: str, b: str) -> int:
    """How many characters two texts both begin with."""
    both = zip(a, b, strict=False)
    return next((place for place, (one, other) in enumerate(both) if one != other), min(len(a), len(b)))


def expand(curie_: str, extra_prefixes: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """The system URI and the code of a CURIE, or None where it is none or the prefix is not known.

    Prefixes of ``extra_prefixes`` (a mapping's ``systems:``) come first.

    >>> expand("loinc:8480-6")
    ('http://loinc.org', '8480-6')
    """
    match = _CURIE.fullmatch(curie_.strip())
    if match is None:
        return None
    prefix, code = match[1], match[2]
    if extra_prefixes and prefix in extra_prefixes:
        known = canonical(extra_prefixes[prefix])
        return (known.uri if known else extra_prefixes[prefix], code)
    known = systems().get(prefix) or _by_rule(prefix)
    return (known.uri, code) if known else None


def curie(uri: str, code: str) -> str:
    """``loinc:8480-6`` where the system is known, else ``URI|code``.

    >>> curie("http://loinc.org", "8480-6")
    'loinc:8480-6'
    """
    known = canonical(uri)
    return f"{known.prefix}:{code}" if known else f"{uri}|{code}"


def iri(uri: str, code: str) -> str | None:
    """The IRI of a concept, its code percent-encoded (RFC 3986 unreserved characters are kept).

    None where the system has no accepted IRIs: the graph then holds the code as a literal.

    >>> iri("http://snomed.info/sct", "271649006")
    'http://snomed.info/id/271649006'
    """
    known = canonical(uri)
    return f"{known.stem}{quote(code, safe='')}" if known and known.stem else None
