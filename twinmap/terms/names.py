"""The names by which concepts and codes go, and what the words of a label say: what a display is held against."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from twinmap.terms import facets, loinc, systems
from twinmap.terms.concepts import Catalogue, Concept

#: The words of a name; their order does not count.
Words = frozenset[str]

_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
#: What stands in brackets in a name of LOINC says how it is measured: [Mass/volume].
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_EMPTY = frozenset({"in", "of", "by", "or", "and", "the", "a", "an", "with", "to", "for", "on", "at", "from"})


def words(name: str) -> Words:
    """The words of a name, without those that say nothing.

    >>> sorted(words("Glucose [Mass/volume] in Serum or Plasma"))
    ['glucose', 'plasma', 'serum']
    """
    return frozenset(_listed(name))


def _listed(name: str) -> list[str]:
    """The same in their order."""
    found = map(_one, _WORD.findall(_BRACKETS.sub(" ", _folded(name))))
    return [word for word in found if word not in _EMPTY]


def _folded(text: str) -> str:
    """Without accents and capitals."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return plain.casefold()


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


# --- what a label says ----------------------------------------------------------------------------

#: Facets of which a label speaks. Of statistics it does not: a mean pressure is a quantity of its own.
_SPOKEN = ("method", "posture", "site", "specimen", "meal")
#: A word of a label has at least so many letters; shorter ones mean something else elsewhere.
_LEAST = 4
#: Blood that is no specimen.
_NO_SPECIMEN = re.compile(r"\bblood (?=pressure|cell|group|type)")


def heard(label: str) -> Mapping[str, str]:
    """The facet words that a label has, the longest of each facet; none where two of them exclude each other.

    >>> heard("ARTERIAL LINE, systolic"), heard("Blood pressure")
    ({'method': 'tm:method-invasive'}, {})
    """
    found: dict[str, set[str]] = {}
    for name, phrase in _spoken(label):
        found.setdefault(name, set()).add(_phrases()[name][phrase])
    return {
        name: facets.facets()[name].curie(next(iter(said))) for name, said in found.items() if len(said) == 1
    }


def _spoken(label: str) -> Iterator[tuple[str, str]]:
    """The phrases of facets that a text has, each with its facet, without those that are part of a longer one."""
    text = f" {_NO_SPECIMEN.sub('', _plain(label))} "
    for name, phrases in _phrases().items():
        having = [phrase for phrase in phrases if f" {phrase} " in text]
        for phrase in having:
            if not any(phrase in longer for longer in having if longer != phrase):
                yield name, phrase


@cache
def _phrases() -> Mapping[str, Mapping[str, str]]:
    """By facet: the words, labels and alternative labels of its scheme."""
    return {
        name: {
            phrase: word.word
            for word in facets.facets()[name].words.values()
            for phrase in map(_plain, (word.word, word.label, *word.alternatives))
            if len(phrase) >= _LEAST
        }
        for name in _SPOKEN
    }


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", _folded(text)))


# --- whether a label may be a name ----------------------------------------------------------------

#: Words that every measurement may have in its name, or lack.
_HARMLESS = frozenset(
    [
        "concentration",
        "level",
        "measured",
        "measurement",
        "observed",
        "observation",
        "reading",
        "result",
        "test",
        "value",
    ]
)
#: The share of the deciding words of the shorter name that the longer one must have.
_AGREE = 0.5
#: LOINC says how a quantity is measured by the numerator, "Moles/volume"; one of these is another quantity.
_NUMERATORS = {"mass": "mass", "moles": "moles", "substance": "moles", "#": "#", "enzymatic": "enzymatic"}


def difference(label: str, names: Sequence[str], wider: Sequence[str] = ()) -> str | None:
    """In what a label differs from all names of a code, in words; None where it may be one of them.

    ``wider`` are names of the concept that the code is one of: they say what is measured, and no more. What
    decides is the specimen, the site, the posture and so on where both sides say it; the kind of quantity in
    brackets; and the words that are left then: what is measured.

    >>> official = ["Glucose [Mass/volume] in Serum or Plasma"]
    >>> difference("Glucose [Mass/volume] in Urine", official)
    'its specimen is serum plasma, and urine here'
    >>> difference("Glucose [Moles/volume] in Serum", official), difference("Plasma glucose", official)
    ('its kind of quantity is "mass", and "moles" here', None)
    """
    theirs = [heard(name) for name in names]
    for name, value in heard(label).items():
        said = list(dict.fromkeys(other[name] for other in theirs if name in other))
        facet = facets.facets()[name]
        if said and all(facets.relation(facet, value, other) == "disjoint" for other in said):
            mine, own = (facets.spoken(name, item) for item in (value, said[0]))
            return f"its {name} is {own}, and {mine} here"
    ours, measured = _measured(label), dict.fromkeys(filter(None, map(_measured, names)))
    if ours is not None and measured and ours not in measured:
        return f'its kind of quantity is "{next(iter(measured))}", and "{ours}" here'
    if any(agree(label, name) for name in (*names, *wider)):
        return None
    return "they share less than half of the words that say what is meant"


def _measured(name: str) -> str | None:
    """The numerator that a LOINC name has in brackets, where it is one that decides."""
    match = _BRACKETS.search(name)
    return _NUMERATORS.get(re.split(r"[/ ]", match[1].strip().casefold())[0]) if match else None


def agree(label: str, name: str) -> bool:
    """Whether two names may be of one thing: half of the deciding words of the shorter one are in the other.

    A word may be shortened, or several may stand as their initials.

    >>> agree("Heart Rate", "Heart rate"), agree("GFR", "Glomerular filtration rate by CKD-EPI")
    (True, True)
    >>> agree("Potassium in Serum or Plasma", "Sodium [Moles/volume] in Serum or Plasma")
    False
    """
    if words(label) <= words(name) or words(name) <= words(label):
        return True
    ours, theirs = _deciding(label), _deciding(name)
    if not ours or not theirs:
        return True
    if len(ours) > len(theirs):
        ours, theirs, name = theirs, ours, label
    initials = "".join(word[0] for word in _listed(name))
    return sum(_stands(word, theirs, initials) for word in ours) / len(ours) >= _AGREE


def _stands(word: str, others: Words, initials: str) -> bool:
    """Whether a word is among others, whole or shortened, or are initials of them."""
    if word in others or (len(word) > 1 and word in initials):
        return True
    return any(
        min(len(word), len(other)) >= _LEAST and (word.startswith(other) or other.startswith(word))
        for other in others
    )


def _deciding(name: str) -> Words:
    """The words of a name without those of facets, and without harmless ones; where nothing is left, all."""
    text = f" {_plain(_BRACKETS.sub(' ', name))} "
    for _, phrase in _spoken(name):
        text = text.replace(f" {phrase} ", " ")
    return words(text) - _HARMLESS or words(name)
