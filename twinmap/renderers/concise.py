"""One line for each finding and relation, the worst first: for a terminal and for ``grep``."""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.renderers._common import Group, by_severity, grouped, place_text, tally
from twinmap.renderers._escape import visible
from twinmap.renderers._facts import concept_label
from twinmap.renderers._relations import conversion_text, relation_sentence
from twinmap.renderers._report import Json, Report


def render(report: Report) -> str:
    """Every finding, every relation of two sources, and how many findings there are."""
    lines = [_finding(group) for group in grouped(report.findings)]
    lines += _relations(report)
    if report.findings:
        lines.append(tally(by_severity(report.findings)))
    return "".join(f"{visible(line)}\n" for line in lines)


def _finding(group: Group) -> str:
    """``mappings/bp.yaml:14:5: TM-L01 error: column "systolc" is not in watch.csv (3 times)``."""
    finding = group.finding
    times = f" ({group.count:,} times)" if group.count > 1 else ""
    return (
        f"{_where(group)}: {finding.get('code', '')} {finding.get('severity', '')}: "
        f"{finding.get('message', '')}{times}"
    )


def _where(group: Group) -> str:
    """The line of the mapping, else the first place in the data, else the rule."""
    place = next(iter(group.places), {})
    at = place_text(place, str(place.get("file") or place.get("source", "")))
    return str(group.finding.get("where") or at or group.finding.get("rule") or "-")


def _relations(report: Report) -> Iterator[str]:
    """The first relation of each concept and pair of sources, which most of its values have."""
    told: dict[tuple[object, ...], list[Json]] = {}
    for relation in report.relations:
        key = tuple(relation.get(name) for name in ("concept", "source_a", "source_b"))
        told.setdefault(key, []).append(relation)
    for first, *more in told.values():
        label = concept_label(report, str(first.get("concept", "")))
        converted = conversion_text(first)
        parts = (
            relation_sentence(first, label),
            f"; units converted: {converted}" if converted else "",
            f" (and {len(more)} more)" if more else "",
        )
        yield "".join(parts)
