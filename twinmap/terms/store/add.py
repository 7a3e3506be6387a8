"""``terms add``: what a path holds is recognised, loaded, counted and published, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from twinmap import exchange, registry, safeio
from twinmap.diagnostics import Finding, merge
from twinmap.duck import connect
from twinmap.errors import InputOutputError
from twinmap.terms.store.editions import MANIFEST, Source, sources
from twinmap.terms.store.formats import Claim, Recognised, named, recognised
from twinmap.terms.store.loader import Loader
from twinmap.terms.store.package import Package, open_package

#: How many names of files that are no terminology are told.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Added:
    """What an ``add`` did: the sources that are new, those that were there, findings, and notes for people."""

    sources: tuple[Source, ...]
    known: tuple[Source, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def add(path: Path, store: Path, *, memory_mb: int = 1000) -> Added:
    """Load the terminology of a file, folder or archive into a store.

    What one path holds of one format is one source. The same bytes are not loaded twice.

    Raises:
        InputOutputError: The path is missing, damaged, too large, or holds no terminology that can be used; the
            store cannot be written, or another process writes the same source. Nothing is changed then.
    """
    with ExitStack() as written, open_package(path) as package:
        found = recognised(package.files)
        _whole(found, package)
        notes = [*package.notes]
        unknown = [*(item.file for item in found.nearly), *found.unknown]
        if unknown:
            shown = ", ".join(file.name for file in unknown[:_NAMED])
            more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
            notes.append(f"no terminology that is known: {shown}{more}")
        before = {source.id: source for source in sources(store)}
        made: list[Source] = []
        known: list[Source] = []
        findings: list[Finding] = []
        for name, own in found.claims.items():
            source, said = _load(name, own, package, store, before, written, memory_mb)
            (known if source.id in before else made).append(source)
            findings += said.findings if said else []
            notes += said.notes if said else []
    return Added(tuple(made), tuple(known), tuple(merge(findings)), tuple(notes))


def _whole(found: Recognised, package: Package) -> None:
    """Refuse a package with a file that has not the columns of what it is, and one without any terminology.

    Raises:
        InputOutputError: It is one (O04), or has an empty file (O02).
    """
    wrong = [item for item in found.nearly if item.sure or not found.claims]
    if wrong:
        first, *rest = (item.finding(package.path.name) for item in wrong)
        raise InputOutputError(first.message, help=first.help, findings=[first, *rest])
    if not found.claims:
        message = f"{package.path} holds no terminology that is known"
        advice = "LOINC, SNOMED CT RF2, OMOP Athena, FHIR CodeSystem, ValueSet, ConceptMap and SSSOM are"
        raise registry.fault("TM-O04", message, help=advice)


def _load(
    name: str,
    claims: Sequence[Claim],
    package: Package,
    store: Path,
    before: dict[str, Source],
    written: ExitStack,
    memory_mb: int,
) -> tuple[Source, Loader | None]:
    """Load what is of one format; it is published when ``written`` ends well, with what is of the others."""
    checksum = package.checksum(item.file for item in claims)
    source_id = f"{name}-{checksum[:12]}"
    if source_id in before:
        return before[source_id], None
    folder = store / source_id
    work = written.enter_context(safeio.output_folder(folder))
    with connect(work / "spill", memory_mb=memory_mb) as duck:
        loader = Loader(duck, package, format=name)
        named(name).load(claims, loader)
        loader.publish(work / exchange.NEW)
        source = Source(
            source_id,
            name,
            package.path.name,
            checksum,
            datetime.now(UTC).isoformat(timespec="seconds"),
            tuple(loader.editions),
            tuple(loader.tallies),
            folder,
        )
        outputs = sorted(item.name for item in (work / exchange.NEW).iterdir())
        manifest = {**source.to_json(), "outputs": outputs}
        (work / exchange.NEW / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return source, loader
