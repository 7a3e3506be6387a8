"""Reads small tables and YAML facts: shipped ones fast, ones that users write with clear errors.

All scalars are text, so ``no``, ``0042`` and ``8480-6`` stay what they are. The tree is built from parser
events: an alias, a tag, a duplicate key or deep nesting is refused before anything is made of it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from twinmap.errors import UsageError
from twinmap.limits import LIMITS

# libyaml is much faster; where PyYAML was built without it the pure parser gives the same events.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Section(dict[str, Any]):
    """A YAML mapping that knows its file and line, and reads its values by type.

    Values are ``str``, ``list`` or ``Section``. Every reading method raises :class:`UsageError` that
    names the file and the line where the value is not what was asked for.
    """

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: dict[str, int] = {}

    def error(self, message: str, key: str | None = None, help: str | None = None) -> UsageError:  # noqa: A002
        """The error for this section, or for one of its keys."""
        line = self.lines.get(key, self.line) if key is not None else self.line
        return UsageError(f"{self.file}:{line}: {message}", help=help)

    def only(self, *known: str) -> None:
        """Refuse every key but these."""
        for key in self:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f'did you mean "{close[0]}"?' if close else f"known keys: {', '.join(known)}"
                raise self.error(f'unknown key "{key}"', key, hint)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; ``default`` where the key is absent."""
        value = self.get(key, default)
        if not isinstance(value, str) or (not value and default != ""):
            raise self.error(f'"{key}" must be given as text', key)
        return value

    def optional(self, key: str) -> str | None:
        """A text, or None where the key is absent."""
        return self.text(key) if key in self else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where the key is absent; a single text is a list of one."""
        value = self.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise self.error(f'"{key}" must be a list of texts', key)
        return tuple(items)

    def number(self, key: str) -> float | None:
        """A number, or None where the key is absent."""
        if key not in self:
            return None
        try:
            return float(self.text(key))
        except ValueError:
            raise self.error(f'"{key}" must be a number', key) from None

    def section(self, key: str) -> Section:
        """A mapping, empty where the key is absent."""
        value = self.get(key, Section(self.file, self.line))
        if not isinstance(value, Section):
            raise self.error(f'"{key}" must be a mapping', key)
        return value

    def sections(self, key: str) -> tuple[Section, ...]:
        """A list of mappings, empty where the key is absent."""
        value = self.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Section) for item in value):
            raise self.error(f'"{key}" must be a list of mappings', key)
        return tuple(value)

    def texts_by_name(self, key: str) -> dict[str, str]:
        """A mapping of text to text, empty where the key is absent."""
        section = self.section(key)
        return {name: section.text(name) for name in section}


def read_yaml(file: Traversable | Path, name: str | None = None) -> Section:
    """The mapping that a YAML file holds.

    Args:
        file: A shipped file or a path.
        name: How messages call it; default its file name.

    Raises:
        UsageError: It cannot be read, is too large or deep, is not YAML, or uses an alias, a tag or a
            duplicate key; with the line.
    """
    label = name or file.name
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{label}: cannot be read as UTF-8 text ({type(error).__name__})") from error
    if len(raw) > LIMITS.mapping_bytes:
        raise UsageError(f"{label}: larger than {LIMITS.mapping_bytes} bytes")
    try:
        tree = _build(yaml.parse(text, Loader=_LOADER), label)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        # Some builds of libyaml have a limit of their own, and meet it before ours.
        deep = "nesting depth" in (error.problem or "")
        what = f"nested deeper than {LIMITS.mapping_depth}" if deep else f"not YAML: {error.problem}"
        raise UsageError(f"{label}:{line}: {what}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{label}: not YAML: a character is not allowed") from error
    if not isinstance(tree, Section):
        raise UsageError(f"{label}:1: the file must hold one mapping")
    return tree


def _build(events: Iterable[Any], file: str) -> Any:
    """The tree of Sections, lists and texts; None where the file is empty."""
    root: list[Any] = []
    open_nodes: list[Any] = [root]
    keys: list[str | None] = [None]
    for event in events:
        kind = type(event)
        if kind is yaml.ScalarEvent or kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            line = event.start_mark.line + 1
            if event.anchor is not None or (event.tag is not None and event.tag != "!"):
                raise UsageError(f"{file}:{line}: anchors and tags are not allowed")
            value = _node(event, file, line)
            if _is_key(open_nodes[-1], keys[-1]):
                keys[-1] = _key(open_nodes[-1], value, file, line)
                continue
            _attach(open_nodes[-1], keys[-1], value)
            keys[-1] = None
            if kind is not yaml.ScalarEvent:
                open_nodes.append(value)
                keys.append(None)
                if len(open_nodes) > LIMITS.mapping_depth:
                    raise UsageError(f"{file}:{line}: nested deeper than {LIMITS.mapping_depth}")
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            open_nodes.pop()
            keys.pop()
        elif kind is yaml.AliasEvent:
            raise UsageError(f"{file}:{event.start_mark.line + 1}: aliases are not allowed")
    if len(root) > 1:
        raise UsageError(f"{file}: holds more than one document")
    return root[0] if root else None


def _node(event: Any, file: str, line: int) -> Any:
    if type(event) is yaml.ScalarEvent:
        return event.value
    return Section(file, line) if type(event) is yaml.MappingStartEvent else []


def _is_key(parent: Any, key: str | None) -> bool:
    return isinstance(parent, Section) and key is None


def _key(parent: Section, key: Any, file: str, line: int) -> str:
    if not isinstance(key, str):
        raise UsageError(f"{file}:{line}: a key must be text")
    if key in parent:
        raise UsageError(f'{file}:{line}: the key "{key}" stands twice')
    parent.lines[key] = line
    return key


def _attach(parent: Any, key: str | None, value: Any) -> None:
    if key is not None:
        parent[key] = value
    else:
        parent.append(value)


def read_table(file: Traversable | Path) -> Iterator[dict[str, str]]:
    """The rows of a tab-separated file with a header, without quoting; ``#`` begins a comment line."""
    lines = (line for line in file.read_text(encoding="utf-8").split("\n") if line and line[0] != "#")
    header = next(lines).split("\t")
    for line in lines:
        yield dict(zip(header, line.split("\t"), strict=True))


def yaml_files(folder: Traversable) -> list[Traversable]:
    """The ``*.yaml`` files of a shipped folder by name."""
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return sorted(found, key=lambda entry: entry.name)
