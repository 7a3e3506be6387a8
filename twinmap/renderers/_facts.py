"""A run in numbers and in two sentences: the books, what the sources share, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twinmap.model import OUTCOMES, RELATIONS
from twinmap.renderers._common import by_severity, capital, count, listed, tally
from twinmap.renderers._relations import AGREEING, UNSAID, Told, told
from twinmap.renderers._report import Json, Report


def book(report: Report, name: str) -> dict[str, dict[str, int]]:
    """One book of the ledger: source to outcome to number; cells summed over their fields."""
    entries: Mapping[str, Json] = report.ledger.get(name) or {}
    return {
        str(source): _balanced(
            (_summed(found.values()) if name == "cells" else _numbers(found)), OUTCOMES[name]
        )
        for source, found in entries.items()
    }


def fields(report: Report, source: str) -> dict[str, dict[str, int]]:
    """The cells of one source: field to outcome to number."""
    found = (report.ledger.get("cells") or {}).get(source) or {}
    return {str(name): _balanced(_numbers(outcomes), OUTCOMES["cells"]) for name, outcomes in found.items()}


def _numbers(found: Json) -> Counter[str]:
    return Counter({key: value for key, value in found.items() if isinstance(value, int)})


def _summed(parts: Iterable[Json]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for part in parts:
        tally.update(_numbers(part))
    return tally


def _balanced(found: Counter[str], known: tuple[str, ...]) -> dict[str, int]:
    """With ``lost``, which is what is missing from the sum where the ledger does not say it."""
    lost = found.get("lost", found[known[0]] - sum(found[key] for key in known[1:-1]))
    return {key: found[key] for key in known[:-1]} | {"lost": lost}


def total(report: Report, name: str) -> dict[str, int]:
    """The sum of a book over the sources."""
    tally: Counter[str] = Counter()
    for outcomes in book(report, name).values():
        tally.update(outcomes)
    return dict(tally)


def balance(outcomes: Mapping[str, int], name: str) -> str:
    """A line of a book: ``4 read = 3 mapped + 0 filtered + 0 unclaimed + 1 set aside, 0 lost``."""
    known = OUTCOMES[name]
    parts = [f"{outcomes.get(key, 0):,} {key.replace('_', ' ')}" for key in known[1:-1]]
    return f"{outcomes.get(known[0], 0):,} {known[0]} = {' + '.join(parts)}, {outcomes.get('lost', 0):,} lost"


@dataclass(frozen=True, slots=True)
class Facts:
    """A run in numbers, for the first lines of a report.

    ``told`` is what is told of each concept and pair of sources, ``differing`` the concepts that differ and
    ``unsaid`` those of which no more is known than that they do not, both with the worst first. ``relations``
    counts the rows of the report.
    """

    sources: tuple[str, ...]
    records: Mapping[str, int]
    lost: int
    concepts: int
    shared: int
    told: tuple[Told, ...]
    differing: tuple[str, ...]
    unsaid: tuple[str, ...]
    relations: Mapping[str, int]
    severities: Mapping[str, int]


def facts(report: Report) -> Facts:
    """Count what the report holds."""
    sources = {str(row.get("source")) for row in report.concepts} | set(book(report, "records"))
    concepts = {str(row.get("concept")) for row in (*report.concepts, *report.relations)}
    tally = Counter(str(relation.get("relation")) for relation in report.relations)
    found = told(report)
    differing = dict.fromkeys(item.concept for item in found if item.worst.standing not in AGREEING)
    unsaid = dict.fromkeys(item.concept for item in found if item.worst.standing == UNSAID)
    return Facts(
        sources=tuple(sorted(sources)),
        records=total(report, "records"),
        lost=sum(total(report, name).get("lost", 0) for name in OUTCOMES),
        concepts=len(concepts),
        shared=len({str(relation.get("concept")) for relation in report.relations}),
        told=tuple(found),
        differing=tuple(differing),
        unsaid=tuple(concept for concept in unsaid if concept not in differing),
        relations={name: tally[name] for name in RELATIONS if tally[name]},
        severities=by_severity(report.findings),
    )


def concept_label(report: Report, concept: str) -> str:
    """What people call a concept: its label, else its name or code as it is."""
    return report.labels.get(concept, concept)


def _in_sentence(label: str) -> str:
    """``Heart rate`` as ``heart rate``; ``HbA1c`` and ``SpO2`` as they are."""
    first = label.split(" ", maxsplit=1)[0]
    return label[0].lower() + label[1:] if first[1:].islower() else label


def verdict(report: Report) -> tuple[str, str]:
    """A sentence about meaning, and one about the books and the shapes, for clinicians and engineers."""
    known = facts(report)
    return _meaning(report, known), _books(report, known)


def _meaning(report: Report, known: Facts) -> str:
    if known.lost:
        return f"{known.lost:,} of what was read is lost: do not use this result."
    if report.relations:
        return _compared(report, known)
    if report.difference is not None:
        same = report.difference["equal"]
        return "Both sides state the very same." if same else "The sides do not state the same."
    found = tally(known.severities)
    if not known.sources:
        return f"{capital(found)} to look at." if report.findings else "Nothing was found."
    if known.severities["error"]:
        return f"{count(known.severities['error'], 'error')} to look at."
    if not known.records.get("read"):
        return "No record was read."
    if len(known.sources) == 1:
        return "One source; there is nothing to compare it with."
    return "No concept is shared by two sources."


def _compared(report: Report, known: Facts) -> str:
    """What differs, what does not, and what is not known to differ."""
    same = known.shared - len(known.differing) - len(known.unsaid)
    said = []
    if same == known.shared:
        every = f"All {same:,} shared concepts mean" if same > 1 else "The one shared concept means"
        return f"{every} the same in every source."
    names, do = _names(report, known.differing), "does" if len(known.differing) == 1 else "do"
    if same:
        mean = "means" if same == 1 else "mean"
        end = f"; {names} {do} not" if names else ""
        said.append(f"{same:,} of {known.shared:,} shared concepts {mean} the same in every source{end}.")
    elif names:
        said.append(f"{capital(names)} {do} not mean the same in every source.")
    if known.unsaid:
        is_ = "is" if len(known.unsaid) == 1 else "are"
        said.append(f"{capital(_names(report, known.unsaid))} {is_} not known to differ.")
    return " ".join(said)


def _names(report: Report, concepts: Sequence[str]) -> str:
    """The first of some concepts in a sentence, and how many more there are."""
    labels = [_in_sentence(concept_label(report, concept)) for concept in concepts]
    return listed([*labels[:3], f"{len(labels) - 3} more"] if len(labels) > 4 else labels)


def _books(report: Report, known: Facts) -> str:
    said = []
    if report.difference is not None and report.relations and not report.difference["equal"]:
        said.append("The sides do not state the same.")
    if known.records:
        read, aside = known.records.get("read", 0), known.records.get("set_aside", 0)
        kept = "none lost" if not known.lost else f"{known.lost:,} lost"
        aside_text = f"{aside:,} set aside" if aside else "none set aside"
        said.append(
            f"{count(read, 'record')} read from {count(len(known.sources), 'source')}: {kept}, {aside_text}."
        )
    if report.validation is not None:
        failed = int(report.validation.get("violations", 0))
        conforms = report.validation.get("conforms")
        said.append(
            "The graph conforms to its shapes."
            if conforms
            else f"The graph does not conform to its shapes: {count(failed, 'violation')}."
        )
    if known.sources and any(known.severities.values()):
        said.append(f"{tally(known.severities)}.")
    return " ".join(said)
