"""The first screen of the page: four figures, and concept by source what each one means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from twinmap.renderers._common import capital, count, number
from twinmap.renderers._facts import concept_label, facts
from twinmap.renderers._markup import Child, Html, element, join, table
from twinmap.renderers._relations import AGREEING, STANDINGS, Told, Way
from twinmap.renderers._report import Json, Report
from twinmap.renderers._sentences import called, clause, conversions, coverage, facet_cells, legend, others
from twinmap.terms.facets import NOT_SAID, spoken

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
    tally = Counter(item.worst.standing for item in known.told)
    worst = [f"{tally[name]:,} {called(name)}" for name in STANDINGS[:-1] if tally[name]]
    mismatches = sum(n for name, n in tally.items() if name not in AGREEING)
    shared = f"{known.shared:,} in more than one source" if known.shared else "none in more than one source"
    return element(
        "dl",
        figure("Records read", number(books.get("read", 0)), aside, f"{number(known.lost)} lost", known.lost),
        figure("Concepts", number(known.concepts), shared),
        _conforming(report),
        figure("Mismatches", number(mismatches), ", ".join(worst) or "of two sources for one concept"),
        class_="figures",
    )


def figure(label: str, value: str, note: str, strong: str | None = None, bad: int = 0) -> Html:
    """A figure with what it is called, and a note below it."""
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
        return figure("Conforming", "–", "the graph was not validated")
    nodes, failed = found.get("focus_nodes"), int(found.get("violations", 0))
    note = count(failed, "violation") + (f" at {number(nodes)} focus nodes" if nodes is not None else "")
    return figure("Conforming", "yes" if found.get("conforms") else "no", note)


# --- concept by source ----------------------------------------------------------------------------


def concepts(report: Report, examples: int) -> Html | None:
    """What the relations mean, then a table with a row for each concept and a column for each source.

    The concepts of one source alone are folded: there is nothing to compare them with.
    """
    if not report.concepts and not report.relations:
        return None
    known = facts(report)
    between: dict[str, list[Told]] = defaultdict(list)
    for item in known.told:
        between[item.concept].append(item)
    cells: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for row in report.concepts:
        cells[str(row.get("concept", "")), str(row.get("source", ""))].append(row)
    alone = {concept: concept_label(report, concept) for concept, _ in cells if concept not in between}
    sources = sorted({source for _, source in cells})
    shared = [_concept(report, name, sources, cells, between[name], examples) for name in between]
    single = [
        _concept(report, name, sources, cells, [], examples)
        for name in sorted(alone, key=lambda name: (alone[name].casefold(), name))
    ]
    return join(
        _legend(known.told),
        _matrix(sources, shared) if shared else None,
        element(
            "details",
            element("summary", f"{count(len(alone), 'concept')} of one source alone"),
            _matrix(sources, single),
            class_="alone",
            open=not shared,
        )
        if alone
        else None,
    )


def _legend(found: Sequence[Told]) -> Html | None:
    """What the relations of this report mean, and what to do."""
    lines = legend(way.standing for item in found for way in item.ways)
    rows = [
        element(
            "div",
            element("dt", *_alternatives(standings)),
            element("dd", f"{capital(meaning)}: {advice}."),
        )
        for standings, meaning, advice in lines
    ]
    return element("dl", *rows, class_="legend") if rows else None


def _alternatives(standings: Sequence[str]) -> list[Child]:
    """``narrower or broader``."""
    chips: list[Child] = []
    for standing in standings:
        chips += [" or " if chips else None, _chip(called(standing), standing)]
    return chips


def _matrix(sources: Sequence[str], bodies: Sequence[Html]) -> Html:
    head = element("tr", element("th", "Concept", scope="col"), *(_source(name) for name in sources))
    return element("table", element("thead", head), *bodies, class_="matrix")


def _source(name: str) -> Html:
    return element("th", name, scope="col")


def _concept(
    report: Report,
    name: str,
    sources: Sequence[str],
    cells: Mapping[tuple[str, str], list[Json]],
    between: Sequence[Told],
    examples: int,
) -> Html:
    return element(
        "tbody",
        element(
            "tr",
            element("th", concept_label(report, name), scope="row"),
            *(_cell(cells.get((name, source), []), source) for source in sources),
        ),
        _relations(between, len(sources), examples),
    )


def _cell(rows: list[Json], source: str) -> Html:
    """What one source has of a concept: one part for each code and set of facets, its units within."""
    if not rows:
        return element("td", element("span", "not recorded", class_="none"), data_head=source)
    alike: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for row in rows:
        alike[_coded(row), _facets(row)].append(row)
    shown = [_signature(coded, said, same) for (coded, said), same in list(alike.items())[:_SIGNATURES]]
    if len(alike) > _SIGNATURES:
        shown.append(element("p", f"and {len(alike) - _SIGNATURES:,} more ways", class_="quiet"))
    return element("td", *shown, data_head=source)


def _signature(coded: str, said: str, rows: list[Json]) -> Html:
    return element(
        "div",
        element("p", said, class_="facets") if said else None,
        element("p", coded, class_="code"),
        *(
            element("p", element("span", *_unit(row), class_="unit"), " ", element("span", _counts(row)))
            for row in rows
        ),
        class_="signature",
    )


def _unit(row: Json) -> tuple[Child, ...]:
    """The unit as received, and the one in which the graph has the values."""
    unit, canon = str(row.get("unit_raw") or row.get("unit") or ""), str(row.get("canon_unit") or "")
    if not unit or not canon or canon == unit:
        return (unit or str(row.get("values") or "no unit"),)
    return unit, " → ", element("span", canon)


def _facets(row: Json) -> str:
    return " · ".join(spoken(name, str(value)) for name, value in row.get("facets", {}).items() if value)


def _coded(row: Json) -> str:
    """``LOINC 8480-6``, and how the codes of the source relate to it where a map says that they are not it."""
    system = str(row.get("code_system") or "")
    name = {"http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMED CT"}.get(system, system)
    code = f"{name} {row.get('code', '')}".strip()
    match = str(row.get("match") or "")
    return f"{match} {'to' if match == 'related' else 'than'} {code}" if match else code


def _counts(row: Json) -> str:
    values, patients = row.get("n"), row.get("patients")
    said = [count(values, "value") if isinstance(values, int) else ""]
    said.append(count(patients, "patient") if isinstance(patients, int) else "")
    return ", ".join(filter(None, said))


# --- relations ------------------------------------------------------------------------------------


def _relations(between: Sequence[Told], columns: int, examples: int) -> Html | None:
    """A sentence for each pair of sources; what is behind it, and all else of the pair, is folded."""
    if not between:
        return None
    shown = [_told(item, examples) for item in between[:examples]]
    if len(between) > examples:
        shown.append(element("p", f"{len(between) - examples:,} more in relations.jsonl", class_="quiet"))
    return element("tr", element("td", *shown, colspan=str(columns + 1)), class_="relations")


def _told(item: Told, examples: int) -> Html:
    more = others(item)
    left = len(item.ways) - 1 - examples
    return _folded(
        item.worst,
        element("span", f" (and {more})", class_="quiet") if more else None,
        *(_folded(way) for way in item.ways[1 : examples + 1]),
        element("p", f"{left:,} more in relations.jsonl", class_="quiet") if left > 0 else None,
    )


def _folded(way: Way, note: Html | None = None, *inside: Html | None) -> Html:
    """A sentence; folded below it are its facets, who is in both sources, and the other ways."""
    units = conversions(way)
    said: list[Child] = [_part(kind, text, way) for kind, text in clause(way)]
    said.append(f". {capital(units)}." if units else ".")
    head = ["Facet", way.first, way.second, "Relation", "Evidence", "Code"]
    rows = [_facet_row(cells) for cells in facet_cells(way)]
    return element(
        "details",
        element("summary", *said, note),
        table(head, rows, class_="facet-table") if rows else None,
        *(element("p", line, class_="quiet") for line in coverage(way)),
        *inside,
        class_="relation",
    )


def _part(kind: str, text: str, way: Way) -> Child:
    if kind == "source":
        return element("b", text)
    return _chip(text, way.standing) if kind == "relation" else text


def _chip(name: str, standing: str) -> Html:
    return element("span", name, class_=f"chip {standing if standing in STANDINGS else ''}")


def _facet_row(cells: tuple[str, ...]) -> list[Child]:
    facet, first, second, said, evidence, code = cells
    return [
        facet,
        *(element("span", value, class_="none") if value == NOT_SAID else value for value in (first, second)),
        element("span", said, class_="same" if said == "=" else "differs"),
        evidence,
        element("code", code) if code else None,
    ]
