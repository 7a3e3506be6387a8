"""Loading: a mapping file to a document and everything that is wrong with it.

    text -> nodes (twinmap.formats.yamlnodes) -> structure -> record sets, rules, values -> checks

Nothing is raised for what is wrong in the file: it is all in the findings, as many as can be found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Map
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, Severity, Span
from twinmap.formats import yamlnodes
from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.limits import LIMITS
from twinmap.mapping import layout, recordsets, static
from twinmap.mapping.ast import Document, Text, Value
from twinmap.mapping.context import CatalogueLike, Context, Findings
from twinmap.mapping.definitions import definitions
from twinmap.mapping.structure import Structure
from twinmap.mapping.uses import used
from twinmap.mapping.words import did_you_mean

#: The slots that hold a time zone.
_ZONES = ("source.timezone", "time.timezone")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A mapping and what is wrong with it; ``document`` is None where not even its outline could be read."""

    document: Document | None
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether a run may use it: there is a document, and no finding is an error."""
        return self.document is not None and not any(
            finding.severity is Severity.ERROR for finding in self.findings
        )


def load(
    path: Path | Traversable,
    *,
    params: Map[str, str] | None = None,
    root: Path | None = None,
    concepts: CatalogueLike | None = None,
    facets: Map[str, Any] | None = None,
) -> Loaded:
    """Load a mapping file.

    Args:
        path: The file.
        params: What the run gives; None to check the file alone, without a run.
        root: The folder that its paths may not leave; the folder of the file where it is None.
        concepts: The catalogue; ours where it is None.
        facets: The facets by name; ours where it is None.

    Raises:
        InputOutputError: The file is missing or cannot be read.
    """
    about: dict[str, Any] = {"root": root, "params": params, "concepts": concepts, "facets": facets}
    if not isinstance(path, Path):
        folder = Path(str(path)).parent
        return loads(path.read_bytes(), name=registry.label(path), folder=folder, **about)
    data = safeio.read_bytes(path, LIMITS.mapping_bytes)
    return loads(data, name=registry.label(path), folder=path.parent, **about)


def loads(
    data: bytes | str,
    *,
    name: str = "mapping.yaml",
    folder: Path | None = None,
    root: Path | None = None,
    params: Map[str, str] | None = None,
    concepts: CatalogueLike | None = None,
    facets: Map[str, Any] | None = None,
) -> Loaded:
    """Load a mapping from its text; the arguments are those of :func:`load`.

    ``name`` stands for the file in findings, ``folder`` is where the files that it names are looked for.
    """
    parsed = yamlnodes.parse(data, name)
    report = Findings(parsed.findings)
    # What is refused before anything is made of it is the cause; the rest would follow from it.
    if parsed.root is None or any(finding.code == "TM-L05" for finding in parsed.findings):
        return Loaded(None, tuple(report))
    facets = _our_facets() if facets is None else facets
    concepts = _our_concepts() if concepts is None else concepts
    node = Structure(definitions(tuple(facets)), report, concepts.concepts).clean(
        parsed.root, "document", "mapping"
    )
    document = None
    if isinstance(node, Mapping) and not _multiplied(node, report):
        base = folder.resolve() if folder else None
        context = Context(name, report, base, (root or folder or Path()).resolve(), concepts, facets)
        document = _document(context, node, data)
        _given(context, params)
        _zones(context, document, params or {})
    return Loaded(document, _once(report))


def _multiplied(node: Mapping, report: Findings) -> bool:
    """Whether record sets inherit so much that few lines become very many; then there is a finding."""
    records = node.get("records")
    if not isinstance(records, Mapping):
        return False
    shared = sum(_size(entry.value) for entry in node.entries if entry.value is not records)
    if shared * len(records.entries) <= LIMITS.mapping_nodes:
        return False
    message = (
        f"{len(records.entries):,} record sets inherit {shared:,} values each: "
        f"more than {LIMITS.mapping_nodes:,} together"
    )
    advice = "move what only some record sets need into these"
    report.append(registry.finding("TM-L05", message, where=records.span, help=advice))
    return True


def _size(node: Node) -> int:
    """The number of scalars and collections."""
    if isinstance(node, Scalar):
        return 1
    inner = node.items if isinstance(node, Sequence) else [entry.value for entry in node.entries]
    return 1 + sum(map(_size, inner))


def _our_facets() -> Map[str, Any]:
    from twinmap.terms.facets import facets

    return facets()


def _our_concepts() -> CatalogueLike:
    from twinmap.terms.concepts import catalogue

    return catalogue()


def _once(findings: Findings) -> tuple[Finding, ...]:
    """Findings in the order of the file; what is inherited by several record sets is said once."""
    unique: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        unique.setdefault((finding.code, finding.message, finding.where), finding)
    return tuple(sorted(unique.values(), key=_place))


def _place(finding: Finding) -> tuple[object, ...]:
    where = finding.where or Span("", 0, 0)
    return (where.line, where.column, finding.code, finding.message)


# --- the outline ----------------------------------------------------------------------------------


def _document(context: Context, node: Mapping, data: bytes | str) -> Document:
    records = recordsets.record_sets(context, node)
    layout.check(context, node)
    for record_set, places in records:
        static.check(context, record_set, places)
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return Document(
        id=_text(node, "id"),
        version=_text(node, "version"),
        path=context.file,
        sha256=hashlib.sha256(raw).hexdigest(),
        params=context.params,
        systems=context.systems,
        lookups=context.lookups,
        records=tuple(record_set for record_set, _ in records),
        span=node.span,
    )


def _text(node: Mapping, name: str) -> str:
    found = node.get(name)
    return found.text if isinstance(found, Scalar) else ""


def _zones(context: Context, document: Document, params: Map[str, str]) -> None:
    """Check the parameters that are time zones, by what the run gives or their default."""
    for use in (use for record_set in document.records for use in used(record_set)):
        param = context.params.get(use.ref.path) if use.ref.kind == "param" and use.sole else None
        if param is None or use.slot not in _ZONES:
            continue
        name = params.get(use.ref.path) or param.default
        if name:
            static.zone(context, Value((Text((name,), param.span),), param.span))


def _given(context: Context, params: Map[str, str] | None) -> None:
    """Check what the run gives against what the file declares."""
    if params is None:
        return
    for name, param in context.params.items():
        if param.default is None and not params.get(name):
            advice = f"--set {name}=VALUE, or set: {{{name}: VALUE}} in the project"
            context.report("TM-L14", f'the parameter "{name}" is required and not given', param.span, advice)
    for name in params:
        if name not in context.params:
            takes = (
                f"the mapping takes {', '.join(context.params)}"
                if context.params
                else "the mapping takes none"
            )
            advice = did_you_mean(name, context.params) or takes
            where = Span(context.file, 1, 1)
            context.report("TM-L14", f'the parameter "{name}" is given and not declared', where, advice)
