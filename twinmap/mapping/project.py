"""A project: which mappings read which data, and the settings of a run (``twinmap.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, cast

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, Severity, Span
from twinmap.errors import InputOutputError, UsageError
from twinmap.formats import yamlnodes
from twinmap.limits import LIMITS
from twinmap.mapping import layout
from twinmap.mapping.words import did_you_mean
from twinmap.selection import Selection, begins

#: What a folder with a project holds.
PROJECT_FILE = "twinmap.yaml"
DEFAULT_BASE = "https://twin.invalid/"


@dataclass(frozen=True, slots=True)
class Binding:
    """A source: one mapping bound to data. ``name`` defaults to the mapping's id.

    ``data`` is the folder or file of the data; None means the folder of the mapping.
    """

    mapping: Path | Traversable
    name: str | None = None
    data: Path | None = None
    files: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of a run; what the command line says comes on top."""

    bindings: tuple[Binding, ...]
    folder: Path
    base: str = DEFAULT_BASE
    key_file: Path | None = None
    target: str = "twin"
    format: str = "nq"
    out: Path | None = None
    concepts: tuple[Path, ...] = ()
    crosswalk: Path | None = None
    shapes: tuple[Path, ...] = ()
    selection: Selection = field(default_factory=Selection)


def project_file(argument: str | Path) -> Path | None:
    """The project that an argument of the command line names: the file, or a folder that holds one."""
    path = Path(argument)
    if path.name == PROJECT_FILE:
        return path
    inside = path / PROJECT_FILE
    return inside if inside.exists() else None


def builtin(name: str) -> Traversable:
    """A ready-made mapping by its name, as in ``builtin:synthea-csv``.

    Raises:
        UsageError: There is none.
    """
    path = registry.shipped("mappings") / f"{name}.yaml"
    if not path.is_file():
        known = builtins()
        advice = did_you_mean(name, known) or f"one of: {', '.join(known)}"
        raise UsageError(f'there is no ready-made mapping "{name}"', help=advice)
    return path


