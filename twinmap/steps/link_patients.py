"""Link local patients to twins, and give each twin its part."""

from __future__ import annotations

from pathlib import Path

from twinmap import registry, safeio
from twinmap.engine import parts
from twinmap.engine.identity import link
from twinmap.errors import UsageError
from twinmap.steps.state import Run


def link_patients(state: Run) -> None:
    """Link local patients to twins, and give each twin its part."""

    def paths(kind: str) -> list[Path]:
        return [made.applied.tables[kind] for made in state.made if kind in made.applied.tables]

    who = [made.applied.patients for made in state.made if made.applied.patients is not None]
    state.twins = link(state.duck, who, paths("identifier"), paths("patient"), _crosswalk(state), state.key)
    records = sorted(state.twins.of)
    shards = parts.shards_for(sum(sum(made.book.planned.values()) for made in state.made))
    state.duck.register(
        "k_twin",
        {
            "patient_record": ("VARCHAR", records),
            "twin": ("VARCHAR", [state.twins.of[record] for record in records]),
            "shard": ("INTEGER", [state.twins.shard(record, shards) for record in records]),
        },
    )
    for refused in state.twins.refused:
        known = registry.code("TM-I02")
        state.findings.append(
            registry.finding(
                "TM-I02",
                f"{len(refused.records)} linked patient records contradict each other in {refused.attribute}",
                patient=refused.records[0],
                sources=tuple(source.name for source in state.sources),
                details={"attribute": refused.attribute, "records": list(refused.records)},
                help=getattr(known.module, "HELP", None),
            )
        )


def _crosswalk(state: Run) -> list[tuple[str, str, str]]:
    """The rows of the crosswalk as pairs of record ids."""
    if state.project.crosswalk is None:
        return []
    from twinmap.formats.csvdialect import Row, records

    found, header = [], []
    for row in records(safeio.regular_file(state.project.crosswalk), "utf-8", ","):
        if not isinstance(row, Row):
            raise UsageError(f"{state.project.crosswalk}:{row.line}: {row.reason}")
        if row.number == 0:
            header = [cell.strip() for cell in row.cells]
            lacking = {"system_a", "id_a", "system_b", "id_b"} - set(header)
            if lacking:
                raise UsageError(f"{state.project.crosswalk} lacks the column {sorted(lacking)[0]}")
            continue
        cells = dict(zip(header, (cell.strip() for cell in row.cells), strict=False))
        one = state.key.hash("patient", cells["system_a"], cells["id_a"])
        other = state.key.hash("patient", cells["system_b"], cells["id_b"])
        found.append((one, other, cells.get("evidence", "")))
    return found
