"""A download of the OMOP vocabularies (Athena): concepts, synonyms, replacements, maps and the closure of is-a.

The files are tab-separated without quotes; copies of them that others made may have commas and quotes. Every
vocabulary becomes an edition. A download holds what somebody chose, so a code that is not in it is unknown.

Source of the columns: OMOP Common Data Model 5.4, "Vocabulary Tables".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from twinmap.sqltext import case, quoted
from twinmap.terms.store.editions import Edition
from twinmap.terms.store.loader import Loader, Staged, Why
from twinmap.terms.store.nearly import Kind
from twinmap.terms.store.package import File
from twinmap.terms.store.releases import Part, by_role
from twinmap.terms.store.staging import Layout
from twinmap.terms.store.tables import Rows, mapped, names, properties, rows
from twinmap.terms.systems import canonical

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "omop-athena"

_VALID = ("valid_start_date", "valid_end_date", "invalid_reason")


def _kind(name: str, *columns: str, others: tuple[str, ...] = ()) -> Kind:
    return Kind(columns, re.compile(rf"{name}\.csv", re.IGNORECASE), others, str.casefold)


TABLES: Mapping[str, Kind] = {
    "concepts": _kind(
        "CONCEPT",
        *("concept_id", "concept_name", "vocabulary_id", "concept_code", "invalid_reason"),
        others=("domain_id", "concept_class_id", "standard_concept", *_VALID),
    ),
    "relationships": _kind(
        "CONCEPT_RELATIONSHIP", "concept_id_1", "concept_id_2", "relationship_id", others=_VALID
    ),
    "ancestors": _kind(
        "CONCEPT_ANCESTOR",
        *("ancestor_concept_id", "descendant_concept_id"),
        others=("min_levels_of_separation", "max_levels_of_separation"),
    ),
    "synonyms": _kind(
        "CONCEPT_SYNONYM", "concept_id", "concept_synonym_name", others=("language_concept_id",)
    ),
    "vocabularies": _kind(
        "VOCABULARY",
        *("vocabulary_id", "vocabulary_name", "vocabulary_version"),
        others=("vocabulary_reference", "vocabulary_concept_id"),
    ),
}
#: What invalid_reason says.
_INVALID = {"U": "UPGRADED", "D": "DELETED"}
#: relationship_id to the kind of replacement.
_REPLACED = {
    "Concept replaced by": "replaced-by",
    "Concept same_as to": "same-as",
    "Concept poss_eq to": "possibly-equivalent-to",
    "Concept alt_to to": "alternative",
    "Concept was_a to": "was-a",
}
#: Codes of CPT4 whose names a download may not hold (OHDSI, Vocabulary-v5.0, wiki page "Vocab. CPT4").
_NAMELESS = "concept_cpt4.csv"
_LICENCE = "as each vocabulary, see https://athena.ohdsi.org"


def claim(file: File, found: Layout | None) -> str | None:  # noqa: ARG001
    """The role of a file by its columns, in capitals or not."""
    if found is None:
        return None
    return next((role for role, kind in TABLES.items() if kind.fits(found)), None)


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load the concepts, then what speaks of them.

    Raises:
        InputOutputError: There is no table of concepts, or there are two of one kind (O04).
    """
    nameless = [item for item in claims if item.file.base.casefold() == _NAMELESS]
    for item in nameless:
        loader.leave(item.file, "its concepts have names once the tool of the download put them into CONCEPT")
    rest = [item for item in claims if item not in nameless]
    roles = by_role(rest, loader, "downloads of OMOP vocabularies", lambda item: Part(item.role))
    if not roles["concepts"]:
        raise loader.unusable(
            f"{loader.package.path} has OMOP tables, and no concepts", help="name a folder with CONCEPT.csv"
        )
    loader.duck.run("CREATE TEMP TABLE vocabulary (id VARCHAR, name VARCHAR, version VARCHAR)")
    for role, read in _READ.items():
        for item in roles[role]:
            read(item, loader)


def _stage(item: Claim, loader: Loader, table: str, /, **wanted: str) -> Staged:
    """The table of a file whose columns may be in capitals."""
    spelled = {column.casefold(): column for column in item.table.columns}
    return loader.stage(table, [item], {ours: spelled.get(column, column) for ours, column in wanted.items()})


def _vocabularies(item: Claim, loader: Loader) -> None:
    wanted = {"id": "vocabulary_id", "name": "vocabulary_name", "version": "vocabulary_version"}
    loader.take(
        _stage(item, loader, "vocabularies", **wanted),
        "vocabularies",
        [Why("id IS NULL", "no vocabulary_id")],
        rows("vocabulary", id="id", name="name", version="version"),
    )


def _concepts(item: Claim, loader: Loader) -> None:
    staged = _stage(
        item,
        loader,
        "concepts",
        id="concept_id",
        name="concept_name",
        vocabulary="vocabulary_id",
        code="concept_code",
        invalid="invalid_reason",
        domain="domain_id",
    )
    _editions(loader)
    staged.joined = "LEFT JOIN omop_edition e ON e.id = vocabulary"
    loader.duck.run(
        "CREATE TEMP TABLE omop AS SELECT DISTINCT ON (c.id) c.rowid AS r, c.id AS concept_id, e.number AS edition, "
        "e.uri, c.code, c.name FROM concepts c JOIN omop_edition e ON e.id = c.vocabulary "
        "WHERE c.id IS NOT NULL AND c.code IS NOT NULL ORDER BY c.id, c.rowid"
    )
    loader.take(
        staged,
        "concepts",
        [
            Why("concepts.id IS NULL OR vocabulary IS NULL OR code IS NULL", "no id, vocabulary or code"),
            Why("concepts.rowid NOT IN (SELECT r FROM omop)", "an id that stands twice"),
            Why(
                loader.twice("concepts", "vocabulary", "code", of="rowid IN (SELECT r FROM omop)"),
                "a code that stands twice",
            ),
        ],
        rows(
            "concept",
            edition="e.number",
            code="code",
            display="name",
            status="CASE WHEN invalid IS NULL THEN 'active' ELSE 'inactive' END",
            detail=f"coalesce({case('invalid', _INVALID)}, invalid)",
        ),
    )
    loader.also(staged, *names("e.number", "code", {"name": "display"}))
    loader.also(staged, *properties("e.number", "code", {"domain": "domain"}))


