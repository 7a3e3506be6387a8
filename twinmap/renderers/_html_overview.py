"""The first screen of the page: four figures, and concept by source what each one means."""

from __future__ import annotations

from collections import defaultdict

from twinmap.renderers._common import count, number
from twinmap.renderers._facts import facts
from twinmap.renderers._markup import Child, Html, element, join, table
from twinmap.renderers._relations import (
    RELATIONS,
    agreement_text,
    conversion_text,
    coverage_text,
    facet_relation,
    facet_word,
    relation_reason,
)
from twinmap.renderers._report import Json, Report

#: Signatures shown of one concept and source.
_SIGNATURES = 4


# --- four figures ---------------------------------------------------------------------------------


def figures(report: Report) -> Html | None:
    """Records, concepts, conformance, mismatches; None for a report of findings alone."""
    known = facts(report)
    if not known.records and not report.concepts:
        return None
    books = known.records
    aside = f"{number(books.get('mapped', 0))} mapped, {number(books.get('set_aside', 0))} set aside"
    worst = [f"{n:,} {RELATIONS[name]}" for name, n in known.relations.items() if name != "equivalent"]
    mismatches = sum(n for name, n in known.relations.items() if name != "equivalent")
    shared = f"{known.shared:,} in more than one source" if known.shared else "none in more than one source"
    return element(
        "dl",
        _figure(
            "Records read", number(books.get("read", 0)), aside, f"{number(known.lost)} lost", known.lost
        ),
        _figure("Concepts", number(known.concepts), shared),
        _conforming(report),
        _figure("Mismatches", number(mismatches), ", ".join(worst) or "of two sources for one concept"),
        class_="figures",
    )


def _figure(label: str, value: str, note: str, strong: str | None = None, bad: int = 0) -> Html:
    tone = "bad" if bad else "good"
    lost = join(", ", element("span", strong, class_=tone)) if strong else None
    return element(
        "div",
        element("dt", label),
        element("dd", value, class_="value"),
        element("dd", note, lost, class_="note"),
    )


def _conforming(report: Report) -> Html:
    found = report.validation
    if found is None:
        return _figure("Conforming", "–", "the graph was not validated")
    nodes, failed = found.get("focus_nodes"), int(found.get("violations", 0))
    note = count(failed, "violation") + (f" at {number(nodes)} focus nodes" if nodes is not None else "")
    return _figure("Conforming", "yes" if found.get("conforms") else "no", note)


# --- concept by source ----------------------------------------------------------------------------


def concepts(report: Report, examples: int) -> Html | None:
    """A table with a row for each concept and a column for each source, relations below each row."""
    if not report.concepts and not report.relations:
        return None
    cells: dict[tuple[str, str], list[Json]] = defaultdict(list)
    labels: dict[str, str] = {}
    for row in report.concepts:
        concept = str(row.get("concept", ""))
        cells[concept, str(row.get("source", ""))].append(row)
        labels.setdefault(concept, str(row.get("label") or concept.replace("-", " ")))
    relations: dict[str, list[Json]] = defaultdict(list)
    for relation in report.relations:
        relations[str(relation.get("concept", ""))].append(relation)
    sources = sorted({source for _, source in cells})
    order = sorted({*labels, *relations}, key=lambda concept: (_worst(relations[concept]), concept))
    head = element("tr", element("th", "Concept", scope="col"), *(_source(name) for name in sources))
    bodies = [
        element(
            "tbody",
            element(
                "tr",
                element("th", labels.get(concept, concept.replace("-", " ")), scope="row"),
                *(_cell(cells.get((concept, source), []), source) for source in sources),
            ),
            _relations(relations[concept], len(sources), examples),
        )
        for concept in order
    ]
    return element("table", element("thead", head), *bodies, class_="matrix")


def _source(name: str) -> Html:
    return element("th", name, scope="col")


