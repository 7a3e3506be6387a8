"""The mappings that a command is given: files, ready-made ones, those of a project or of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from twinmap import registry
from twinmap.errors import UsageError
from twinmap.mapping.project import PROJECT_FILE, find_mapping, load_project


@dataclass(frozen=True, slots=True)
class Subject:
    """A mapping to check, and what it is called on the command line.

    ``params`` are those that a project gives, None without a project; ``concepts`` its concept files.
    """

    named: str
    mapping: Path | Traversable
    params: Mapping[str, str] | None = None
    concepts: tuple[Path, ...] = ()


def subjects(name: str) -> list[Subject]:
    """The mappings that an argument of the command line stands for.

    Raises:
        InputOutputError: A file is missing.
        UsageError: The folder holds no mapping, the project cannot be used (then with findings), or
            there is no ready-made mapping of this name.
    """
    path = Path(name)
    if not name.startswith("builtin:"):
        if path.name == PROJECT_FILE or (path / PROJECT_FILE).is_file():
            return _of_project(path / PROJECT_FILE if path.is_dir() else path)
        if path.is_dir():
            found = mapping_files(path)
            if not found:
                raise UsageError(f"{path} holds no mapping", help="a mapping is a file *.yaml")
            return [Subject(str(file), file) for file in found]
    return [Subject(name, find_mapping(name))]


def _of_project(path: Path) -> list[Subject]:
    project = load_project(path)
    return [
        Subject(_named(binding.mapping), binding.mapping, binding.params, project.concepts)
        for binding in project.bindings
    ]


def _named(mapping: Path | Traversable) -> str:
    return str(mapping) if isinstance(mapping, Path) else f"builtin:{mapping.name.removesuffix('.yaml')}"


def mapping_files(folder: Path) -> list[Path]:
    """The YAML files of a folder and below it that are no tests, sorted."""
    found = (path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern))
    return sorted(path for path in found if not is_tests(path))


def is_tests(path: Path) -> bool:
    """Whether a path is called as a file of tests."""
    return path.name.endswith((".test.yaml", ".test.yml"))


def tests_beside(mapping: Path | Traversable) -> Path | Traversable:
    """Where the tests of a mapping are: ``vitals.test.yaml`` beside ``vitals.yaml``."""
    stem, _, suffix = mapping.name.rpartition(".")
    name = f"{stem}.test.{suffix}"
    return mapping.with_name(name) if isinstance(mapping, Path) else registry.shipped("mappings") / name
