"""What is known of the codes that are asked about: by the user's terminology store, and without one by ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from twinmap.terms import loinc, snomed, systems
from twinmap.terms.local import axes_of
from twinmap.terms.replaced import replacement

if TYPE_CHECKING:
    from twinmap.checks.context import Seen
    from twinmap.terms.store import Concept, Store
    from twinmap.terms.store.editions import Edition

#: A system URI and a code.
Code = tuple[str, str]

#: A semantic tag at the end of a fully specified name: ``Hypertensive disorder (disorder)``.
_TAG = re.compile(r"\(([^()]+)\)$")


class Fate(NamedTuple):
    """What became of a code that is not to be used any more: what stands for it, and whether that is one code.

    ``sure`` holds where it has exactly one successor that means the same or was put in its place; ``upgraded`` says
    that the source knows of one, and does not name it.
    """

    successors: tuple[str, ...]
    sure: bool
    upgraded: bool = False


class Change(NamedTuple):
    """In what a code means something else in the new edition than in the old one."""

    what: str
    before: str
    after: str
    old: str
    new: str


def short(system: str) -> str:
    """The prefix of a system where it is known, else its URI."""
    known = systems.canonical(system)
    return known.prefix if known else system


@dataclass(frozen=True)
class Terms:
    """Answers about the codes that were seen; each question is put to the store once, for all of them.

    Args:
        store: The terminology of the user; None where there is none.
        seen: The codes of a run, or of a mapping.
    """

    store: Store | None
    seen: Sequence[Seen]

    @cached_property
    def _asked(self) -> list[Code]:
        codes = dict.fromkeys((seen.system, seen.code) for seen in self.seen)
        return [(system, code) for system, code in codes if system is not None]

    @cached_property
    def concepts(self) -> Mapping[Code, Concept]:
        """What the store knows of each code; empty without a store."""
        if self.store is None:
            return {}
        return dict(zip(self._asked, self.store.lookup(self._asked), strict=True))

    @cached_property
    def _designations(self) -> Mapping[Code, Sequence[tuple[str, str, str]]]:
        return {} if self.store is None else self.store.designations(self._asked)

    def of(self, seen: Seen) -> Concept | None:
        """What the store knows of a code; None where it knows nothing."""
        found = self.concepts.get((seen.system or "", seen.code))
        return found if found is not None and found.exists is not None else None

    def names(self, seen: Seen) -> tuple[str, ...]:
        """Every name of a code, the official one first."""
        key = (seen.system or "", seen.code)
        concept = self.concepts.get(key)
        first = [concept.display] if concept is not None and concept.display else []
        first += _shipped_name(*key)
        return tuple(dict.fromkeys([*first, *(term for _, _, term in self._designations.get(key, ()))]))

    @cached_property
    def _serving(self) -> Mapping[str, Edition]:
        """The edition that answers for each code system: a complete one before a fragment."""
        found: dict[str, Edition] = {}
        for source, number in self.store.serving if self.store else ():
            item = source.editions[number]
            if item.kind == "codes" and (item.uri not in found or item.content == "complete"):
                found[item.uri] = item
        return found

    def edition(self, system: str) -> str:
        """The edition of a system that answers, in words: ``LOINC 2.82``."""
        held = self._serving.get(system)
        return _called(held) if held is not None else short(system)

    def version(self, system: str) -> str | None:
        """The version of the edition that answers; empty where it is not known, None where there is no edition."""
        held = self._serving.get(system)
        return held.version if held is not None else None

    @cached_property
    def changes(self) -> Mapping[Code, Sequence[Change]]:
        """What changed of each code between the edition that answers and the others of its system."""
        found: dict[Code, list[Change]] = {}
        if self.store is None:
            return found
        for old in _others(self.store, "codes"):
            new, asked = self._serving.get(old.uri), [key for key in self._asked if key[0] == old.uri]
            if new is None or new.version == old.version or not asked:
                continue
            before, after = _meant(self.store.folder, old, asked), _meant(self.store.folder, new, asked)
            for key in asked:
                one, other = before.get(key, {}), after.get(key, {})
                found.setdefault(key, []).extend(
                    Change(
                        name, one.get(name) or "none", other.get(name) or "none", _called(old), _called(new)
                    )
                    for name in (*loinc.LoincAxes._fields, _TAGGED)
                    if one and other and one.get(name) != other.get(name)
                )
        return found

    def value_sets(self, codes: Iterable[Code]) -> Iterator[tuple[Code, str, str, str]]:
        """Codes that are in one version of a value set and not in another: code, set, version with and without it."""
        asked = list(dict.fromkeys(codes))
        if self.store is None or not asked:
            return
        serving = {
            item.uri: item
            for source, number in self.store.serving
            if (item := source.editions[number]).kind == "values"
        }
        for old in _others(self.store, "values"):
            new = serving.get(old.uri)
            if new is None or new.version == old.version:
                continue
            with _opened(self.store.folder, old) as store:
                before = store.members(old.uri, asked)
            for key, was, is_ in zip(asked, before, self.store.members(new.uri, asked), strict=True):
                if None not in (was, is_) and was != is_:
                    having, lacking = (old, new) if was else (new, old)
                    yield key, old.name or old.uri, having.version, lacking.version

    def named(self, texts: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """The code of a system that goes by a name, by system and name in lower case; the first of several."""
        return {} if self.store is None else self.store.named(texts)

    def tag(self, seen: Seen) -> str | None:
        """The semantic tag of a SNOMED CT code, such as ``finding`` or ``procedure``; None where it is not known."""
        if seen.system != snomed.SYSTEM:
            return None
        return next(iter(_tags(self._designations.get((seen.system, seen.code), ()))), None)

    def fate(self, seen: Seen) -> Fate | None:
        """What became of a code; None where it is in use, or nobody knows."""
        concept = self.of(seen)
        new = replacement(seen.code) if seen.system == loinc.SYSTEM else None
        if concept is None or concept.status == "unknown":
            return Fate((new,), sure=True) if new else None
        if concept.status != "inactive":
            return None
        own = [item for item in concept.replacements if item.system == seen.system]
        sure = dict.fromkeys(item.code for item in own if item.sure)
        if len(sure) == 1:
            return Fate(tuple(sure), sure=True)
        others = tuple(sorted({item.code for item in own}))
        return Fate(others, sure=False, upgraded=concept.upgraded and not others)


#: What a code means, beside the axes of LOINC.
_TAGGED = "semantic tag"


def _called(edition: Edition) -> str:
    return f"{edition.name or edition.uri} {edition.version}".strip()


def _others(store: Store, kind: str) -> list[Edition]:
    """The editions of a kind that do not answer, for another version of theirs does; each version once."""
    serving = {(source.id, number) for source, number in store.serving}
    found = {
        (edition.uri, edition.version): edition
        for source in store.sources
        for number, edition in enumerate(source.editions)
        if edition.kind == kind and (source.id, number) not in serving
    }
    return [found[key] for key in sorted(found)]


def _opened(folder: Path, edition: Edition) -> Store:
    """The store with this version of a system or value set."""
    from twinmap.terms.store import open_store

    return open_store(folder, pinned={edition.uri: edition.version})


def _meant(folder: Path, edition: Edition, asked: Sequence[Code]) -> dict[Code, dict[str, str]]:
    """The axes and the semantic tag of codes in one edition."""
    with _opened(folder, edition) as store:
        found = {
            key: axes._asdict()
            for key, properties in store.properties(asked).items()
            if key[0] == loinc.SYSTEM and (axes := axes_of(properties)) is not None
        }
        for key, named in store.designations(asked).items():
            tags = _tags(named)
            if tags:
                found.setdefault(key, {})[_TAGGED] = tags[0]
    return found


def _tags(named: Iterable[tuple[str, str, str]]) -> list[str]:
    return [match[1] for _, use, term in named if use == "fully-specified" and (match := _TAG.search(term))]


def _shipped_name(system: str, code: str) -> list[str]:
    if system == loinc.SYSTEM:
        term = loinc.terms().get(code)
        return [term.name] if term else []
    name = snomed.terms().get(code) if system == snomed.SYSTEM else None
    return [name] if name else []
