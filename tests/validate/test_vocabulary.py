"""The core vocabulary: every term we write is declared, described, sourced and aligned."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from twinmap.lift.shapes import concept_shapes, facet_shapes
from twinmap.registry import shipped
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets
from twinmap.validate.files import shipped_shapes

TM = "https://w3id.org/twinmap/ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
ALIGNMENTS = {
    *(f"{RDFS}{name}" for name in ("subClassOf", "subPropertyOf")),
    *(f"{SKOS}{name}Match" for name in ("exact", "close", "broad", "narrow", "related")),
    *(f"{OWL}{name}" for name in ("equivalentClass", "equivalentProperty", "inverseOf")),
}
NEEDED = {f"{RDFS}label", f"{SKOS}definition", f"{RDFS}isDefinedBy", "http://purl.org/dc/terms/source"}


def _vocabulary() -> dict[str, dict[str, list[str]]]:
    text = (shipped("ontologies") / "twin.ttl").read_bytes()
    terms: dict[str, dict[str, list[str]]] = {}
    for quad in ox.parse(text, format=ox.RdfFormat.TURTLE):
        if str(quad.subject).startswith(f"<{TM}"):
            about = terms.setdefault(str(quad.subject)[1:-1], {})
            about.setdefault(quad.predicate.value, []).append(str(quad.object))
    return terms


def _used() -> set[str]:
    """The tm: terms of shapes and targets; facet words are data of their own."""
    texts = [text.decode() for text in shipped_shapes()]
    texts += [concept_shapes(catalogue().concepts.values()), facet_shapes(facets())]
    folder = shipped("ontologies") / "targets"
    texts += [entry.read_text() for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    prefixed = {TM + name for text in texts for name in re.findall(r"(?<![\w-])tm:([A-Za-z]\w*)", text)}
    spelt_out = {TM + name for text in texts for name in re.findall(rf"<{re.escape(TM)}(\w+)>", text)}
    return prefixed | spelt_out


def test_every_term_in_use_is_declared() -> None:
    used = _used()
    assert len(used) > 20
    assert used - _vocabulary().keys() == set()


def test_every_facet_has_its_property() -> None:
    assert {facet.property for facet in facets().values()} - _vocabulary().keys() == set()


@pytest.mark.parametrize("term", sorted(_vocabulary()))
def test_every_term_is_described(term: str) -> None:
    about = _vocabulary()[term]
    assert about.keys() >= NEEDED, f"{term} lacks {NEEDED - about.keys()}"
    assert about.keys() & ALIGNMENTS, f"{term} is aligned with nothing"
    assert all(len(about[name]) == 1 for name in NEEDED)


def test_no_two_terms_are_defined_alike() -> None:
    texts = [about[f"{SKOS}definition"][0] for about in _vocabulary().values()]
    assert len(texts) == len(set(texts))


def test_every_structural_shape_has_a_name() -> None:
    folder = Path(str(shipped("ontologies") / "shapes"))
    for file in folder.glob("*.ttl"):
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE):
            if quad.predicate.value.endswith("shacl#property"):
                assert isinstance(quad.object, ox.NamedNode)