def _editions(loader: Loader) -> None:
    """One edition for each vocabulary that has concepts."""
    loader.duck.run("CREATE TEMP TABLE omop_edition (id VARCHAR, number INTEGER, uri VARCHAR)")
    about = {row[0]: row[1:] for row in loader.duck.rows("SELECT id, name, version FROM vocabulary")}
    for (name,) in loader.duck.rows(
        "SELECT DISTINCT vocabulary FROM concepts WHERE vocabulary IS NOT NULL ORDER BY vocabulary"
    ):
        known = canonical(name)
        uri = known.uri if known else name
        title, version = about.get(name, (None, None))
        edition = Edition("codes", uri, version or "", f"{title or name} in OMOP", licence=_LICENCE)
        loader.duck.run("INSERT INTO omop_edition VALUES (?, ?, ?)", [name, loader.edition(edition), uri])


def _synonyms(item: Claim, loader: Loader) -> None:
    staged = _stage(item, loader, "synonyms", id="concept_id", name="concept_synonym_name")
    staged.joined = "LEFT JOIN omop o ON o.concept_id = id"
    loader.take(
        staged,
        "synonyms",
        [
            Why("id IS NULL OR synonyms.name IS NULL", "no concept or no name"),
            Why("o.edition IS NULL", "of a concept that is not there"),
        ],
        rows("designation", edition="o.edition", code="o.code", use="'synonym'", term="synonyms.name"),
    )


def _between(staged: Staged, one: str, two: str) -> Staged:
    """The rows of a table with the two concepts ``a`` and ``b`` that they are of, where those are there."""
    staged.joined = f"LEFT JOIN omop a ON a.concept_id = {one} LEFT JOIN omop b ON b.concept_id = {two}"
    return staged


def _relationships(item: Claim, loader: Loader) -> None:
    """Replacements and is-a within a vocabulary, and the maps between vocabularies."""
    staged = _stage(
        item,
        loader,
        "related",
        one="concept_id_1",
        two="concept_id_2",
        relation="relationship_id",
        invalid="invalid_reason",
    )
    relations = ", ".join(quoted(name) for name in ("Is a", "Maps to", *_REPLACED))
    edition = len(loader.editions)  # the next one, if there are maps
    ends = {"code": "a.code", "target_system": "b.uri", "target": "b.code"}
    maps = mapped(edition, **ends, system="a.uri", label="a.name", target_label="b.name")
    kind = case("relation", _REPLACED)
    loader.take(
        _between(staged, "one", "two"),
        "relationships",
        [
            Why("one IS NULL OR two IS NULL OR relation IS NULL", "no concept or no relationship"),
            Why("invalid IS NOT NULL", "no longer valid", refused=False),
            Why(f"relation NOT IN ({relations})", "a relationship of another kind", refused=False),
            Why("relation = 'Maps to' AND one = two", "a map to itself", refused=False),
            Why("a.edition IS NULL OR b.edition IS NULL", "of a concept that is not there", refused=False),
            Why(
                "relation = 'Is a' AND a.edition <> b.edition", "is-a between two vocabularies", refused=False
            ),
        ],
        Rows("edge", {"edition": "a.edition", "child": "a.code", "parent": "b.code"}, "relation = 'Is a'"),
        Rows("replacement", {"edition": "a.edition", **ends, "kind": kind}, f"{kind} IS NOT NULL"),
        replace(maps, where="relation = 'Maps to'"),
    )
    if loader.duck.rows("SELECT 1 FROM mapping LIMIT 1"):
        loader.edition(Edition("map", "urn:omop:maps-to", name="OMOP Maps to", licence=_LICENCE))


def _ancestors(item: Claim, loader: Loader) -> None:
    """The closure as OMOP gives it, within a vocabulary."""
    staged = _stage(item, loader, "ancestors", up="ancestor_concept_id", down="descendant_concept_id")
    loader.duck.run("CREATE TABLE given (edition INTEGER, descendant VARCHAR, ancestor VARCHAR)")
    loader.take(
        _between(staged, "up", "down"),
        "ancestors",
        [
            Why("up IS NULL OR down IS NULL", "no ancestor or no descendant"),
            Why("up = down", "a concept and itself", refused=False),
            Why(
                "(a.edition = b.edition AND a.code <> b.code) IS NOT TRUE",
                "across vocabularies, or not there",
                refused=False,
            ),
        ],
        rows("given", edition="a.edition", descendant="b.code", ancestor="a.code"),
    )


#: In this order: concepts need the vocabularies, the rest needs the concepts.
_READ = {
    "vocabularies": _vocabularies,
    "concepts": _concepts,
    "synonyms": _synonyms,
    "relationships": _relationships,
    "ancestors": _ancestors,
}