def _worst(relations: list[Json]) -> int:
    """Concepts with the worst relation come first; those of one source last."""
    ranks = [list(RELATIONS).index(said) for r in relations if (said := str(r.get("relation"))) in RELATIONS]
    return min(ranks, default=len(RELATIONS))


def _cell(rows: list[Json], source: str) -> Html:
    if not rows:
        return element("td", element("span", "not recorded", class_="none"), data_head=source)
    shown = [_signature(row) for row in rows[:_SIGNATURES]]
    if len(rows) > _SIGNATURES:
        shown.append(element("p", f"and {len(rows) - _SIGNATURES:,} more ways", class_="quiet"))
    return element("td", *shown, data_head=source)


def _signature(row: Json) -> Html:
    unit, canon = str(row.get("unit_raw") or row.get("unit") or ""), str(row.get("canon_unit") or "")
    change = join(" → ", element("span", canon)) if unit and canon and canon != unit else None
    facets = [facet_word(value, name) for name, value in row.get("facets", {}).items() if value]
    return element(
        "div",
        element("p", unit or "no unit", change, class_="unit"),
        element("p", " · ".join(facets), class_="facets") if facets else None,
        element("p", _coded(row), class_="code"),
        element("p", _counts(row), class_="quiet"),
        class_="signature",
    )


def _coded(row: Json) -> str:
    system = str(row.get("code_system") or "")
    name = {"http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMED CT"}.get(system, system)
    return f"{name} {row.get('code', '')}".strip()


def _counts(row: Json) -> str:
    values, patients = row.get("n"), row.get("patients")
    said = [count(values, "value") if isinstance(values, int) else ""]
    said.append(count(patients, "patient") if isinstance(patients, int) else "")
    return ", ".join(filter(None, said))


# --- relations ------------------------------------------------------------------------------------


def _relations(relations: list[Json], columns: int, examples: int) -> Html | None:
    if not relations:
        return None
    shown = [_relation(relation) for relation in relations[:examples]]
    if len(relations) > examples:
        shown.append(element("p", f"{len(relations) - examples:,} more in relations.jsonl", class_="quiet"))
    return element("tr", element("td", *shown, colspan=str(columns + 1)), class_="relations")


def _relation(relation: Json) -> Html:
    said = str(relation.get("relation", ""))
    first, second = str(relation.get("source_a", "")), str(relation.get("source_b", ""))
    chip = element("span", RELATIONS.get(said, said), class_=f"chip {said if said in RELATIONS else ''}")
    pair = (
        join(element("b", first), " is ", chip, " than ", element("b", second))
        if said in ("a-narrower", "a-broader")
        else join(element("b", first), " and ", element("b", second), " are ", chip)
    )
    reason, converted = relation_reason(relation), conversion_text(relation)
    sentence: list[Child] = [pair, f", {reason}" if reason else None]
    sentence.append(f". Units converted: {converted}." if converted else ".")
    numbers = (coverage_text(relation), agreement_text(relation))
    facets = [_facet_row(facet) for facet in relation.get("facets", ())]
    head = ["Facet", first, second, "Relation", "Evidence", "Code"]
    inside = [table(head, facets, class_="facet-table")] if facets else []
    inside += [element("p", said, class_="quiet") for said in numbers if said]
    if not inside:
        return element("p", *sentence, class_="relation")
    return element("details", element("summary", *sentence), *inside, class_="relation")


def _facet_row(facet: Json) -> list[Child]:
    said = facet_relation(facet)
    return [
        str(facet.get("facet", "")).replace("-", " "),
        facet_word(facet.get("a"), str(facet.get("facet", "")))
        or element("span", "not stated", class_="none"),
        facet_word(facet.get("b"), str(facet.get("facet", "")))
        or element("span", "not stated", class_="none"),
        element("span", said, class_="same" if said == "=" else "differs"),
        str(facet.get("evidence") or ""),
        element("code", str(facet["code"])) if facet.get("code") else None,
    ]
