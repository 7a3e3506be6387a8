"""The formats that a store reads: one module ``read_NAME`` each, which says what is its own and loads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twinmap.terms.store import read_athena, read_fhir, read_loinc, read_rf2, read_sssom, read_v2fhir
from twinmap.terms.store.loader import Loader
from twinmap.terms.store.nearly import Kind, Near, nearly
from twinmap.terms.store.package import File
from twinmap.terms.store.staging import Layout, layout


class Format(Protocol):
    """A module ``read_NAME``.

    ``claim`` says what a file is in the format (``concepts``), by its content, or None where it is none of its
    files; ``load`` puts claimed files into the common tables.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module
        """Its name, as in ``terms status``."""

    @property
    def TABLES(self) -> Mapping[str, Kind]:  # noqa: N802
        """Its tables by their roles: one that lacks a column is told as such, and is not unknown."""

    def claim(self, file: File, found: Layout | None) -> str | None:
        """The role of a file; ``found`` is its layout where it is a text table."""

    def load(self, claims: Sequence[Claim], loader: Loader) -> None:
        """Load what was claimed.

        Raises:
            InputOutputError: It is not usable, as a release without its main file (O04).
        """


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that a format knows, in its role."""

    file: File
    role: str
    layout: Layout | None

    @property
    def table(self) -> Layout:
        """The layout of a file that is a text table."""
        assert self.layout is not None
        return self.layout


#: In the order in which they are asked; a file belongs to the first that knows it.
FORMATS: tuple[Format, ...] = (read_loinc, read_rf2, read_athena, read_sssom, read_v2fhir, read_fhir)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What is known of the files of a package: those of each format, those that are nearly of one, and the others."""

    claims: Mapping[str, Sequence[Claim]]
    nearly: Sequence[Near]
    unknown: Sequence[File]


def recognised(files: Iterable[File]) -> Recognised:
    """What the files are."""
    claims: dict[str, list[Claim]] = {}
    near: list[Near] = []
    unknown: list[File] = []
    kinds = [(item.NAME, item.TABLES) for item in FORMATS]
    for file in files:
        found = layout(file)
        for item in FORMATS:
            role = item.claim(file, found)
            if role is not None:
                claims.setdefault(item.NAME, []).append(Claim(file, role, found))
                break
        else:
            one = nearly(file, found, kinds)
            if one is None:
                unknown.append(file)
            else:
                near.append(one)
    return Recognised(claims, near, unknown)


def named(name: str) -> Format:
    """The format of a name."""
    return next(item for item in FORMATS if name == item.NAME)
