"""What a code means, taken apart: component, property, scale and subject, and the facets that it fixes.

LOINC 8459-0 (sitting) is 8480-6 with the posture sitting: both say the same facets, one in its code and one
beside it. What of the LOINC axes has no facet word of ours stays as an axis of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from twinmap.terms import facets, loinc, replaced, systems
from twinmap.terms.concepts import Catalogue, Concept

#: The axes of LOINC whose values may have no facet word.
RESIDUAL = ("system", "time", "method", "challenge")
#: Values of an axis that leave it open.
_OPEN = ("", "-", "XXX")
#: The predicates of a map row, as how the received code relates to the one that it was mapped to.
_MATCH = {"skos:broadMatch": "narrower", "skos:narrowMatch": "broader"}


class Said(NamedTuple):
    """A value and where it was said: a LOINC axis, a concept file or a mapping rule.

    ``implied`` marks what a code says only where nothing else does: LOINC ``Pt`` is a single reading.
    """

    value: str
    evidence: str
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of one code.

    ``group`` is what it is compared under: the concept's name, else the CURIE of the code. ``match`` says
    how the code relates to the concept: ``=``, ``narrower``, ``broader`` or ``related``. ``axes`` are those
    of LOINC, ``facets`` CURIEs and lengths of time by facet, ``residual`` axis values without a facet word.
    """

    system: str | None
    code: str
    concept: Concept | None = None
    group: str = ""
    match: str = "="
    axes: loinc.LoincAxes | None = None
    facets: Mapping[str, Said] = field(default_factory=dict)
    residual: Mapping[str, str] = field(default_factory=dict)

    @property
    def curie(self) -> str:
        """``loinc:8480-6``; the code alone where it has no system."""
        return systems.curie(self.system, self.code) if self.system else self.code


def of_code(system: str | None, code: str, catalogue: Catalogue) -> Meaning:
    """Take a code apart.

    >>> from twinmap.terms.concepts import catalogue
    >>> found = of_code("http://loinc.org", "8459-0", catalogue())
    >>> found.group, found.facets["posture"]
    ('systolic-blood-pressure', Said(value='tm:posture-sitting', evidence='LOINC COMPONENT', implied=False))

    A deprecated LOINC code with one replacement means what the replacement means.
    """
    known = system or ""
    effective = replaced.replacement(code) or code if known == loinc.SYSTEM else code
    concept = catalogue.by_code(known, effective)
    axes = catalogue.axes(effective) if known == loinc.SYSTEM else None
    fixed = dict(catalogue.facets_of(known, effective))
    if axes is not None and concept is None:
        fixed = dict(facets.from_axes(axes))
    meaning = Meaning(system, code)
    return Meaning(
        system=system,
        code=code,
        concept=concept,
        group=concept.name if concept else meaning.curie,
        match=_match(concept, known, effective),
        axes=axes,
        facets=_facets(fixed, axes),
        residual=_residual(fixed, axes),
    )


def of_predicate(predicate: str | None) -> str:
    """How a code that was mapped relates to its target.

    >>> of_predicate("skos:broadMatch"), of_predicate("skos:exactMatch"), of_predicate("skos:closeMatch")
    ('narrower', '=', 'related')
    """
    if predicate in (None, "", "skos:exactMatch"):
        return "="
    return _MATCH.get(predicate or "", "related")


def _match(concept: Concept | None, system: str, code: str) -> str:
    """A code elsewhere that is narrower than the concept, without a facet that says in what."""
    for item in concept.counterparts if concept else ():
        if (item.system, item.code) == (system, code) and item.relation == "narrowMatch" and not item.fixes:
            return "narrower"
    return "="


def _facets(fixed: Mapping[str, str], axes: loinc.LoincAxes | None) -> dict[str, Said]:
    known = facets.facets()
    said = {}
    for name, value in fixed.items():
        facet = known[name]
        evidence = f"LOINC {facet.axis}" if axes is not None and facet.axis else "the code"
        said[name] = Said(facet.curie(value) if facet.type == "words" else value, evidence)
    if axes is not None and axes.time == "Pt" and "statistic" not in said and "over" not in said:
        said["statistic"] = Said(known["statistic"].curie("point"), "LOINC TIME Pt", implied=True)
    return said


def _residual(fixed: Mapping[str, str], axes: loinc.LoincAxes | None) -> dict[str, str]:
    """The axis values that no facet of the code stands for; ``?`` is kept, what is open is left out."""
    if axes is None:
        return {}
    known = facets.facets()
    taken = {known[name].axis for name in fixed}
    values = {
        "system": ("SYSTEM", axes.sample()),
        "time": ("TIME", "" if axes.time == "Pt" else axes.time),
        "method": ("METHOD", axes.method),
        "challenge": ("COMPONENT", axes.challenge()),
    }
    return {name: value for name, (axis, value) in values.items() if axis not in taken and value not in _OPEN}
