"""Which finding codes count: what is looked for, what is left out, and how severe the rest is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twinmap import registry
from twinmap.diagnostics import Finding, Severity, merge
from twinmap.errors import UsageError


def begins(word: str) -> str:
    """How the codes begin that a word names: ``TM-U03`` for ``TM-U03``, ``U03`` or its slug, ``TM-U`` for ``U``.

    Raises:
        UsageError: There is no such code or family.
    """
    family = word.upper().removeprefix("TM-")
    if len(family) != 1:
        return registry.code(word).code
    known = registry.families()
    if family not in known:
        raise UsageError(f'there is no family of findings "{word}"', help=f"one of: {', '.join(known)}")
    return f"TM-{family}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Beginnings of codes, as :func:`begins` gives them; without ``select`` all are looked for.

    ``select`` says what to look for: a check of another code is not made. What ``ignore`` names is looked for,
    counted and left out. ``severity`` is that of a code, else of its family, in place of its own.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)

    @classmethod
    def of(cls, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Selection:
        """The selection of words as a user writes them.

        Raises:
            UsageError: There is no such code or family.
        """
        return cls(tuple(map(begins, select)), tuple(map(begins, ignore)))

    def over(self, project: Selection) -> Selection:
        """This, from the command line, on top of that of a project.

        What is selected here takes the place of what the project selects and ignores; what is ignored here is
        ignored as well. The severities are the project's.
        """
        if self.select:
            return replace(self, severity=project.severity)
        return Selection(project.select, (*project.ignore, *self.ignore), project.severity)

    def beside(self, other: Selection) -> Selection:
        """What holds for two sides that are compared, each with a selection of its own.

        What either looks for is looked for, and what both ignore is left out. A severity is that of the side that
        states one, of two the higher.
        """
        one, two = self.ignore, other.ignore
        ignore = [
            *(code for code in one if code.startswith(two)),
            *(code for code in two if code.startswith(one)),
        ]
        select = (*self.select, *other.select) if self.select and other.select else ()
        severity = dict(self.severity)
        for code, word in other.severity.items():
            severity[code] = max(word, severity.get(code, word), key=lambda each: each.rank)
        return Selection(tuple(dict.fromkeys(select)), tuple(dict.fromkeys(ignore)), severity)

    def looks_for(self, code: str) -> bool:
        """Whether findings of a code are looked for."""
        return not self.select or code.startswith(self.select)

    def counts(self, code: str) -> bool:
        """Whether findings of a code are looked for and not left out."""
        return self.looks_for(code) and not code.startswith(self.ignore)

    def apply(self, findings: Iterable[Finding]) -> tuple[list[Finding], dict[str, dict[str, int]]]:
        """The findings that count, merged, each as severe as it shall be; and how many of each code are left out.

        Returns:
            The findings in their order, and by code ``{"findings", "count"}``: how many findings were left out,
            and how often what they tell was found.
        """
        kept: list[Finding] = []
        left: dict[str, dict[str, int]] = {}
        for finding in merge(findings):
            if self.counts(finding.code):
                kept.append(replace(finding, severity=self._severity(finding)))
            else:
                counts = left.setdefault(finding.code, {"findings": 0, "count": 0})
                counts["findings"] += 1
                counts["count"] += finding.count
        return merge(kept), dict(sorted(left.items()))

    def _severity(self, finding: Finding) -> Severity:
        family = self.severity.get(finding.code[:4], finding.severity)
        return self.severity.get(finding.code, family)

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Selection:
        """The selection that :meth:`to_json` gave; what else is there is passed over."""
        severity = {code: Severity(word) for code, word in found.get("severity", {}).items()}
        return cls(tuple(found.get("select", ())), tuple(found.get("ignore", ())), severity)

    def to_json(self) -> dict[str, Any]:
        """What was chosen; empty values are left out."""
        chosen: dict[str, Sequence[str] | dict[str, str]] = {
            "select": list(self.select),
            "ignore": list(self.ignore),
            "severity": {code: word.value for code, word in sorted(self.severity.items())},
        }
        return {name: value for name, value in chosen.items() if value}
