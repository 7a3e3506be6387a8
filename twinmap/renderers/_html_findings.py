"""The second screen of the page: what is wrong, by code, with the place in mapping and data."""

from __future__ import annotations

import re
import textwrap

from twinmap.renderers._common import (
    SEVERITIES,
    Group,
    capital,
    count,
    grouped,
    left_out,
    located,
    place_text,
    shown_of,
)
from twinmap.renderers._escape import visible
from twinmap.renderers._markup import Html, element, join
from twinmap.renderers._names import FileNames
from twinmap.renderers._pages import Page, find_page
from twinmap.renderers._report import Report

#: Data places of one finding.
_PLACES = 3
#: Characters of a mapping line around the place.
_WINDOW = 120


def findings(report: Report, names: FileNames, examples: int) -> Html | None:
    """A fold for each code, errors first; what an error is about is seen without opening it."""
    by_code: dict[str, list[Group]] = {}
    for group in grouped(report.findings):
        by_code.setdefault(str(group.finding.get("code", "")), []).append(group)
    left = left_out(report.selection)
    if not by_code and not left:
        return None
    order = sorted(by_code, key=lambda code: (_rank(by_code[code]), code))
    return join(
        element("p", capital(left), class_="quiet") if left else None,
        *(_code(code, by_code[code], report, names, examples) for code in order),
    )


def _rank(groups: list[Group]) -> int:
    ranks = [SEVERITIES.index(s) for g in groups if (s := str(g.finding.get("severity"))) in SEVERITIES]
    return min(ranks, default=len(SEVERITIES))


def _code(code: str, groups: list[Group], report: Report, names: FileNames, examples: int) -> Html:
    rank = _rank(groups)
    severity = SEVERITIES[rank] if rank < len(SEVERITIES) else ""
    page = find_page(code)
    summary = page.summary if page else str(groups[0].finding.get("slug", "")).replace("-", " ")
    times = sum(group.count for group in groups)
    more = len(groups) - examples
    return element(
        "details",
        element(
            "summary",
            element("span", "note" if severity == "info" else severity, class_=f"severity {severity}"),
            element("code", code),
            element("span", summary, class_="what"),
            element("span", count(times, "time"), class_="times"),
            _first(groups, names) if severity == "error" else None,
        ),
        *(_finding(group, report, names) for group in groups[:examples]),
        element("p", f"{count(more, 'more finding')} of this code in findings.jsonl", class_="quiet")
        if more > 0
        else None,
        _about(page) if page else None,
        class_=f"code-group {severity}",
    )


def _first(groups: list[Group], names: FileNames) -> Html:
    """The first of the findings of a code, for its summary."""
    more = f" (and {len(groups) - 1:,} more)" if len(groups) > 1 else ""
    return element("span", names.hide(str(groups[0].finding.get("message", ""))), more, class_="first")


def _finding(group: Group, report: Report, names: FileNames) -> Html:
    finding = group.finding
    if finding.get("details", {}).get("told_by"):  # another finding says it, with its places and what to do
        return element("article", element("p", names.hide(str(finding.get("message", ""))), class_="message"))
    help_text = names.hide(str(finding.get("help", "")))
    return element(
        "article",
        element("p", names.hide(str(finding.get("message", ""))), class_="message"),
        _excerpt(finding.get("where") or finding.get("rule"), report, names),
        _places(group, names),
        _details(group, names),
        element("p", element("b", "Help "), help_text, class_="help") if help_text else None,
    )


def _details(group: Group, names: FileNames) -> Html | None:
    """The numbers and words of a finding; what is nested is in the JSON only."""
    details = group.finding.get("details") or {}
    said = [
        f"{key.replace('_', ' ')} {value}"
        for key, value in details.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]
    return element("p", names.hide(" · ".join(said)), class_="details") if said else None


def _excerpt(where: object, report: Report, names: FileNames) -> Html | None:
    spot = located(where)
    if spot is None:
        return element("p", element("code", str(where)), class_="where") if where else None
    file, line, column = spot
    caption = element("p", element("code", f"{file}:{line}:{column}"), class_="where")
    excerpt = report.excerpts.get(str(where))
    if excerpt is None or not excerpt.text:
        return caption
    shown = names.hide(excerpt.text)
    if shown != excerpt.text:
        return join(caption, element("pre", element("span", str(line), class_="line"), shown))
    start = max(0, column - 1 - _WINDOW // 2) if len(shown) > _WINDOW else 0
    at, end = column - 1, column - 1 + max(1, excerpt.length)
    return join(
        caption,
        element(
            "pre",
            element("span", str(line), class_="line"),
            "…" * (start > 0) + shown[start:at],
            element("mark", shown[at:end][:_WINDOW] or " "),
            shown[end : start + _WINDOW] + "…" * (start + _WINDOW < len(shown)),
        ),
    )


def _places(group: Group, names: FileNames) -> Html | None:
    shown = [element("li", place_text(place, names.label(place))) for place in group.places[:_PLACES]]
    if shown_of(group, _PLACES):
        shown.append(element("li", shown_of(group, _PLACES)))
    return element("ul", *shown, class_="places") if shown else None


# --- the page of a code ---------------------------------------------------------------------------


def _about(page: Page) -> Html:
    parts = [join(element("h4", title), _prose(body)) for title, body in page.sections if body]
    intro = _prose(page.intro) if page.intro else None
    return element("details", element("summary", f"About {page.code}"), intro, *parts, class_="about")


def _prose(body: str) -> Html:
    """Paragraphs, and indented blocks as written."""
    blocks = [block for block in re.split(r"\n\s*\n", body) if block.strip()]
    return join(
        *(
            _as_written(textwrap.dedent(block))
            if all(line.startswith("    ") for line in block.splitlines())
            else element("p", _inline(" ".join(block.split())))
            for block in blocks
        )
    )


def _inline(sentence: str) -> Html:
    """A sentence in which ````code```` is set as code."""
    parts = re.split(r"``(.+?)``", sentence)
    return join(*(element("code", part) if odd % 2 else part for odd, part in enumerate(parts)))


def _as_written(block: str) -> Html:
    lines = [join(visible(line), Html("\n")) for line in block.splitlines()]
    return element("pre", *lines)
