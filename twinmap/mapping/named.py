"""The mappings that a command is given: files, ready-made ones, those of a project or of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path

from twinmap import registry, safeio
from twinmap.errors import UsageError
from twinmap.limits import LIMITS
from twinmap.mapping.project import find_mapping, is_tests, load_project, mapping_of, project_file
from twinmap.selection import Selection


@dataclass(frozen=True, slots=True)
class Subject:
    """A mapping to check, and what it is called on the command line.

    ``params`` are those that a project gives, None without a project; ``concepts`` its concept files, ``selection`` the
    codes of findings that it wants.
    """

    named: str
    mapping: Path | Traversable
    params: Mapping[str, str] | None = None
    concepts: tuple[Path, ...] = ()
    selection: Selection = field(default_factory=Selection)


def subjects(name: str) -> list[Subject]:
    """The mappings that an argument of the command line stands for; a file of tests stands for its mapping.

    Raises:
        InputOutputError: A file is missing.
        UsageError: The folder holds no mapping, the project cannot be used (then with findings), or
            there is no ready-made mapping of this name.
    """
    path = Path(name)
    if not name.startswith("builtin:"):
        if (project := project_file(path)) is not None:
            return _of_project(project)
        if path.is_dir():
            found = mapping_files(path)
            if not found:
                raise UsageError(f"{path} holds no mapping", help="a mapping is a file *.yaml")
            return [Subject(str(file), file) for file in found]
        if is_tests(path):
            name = str(mapping_of(path))
    return [Subject(name, find_mapping(name))]


def each_once(found: Iterable[Subject]) -> list[Subject]:
    """The mappings in their order, each once: ``*.yaml`` names a mapping, its tests and their project.

    A mapping of a project stays for each of its sources, and is not taken without it.
    """
    kept: dict[object, list[Subject]] = {}
    for subject in found:
        of_project = subject.params is not None
        place = os.path.realpath(subject.mapping) if isinstance(subject.mapping, Path) else subject.named
        same = kept.setdefault(place, [])
        if of_project:
            same[:] = [other for other in same if other.params is not None]
        if not any(_as(other) == _as(subject) or not of_project for other in same):
            same.append(subject)
    return [subject for same in kept.values() for subject in same]


def _as(subject: Subject) -> object:
    return (dict(subject.params or {}), subject.concepts, subject.selection)


def _of_project(path: Path) -> list[Subject]:
    project = load_project(path)
    return [
        Subject(
            *(_named(binding.mapping), binding.mapping, binding.params),
            *(project.concepts, project.selection),
        )
        for binding in project.bindings
    ]


def _named(mapping: Path | Traversable) -> str:
    return str(mapping) if isinstance(mapping, Path) else f"builtin:{mapping.name.removesuffix('.yaml')}"


def mapping_files(folder: Path) -> list[Path]:
    """The YAML files of a folder and below it that are no tests, sorted."""
    found = (path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern))
    return sorted(path for path in found if not is_tests(path))


def tests_beside(mapping: Path | Traversable) -> Path | Traversable:
    """Where the tests of a mapping are: ``vitals.test.yaml`` beside ``vitals.yaml``."""
    stem, _, suffix = mapping.name.rpartition(".")
    name = f"{stem}.test.{suffix}"
    return mapping.with_name(name) if isinstance(mapping, Path) else registry.shipped("mappings") / name


def has_tests(mapping: Path | Traversable) -> bool:
    """Whether something stands where the tests of a mapping are; :func:`read_tests` says if it is a file."""
    beside = tests_beside(mapping)
    return beside.is_file() or (isinstance(beside, Path) and (beside.exists() or beside.is_symlink()))


def read_tests(tests: Path | Traversable) -> bytes:
    """The content of a file of tests, no more of it than a mapping may have and one byte.

    Raises:
        InputOutputError: It is missing, or no regular file.
    """
    return safeio.read_bytes(tests, LIMITS.mapping_bytes) if isinstance(tests, Path) else tests.read_bytes()