def builtins() -> list[str]:
    """The names of all ready-made mappings."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in registry.shipped("mappings").iterdir()
        if entry.name.endswith(".yaml") and not entry.name.endswith(".test.yaml")
    )


def find_mapping(text: str, folder: Path | None = None) -> Path | Traversable:
    """A mapping that a user names: ``builtin:NAME`` or a path.

    Raises:
        InputOutputError: The file does not exist.
    """
    if text.startswith("builtin:"):
        return builtin(text.removeprefix("builtin:"))
    return safeio.regular_file((folder or Path()) / text)


def is_tests(path: Path) -> bool:
    """Whether a path is called as a file of tests."""
    return path.name.endswith((".test.yaml", ".test.yml"))


def mapping_of(tests: Path) -> Path:
    """The mapping that a file of tests belongs to: ``vitals.yaml`` of ``vitals.test.yaml``."""
    stem, _, suffix = tests.name.rpartition(".test.")
    return tests.with_name(f"{stem}.{suffix}")


_KEYS = {
    "twinmap": "word",
    "sources": "list",
    "base": "word",
    "key-file": "path",
    "target": "word",
    "format": "word",
    "out": "path",
    "concepts": "paths",
    "identity": "table",
    "shapes": "paths",
    "select": "codes",
    "ignore": "codes",
    "severity": "table",
}
_SOURCE_KEYS = ("name", "mapping", "files", "data", "set")


def load_project(path: Path) -> Project:
    """Load ``twinmap.yaml``.

    Raises:
        UsageError: It cannot be used; with a finding for each thing that is wrong.
        InputOutputError: It is missing, or a file of concepts is.
    """
    parsed = yamlnodes.parse(safeio.read_bytes(path, LIMITS.mapping_bytes), str(path))
    wrong = list(parsed.findings)
    root = parsed.root
    folder = path.parent
    loader = _Loader(folder, wrong)
    if root is not None and not isinstance(root, yamlnodes.Mapping):
        loader.refuse("TM-L06", f"a project is a table with {', '.join(_KEYS)}", root.span)
    if not isinstance(root, yamlnodes.Mapping):
        raise UsageError(f"{path} is not a project", findings=wrong)
    settings = loader.settings(root)
    bindings = loader.bindings(root)
    if wrong:
        raise UsageError(f"{path} cannot be used", findings=wrong)
    project = Project(bindings=bindings, folder=folder, **settings)  # type: ignore[arg-type]
    for file in project.concepts:
        _there(file)
    return project


@dataclass(frozen=True, slots=True)
class _Loader:
    folder: Path
    wrong: list[Finding]

    def refuse(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        self.wrong.append(registry.finding(code, message, where=span, help=advice))

    def settings(self, root: yamlnodes.Mapping) -> dict[str, object]:
        found: dict[str, object] = {}
        for entry in root.entries:
            key = entry.key.text
            if key not in _KEYS:
                advice = did_you_mean(key, _KEYS)
                self.refuse("TM-L02", f'a project has no "{key}"', entry.key.span, advice)
            elif key == "twinmap":
                self.language(entry.value)
            elif key != "sources":
                self.setting(key, entry.value, found)
        return found

    def language(self, node: yamlnodes.Node) -> None:
        """The version of the language of projects, which is that of mappings."""
        if self.word(node) not in {"1", ""}:
            self.refuse("TM-L06", "this version of projects is not known", node.span, "write: twinmap: 1")

    def setting(self, key: str, node: yamlnodes.Node, found: dict[str, object]) -> None:
        kind, name = _KEYS[key], key.replace("-", "_")
        if kind == "word":
            found[name] = self.word(node)
        elif kind == "path":
            found[name] = self.folder / self.word(node)
        elif kind == "paths":
            found[name] = tuple(self.folder / word for word in self.words(node))
        elif kind == "codes":
            items = node.items if isinstance(node, yamlnodes.Sequence) else [node]
            codes = tuple(self.code(self.word(item), item.span) for item in items)
            self.choose(found, **{key: codes})
        elif key == "severity":
            self.choose(found, severity=self.severities(node))
        else:
            table = self.table(node)
            if "crosswalk" in table:
                found["crosswalk"] = self.folder / table["crosswalk"]
            for other in table.keys() - {"crosswalk"}:
                self.refuse("TM-L02", f'identity has no "{other}"', node.span, "known: crosswalk")

    def choose(self, found: dict[str, object], **chosen: Any) -> None:
        """Add to the choice of finding codes."""
        found["selection"] = replace(cast("Selection", found.get("selection", Selection())), **chosen)

    def severities(self, node: yamlnodes.Node) -> dict[str, Severity]:
        """Severities by the beginnings of codes."""
        severities: dict[str, Severity] = {}
        self.table(node)
        for entry in node.entries if isinstance(node, yamlnodes.Mapping) else ():
            code, word = self.code(entry.key.text, entry.key.span), self.word(entry.value)
            if word in [*Severity]:
                severities[code] = Severity(word)
            else:
                advice = f"one of: {', '.join(Severity)}; ignore: [{entry.key.text}] leaves it out"
                self.refuse("TM-L06", f'"{word}" is no severity', entry.value.span, advice)
        return severities

    def code(self, name: str, span: Span) -> str:
        """How the codes begin that a word names."""
        try:
            return begins(name)
        except UsageError as error:
            self.refuse("TM-L06", error.message, span, error.help)
            return ""

    def bindings(self, root: yamlnodes.Mapping) -> tuple[Binding, ...]:
        node = root.get("sources")
        if not isinstance(node, yamlnodes.Sequence) or not node.items:
            where = root.span if node is None else node.span
            self.refuse("TM-L06", "a project needs a list of sources", where, "sources: [{mapping: FILE}]")
            return ()
        return tuple(found for item in node.items if (found := self.binding(item)) is not None)

    def binding(self, node: yamlnodes.Node) -> Binding | None:
        if not isinstance(node, yamlnodes.Mapping):
            self.refuse("TM-L06", "a source is a table with a mapping", node.span)
            return None
        for entry in node.entries:
            if entry.key.text not in _SOURCE_KEYS:
                advice = did_you_mean(entry.key.text, _SOURCE_KEYS)
                self.refuse("TM-L02", f'a source has no "{entry.key.text}"', entry.key.span, advice)
        named = node.get("mapping")
        if named is None:
            self.refuse("TM-L06", "a source needs a mapping", node.span)
            return None
        try:
            mapping = find_mapping(self.word(named), self.folder)
        except (UsageError, InputOutputError) as error:
            self.refuse("TM-L15", error.message, named.span, error.help)
            return None
        name, data, files, params = (node.get(key) for key in ("name", "data", "files", "set"))
        return Binding(
            mapping,
            self.name(name) if name else None,
            self.folder / self.word(data) if data else self.folder,
            self.patterns(files) if files else (),
            self.table(params) if params else {},
        )

    def name(self, node: yamlnodes.Node) -> str:
        """The name of a source, which stands in messages, file names and IRIs."""
        text = self.word(node)
        if not text.isprintable():
            self.refuse("TM-L06", "a name is one line of text", node.span)
        return text

    def patterns(self, node: yamlnodes.Node) -> tuple[str, ...]:
        """Names or globs of files."""
        words = self.words(node)
        for word in words:
            if not layout.is_pattern(word):
                self.refuse("TM-L06", f'"{word}" is no pattern of file names', node.span, 'such as "*.csv"')
        return tuple(words)

    def word(self, node: yamlnodes.Node) -> str:
        if isinstance(node, yamlnodes.Scalar):
            return node.text
        self.refuse("TM-L06", "a text is needed here", node.span)
        return ""

    def words(self, node: yamlnodes.Node) -> list[str]:
        if isinstance(node, yamlnodes.Sequence):
            return [self.word(item) for item in node.items]
        return [self.word(node)]

    def table(self, node: yamlnodes.Node) -> dict[str, str]:
        if isinstance(node, yamlnodes.Mapping):
            return {entry.key.text: self.word(entry.value) for entry in node.entries}
        self.refuse("TM-L06", "a table is needed here", node.span)
        return {}


def from_arguments(arguments: Sequence[str], data: Sequence[str], params: Mapping[str, str]) -> Project:
    """The project of a command line: a project file, a folder with one, or mappings with ``--source``.

    Args:
        arguments: What the command was given.
        data: ``PATH`` or ``MAPPING=PATH`` of each ``--source``.
        params: ``--set NAME=VALUE``.

    Raises:
        UsageError: The arguments do not make a project.
        InputOutputError: A mapping, the data or another file of the project is missing.
    """
    if not arguments and project_file(".") is None:
        raise UsageError(f"there is no {PROJECT_FILE} here", help="name a project, or mappings")
    arguments = without_tests(arguments or ["."])
    for argument in arguments:
        named = project_file(argument)
        if named is None and Path(argument).is_dir():
            raise UsageError(
                f"{argument} holds no {PROJECT_FILE}", help="name a project, a mapping or builtin:NAME"
            )
        if named is not None and len(arguments) > 1:
            raise UsageError(f"{argument} does not stand beside other mappings", help="run a project alone")
        if named is not None:
            return _run_of(named, data, params)
    chosen = _chosen(arguments, data)
    return Project(tuple(_bind(text, chosen.get(text), params) for text in arguments), Path())


def _run_of(path: Path, data: Sequence[str], params: Mapping[str, str]) -> Project:
    """A project whose files are there, with the parameters of the command line on top."""
    if data:
        raise UsageError("--source goes with mappings, not with a project")
    project = load_project(path)
    for named in (*(item.data for item in project.bindings), project.crosswalk, *project.shapes):
        _there(named)
    bindings = tuple(replace(item, params={**item.params, **params}) for item in project.bindings)
    return replace(project, bindings=bindings)


def without_tests(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments without the tests of mappings that are named as well, as ``*.yaml`` names them.

    Raises:
        UsageError: The mapping of a file of tests is not named.
    """
    named = dict.fromkeys(map(Path, arguments))
    for path in named:
        if is_tests(path) and mapping_of(path) not in named:
            raise UsageError(f"{path} is a file of tests", help=f"name its mapping, {mapping_of(path)}")
    return [name for name in arguments if not is_tests(Path(name))]


