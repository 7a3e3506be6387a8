"""What every part of the loader shares: where findings go, and the words that the file may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from twinmap import registry
from twinmap.diagnostics import Finding, Severity, Span
from twinmap.mapping.ast import Look, Param, ValueMap


class Report(Protocol):
    """Takes what is wrong."""

    def __call__(
        self,
        code: str,
        message: str,
        where: Span,
        help: str | None = None,  # noqa: A002
        *,
        severity: Severity | None = None,
    ) -> None:
        """Report a finding of this code."""


class ConceptLike(Protocol):
    """What the loader needs to know of a concept."""

    @property
    def name(self) -> str:
        """Its name in mappings."""

    @property
    def members(self) -> Mapping[str, str]:
        """For a panel: slot to the name of the concept that it binds; else empty."""

    @property
    def accepted(self) -> Iterable[str]:
        """The facets that a rule may bind."""


class CatalogueLike(Protocol):
    """The concepts by name."""

    @property
    def concepts(self) -> Mapping[str, Any]:
        """All concepts by name."""

    def get(self, name: str) -> Any:
        """The concept, or None."""

    def suggest(self, name: str) -> list[str]:
        """Names like this one, best first."""


class Findings(list[Finding]):
    """A list that is a :class:`Report`."""

    def __call__(
        self,
        code: str,
        message: str,
        where: Span,
        help: str | None = None,  # noqa: A002
        *,
        severity: Severity | None = None,
    ) -> None:
        """Append a finding."""
        about = {"severity": severity} if severity else {}
        self.append(registry.finding(code, message, where=where, help=help, **about))


@dataclass(slots=True)
class Context:
    """What is known while one file is loaded.

    ``folder`` is where the mapping lies, ``root`` what its paths must stay in; both None for text
    without a file. ``facets`` are by name, ``concepts`` the catalogue.
    """

    file: str
    report: Findings
    folder: Path | None
    root: Path | None
    concepts: CatalogueLike
    facets: Mapping[str, Any]
    params: dict[str, Param] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, Look] = field(default_factory=dict)
    maps: dict[str, ValueMap] = field(default_factory=dict)
