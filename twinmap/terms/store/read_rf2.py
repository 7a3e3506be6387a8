"""A SNOMED CT release in RF2: concepts, descriptions, is-a, preferred terms and historical associations.

Source of columns and ids: SNOMED CT Release File Specifications, "Component Release Files Specification" and
"Reference Set Release Files Specification".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from twinmap.sqltext import case, quoted
from twinmap.terms import snomed
from twinmap.terms.store.editions import Edition
from twinmap.terms.store.loader import Loader, Staged, Why
from twinmap.terms.store.nearly import Kind
from twinmap.terms.store.package import File
from twinmap.terms.store.releases import Part, by_role, root, two
from twinmap.terms.store.staging import Layout
from twinmap.terms.store.tables import rows

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "snomed-rf2"

_STATE = ("id", "effectiveTime", "active", "moduleId")
_REFSET = (*_STATE, "refsetId", "referencedComponentId")
TABLES: Mapping[str, Kind] = {
    "concepts": Kind((*_STATE, "definitionStatusId"), re.compile(r"x?sct2_Concept_.*")),
    "descriptions": Kind(
        (*_STATE, "conceptId", "languageCode", "typeId", "term", "caseSignificanceId"),
        re.compile(r"x?sct2_(?:Description|TextDefinition)_.*"),
    ),
    "relationships": Kind(
        (
            *(*_STATE, "sourceId", "destinationId", "relationshipGroup"),
            *("typeId", "characteristicTypeId", "modifierId"),
        ),
        re.compile(r"x?sct2_(?:Stated)?Relationship_.*"),
    ),
    "languages": Kind((*_REFSET, "acceptabilityId"), re.compile(r"x?der2_cRefset_Language.*")),
    "associations": Kind((*_REFSET, "targetComponentId"), re.compile(r"x?der2_cRefset_Association.*")),
}

_ROOT, _IS_A = snomed.ROOT, "116680003"
_STATED = "900000000000010007"
_PREFERRED = "900000000000548007"
_FSN, _SYNONYM, _DEFINITION = "900000000000003001", "900000000000013009", "900000000000550004"
#: What a description is, by its type.
_TYPES = {_FSN: "fully-specified", _SYNONYM: "synonym", _DEFINITION: "definition"}
#: Language reference sets whose preferred term is shown before that of others: US, then GB English.
_SHOWN = ("900000000000509007", "900000000000508004")
_CORE_MODULES = {"900000000000207008", "900000000000012004"}

#: Association reference sets to the kind of replacement.
_ASSOCIATIONS = {
    "900000000000526001": "replaced-by",
    "900000000000527005": "same-as",
    "900000000000523009": "possibly-equivalent-to",
    "1186921001": "possibly-replaced-by",
    "1186924009": "partially-equivalent-to",
    "900000000000530003": "alternative",
    "900000000000528000": "was-a",
}
#: The International Edition has had more concepts than this since 2002; fewer are a part, or an extension.
_WHOLE = 300_000
_LICENCE = "SNOMED CT affiliate licence, https://www.snomed.org/licensing"
_KIND = re.compile(r"(Snapshot|Full|Delta)", re.IGNORECASE)
#: Of a component file what stands before the kind, and its country or namespace.
_PRODUCT = re.compile(
    r"x?sct2_[A-Za-z]+_([A-Za-z0-9]*?)(?:Snapshot|Full|Delta)(?:-[A-Za-z-]+)?_([A-Za-z0-9]+)", re.IGNORECASE
)
#: What a path with two editions holds.
_RELEASES = "releases of SNOMED CT"
_DATE = re.compile(r"_(\d{8})(?:T\d{6}Z)?(?:\.|_|$)")


def claim(file: File, found: Layout | None) -> str | None:  # noqa: ARG001
    """The role of a file by its columns, which RF2 fixes; a copy of it may have them in another order."""
    if found is None:
        return None
    columns = sorted(found.columns)
    return next((role for role, kind in TABLES.items() if sorted(kind.columns) == columns), None)


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load one state of the edition: its snapshot, else the newest states of its full files.

    An edition may come in several products, each in a folder of its own: the International Edition and the
    extensions to it (so the UK Edition).
    """
    roles = _chosen(claims, loader)
    number = loader.edition(Edition("codes", snomed.SYSTEM, name="SNOMED CT", licence=_LICENCE))
    for role, read in _READ.items():
        staged = loader.stage(role, roles[role], {column: column for column in TABLES[role].columns})
        if role == "concepts":
            _one_edition(loader, roles[role])
        read(staged, loader, number)
    _names(loader)
    _identify(loader, number, roles["concepts"])


