"""The documentation page of a finding code: the docstring of its module, cut at its headings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from twinmap import registry
from twinmap.diagnostics import Severity
from twinmap.errors import UsageError
from twinmap.renderers._common import capital

#: The headings that every page has, in order.
HEADINGS = ("What it means", "Why it matters", "Example", "What to do")

_HEADING = re.compile(
    rf"(?:#+ *|\*\*)?(?P<title>{'|'.join(HEADINGS)})(?:\*\*)?(?:(?P<mark>[:.])(?:\*\*)? *(?P<rest>.*))?",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-=~^]{3,}\s*")


@dataclass(frozen=True, slots=True)
class Page:
    """A code's page: ``summary`` is its first sentence, ``sections`` the text under each heading."""

    code: str
    slug: str
    severity: Severity
    summary: str
    intro: str
    sections: tuple[tuple[str, str], ...]

    def section(self, title: str) -> str:
        """The text under a heading, empty where the page has none."""
        return dict(self.sections).get(title, "")


def page(name: str) -> Page:
    """The page of ``TM-U03``, ``U03`` or its slug.

    Raises:
        UsageError: There is no such code.
    """
    return parse(registry.code(name))


def pages() -> Iterator[Page]:
    """The pages of all codes, in order."""
    return map(parse, registry.codes())


def find_page(name: str) -> Page | None:
    """The page of a code, or None where there is no such code (it came from a plug-in that is gone)."""
    try:
        return page(name)
    except UsageError:
        return None


def parse(code: registry.Code) -> Page:
    """Cut a docstring into its first sentence, what follows it, and the sections."""
    lines = code.page.splitlines()
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in lines[1:]:
        heading = _HEADING.fullmatch(line.rstrip())
        if heading:
            current = next(title for title in HEADINGS if title.lower() == heading["title"].lower())
            sections.setdefault(current, []).extend([heading["rest"]] if heading["rest"] else [])
        elif not (_RULE.fullmatch(line) and current and not sections[current]):
            sections[current].append(line)
    texts = {title: _trim(body, title) for title, body in sections.items()}
    return Page(
        code=code.code,
        slug=code.slug,
        severity=code.severity,
        summary=lines[0].strip() if lines else "",
        intro=texts.pop(""),
        sections=tuple(texts.items()),
    )


def _trim(lines: list[str], title: str) -> str:
    """Without blank lines at the ends; prose also without an indent that all its lines share."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return text if title == "Example" else capital(textwrap.dedent(text))
