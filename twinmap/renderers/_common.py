"""What the renderers share: counting, grouping, and naming places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twinmap.renderers._report import Json

SEVERITIES = ("error", "warning", "info")


def number(value: object) -> str:
    """450994 as ``450,994``; what is not a whole number as it is.

    >>> number(450994)
    '450,994'
    """
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def count(value: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "error"), count(2, "error")
    ('1 error', '2 errors')
    """
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence.

    >>> listed(["site", "method", "posture"]), listed(["site", "method"], "or")
    ('site, method and posture', 'site or method')
    """
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def capital(sentence: str) -> str:
    """With a capital at its beginning."""
    return sentence[:1].upper() + sentence[1:]


def by_severity(findings: Iterable[Json]) -> dict[str, int]:
    """How many findings there are of each severity, repeated ones once."""
    tally = Counter(str(finding.get("severity")) for finding in findings)
    return {severity: tally[severity] for severity in SEVERITIES}


def tally(severities: Mapping[str, int]) -> str:
    """``2 errors, 5 warnings and 1 note``; ``no findings`` where there are none."""
    said = [count(n, name if name != "info" else "note") for name, n in severities.items() if n]
    return listed(said) or "no findings"


def left_out(selection: Json) -> str:
    """What is not among the findings, in one line; empty where all there are is shown.

    >>> left_out({"select": ["TM-U", "TM-Q11"], "left_out": {"TM-T01": {"findings": 2, "count": 40}}})
    'only TM-U and TM-Q11 were looked for; left out: 2 findings of TM-T01 (40 times)'
    """
    selected, left = selection.get("select", ()), selection.get("left_out", {})
    said = (
        [f"only {listed(selected)} {'were' if len(selected) > 1 else 'was'} looked for"] if selected else []
    )
    codes = [
        f"{count(n['findings'], 'finding')} of {code}"
        + f" ({n['count']:,} times)" * (n["count"] > n["findings"])
        for code, n in left.items()
    ]
    said += [f"left out: {', '.join(codes)}"] if codes else []
    return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that say the same of the same thing: one of them, their places and their sum."""

    finding: Json
    places: tuple[Json, ...]
    count: int


def grouped(findings: Iterable[Json]) -> list[Group]:
    """Make one of the findings that differ only in the statement or patient concerned, in their order."""
    seen: dict[tuple[str, ...], list[Json]] = {}
    for finding in findings:
        key = ["code", "severity", "message", "where", "sources", "facet", "help"]
        if not finding.get("where"):  # rules that inherit one line of a mapping are told once
            key += ["concept", "rule"]
        seen.setdefault(tuple(repr(finding.get(name)) for name in key), []).append(finding)
    return [
        Group(same[0], _places(same), sum(int(finding.get("count", 1)) for finding in same))
        for same in seen.values()
    ]


def _places(same: list[Json]) -> tuple[Json, ...]:
    """The places of all; where there is no place at all, the sources."""
    places = tuple(place for finding in same for place in finding.get("places", ()))
    if places or same[0].get("where"):
        return places
    return tuple({"source": source} for source in same[0].get("sources", ()))


def shown_of(group: Group, limit: int) -> str:
    """``38 times; the first 3 are shown``, empty for what was found once."""
    shown = sum("record" in place for place in group.places[:limit])
    shown += "lines" in group.finding.get("details", {})  # the span is the first of them
    if group.count == 1:
        return ""
    return f"{group.count:,} times" + (f"; the first {shown} are shown" if 1 < shown < group.count else "")


_WHERE = re.compile(r"(?P<file>.*):(?P<line>\d+):(?P<column>\d+)", re.DOTALL)


def located(where: object) -> tuple[str, int, int] | None:
    """``mappings/bp.yaml:14:5`` as file, line and column."""
    match = _WHERE.fullmatch(where) if isinstance(where, str) else None
    return (match["file"], int(match["line"]), int(match["column"])) if match else None


def place_text(place: Json, file: str) -> str:
    """A place in one line, as ``feed/a.hl7, record 12 (line 88), OBX[3], OBX-5: 999``.

    ``file`` is what the file is called here: its name, or ``file 3`` where names are not to be shown.
    """
    record = f"record {place['record']}" if place.get("record") else ""  # 0 is the header
    if "line" in place:
        record += f" (line {place['line']})" if record else f"line {place['line']}"
    words = [file, record, str(place.get("part", "")), str(place.get("field", ""))]
    text = ", ".join(word for word in words if word)
    return f"{text}: {place['shape']}" if place.get("shape") else text
