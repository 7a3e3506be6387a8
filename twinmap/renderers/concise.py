"""One line for each finding and relation, the worst first: for a terminal and for ``grep``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from twinmap.renderers._common import Group, by_severity, grouped, left_out, place_text, tally
from twinmap.renderers._escape import visible
from twinmap.renderers._facts import concept_label
from twinmap.renderers._relations import told
from twinmap.renderers._report import Report
from twinmap.renderers._sentences import conversions, others, sentence


def render(report: Report) -> str:
    """Every finding, the worst relation of two sources for each concept, and how many findings there are."""
    lines = _findings(grouped(report.findings))
    lines += _relations(report)
    lines += filter(None, [left_out(report.selection)])
    if report.findings:
        lines.append(tally(by_severity(report.findings)))
    return "".join(f"{visible(line)}\n" for line in lines)


def _findings(groups: list[Group]) -> list[str]:
    """A line each; those that would be the same line say what they are about."""
    lines = [_finding(group) for group in groups]
    often = Counter(lines)
    about = [str(group.finding.get("rule") or group.finding.get("concept") or "") for group in groups]
    return [
        f"{line} [{name}]" if often[line] > 1 and name else line
        for line, name in zip(lines, about, strict=True)
    ]


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
    """A line for each concept and pair of sources: the worst way, and how many others there are."""
    for item in told(report):
        said = [sentence(item.worst, concept_label(report, item.concept)), conversions(item.worst)]
        more = others(item)
        yield "; ".join(filter(None, said)) + (f" (and {more})" if more else "")
