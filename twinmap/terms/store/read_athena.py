"""A download of the OMOP vocabularies (Athena): concepts, synonyms, replacements, maps and the closure of is-a.

The files are tab-separated without quotes; copies of them that others made may have commas and quotes. Every
vocabulary becomes an edition. A download holds what somebody chose, so a code that is not in it is unknown.

Source of the columns: OMOP Common Data Model 5.4, "Vocabulary Tables".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from twinmap.sqltext import quoted
from twinmap.terms.store.editions import Edition
from twinmap.terms.store.loader import Loader, Why
from twinmap.terms.store.package import File
from twinmap.terms.store.releases import by_role
from twinmap.terms.store.staging import Layout, Staged
from twinmap.terms.systems import canonical

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "omop-athena"

_ROLES = {
    "concepts": {"concept_id", "concept_name", "vocabulary_id", "concept_code", "invalid_reason"},
    "relationships": {"concept_id_1", "concept_id_2", "relationship_id"},
    "ancestors": {"ancestor_concept_id", "descendant_concept_id"},
    "synonyms": {"concept_id", "concept_synonym_name"},
    "vocabularies": {"vocabulary_id", "vocabulary_name", "vocabulary_version"},
}
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
_BOTH = "JOIN omop a ON a.concept_id = {0} JOIN omop b ON b.concept_id = {1}"


def claim(file: File, found: Layout | None) -> str | None:  # noqa: ARG001
    """The role of a file by its columns, in capitals or not."""
    if found is None:
        return None
    columns = {column.casefold() for column in found.columns}
    return next((role for role, needed in _ROLES.items() if needed <= columns), None)


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load the concepts, then what speaks of them.

    Raises:
        InputOutputError: There is no table of concepts, or there are two of one kind (O04).
    """
    nameless = [item for item in claims if item.file.base.casefold() == _NAMELESS]
    for item in nameless:
        loader.leave(item.file, "its concepts have names once the tool of the download put them into CONCEPT")
    rest = [item for item in claims if item not in nameless]
    roles = by_role(rest, loader, "downloads of OMOP vocabularies", lambda item: (item.role, None))
    if not roles["concepts"]:
        raise loader.unusable(
            f"{loader.package.path} has OMOP tables, and no concepts", help="name a folder with CONCEPT.csv"
        )
    loader.duck.run("CREATE TEMP TABLE vocabulary (id VARCHAR, name VARCHAR, version VARCHAR)")
    for role, read in _READ.items():
        for item in roles[role]:
            read(item, loader)


def _vocabularies(item: Claim, loader: Loader) -> None:
    wanted = {"id": "vocabulary_id", "name": "vocabulary_name", "version": "vocabulary_version"}
    staged = _stage(item, loader, "vocabularies", **wanted)
    loader.take(
        staged, "vocabularies", "vocabulary", "id, name, version", [Why("id IS NULL", "no vocabulary_id")]
    )


