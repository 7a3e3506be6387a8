"""Concepts: what a template of the mapping language means, and what is known of a code.

A concept is facts in one file (``ontologies/concepts/NAME.yaml``, or a project's ``concepts:``): codes,
panel and members, unit, plausible limits, facets. Its name is an alias; the identity is the code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from twinmap.errors import UsageError
from twinmap.registry import shipped
from twinmap.terms import facets, loinc, systems
from twinmap.terms._files import read_yaml, yaml_files
from twinmap.terms.replaced import replacement

#: Relations of a counterpart that put a code under the concept.
_SAME_OR_NARROWER = ("exactMatch", "narrowMatch")


@dataclass(frozen=True, slots=True)
class ConceptCode:
    """One code of a concept.

    ``fixes`` are the facets that the code itself fixes, by word: LOINC 8459-0 fixes posture sitting.
    ``axes`` are the LOINC axes where they are known.
    """

    system: str
    code: str
    display: str | None
    axes: loinc.LoincAxes | None
    fixes: Mapping[str, str]
    source: str | None

    def is_molar(self) -> bool | None:
        """True for an amount of substance, False for a mass, None for neither or not known."""
        return loinc.is_molar(self.axes.property) if self.axes else None


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A code elsewhere, and the SKOS relation of the concept to it: ``narrowMatch`` = it is narrower."""

    system: str
    code: str
    relation: str
    fixes: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What is possible (hard) and what is plausible (soft), both in ``unit``; None where open."""

    hard_low: float | None
    hard_high: float | None
    soft_low: float | None
    soft_high: float | None
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Margin:
    """How far two methods may differ and still agree.

    Either of all pairs the mean difference (``bias``) and the standard deviation (``sd``), or of a pair: the greater
    of ``each``, and ``percent`` of the mean of both values. What is not limited is None.
    """

    bias: float | None
    sd: float | None
    unit: str
    source: str
    each: float | None = None
    percent: float | None = None

    def scaled(self, factor: float, unit: str) -> Margin:
        """The margin of values in another unit, of which there are ``factor`` to one of its own."""
        bias, sd, each = (
            None if value is None else value * factor for value in (self.bias, self.sd, self.each)
        )
        return replace(self, bias=bias, sd=sd, each=each, unit=unit)


@dataclass(frozen=True, slots=True)
class Concept:
    """What is known of a concept.

    Args:
        name: The template's name.
        label: For people.
        definition: One sentence.
        kind: ``quantity``, ``coded`` or ``panel``.
        codes: The preferred code first.
        unit: Canonical UCUM unit of the preferred code's property; None for a coded value or a panel.
        units: Canonical unit by LOINC property, where mass and amount of substance have their own.
        property: LOINC property of the preferred code.
        accepts: UCUM units that stand for the dimensions a value may have; empty: any.
        members: For a panel, slot to concept name.
        panel: Name of the panel that this concept is a member of.
        accepted: Facets that a template may bind.
        required: Facets whose absence is worth a finding.
        limits: Plausibility, or None.
        margin: Agreement, or None.
        window_us: How far apart in time two values may be and still be paired, in microseconds.
        value_set: For a coded concept, CURIE to label; empty: not restricted.
        counterparts: Codes elsewhere.
        aliases: Other names, for suggestions only.
        origin: The file.
    """

    name: str
    label: str
    definition: str
    kind: str
    codes: tuple[ConceptCode, ...]
    unit: str | None
    units: Mapping[str, str]
    property: str | None
    accepts: tuple[str, ...]
    members: Mapping[str, str]
    panel: str | None
    accepted: tuple[str, ...]
    required: tuple[str, ...]
    limits: Limits | None
    margin: Margin | None
    window_us: int | None
    value_set: Mapping[str, str]
    counterparts: tuple[Counterpart, ...]
    aliases: tuple[str, ...]
    origin: str

    def preferred(self) -> ConceptCode:
        """The code that the template's name stands for where nothing else decides."""
        return self.codes[0]

    def unit_of(self, code: ConceptCode) -> str | None:
        """The canonical unit of one of the codes."""
        return self.units.get(code.axes.property, self.unit) if code.axes else self.unit

    def code_for(
        self, molar: bool | None = None, given: Mapping[str, str] | None = None
    ) -> ConceptCode | None:
        """The code that states what a mapping says, chosen by unit and specimen and by nothing else.

        The rule, in order:

        1. The unit chooses the property: codes of an amount of substance where ``molar`` is true, of a
           mass where it is false, of the first code's property where it is None. Codes that are neither
           stay.
        2. A given specimen chooses the one remaining code that fixes this specimen and no other facet;
           if there is none, the one of the next broader specimen. If the specimen contradicts that of
           the first remaining code, no code of this concept states it: None.
        3. Otherwise it is the first remaining code of the file; None where none is left.

        All other facets stay beside the code and never change it, so that one template is one code
        whatever the posture or the method of a value.

        Args:
            molar: Whether the numerator of the value's unit is an amount of substance (mol, eq); None
                where it is not known or the unit says neither (``%``).
            given: Facet to word or CURIE, as bound by the mapping.
        """
        wanted = self.codes[0].is_molar() if molar is None else molar
        left = [code for code in self.codes if code.is_molar() in (wanted, None)]
        if not left:
            return None
        text = (given or {}).get("specimen")
        if not text:
            return left[0]
        scheme = facets.facets()["specimen"]
        word = scheme.resolve(text)
        for name in (word.word, *scheme.ancestors(word.word)) if word else ():
            exact = [code for code in left if dict(code.fixes) == {"specimen": name}]
            if len(exact) == 1:
                return exact[0]
        contradicted = facets.relation(scheme, text, left[0].fixes.get("specimen")) == "disjoint"
        return None if contradicted else left[0]


