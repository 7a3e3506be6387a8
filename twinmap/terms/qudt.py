"""Units of the QUDT vocabulary as UCUM, ``ontologies/aliases/qudt.tsv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from twinmap.registry import shipped

#: The namespace of the units; graphs write it with https too.
NAMESPACE = "http://qudt.org/vocab/unit/"


def ucum(iri: str) -> str | None:
    """The UCUM unit of a QUDT unit; None where the IRI is not one of the table.

    >>> ucum("http://qudt.org/vocab/unit/MilliM_HG"), ucum("http://qudt.org/vocab/unit/FURLONG")
    ('mm[Hg]', None)
    """
    return _units().get(iri.replace("https://", "http://", 1).removeprefix(NAMESPACE))


@cache
def _units() -> Mapping[str, str]:
    text = (shipped("ontologies") / "aliases" / "qudt.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return MappingProxyType({row["unit"]: row["ucum"] for row in rows})