def _stage(item: Claim, loader: Loader, table: str, /, **wanted: str) -> Staged:
    """The table of a file whose columns may be in capitals."""
    spelled = {column.casefold(): column for column in item.table.columns}
    columns = {ours: spelled.get(column, column) for ours, column in wanted.items()}
    return loader.stage(table, item.file, columns, item.table)


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
    loader.duck.run(
        "CREATE TEMP TABLE omop AS SELECT DISTINCT ON (c.id) c.rowid AS r, c.id AS concept_id, e.number AS edition, "
        "e.uri, c.code, c.name FROM concepts c JOIN omop_edition e ON e.id = c.vocabulary "
        "WHERE c.id IS NOT NULL AND c.code IS NOT NULL ORDER BY c.id, c.rowid"
    )
    loader.take(
        staged,
        "concepts",
        "concept",
        "(SELECT e.number FROM omop_edition e WHERE e.id = vocabulary), code, name, "
        "CASE WHEN invalid IS NULL THEN 'active' ELSE 'inactive' END, invalid",
        [
            Why("id IS NULL OR vocabulary IS NULL OR code IS NULL", "no id, vocabulary or code"),
            Why("concepts.rowid NOT IN (SELECT r FROM omop)", "an id that stands twice"),
            Why(loader.twice("concepts", "vocabulary", "code"), "a code that stands twice"),
        ],
    )
    loader.duck.run(
        "INSERT INTO designation SELECT DISTINCT edition, code, 'en', 'display', name FROM omop WHERE name IS NOT NULL"
    )
    loader.duck.run(
        "INSERT INTO property SELECT DISTINCT o.edition, o.code, 'domain', c.domain "
        "FROM omop o JOIN concepts c ON c.rowid = o.r WHERE c.domain IS NOT NULL"
    )


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
    loader.take(
        staged,
        "synonyms",
        "designation",
        "(SELECT o.edition FROM omop o WHERE o.concept_id = id), (SELECT o.code FROM omop o WHERE o.concept_id = id), "
        "NULL, 'synonym', name",
        [
            Why("id IS NULL OR name IS NULL", "no concept or no name"),
            Why("id NOT IN (SELECT concept_id FROM omop)", "of a concept that is not there"),
        ],
    )


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
    kinds = " ".join(f"WHEN {quoted(name)} THEN {quoted(kind)}" for name, kind in _REPLACED.items())
    both = _BOTH.format("one", "two")
    valid = "invalid IS NULL"
    made = "CREATE TEMP TABLE used AS SELECT r.rowid AS r"
    loader.duck.run(
        f"{made}, a.edition, a.code, b.edition AS to_edition, b.uri, b.code AS target, a.uri AS from_uri, "
        f"a.name, b.name AS to_name, relation, CASE relation {kinds} END AS kind "
        f"FROM related r {both} WHERE {valid}"
    )
    loader.duck.run(
        "INSERT INTO replacement SELECT edition, code, uri, target, kind FROM used WHERE kind IS NOT NULL"
    )
    loader.duck.run(
        "INSERT INTO edge SELECT edition, code, target FROM used WHERE relation = 'Is a' AND edition = to_edition"
    )
    mapped = "FROM used WHERE relation = 'Maps to' AND (edition, code) <> (to_edition, target)"
    if loader.duck.rows(f"SELECT 1 {mapped} LIMIT 1"):
        edition = loader.edition(Edition("map", "urn:omop:maps-to", name="OMOP Maps to", licence=_LICENCE))
        loader.duck.run(
            f"INSERT INTO mapping SELECT {edition}, from_uri, code, name, 'skos:mappingRelation', false, uri, target, "
            f"to_name, NULL, NULL {mapped}"
        )
    names = ", ".join(quoted(name) for name in ("Is a", "Maps to", *_REPLACED))
    loader.duck.run("CREATE TEMP TABLE relation (r BIGINT)")
    loader.take(
        staged,
        "relationships",
        "relation",
        "related.rowid",
        [
            Why("one IS NULL OR two IS NULL OR relation IS NULL", "no concept or no relationship"),
            Why("invalid IS NOT NULL", "no longer valid", refused=False),
            Why(f"relation NOT IN ({names})", "a relationship of another kind", refused=False),
            Why("relation = 'Maps to' AND one = two", "a map to itself", refused=False),
            Why("related.rowid NOT IN (SELECT r FROM used)", "of a concept that is not there", refused=False),
            Why(
                "related.rowid IN (SELECT r FROM used WHERE relation = 'Is a' AND edition <> to_edition)",
                "is-a between two vocabularies",
                refused=False,
            ),
        ],
    )
    loader.duck.run("DROP TABLE used")
    loader.duck.run("DROP TABLE relation")


def _ancestors(item: Claim, loader: Loader) -> None:
    """The closure as OMOP gives it, within a vocabulary."""
    staged = _stage(item, loader, "ancestors", up="ancestor_concept_id", down="descendant_concept_id")
    loader.duck.run(
        "CREATE TABLE IF NOT EXISTS given (edition INTEGER, descendant VARCHAR, ancestor VARCHAR)"
    )
    loader.duck.run(
        "CREATE TEMP TABLE pairs AS SELECT r.rowid AS r, a.edition, b.code AS below, a.code AS above "
        f"FROM ancestors r {_BOTH.format('up', 'down')} WHERE a.edition = b.edition AND a.code <> b.code"
    )
    loader.take(
        staged,
        "ancestors",
        "given",
        "(SELECT p.edition FROM pairs p WHERE p.r = ancestors.rowid), "
        "(SELECT p.below FROM pairs p WHERE p.r = ancestors.rowid), "
        "(SELECT p.above FROM pairs p WHERE p.r = ancestors.rowid)",
        [
            Why("up IS NULL OR down IS NULL", "no ancestor or no descendant"),
            Why("up = down", "a concept and itself", refused=False),
            Why(
                "ancestors.rowid NOT IN (SELECT r FROM pairs)",
                "across vocabularies, or not there",
                refused=False,
            ),
        ],
    )
    loader.duck.run("DROP TABLE pairs")


#: In this order: concepts need the vocabularies, the rest needs the concepts.
_READ = {
    "vocabularies": _vocabularies,
    "concepts": _concepts,
    "synonyms": _synonyms,
    "relationships": _relationships,
    "ancestors": _ancestors,
}