@dataclass(frozen=True)
class Catalogue:
    """All concepts, and look-up by code."""

    concepts: Mapping[str, Concept]
    _codes: Mapping[tuple[str, str], tuple[Concept, Mapping[str, str], loinc.LoincAxes | None]]
    _axes: Mapping[str, loinc.LoincAxes] = field(default_factory=dict)
    _replaced: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def informed(
        self, axes: Mapping[str, loinc.LoincAxes], replaced: Mapping[tuple[str, str], str]
    ) -> Catalogue:
        """The same with what a terminology store knows: axes of LOINC codes, codes that took another's place."""
        return replace(self, _axes=axes, _replaced=replaced)

    def replacement(self, system: str, code: str) -> str | None:
        """The one code of the system that took the place of another; None where none is known."""
        found = self._replaced.get((system, code))
        return found or (replacement(code) if system == loinc.SYSTEM else None)

    def get(self, name: str) -> Concept | None:
        """The concept of this name."""
        return self.concepts.get(name)

    def suggest(self, name: str) -> list[str]:
        """Names of concepts that are written or called like this, best first; at most three.

        >>> catalogue().suggest("spo2")
        ['oxygen-saturation']
        """
        texts: dict[str, str] = {}
        for concept in self.concepts.values():
            for text in (concept.name, *concept.aliases, concept.label):
                texts.setdefault(text.casefold().replace("_", "-"), concept.name)
        wanted = name.strip().casefold().replace("_", "-")
        if wanted in texts:
            return [texts[wanted]]
        close = difflib.get_close_matches(wanted, texts, n=6, cutoff=0.7)
        return list(dict.fromkeys(texts[text] for text in close))[:3]

    def by_unit(self) -> dict[str, list[tuple[str, str]]]:
        """The canonical units of the concepts, each with the systems and codes that :meth:`by_code` knows."""
        found: dict[str, list[tuple[str, str]]] = {}
        for (system, code), (concept, _, _) in sorted(self._codes.items(), key=lambda item: item[0]):
            own = next((item for item in concept.codes if item.code == code), None)
            unit = concept.unit_of(own) if own else concept.unit
            if unit is not None:
                found.setdefault(unit, []).append((system, code))
        return found

    def by_code(self, system: str, code: str) -> Concept | None:
        """The concept that a code belongs to: one of its codes, or a counterpart that is not broader."""
        found = self._codes.get((system, code))
        return found[0] if found else None

    def facets_of(self, system: str, code: str) -> Mapping[str, str]:
        """The facets, by word, that a code fixes; empty for a code that is not known here.

        >>> dict(catalogue().facets_of("http://loinc.org", "8459-0"))
        {'posture': 'sitting'}
        """
        found = self._codes.get((system, code))
        return found[1] if found else MappingProxyType({})

    def axes(self, code: str) -> loinc.LoincAxes | None:
        """The axes of a LOINC code: of the concept files, else of the shipped table, else of the store.

        An axis that was not verified is that of the store, where it has the code.
        """
        found, term, loaded = (
            self._codes.get((loinc.SYSTEM, code)),
            loinc.terms().get(code),
            self._axes.get(code),
        )
        own = found[2] if found and found[2] else term.axes if term else None
        if own is None or loaded is None or loinc.UNKNOWN not in own:
            return own or loaded
        return loinc.LoincAxes(*(b if a == loinc.UNKNOWN else a for a, b in zip(own, loaded, strict=True)))


