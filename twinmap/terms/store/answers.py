"""What a store answers with."""

from __future__ import annotations

from dataclasses import dataclass

from twinmap.terms.store.editions import Edition

#: A system URI and a code.
Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Replacement:
    """A code that stands for another, and how: ``replaced-by``, ``same-as``, ``possibly-equivalent-to``."""

    system: str
    code: str
    kind: str

    @property
    def sure(self) -> bool:
        """Whether the kind says that the two mean the same, or that one took the place of the other."""
        return self.kind in {"replaced-by", "same-as"}


@dataclass(frozen=True, slots=True)
class Concept:
    """What a store knows of a code.

    ``exists`` is None where nothing can be said: no edition of the system is there, or fragments only.
    ``status`` is ``active``, ``inactive`` or ``unknown``; ``detail`` the word of the source (``DISCOURAGED``).
    """

    system: str
    code: str
    exists: bool | None
    display: str | None = None
    status: str = "unknown"
    detail: str | None = None
    edition: Edition | None = None
    replacements: tuple[Replacement, ...] = ()

    @property
    def upgraded(self) -> bool:
        """Whether the source says that another code took its place (OMOP), be it named or not."""
        return self.detail == "UPGRADED"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping of a code, as its source states it; ``negated`` says that the predicate does not hold."""

    system: str
    code: str
    predicate: str
    negated: bool
    target_system: str
    target: str
    target_label: str | None
    justification: str | None
    confidence: float | None
    set: str
