"""The concept maps of the HL7 v2 to FHIR guide as it publishes them: a CSV with two rows of headers.

Source of the columns: HL7 International, "HL7 Version 2 to FHIR", concept maps (github.com/HL7/v2-to-fhir). How
close the two codes are is not said.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from twinmap.formats import csvdialect
from twinmap.terms.store.editions import Edition
from twinmap.terms.store.loader import Loader, Why
from twinmap.terms.store.nearly import Kind
from twinmap.terms.store.package import File
from twinmap.terms.store.staging import Layout
from twinmap.terms.store.tables import mapped
from twinmap.terms.systems import canonical

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "v2-to-fhir"
#: Nothing of it is known by the columns of a table.
TABLES: Mapping[str, Kind] = {}

#: The second row begins so: what is mapped, under which condition, to what.
_COLUMNS = (
    "code",
    "text",
    "system",
    "antlr",
    "fhirpath",
    "narrative",
    "target",
    "",
    "display",
    "target_system",
)
_HEADER = ("Code", "Text", "Code System", "Computable ANTLR", "Computable FHIRPath", "Narrative", "Code", "")
_LICENCE = "Apache-2.0, https://github.com/HL7/v2-to-fhir"


def claim(file: File, found: Layout | None) -> str | None:
    """``mappings`` for a map of codes; the maps of segments and data types are none."""
    if found is None or found.columns[:1] != ("HL7 v2",) or "HL7 FHIR" not in found.columns:
        return None
    return "mappings" if _second(file)[: len(_HEADER)] == _HEADER else None


def _second(file: File) -> tuple[str, ...]:
    lines = csvdialect.lines(file.head)
    return tuple(next(csv.reader(lines[1:2]), ())) if len(lines) > 1 else ()


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load every map; a row that holds under a condition is refused, for it does not hold without it."""
    loader.duck.run("CREATE TEMP TABLE uri (name VARCHAR, uri VARCHAR)")
    for item in claims:
        width = len(item.table.columns)
        names = [name or f"_{place}" for place, name in enumerate(_COLUMNS)]
        names += [f"_{place}" for place in range(len(names), width)]
        below = replace(
            item.table, columns=tuple(names), skip=item.table.skip + 1, before=item.table.before + 1
        )
        wanted = {name: name for name in _COLUMNS if name}
        staged = loader.stage("guide", [replace(item, layout=below)], wanted)
        _systems(loader)
        title = item.file.base.removesuffix(".csv")
        edition = loader.edition(Edition("map", f"file:{item.file.name}", name=title, licence=_LICENCE))
        loader.take(
            staged,
            "mappings",
            [
                Why("coalesce(antlr, fhirpath, narrative) IS NOT NULL", "maps under a condition"),
                Why("code IS NULL OR system IS NULL", "no code or no code system"),
                Why("target IS NULL OR target_system IS NULL", "no target", refused=False),
            ],
            mapped(
                edition,
                system="(SELECT uri FROM uri WHERE name = system)",
                code="code",
                label="text",
                target_system="(SELECT uri FROM uri WHERE name = target_system)",
                target="target",
                target_label="display",
            ),
        )


def _systems(loader: Loader) -> None:
    """The URIs of the systems that the table names (``HL70080``)."""
    names = "SELECT system FROM guide UNION SELECT target_system FROM guide"
    loader.duck.run("DELETE FROM uri")
    for (name,) in loader.duck.rows(names):
        known = canonical(name) if name else None
        loader.duck.run("INSERT INTO uri VALUES (?, ?)", [name, known.uri if known else name])
