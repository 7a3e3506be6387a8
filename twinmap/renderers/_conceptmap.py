"""What the FHIR ConceptMaps of R4 and R5 share: groups by systems, elements by code, what the map says of itself.

A minted term stands as a code of the system ``<base>sig``; which code and facets it stands for is told in
``dependsOn`` where it is mapped, and in ``product`` where it is mapped to.

Source: FHIR R4 (4.0.1) and R5 (5.0.0), ConceptMap.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twinmap.mapping.project import DEFAULT_BASE
from twinmap.renderers._alignments import (
    Alignment,
    Alignments,
    alignments,
    conversion_text,
    given_date,
    made_from,
    notices,
)
from twinmap.renderers._common import count
from twinmap.renderers._escape import dump, visible
from twinmap.renderers._report import Report
from twinmap.renderers._signature_terms import Term
from twinmap.terms import facets, systems

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a minted term says: the code that values carry, or a facet beside it.

    ``iri`` is the property of it in the graph. A length of time is a text, all else is coded.
    """

    name: str
    iri: str
    code: str
    system: str | None = None
    display: str | None = None
    coded: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """How a release of FHIR says it.

    Args:
        code: The attribute that says how source and target relate.
        words: Its values by relation.
        unmatched: What stands in an element that nothing relates to.
        attribute: A facet or code that a minted term stands for, as an entry of ``dependsOn`` or ``product``.
        more: What else a target has.
    """

    code: str
    words: Mapping[str, str]
    unmatched: Element
    attribute: Callable[[Attribute], Element]
    more: Callable[[Alignment], Element] = lambda _: {}


def attributes(term: Term) -> Iterator[Attribute]:
    """What a minted term stands for; nothing for one that is a code."""
    if not term.minted:
        return
    system, code = term.plain
    known = systems.canonical(system) if system else None
    yield Attribute("code", f"{facets.NAMESPACE}code", code, known.uri if known else system)
    for name, value in term.beside.items():
        iri, word = f"{facets.NAMESPACE}{name}", value.removeprefix("tm:")
        if word == value:
            yield Attribute(name, iri, value, coded=False)
        else:
            yield Attribute(name, iri, word, facets.NAMESPACE, facets.spoken(name, value))


def concept_map(report: Report, form: Form, describe: Callable[[Alignments], Element]) -> str:
    """The ConceptMap of a report; ``describe`` gives what a release has before the groups."""
    found = alignments(report)
    base = str(report.run.get("base") or DEFAULT_BASE)
    groups = list(_groups(found, form))
    used = [term for item in found.told for term in (item.subject, item.object)]
    date = given_date()
    copyright_ = "\n\n".join(notices([*used, *found.unmatched]))
    document: Element = {
        "resourceType": "ConceptMap",
        "id": "alignment",
        "url": f"{base}ConceptMap/alignment",
        "version": hashlib.sha256(json.dumps(groups).encode()).hexdigest()[:16],
        "name": "TwinmapAlignment",
        "title": "How the terms of the sources relate",
        "status": "draft",
        **({"date": date} if date else {}),
        "description": made_from(report) + _left_out(found),
        **({"copyright": copyright_} if copyright_ else {}),
        **describe(found),
        **({"group": groups} if groups else {}),
    }
    return dump(document)


def _left_out(found: Alignments) -> str:
    """What the map does not tell, and why."""
    silent = len(found.positive) + len(found.negative) - len(found.told)
    unfit = f" Left out: {count(silent, 'pair')} of terms whose values cannot be compared." if silent else ""
    return unfit + found.left_out


def _groups(found: Alignments, form: Form) -> Iterator[Element]:
    """A group for each source and target system; terms that nothing relates to are in groups without a target."""
    elements: dict[tuple[str, str], dict[str, Element]] = defaultdict(dict)
    for item in sorted(found.told, key=_systems_and_codes):
        subject = item.subject
        same = elements[subject.system, item.object.system]
        element = same.setdefault(subject.code, {**_coding(subject), "target": []})
        element["target"].append(_target(item, form))
    for term in sorted(found.unmatched, key=lambda term: (term.system, term.code)):
        elements[term.system, ""][term.code] = {**_coding(term), **form.unmatched}
    for (source, target), by_code in sorted(elements.items()):
        yield {"source": source, **({"target": target} if target else {}), "element": list(by_code.values())}


def _systems_and_codes(item: Alignment) -> tuple[str, str, str, str]:
    return item.subject.system, item.object.system, item.subject.code, item.object.code


def _coding(term: Term) -> Element:
    return {"code": term.code, **({"display": visible(term.label)} if term.label else {})}


def _target(item: Alignment, form: Form) -> Element:
    conversions = "".join(f"; {conversion_text(each)}" for each in item.conversions)
    depends = [form.attribute(each) for each in attributes(item.subject)]
    product = [form.attribute(each) for each in attributes(item.object)]
    return {
        **_coding(item.object),
        form.code: form.words[item.relation],
        "comment": item.comment + conversions,
        **form.more(item),
        **({"dependsOn": depends} if depends else {}),
        **({"product": product} if product else {}),
    }
