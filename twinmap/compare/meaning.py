"""What a code means, taken apart: component, property, scale and subject, and the facets that it fixes.

LOINC 8459-0 (sitting) is 8480-6 with the posture sitting: both say the same facets, one in its code and one
beside it. What of the LOINC axes has no facet word of ours stays as an axis of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from twinmap.privacy import shape
from twinmap.terms import concepts, facets, loinc, snomed, systems
from twinmap.terms.concepts import Catalogue, Concept
from twinmap.terms.unit_aliases import aliases

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

    @property
    def said(self) -> str:
        """How a message names it: the concept, else what :func:`said` says of the code."""
        if self.concept is not None:
            return self.concept.name
        return self.curie if self.axes is not None else said(self.system, self.code)


def said(system: str | None, code: str) -> str:
    """How a message names a code: as it is where it is known to be one, else by its shape.

    Any text may stand in a column of codes, a patient's name too. Known are the codes of the shipped tables, and
    those of LOINC and SNOMED CT by their form and check digit.

    >>> said("http://loinc.org", "8480-6"), said("https://lab.example.org", "Muster H")
    ('loinc:8480-6', 'code "xxxxxx x"')
    """
    known = systems.canonical(system) if system else None
    if known is None:
        return f'code "{shape(code)}"'
    genuine = {loinc.SYSTEM: loinc.check_digit_ok, snomed.SYSTEM: snomed.is_concept}.get(known.uri)
    return f"{known.prefix}:{code if genuine is not None and genuine(code) else shape(code)}"


_ANNOTATION = re.compile(r"\{([^{}]*)\}")


def said_unit(unit: str | None) -> str:
    """How a message names a UCUM unit: what stands in braces may be anything, and is shown by its shape.

    >>> said_unit("mmol/L"), said_unit("{beats}/min"), said_unit("{Muster}/min")
    ('mmol/L', '{beats}/min', '{xxxxxx}/min')
    """
    known = _annotations()
    return _ANNOTATION.sub(
        lambda found: found[0] if found[0] in known else f"{{{shape(found[1])}}}", unit or ""
    )


@cache
def _annotations() -> frozenset[str]:
    """The words in braces of the units that shipped tables name."""
    units = [unit for row in aliases() for unit in (row.ucum, *row.candidates)]
    units += [unit for item in loinc.properties().values() for unit in item.units]
    units += [
        unit for item in concepts.catalogue().concepts.values() for unit in (item.unit, *item.accepts) if unit
    ]
    return frozenset(found[0] for unit in units for found in _ANNOTATION.finditer(unit))


def of_code(system: str | None, code: str, catalogue: Catalogue) -> Meaning:
    """Take a code apart.

    >>> from twinmap.terms.concepts import catalogue
    >>> found = of_code("http://loinc.org", "8459-0", catalogue())
    >>> found.group, found.facets["posture"]
    ('systolic-blood-pressure', Said(value='tm:posture-sitting', evidence='LOINC COMPONENT', implied=False))

    A code that is withdrawn and has one replacement means what the replacement means.
    """
    known = system or ""
    effective = catalogue.replacement(known, code) or code
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