def _chosen(arguments: Sequence[str], data: Sequence[str]) -> dict[str, Path]:
    """The data of each mapping that ``--source`` names; a path may hold a ``=`` itself."""
    chosen: dict[str, Path] = {}
    for item in data:
        name, sign, path = item.partition("=")
        meant = [text for text in arguments if sign and name in _names(text)]
        if not meant:
            if sign and not Path(item).exists():
                known = sorted({called for text in arguments for called in _names(text)})
                advice = did_you_mean(name, known) or "--source MAPPING=PATH"
                raise UsageError(f"--source {item} names none of the mappings", help=advice)
            if len(arguments) > 1:
                raise UsageError(
                    f"--source {item} does not say for which mapping", help="--source MAPPING=PATH"
                )
            meant, path = list(arguments), item
        for text in meant:
            if text in chosen:
                raise UsageError(f"{text} has two --source", help="one folder or file a mapping")
            chosen[text] = Path(path)
    return chosen


def _names(mapping: str) -> set[str]:
    """What a mapping of the command line may be called in ``--source``."""
    return {mapping, mapping.removeprefix("builtin:"), Path(mapping).stem}


def _bind(text: str, data: Path | None, params: Mapping[str, str]) -> Binding:
    mapping = find_mapping(text)
    if data is None and text.startswith("builtin:"):
        raise UsageError(f"{text} needs --source PATH", help="where its data is")
    _there(data)
    return Binding(mapping, None, data, (), params)


def _there(path: Path | None) -> None:
    """Refuse what is neither a folder nor a file."""
    if path is not None and not path.is_dir():
        safeio.regular_file(path)
