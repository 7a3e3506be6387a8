"""Codes that somebody wrote: do they exist, are they in use, are they what their labels say, and of their value set.

A store answers, and of what it does not know the few terms of LOINC and SNOMED CT that are shipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from twinmap import registry
from twinmap.diagnostics import Finding, Span, merge
from twinmap.terms import loinc, replaced, snomed
from twinmap.terms.concepts import catalogue
from twinmap.terms.names import Names, difference, words
from twinmap.terms.store.answers import Concept, Replacement
from twinmap.terms.store.lookup import Store
from twinmap.terms.systems import canonical, curie, systems

#: A term, part, answer, list or group of LOINC.
_LOINC = re.compile(r"(?:L[PALG])?[0-9]+-[0-9]")
#: A shorter prefix is like too many.
_LONG = 4
#: Words of LOINC's STATUS for terms that are in use, and not without reserve.
_RESERVED = {"DISCOURAGED", "TRIAL"}


@dataclass(frozen=True, slots=True)
class Written:
    """A code where it is written, with the label beside it and the value set that it is said to be of."""

    system: str
    code: str
    label: str | None
    span: Span
    value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The findings, how many codes (each counted once) were looked up, and those that nothing is known of."""

    findings: tuple[Finding, ...]
    checked: int
    unknown: tuple[tuple[str, str], ...]


def verify(store: Store, written: Iterable[Written]) -> Verified:
    """Look every code up, all at once, and say what is wrong at each place."""
    places = [replace(item, system=_uri(item.system)) for item in written]
    distinct = list(dict.fromkeys((item.system, item.code) for item in places))
    known = {key: shipped(found) for key, found in zip(distinct, store.lookup(distinct), strict=True)}
    names, shipped_names = store.designations(distinct), Names(catalogue())
    elsewhere = store.named((item.system, item.label) for item in places if item.label)
    findings: list[Finding] = []
    for item in places:
        key = item.system, item.code
        terms = [term for _, _, term in names.get(key, ())]
        findings += _about(item, known[key])
        findings += _called(item, known[key], terms, elsewhere, shipped_names)
    findings += _outside(store, places)
    unknown = tuple(key for key, concept in known.items() if concept.exists is None and not mistyped(*key))
    return Verified(tuple(merge(findings)), len(distinct) - len(unknown), unknown)


def _about(item: Written, concept: Concept) -> Iterator[Finding]:
    name = curie(item.system, item.code)
    if not concept.exists:
        suggested = mistyped(item.system, item.code)
        if suggested is not None:
            message = f"{name} has not the check digit of {_system(item.system)}"
            yield _finding(
                "TM-C03", message, item, f"{suggested} has the right one; look the code up by its display"
            )
        elif item.system == loinc.SYSTEM and not _LOINC.fullmatch(item.code):
            yield _finding(
                "TM-C02",
                f"{name} has not the form of a LOINC code",
                item,
                "twinmap terms find, by its display",
            )
        elif meant := _near(item.system):
            message = f"{item.system} is no prefix that is known or declared; {meant} is"
            yield _finding(
                "TM-L11", message, item, f"write {meant}, or declare {item.system} in the curie_map"
            )
        elif concept.exists is False:
            yield _finding("TM-C02", f"{name} does not exist", item, "twinmap terms find, by its display")
        return
    edition = concept.edition
    of = f" in {edition.name} {edition.version}".rstrip() if edition else ""
    if concept.status == "inactive":
        yield _inactive(item, concept, name, of)
    elif concept.detail in _RESERVED:
        message = f"{name} is {concept.detail.lower()}{of}"
        yield _finding("TM-N02", message, item, "see whether another term is meant")