def _part(item: Claim) -> Part:
    """A name without its date; the product of a component file is its country and what stands before its kind."""
    name = _DATE.sub("_", item.file.base)
    product = _PRODUCT.match(name)
    folder = root(item.file.name, _KIND) if product else None
    return Part(name, folder, f"{product[1]}_{product[2]}" if product else "")


def _kind(item: Claim) -> str:
    match = _KIND.search(item.file.base) or _KIND.search(item.file.name)
    return match[1].casefold() if match else "snapshot"


def _chosen(claims: Sequence[Claim], loader: Loader) -> Mapping[str, list[Claim]]:
    """The files of one kind of each product, by role: a snapshot goes before full files, and a delta is none.

    Raises:
        InputOutputError: There is no concept file to go with, or they are of two releases (O04).
    """
    roles = by_role(claims, loader, _RELEASES, _part)
    folders: dict[str | None, list[Claim]] = defaultdict(list)
    for item in claims:
        folders[root(item.file.name, _KIND)].append(item)
    left: set[str] = set()
    for items in folders.values():
        with_concepts = {_kind(item) for item in items if item.role == "concepts"}
        kinds = with_concepts - {"delta"} or {_kind(item) for item in items} - {"delta"}
        kind = max(kinds, default="none")  # the snapshot before the full files
        for item in items:
            if _kind(item) != kind:
                left.add(item.file.name)
                loader.leave(
                    item.file, f"the {kind} files of the release are" if kinds else "a delta is no release"
                )
    for own in roles.values():
        own[:] = [item for item in own if item.file.name not in left]
    if not roles["concepts"]:
        what = "is a delta" if {_kind(item) for item in claims} == {"delta"} else "has no concept file"
        raise loader.unusable(
            f"{loader.package.path} is an RF2 release and {what}",
            help="name the folder or zip of a whole release",
        )
    return roles


def _one_edition(loader: Loader, claims: Sequence[Claim]) -> None:
    """An edition holds the root of SNOMED CT, an extension does not: two that do are two.

    Raises:
        InputOutputError: There are two (O04).
    """
    found = loader.duck.rows(f"SELECT DISTINCT file FROM concepts WHERE id = '{_ROOT}' ORDER BY file")
    if len(found) > 1:
        names = [claims[number].file.name for (number,) in found]
        raise two(loader, _RELEASES, *((name, root(name, _KIND)) for name in names[:2]))


def _state(loader: Loader, table: str) -> list[Why]:
    """The reasons that all components share: of several states of one the newest counts, whatever file it is in.

    That holds across products too: a row that was released is never changed (Release File Specifications,
    "History Mechanism"), so an extension that takes over a component adds a newer one.
    """
    columns = ", ".join(TABLES[table].columns)
    loader.duck.run(
        "CREATE OR REPLACE TEMP TABLE again AS SELECT rowid AS r, "
        "effectiveTime < max(effectiveTime) OVER (PARTITION BY id) AS older, "
        f"row_number() OVER (PARTITION BY {columns} ORDER BY rowid) > 1 AS same, "
        "row_number() OVER (PARTITION BY id ORDER BY effectiveTime DESC NULLS LAST, rowid) > 1 AS other "
        f"FROM {table} WHERE id IN (SELECT id FROM {table} GROUP BY id HAVING count(*) > 1)"
    )
    again = f"{table}.rowid IN (SELECT r FROM again WHERE"
    return [
        Why(
            "id IS NULL OR active IS NULL OR active NOT IN ('0', '1')", "no id, or active is neither 0 nor 1"
        ),
        Why(f"{again} older)", "an older state", refused=False),
        Why(f"{again} same)", "the same row stands twice", refused=False),
        Why(f"{again} other)", "another row of the same id and date"),
    ]


_INACTIVE = Why("active = '0'", "inactive", refused=False)


def _concepts(staged: Staged, loader: Loader, number: int) -> None:
    status = case("active", {"1": "active"}, "inactive")
    loader.take(
        staged,
        "concepts",
        _state(loader, "concepts"),
        rows("concept", edition=number, code="id", status=status),
    )


def _languages(staged: Staged, loader: Loader, number: int) -> None:  # noqa: ARG001
    loader.duck.run("CREATE TEMP TABLE prefer (description VARCHAR, refset VARCHAR)")
    loader.take(
        staged,
        "preferred terms",
        [
            *_state(loader, "languages"),
            _INACTIVE,
            Why(
                "referencedComponentId IS NULL OR acceptabilityId IS NULL",
                "no description or no acceptability",
            ),
            Why(f"acceptabilityId <> '{_PREFERRED}'", "acceptable, not preferred", refused=False),
        ],
        rows("prefer", description="referencedComponentId", refset="refsetId"),
    )


