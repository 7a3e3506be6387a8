"""The names by which concepts and LOINC terms go, as sets of words: what a display is held against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from twinmap.terms import loinc, systems
from twinmap.terms.concepts import Catalogue, Concept

#: The words of a name; their order does not count.
Words = frozenset[str]

_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
#: What stands in brackets in a name of LOINC says how it is measured: [Mass/volume].
_BRACKETS = re.compile(r"\[[^\]]*\]")
_EMPTY = frozenset({"in", "of", "by", "or", "and", "the", "a", "an", "with", "to", "for", "on", "at", "from"})


def words(name: str) -> Words:
    """The words of a name, without those that say nothing.

    >>> sorted(words("Glucose [Mass/volume] in Serum or Plasma"))
    ['glucose', 'plasma', 'serum']
    """
    found = _WORD.findall(_BRACKETS.sub(" ", name).casefold())
    return frozenset(_one(word) for word in found) - _EMPTY


def _one(word: str) -> str:
    """A plural as its singular, roughly."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@dataclass(frozen=True)
class Names:
    """The names of the concepts of a catalogue and of the shipped LOINC terms."""

    catalogue: Catalogue

    def of(self, system: str, code: str) -> tuple[str, ...]:
        """The names of the concept that a code belongs to."""
        concept = self.catalogue.by_code(system, code)
        return _names(concept) if concept is not None else ()

    def other(self, system: str, code: str, display: Words, shared: int) -> str | None:
        """The concept whose whole name a display has, with more words than it shares with the code's own.

        A panel and its members are one family: "BP" beside a systolic pressure says less, and nothing else.
        """
        own = self.catalogue.by_code(system, code)
        group = own.name if own is not None else _component(system, code)
        family = {group, *((own.panel or "", *own.members.values()) if own is not None else ())}
        best = max(
            (
                (len(name), owner, said)
                for name, owner, said in self._all
                if name <= display and owner not in family
            ),
            default=(0, "", ""),
        )
        return best[2] if best[0] > shared else None

    @cached_property
    def _all(self) -> tuple[tuple[Words, str, str], ...]:
        return tuple(self._each())

    def _each(self) -> Iterator[tuple[Words, str, str]]:
        """Every name, whose it is, and how that is said."""
        for concept in self.catalogue.concepts.values():
            first = concept.preferred() if concept.codes else None
            said = f"{concept.name} ({systems.curie(first.system, first.code)})" if first else concept.name
            for name in _names(concept):
                yield words(name), concept.name, said
        for term in loinc.terms().values():
            owner = self.catalogue.by_code(loinc.SYSTEM, term.code)
            if owner is None:
                yield words(term.name), _component(loinc.SYSTEM, term.code), f"loinc:{term.code}"


def _names(concept: Concept) -> tuple[str, ...]:
    official = (item.display for item in concept.codes if item.display)
    return (concept.name.replace("-", " "), concept.label, *concept.aliases, *official)


def _component(system: str, code: str) -> str:
    term = loinc.terms().get(code) if system == loinc.SYSTEM else None
    return term.axes.base() if term is not None else f"{system}|{code}"