def catalogue(extra: Sequence[Path] = ()) -> Catalogue:
    """The shipped concepts and those of a project.

    Args:
        extra: Concept files, or folders of them, in any order.

    Raises:
        UsageError: A file cannot be used; with its name and the line.
    """
    return _catalogue(tuple(extra))


@cache
def _catalogue(extra: tuple[Path, ...]) -> Catalogue:
    from twinmap.terms import _concept_file  # it makes the classes of this module

    if not extra:
        folder = shipped("ontologies") / "concepts"
        return _join(_concept_file.concept(read_yaml(file)) for file in yaml_files(folder))
    files = [file for path in extra for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    own = [_concept_file.concept(read_yaml(file, str(file))) for file in files]
    return _join([*(replace(c, panel=None) for c in _catalogue(()).concepts.values()), *own])


def _join(loaded: Iterable[Concept]) -> Catalogue:
    """Ties panels and members together and indexes the codes; a name or code twice is an error."""
    concepts: dict[str, Concept] = {}
    for concept in loaded:
        if concept.name in concepts:
            raise UsageError(
                f'{concept.origin}: "{concept.name}" is defined in {concepts[concept.name].origin} already',
                help="give it another name",
            )
        concepts[concept.name] = concept
    for panel in list(concepts.values()):
        for slot, member in panel.members.items():
            if member not in concepts:
                raise UsageError(f'{panel.origin}: member "{slot}": there is no concept "{member}"')
            concepts[member] = replace(concepts[member], panel=panel.name)
    return Catalogue(MappingProxyType(concepts), MappingProxyType(_index(concepts.values())))


def _index(
    concepts: Iterable[Concept],
) -> dict[tuple[str, str], tuple[Concept, Mapping[str, str], loinc.LoincAxes | None]]:
    index: dict[tuple[str, str], tuple[Concept, Mapping[str, str], loinc.LoincAxes | None]] = {}
    for concept in concepts:
        entries = [(item.system, item.code, item.fixes, item.axes) for item in concept.codes]
        entries += [
            (item.system, item.code, item.fixes, None)
            for item in concept.counterparts
            if item.relation in _SAME_OR_NARROWER
        ]
        for system, code, fixes, axes in entries:
            first = index.setdefault((system, code), (concept, fixes, axes))
            if first[0] is not concept:
                raise UsageError(
                    f"{concept.origin}: {systems.curie(system, code)} belongs to"
                    f' "{first[0].name}" already ({first[0].origin})'
                )
    return index