def _descriptions(staged: Staged, loader: Loader, number: int) -> None:
    types = ", ".join(quoted(kind) for kind in _TYPES)
    preferred = f"typeId = '{_SYNONYM}' AND id IN (SELECT description FROM prefer)"
    loader.take(
        staged,
        "descriptions",
        [
            *_state(loader, "descriptions"),
            _INACTIVE,
            Why("conceptId IS NULL OR term IS NULL OR typeId IS NULL", "no concept, no type or no term"),
            Why(f"typeId NOT IN ({types})", "a description of another type", refused=False),
        ],
        rows(
            "designation",
            edition=number,
            code="conceptId",
            language="languageCode",
            use=f"CASE WHEN {preferred} THEN 'preferred' ELSE {case('typeId', _TYPES)} END",
            term="term",
        ),
    )


def _names(loader: Loader) -> None:
    """As the display of a concept what is preferred, else its full name, else a synonym."""
    ranks = " ".join(f"WHEN p.refset = '{refset}' THEN {rank}" for rank, refset in enumerate(_SHOWN, 1))
    loader.duck.run(
        "CREATE TEMP TABLE shown AS SELECT d.conceptId AS code, arg_min(d.term, (CASE "
        f"WHEN d.typeId = '{_FSN}' THEN 8 WHEN p.refset IS NULL THEN 9 {ranks} ELSE 3 END, d.term)) AS term "
        f"FROM descriptions d LEFT JOIN prefer p ON p.description = d.id WHERE d.typeId <> '{_DEFINITION}' "
        "GROUP BY code"
    )
    loader.duck.run(
        "CREATE OR REPLACE TABLE concept AS SELECT c.* REPLACE (s.term AS display) "
        "FROM concept c LEFT JOIN shown s ON s.code = c.code"
    )


def _relationships(staged: Staged, loader: Loader, number: int) -> None:
    loader.take(
        staged,
        "relationships",
        [
            *_state(loader, "relationships"),
            _INACTIVE,
            Why("typeId IS NULL", "no type"),
            Why(f"typeId <> '{_IS_A}'", "an attribute, no is-a", refused=False),
            Why(f"characteristicTypeId = '{_STATED}'", "stated, not inferred", refused=False),
            Why("sourceId IS NULL OR destinationId IS NULL", "no source or no destination"),
        ],
        rows("edge", edition=number, child="sourceId", parent="destinationId"),
    )


def _associations(staged: Staged, loader: Loader, number: int) -> None:
    known = ", ".join(quoted(refset) for refset in _ASSOCIATIONS)
    is_concept = f"SELECT 1 FROM concept c WHERE c.edition = {number} AND c.code = referencedComponentId"
    loader.take(
        staged,
        "associations",
        [
            *_state(loader, "associations"),
            _INACTIVE,
            Why("refsetId IS NULL OR targetComponentId IS NULL", "no kind or no target"),
            Why(f"refsetId NOT IN ({known})", "an association that names no other concept", refused=False),
            Why(f"NOT EXISTS ({is_concept})", "of a description, not of a concept", refused=False),
        ],
        rows(
            "replacement",
            edition=number,
            code="referencedComponentId",
            target_system=quoted(snomed.SYSTEM),
            target="targetComponentId",
            kind=case("refsetId", _ASSOCIATIONS),
        ),
    )


#: In this order: descriptions need the terms that are preferred, associations need the concepts.
_READ = {
    "concepts": _concepts,
    "languages": _languages,
    "descriptions": _descriptions,
    "relationships": _relationships,
    "associations": _associations,
}


def _identify(loader: Loader, number: int, claims: Sequence[Claim]) -> None:
    """Version, edition and extent: the newest date of the file names, else of the rows; the modules."""
    full = any(_kind(item) == "full" for item in claims)
    dates = [match[1] for item in claims if (match := _DATE.search(item.file.base))]
    dates += [loader.duck.value("SELECT coalesce(max(effectiveTime), '') FROM concepts")] * (not dates)
    modules = loader.duck.rows(
        "SELECT moduleId FROM concepts WHERE moduleId IS NOT NULL GROUP BY moduleId ORDER BY count(*) DESC, moduleId"
    )
    own = [module for (module,) in modules if module not in _CORE_MODULES]
    codes = [row[0] for row in loader.duck.rows("SELECT DISTINCT code FROM concept WHERE length(code) > 10")]
    spaces = {space for code in codes if (space := snomed.namespace(code))}
    count = loader.duck.value("SELECT count(*) FROM concept")
    root = loader.duck.rows("SELECT 1 FROM concept WHERE code = ?", [_ROOT])
    name = "International Edition" if not own else f"modules {', '.join(own[:3])}{' …' if own[3:] else ''}"
    loader.change(
        number,
        version=max(dates),
        name=f"SNOMED CT {name}" + " (from full files)" * full,
        content="complete" if count >= _WHOLE and root else "fragment",
        namespaces=tuple(sorted(spaces)),
    )
