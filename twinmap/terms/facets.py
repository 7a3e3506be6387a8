"""Facets: what decides, beside the concept, whether two values mean the same (site, method, posture …).

One file of ``ontologies/facets`` each: statement column, key of the mapping language, RDF property and
comparison are read from it. A word stands in a statement as the CURIE ``tm:<facet>-<word>``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from twinmap.registry import shipped
from twinmap.terms import systems
from twinmap.terms._files import Section, read_yaml, yaml_files
from twinmap.terms.loinc import UNKNOWN, LoincAxes

#: The vocabulary that facet words and properties belong to.
NAMESPACE = "https://w3id.org/twinmap/ns#"
#: How it is told that a facet is left open.
NOT_SAID = "not said"

_KEYS = ("facet", "order", "label", "definition", "property", "element", "axis", "role", "type", "values")
_WORD_KEYS = ("label", "definition", "broader", "altLabel", "exactMatch", "loinc")


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a facet: a SKOS concept.

    ``broader`` is the word above it, ``matches`` are CURIEs of equal concepts elsewhere, ``loinc`` the
    values of LOINC axes that mean the same (``METHOD Invasive``, ``COMPONENT ^sitting``).
    """

    word: str
    label: str
    definition: str
    broader: str | None = None
    alternatives: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet.

    ``type`` is ``words`` (a closed scheme), ``duration`` (a length of time, ``1 d``) or ``text``.
    ``role`` is ``core`` (differs: not comparable) or ``context`` (differs: related). ``property`` is the
    IRI of the RDF property, ``element`` where FHIR holds it, ``axis`` the LOINC axis that may fix it.
    """

    name: str
    order: int
    label: str
    definition: str
    property: str
    element: str
    axis: str | None
    role: str
    type: str
    words: Mapping[str, Word]
    _by_text: Mapping[str, str]

    def curie(self, word: str) -> str:
        """``tm:site-wrist`` for the word ``wrist``."""
        return f"tm:{self.name}-{word}"

    def iri(self, word: str) -> str:
        """The full IRI of a word."""
        return f"{NAMESPACE}{self.name}-{word}"

    def resolve(self, text: str, system: str | None = None) -> Word | None:
        """The word that a text or a code means, or None.

        Args:
            text: A word, its label or an alternative label (case, ``_`` and blanks do not count), its
                CURIE or IRI, or the CURIE of an exact match (``snomed:40983000``).
            system: The code system of ``text``, as a source writes it; then ``text`` is a code.
        """
        text = text.strip()
        if system is not None:
            known = systems.canonical(system)
            found = self._by_text.get(f"{known.prefix}:{text}") if known else None
        else:
            found = self._by_text.get(text) or self._by_text.get(_fold(text))
        return self.words[found] if found else None

    def value(self, text: str, system: str | None = None) -> str | None:
        """What stands in a statement for this text: a CURIE, ``1 d``, or the text; None if it has no meaning.

        >>> facets()["site"].value("left wrist"), facets()["over"].value("24 h")
        ('tm:site-left-wrist', '1 d')
        """
        if self.type == "words":
            word = self.resolve(text, system)
            return self.curie(word.word) if word else None
        return duration(text) if self.type == "duration" else text.strip() or None

    def suggest(self, text: str) -> list[str]:
        """Words that are written like this text, best first; at most three."""
        close = difflib.get_close_matches(_fold(text), [_fold(key) for key in self._by_text], n=6, cutoff=0.7)
        words = [word for key in close if (word := self._by_text.get(key)) is not None]
        return list(dict.fromkeys(words))[:3]

    def ancestors(self, word: str) -> tuple[str, ...]:
        """The words above this one, nearest first."""
        chain: list[str] = []
        above = self.words[word].broader
        while above is not None:
            chain.append(above)
            above = self.words[above].broader
        return tuple(chain)


@cache
def facets() -> Mapping[str, Facet]:
    """The facets by name, in the order of the statement columns."""
    loaded = [_facet(read_yaml(file)) for file in yaml_files(shipped("ontologies") / "facets")]
    loaded.sort(key=lambda facet: (facet.order, facet.name))
    return MappingProxyType({facet.name: facet for facet in loaded})


def _facet(data: Section) -> Facet:
    data.only(*_KEYS)
    name = data.text("facet")
    kind = data.text("type")
    if kind not in ("words", "duration", "text"):
        raise data.error('"type" is words, duration or text', "type")
    role = data.text("role")
    if role not in ("core", "context"):
        raise data.error('"role" is core or context', "role")
    values = data.section("values")
    words = {word: _word(values.section(word), word) for word in values}
    for word in words.values():
        if word.broader is not None and word.broader not in words:
            raise values.error(f'"{word.broader}" is no word of this facet', word.word)
    axis = data.text("axis")
    return Facet(
        name=name,
        order=int(data.text("order")),
        label=data.text("label"),
        definition=data.text("definition"),
        property=data.text("property").replace("tm:", NAMESPACE, 1),
        element=data.text("element"),
        axis=None if axis == "-" else axis,
        role=role,
        type=kind,
        words=MappingProxyType(words),
        _by_text=_texts(name, words),
    )


def _word(data: Section, word: str) -> Word:
    data.only(*_WORD_KEYS)
    return Word(
        word=word,
        label=data.text("label"),
        definition=data.text("definition"),
        broader=data.optional("broader"),
        alternatives=data.texts("altLabel"),
        matches=data.texts("exactMatch"),
        loinc=data.texts("loinc"),
    )


def _texts(facet: str, words: Mapping[str, Word]) -> Mapping[str, str]:
    """Every text that means a word; words go before labels, labels before alternatives."""
    texts: dict[str, str] = {}
    for word in words:
        texts |= {word: word, f"tm:{facet}-{word}": word, f"{NAMESPACE}{facet}-{word}": word}
    for word, entry in words.items():
        texts.setdefault(_fold(entry.label), word)
        texts.update(dict.fromkeys(entry.matches, word))
    for word, entry in words.items():
        for alternative in entry.alternatives:
            texts.setdefault(_fold(alternative), word)
    return texts


def _fold(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


# --- words for people -----------------------------------------------------------------------------


def word(facet: str, value: str) -> str:
    """The word of a CURIE of the scheme, the way back of :meth:`Facet.curie`; any other value as it is.

    >>> word("site", "tm:site-upper-arm"), word("over", "5 min")
    ('upper-arm', '5 min')
    """
    return value.removeprefix(f"tm:{facet}-")


def spoken(facet: str, value: str | None) -> str:
    """The value of a facet, or of a LOINC axis, as people say it.

    >>> spoken("site", "tm:site-upper-arm"), spoken("component", "loinc:8480-6"), spoken("over", None)
    ('upper arm', 'loinc:8480-6', 'not said')
    """
    if value is None:
        return NOT_SAID
    if value == UNKNOWN:
        return "not known"
    found = word(facet, value)
    return value if found == value else found.replace("-", " ")


# --- lengths of time ------------------------------------------------------------------------------

# Each unit with its UCUM code, the next larger unit that it makes up exactly, and how many of it.
_LARGER = {"ms": ("s", 1000), "s": ("min", 60), "min": ("h", 60), "h": ("d", 24), "d": ("wk", 7)}
_UNITS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("wk", "week", "weeks"), "wk"),
    **dict.fromkeys(("mo", "month", "months"), "mo"),
    **dict.fromkeys(("a", "yr", "year", "years"), "a"),
}
_AMOUNT = re.compile(r"([1-9][0-9]{0,8})\s*([A-Za-z]+)")
_ISO = re.compile(r"P(?:([1-9][0-9]{0,8})([DWMY])|T([1-9][0-9]{0,8})([HMS]))")
_ISO_UNITS = {"D": "d", "W": "wk", "M": "mo", "Y": "a"}
_ISO_TIME_UNITS = {"H": "h", "M": "min", "S": "s"}


def duration(text: str) -> str | None:
    """A length of time as amount and UCUM unit, in the largest unit that holds it exactly; None if none.

    >>> duration("24 h"), duration("PT90M"), duration("1 day"), duration("soon")
    ('1 d', '90 min', '1 d', None)
    """
    text = text.strip()
    iso = _ISO.fullmatch(text)
    match = _AMOUNT.fullmatch(text)
    if iso:
        amount = int(iso[1] or iso[3])
        unit = _ISO_UNITS[iso[2]] if iso[2] else _ISO_TIME_UNITS[iso[4]]
    elif match and match[2] in _UNITS:
        amount, unit = int(match[1]), _UNITS[match[2]]
    else:
        return None
    while unit in _LARGER and amount % _LARGER[unit][1] == 0:
        unit, factor = _LARGER[unit]
        amount //= factor
    return f"{amount} {unit}"


_MICROSECONDS = {"ms": 10**3, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_MICROSECONDS["wk"] = 7 * _MICROSECONDS["d"]


def duration_us(text: str) -> int | None:
    """A length of time in microseconds; None for months and years, which have no fixed length.

    >>> duration_us("5 min")
    300000000
    """
    amount, _, unit = (duration(text) or "").partition(" ")
    return int(amount) * _MICROSECONDS[unit] if unit in _MICROSECONDS else None


# --- comparison -----------------------------------------------------------------------------------


def relation(facet: Facet, a: str | None, b: str | None) -> str:
    """How the value ``a`` of a facet relates to ``b``.

    Args:
        facet: The facet.
        a: A word, CURIE, length of time or text as it stands in a statement; None where it is not said.
        b: The other.

    Returns:
        ``=``, ``narrower`` (a is a kind of b), ``broader``, ``disjoint``, or ``unknown`` where a side is
        not said or is a code of another scheme whose place is not known.
    """
    if a is None or b is None:
        return "unknown"
    if facet.type != "words":
        left, right = facet.value(a), facet.value(b)
        return "unknown" if None in (left, right) else "=" if left == right else "disjoint"
    if a == b:
        return "="
    first, second = facet.resolve(a), facet.resolve(b)
    if first is None or second is None:
        return "unknown"
    if first is second:
        return "="
    if second.word in facet.ancestors(first.word):
        return "narrower"
    return "broader" if first.word in facet.ancestors(second.word) else "disjoint"


# --- LOINC axes as facets -------------------------------------------------------------------------

_TIME = re.compile(r"([1-9][0-9]*)([SMHDW])")
_TIME_UNITS = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk"}


@cache
def _by_axis() -> Mapping[str, tuple[str, str]]:
    """LOINC axis values to facet and word."""
    return {
        value: (facet.name, word.word)
        for facet in facets().values()
        for word in facet.words.values()
        for value in word.loinc
    }


def from_axes(axes: LoincAxes) -> Mapping[str, str]:
    """The facets that the axes of a LOINC code fix, as far as our words know them.

    ``8459-0`` (component ``Intravascular systolic^sitting``) fixes ``{"posture": "sitting"}``.
    """
    length, _, statistic = axes.time.partition("^")
    values = (
        f"COMPONENT ^{axes.challenge()}",
        f"TIME ^{statistic}",
        f"SYSTEM {axes.sample()}",
        f"METHOD {axes.method}",
    )
    fixed = dict(_by_axis()[value] for value in values if value in _by_axis())
    period = _TIME.fullmatch(length)
    if period:
        fixed["over"] = duration(f"{period[1]} {_TIME_UNITS[period[2]]}") or ""
    return fixed
