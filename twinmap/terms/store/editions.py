"""What a store knows of its sources: where a code system came from, which version, under which licence.

A *source* is what one ``terms add`` brought. It holds *editions*: a code system, a value set or a map, each in
one version. The manifest of a source is written last, so a source without one is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from twinmap import __version__, safeio
from twinmap.errors import InputOutputError
from twinmap.limits import LIMITS

MANIFEST = "manifest.json"

#: The form of the tables; a store of another form is read no more.
FORM = 1


@dataclass(frozen=True, slots=True)
class Edition:
    """One code system, value set or map in one version.

    ``kind`` is ``codes``, ``values`` or ``map``. ``content`` says what the absence of a code means: of a
    ``complete`` edition a code that is not there does not exist; of a ``fragment`` (also an example, or an
    extension) nothing is known of it. ``namespaces`` are those of SNOMED CT whose ids the edition holds;
    ``hierarchy`` says whether it states what is below what, ``circles`` how often that leads back to itself.
    ``count`` is that of its codes, members or mappings; a value set has beside them every code of ``systems`` systems.
    """

    kind: str
    uri: str
    version: str = ""
    name: str = ""
    content: str = "fragment"
    licence: str = ""
    date: str = ""
    count: int = 0
    namespaces: tuple[str, ...] = ()
    hierarchy: bool = False
    circles: int = 0
    systems: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the rows of one file: ``read`` is their sum, counted on its own.

    ``skipped`` are rows that say nothing to keep (an attribute that is no is-a), ``refused`` those that cannot
    be used; both by reason.
    """

    file: str
    what: str
    read: int
    kept: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Rows that nobody accounts for; anything but 0 is a bug."""
        return self.read - self.kept - sum(self.skipped.values()) - sum(self.refused.values())


@dataclass(frozen=True, slots=True)
class Source:
    """What one ``terms add`` brought."""

    id: str
    format: str
    name: str
    sha256: str
    added: str
    editions: tuple[Edition, ...]
    tallies: tuple[Tally, ...]
    folder: Path = Path()

    @property
    def bytes(self) -> int:
        """Its size on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*") if path.is_file())

    def to_json(self) -> dict[str, Any]:
        """The manifest; ``twinmap`` and ``outputs`` are what publishing looks for."""
        return {
            "twinmap": __version__,
            "form": FORM,
            "id": self.id,
            "format": self.format,
            "name": self.name,
            "sha256": self.sha256,
            "added": self.added,
            "editions": [asdict(edition) for edition in self.editions],
            "rows": [asdict(tally) for tally in self.tallies],
        }


def sources(store: Path) -> list[Source]:
    """The sources of a store by id; none where there is no store yet.

    Raises:
        InputOutputError: A manifest cannot be read, or is of a form that this version does not know.
    """
    if not store.is_dir():
        return []
    return [_source(path) for path in sorted(store.glob(f"*/{MANIFEST}"))]


def _source(path: Path) -> Source:
    try:
        made = json.loads(safeio.read_bytes(path, LIMITS.record_bytes))
        if made["form"] != FORM:
            message = f"{path.parent} was made by twinmap {made['twinmap']}, and is read by that alone"
            raise InputOutputError(message, help="remove the folder, and add the terminology again")
        lacking = sorted(name for name in made["outputs"] if not (path.parent / name).is_file())
        if lacking:
            message = f"{path.parent} is damaged: it lacks {', '.join(lacking)}"
            raise InputOutputError(message, help="remove the folder, and add the terminology again")
        editions = (Edition(**{**item, "namespaces": tuple(item["namespaces"])}) for item in made["editions"])
        about = {key: str(made[key]) for key in ("id", "format", "name", "sha256", "added")}
        tallies = tuple(Tally(**item) for item in made["rows"])
        return Source(**about, editions=tuple(editions), tallies=tallies, folder=path.parent)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        message = f"{path.parent} is damaged: its manifest cannot be read"
        raise InputOutputError(message, help="remove the folder, and add the terminology again") from error


# --- which one serves -----------------------------------------------------------------------------

#: A source and the number of one of its editions.
Held = tuple[Source, int]


def newest_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """The order of versions: numbers by value, words by letter; no version comes before any.

    >>> newest_key("2.9") < newest_key("2.77"), newest_key("") < newest_key("1")
    (True, True)
    """
    parts = re.findall(r"\d+|[A-Za-z]+", version)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part.casefold()) for part in parts)


def serving(held: Iterable[Source], pinned: Mapping[str, str] | None = None) -> list[Held]:
    """The editions that answer: of each system the newest one that is complete, and the newest of each fragment.

    Fragments are told apart by their names. Of two with one version the one that was added later serves.
    ``pinned`` (URI to version) names another version than the newest.
    """
    best: dict[tuple[str, str, str], tuple[Any, Held]] = {}
    for source in held:
        for number, edition in enumerate(source.editions):
            wanted = (pinned or {}).get(edition.uri)
            if wanted is not None and edition.version != wanted:
                continue
            complete = edition.content == "complete"
            key = (edition.kind, edition.uri, "" if complete else f"{source.format} {edition.name}")
            rank = (newest_key(edition.version), source.added, source.id)
            if key not in best or rank > best[key][0]:
                best[key] = (rank, (source, number))
    return [item for _, item in best.values()]