def _called(
    item: Written,
    concept: Concept,
    terms: Sequence[str],
    elsewhere: Mapping[tuple[str, str], str],
    known: Names,
) -> Iterator[Finding]:
    """The label beside a code where it is the name of another one, or differs from all that the code has."""
    named = [*([concept.display] if concept.display else []), *terms]
    if not item.label or not named or not concept.exists:
        return
    wider = known.of(item.system, item.code)
    said, own = words(item.label), [words(name) for name in (*named, *wider)]
    other = None
    if not any(said <= name for name in own):  # what says less, and nothing else, is no other name
        code = elsewhere.get((item.system, item.label.lower()))
        other = known.other(item.system, item.code, said, max(len(said & name) for name in own))
        other = other or (curie(item.system, code) if code else None)
    differs = f"that names {other}" if other else difference(item.label, named, wider)
    if differs:
        message = (
            f'{curie(item.system, item.code)} is "{named[0]}", and is called "{item.label}" here: {differs}'
        )
        yield _finding("TM-C05", message, item, "find out which is meant: twinmap terms find, by the label")


def shipped(concept: Concept) -> Concept:
    """What the shipped files know of a code that the store knows nothing of."""
    if concept.exists is not None:
        return concept
    if concept.system == loinc.SYSTEM:
        successor = replaced.replacement(concept.code)
        if successor is not None:
            others = (Replacement(loinc.SYSTEM, successor, "replaced-by"),)
            return replace(concept, exists=True, status="inactive", replacements=others)
        term = loinc.terms().get(concept.code)
        return replace(concept, exists=True, display=term.name) if term else concept
    name = snomed.terms().get(concept.code) if concept.system == snomed.SYSTEM else None
    return replace(concept, exists=True, display=name) if name else concept


def _outside(store: Store, places: Iterable[Written]) -> Iterator[Finding]:
    """Codes that are no members of the value set that they are said to be of."""
    of_set: dict[str, list[Written]] = {}
    for item in places:
        if item.value_set is not None:
            of_set.setdefault(item.value_set, []).append(item)
    for url, items in of_set.items():
        members = store.members(url, [(item.system, item.code) for item in items])
        for item, member in zip(items, members, strict=True):
            if member is False:
                message = f"{curie(item.system, item.code)} is not in the value set {url}"
                yield _finding("TM-E03", message, item, "choose a code of the value set, or name another set")


def _inactive(item: Written, concept: Concept, name: str, of: str) -> Finding:
    """An inactive code: with the one that took its place, or with what a person has to decide among."""
    sure = sorted({curie(other.system, other.code) for other in concept.replacements if other.sure})
    if len(sure) == 1:
        code = "TM-N01" if concept.system == loinc.SYSTEM else "TM-N03"
        return _finding(code, f"{name} is inactive{of}: {sure[0]} took its place", item, f"write {sure[0]}")
    found = sorted({curie(other.system, other.code) for other in concept.replacements})
    if not found and concept.upgraded:
        said = f"{name} is inactive{of}: it was upgraded, to what is not there"
        return _finding("TM-N04", said, item, "add CONCEPT_RELATIONSHIP.csv with it, or choose another code")
    if not found:
        return _finding(
            "TM-N04", f"{name} is inactive{of}, and nothing took its place", item, "choose another code"
        )
    said = f"{name} is inactive{of}, and {len(found)} codes may stand for it: {', '.join(found[:5])}"
    return _finding("TM-N04", said, item, "choose the one that is meant")


def _finding(code: str, message: str, item: Written, help: str) -> Finding:  # noqa: A002
    return registry.finding(code, message, where=item.span, concept=item.code, help=help)


def _system(uri: str) -> str:
    return "LOINC" if uri == loinc.SYSTEM else "SNOMED CT"


def _uri(system: str) -> str:
    named = canonical(system)
    return named.uri if named else system


def _near(prefix: str) -> str | None:
    """The prefix of a code system that an undeclared one misses by little; None for a URI, and for a short one."""
    if ":" in prefix or len(prefix) < _LONG:
        return None
    known = [item.prefix for item in systems().values() if item.kind == "code"]
    return next(iter(get_close_matches(prefix.casefold(), known, n=1, cutoff=0.75)), None)


def mistyped(system: str, code: str) -> str | None:
    """The code with the check digit that fits; None where it is right, or the system has none."""
    if system == loinc.SYSTEM:
        return loinc.corrected(code)
    if system == snomed.SYSTEM and snomed.is_snomed_shaped(code) and not snomed.check_digit_ok(code):
        return code[:-1] + snomed.check_digit(code[:-1])
    return None
