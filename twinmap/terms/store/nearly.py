"""Tables that are nearly of a format: which column is missing, and which one stands there in its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from twinmap import registry
from twinmap.diagnostics import Finding, Span
from twinmap.formats.csvdialect import lines
from twinmap.terms.store.package import File
from twinmap.terms.store.staging import Layout

#: The share of its columns, and their number, that make a table one of a kind, whatever it is called.
_SHARE, _FEWEST = 0.5, 2
#: How like two names of columns are that mean one.
_LIKE = 0.75


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table of a format.

    Args:
        columns: The columns that make it.
        file: What the whole name of such a file fits; None where files of the kind are not known by name.
        others: Columns that such a table may have as well: none of them stands in the place of a missing one.
        spelled: How the columns of a file are spelled (``str.casefold``: in capitals or not).
    """

    columns: tuple[str, ...]
    file: re.Pattern[str] | None = None
    others: tuple[str, ...] = ()
    spelled: Callable[[str], str] = str

    def fits(self, found: Layout) -> bool:
        """Whether a table has all its columns."""
        return not self.missing(found)

    def named(self, file: File) -> bool:
        """Whether a file goes by the name of the kind."""
        return self.file is not None and bool(self.file.fullmatch(file.base))

    def missing(self, found: Layout | None) -> dict[str, str | None]:
        """The columns that a table lacks, each with the one of a name like it that stands there instead."""
        there = {self.spelled(column): column for column in found.columns} if found else {}
        missing = [column for column in self.columns if column not in there]
        instead = _instead(missing, self._unknown(there))
        return {column: there[other] if (other := instead.get(column)) else None for column in missing}

    def left(self, found: Layout, used: Container[str | None]) -> list[str]:
        """The columns of a table that are none of the kind, but for some."""
        there = {self.spelled(column): column for column in found.columns}
        return [there[column] for column in self._unknown(there) if there[column] not in used]

    def _unknown(self, columns: Iterable[str]) -> list[str]:
        return [column for column in columns if column and column not in {*self.columns, *self.others}]


@dataclass(frozen=True, slots=True)
class Near:
    """A file that is of a kind but for its header. ``missing`` columns each have the one that stands in their place.

    ``sure`` says that nothing else is likely: the file goes by the name of the kind, or each missing column is there
    under a name like it.
    """

    file: File
    format: str
    kind: str
    missing: Mapping[str, str | None]
    share: float
    sure: bool
    layout: Layout | None

    def finding(self, package: str) -> Finding:
        """What is wrong, where, and what to do."""
        shown = self.file.name if self.file.name == package else f"{self.file.name} of {package}"
        if not self.file.size:
            message = f"{shown} is empty: the {self.kind} of {self.format} are missing"
            return registry.finding("TM-O02", message, where=Span(self.file.name, 1, 1), help=_AGAIN)
        if self.layout is None or not self.share:
            message = f"{shown} does not begin with the header of {self.kind} of {self.format}"
            first = "".join(lines(self.file.head)[:1]).rstrip("\r\n")
            advice = f"its first line names the columns, with tabs or commas between them: {', '.join(self.missing)}"
            return registry.finding(
                "TM-O04", message, where=Span(self.file.name, 1, 1, text=first), help=advice
            )
        names = " and ".join(
            f'no column "{column}"' + (f' ("{other}" stands there)' if other else "")
            for column, other in self.missing.items()
        )
        return registry.finding(
            "TM-O04",
            f"{shown} has {names}, as {self.kind} of {self.format} have",
            where=self._place(),
            help=self._advice(),
        )

    def _advice(self) -> str:
        renamed = [f'"{other}" to "{column}"' for column, other in self.missing.items() if other]
        if not renamed:
            return _AGAIN
        return f"rename {' and '.join(renamed)}" + (
            f"; else {_AGAIN}" if None in self.missing.values() else ""
        )

    def _place(self) -> Span:
        """The first column that stands in the place of another, else the header."""
        assert self.layout is not None
        line = self.layout.skip + 1
        text = lines(self.file.head)[line - 1].rstrip("\r\n")
        other = next((other for other in self.missing.values() if other), None)
        found = re.search(rf"(?<!\w){re.escape(other)}(?!\w)", text) if other else None
        start, width = (found.start() + 1, len(other or "")) if found else (1, 1)
        return Span(self.file.name, line, start, width, text)


_AGAIN = "fetch the file again from its publisher, or leave it out"


def nearly(
    file: File, found: Layout | None, formats: Iterable[tuple[str, Mapping[str, Kind]]]
) -> Near | None:
    """The kind of table that a file no format knows comes nearest to; None where it is like none.

    Args:
        file: The file.
        found: Its layout, None where it is no table.
        formats: The names of formats, each with its kinds of tables.
    """
    best: tuple[tuple[bool, bool, float, int], Near] | None = None
    for name, kinds in formats:
        for role, kind in kinds.items():
            one = _near(file, found, name, role, kind)
            if one is not None:
                rank = (kind.named(file), one.sure, one.share, len(kind.columns))
                if best is None or rank > best[0]:
                    best = rank, one
    return best[1] if best else None


def _near(file: File, found: Layout | None, name: str, role: str, kind: Kind) -> Near | None:
    missing = kind.missing(found)
    share = 1 - len(missing) / len(kind.columns)
    named = kind.named(file)
    if not named and (share < _SHARE or len(kind.columns) - len(missing) < _FEWEST):
        return None
    alike = None not in missing.values()
    nowhere = [column for column, other in missing.items() if other is None]
    if named and found and len(nowhere) == 1:
        left = kind.left(found, missing.values())
        if len(left) == 1:  # there is nothing else that it can be
            missing[nowhere[0]] = left[0]
    return Near(file, name, role, missing, share, named or alike, found)


def _instead(missing: Sequence[str], there: Sequence[str]) -> dict[str, str]:
    """For each missing column the one that means it, by name; each is used once, the most alike first."""
    rated = sorted((-_alike(column, other), column, other) for column in missing for other in there)
    found: dict[str, str] = {}
    for rating, column, other in rated:
        if -rating >= _LIKE and column not in found and other not in found.values():
            found[column] = other
    return found


def _alike(one: str, other: str) -> float:
    """How like two names are: of words, one of which has all of the other, nearly the same.

    >>> _alike("concept_code", "code"), _alike("LOINC_NUM", "loinc num"), _alike("term", "moduleId") < 0.5
    (0.9, 1.0, True)
    """
    words, others = _words(one), _words(other)
    if words != others and words and others and ({*words} <= {*others} or {*others} <= {*words}):
        return 0.9
    return difflib.SequenceMatcher(None, "".join(words), "".join(others)).ratio()


def _words(name: str) -> list[str]:
    """The words of a name of a column, whatever parts them.

    >>> _words("conceptId"), _words("CONCEPT_ID")
    (['concept', 'id'], ['concept', 'id'])
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", parted.casefold())
