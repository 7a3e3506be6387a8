"""A SNOMED CT release in RF2: concepts, descriptions, is-a, preferred terms and historical associations.

Source of columns and ids: SNOMED CT Release File Specifications, "Component Release Files Specification" and
"Reference Set Release Files Specification".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from twinmap.sqltext import case, quoted
from twinmap.terms import snomed
from twinmap.terms.store.editions import Edition
from twinmap.terms.store.loader import Loader, Staged, Why
from twinmap.terms.store.package import File
from twinmap.terms.store.releases import Part, by_role, root
from twinmap.terms.store.staging import Layout
from twinmap.terms.store.tables import rows

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "snomed-rf2"

_STATE = ("id", "effectiveTime", "active", "moduleId")
_REFSET = (*_STATE, "refsetId", "referencedComponentId")
_ROLES: Mapping[str, tuple[str, ...]] = {
    "concepts": (*_STATE, "definitionStatusId"),
    "descriptions": (*_STATE, "conceptId", "languageCode", "typeId", "term", "caseSignificanceId"),
    "relationships": (
        *(*_STATE, "sourceId", "destinationId", "relationshipGroup"),
        *("typeId", "characteristicTypeId", "modifierId"),
    ),
    "languages": (*_REFSET, "acceptabilityId"),
    "associations": (*_REFSET, "targetComponentId"),
}

_ROOT, _IS_A = "138875005", "116680003"
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
#: Country or namespace, and date, as a name ends.
_TAIL = re.compile(r"_[A-Za-z0-9]*_\d{8}(?:T\d{6}Z)?\.\w+$")
_DATE = re.compile(r"_(\d{8})(?:T\d{6}Z)?(?:\.|_|$)")


def claim(file: File, found: Layout | None) -> str | None:  # noqa: ARG001
    """The role of a file by its columns, which RF2 fixes."""
    if found is None or found.delimiter != "\t":
        return None
    return next((role for role, columns in _ROLES.items() if found.columns == columns), None)


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load one state of the release: its snapshot, else the newest states of its full files."""
    kind, roles = _chosen(claims, loader)
    number = loader.edition(Edition("codes", snomed.SYSTEM, name="SNOMED CT", licence=_LICENCE))
    for role, read in _READ.items():
        read(loader.stage(role, roles[role], {column: column for column in _ROLES[role]}), loader, number)
    _names(loader)
    _identify(loader, number, kind, [item.file.base for item in roles["concepts"]])


def _part(item: Claim) -> Part:
    """A name without country and date; concepts stand in one file of each kind, whatever it is called."""
    name = "concepts" if item.role == "concepts" else _TAIL.sub("", item.file.base)
    return f"{_kind(item)} {name}", root(item.file.name, _KIND)


def _kind(item: Claim) -> str:
    match = _KIND.search(item.file.base) or _KIND.search(item.file.name)
    return match[1].casefold() if match else "snapshot"


def _chosen(claims: Sequence[Claim], loader: Loader) -> tuple[str, Mapping[str, list[Claim]]]:
    """The files of one kind of release, by role: a snapshot goes before full files, and a delta is none.

    Raises:
        InputOutputError: There is no concept file to go with, or they are of two releases (O04).
    """
    roles = by_role(claims, loader, "releases of SNOMED CT", _part)
    kinds = {_kind(item) for item in claims}
    for kind in ("snapshot", "full"):
        if kind in map(_kind, roles["concepts"]):
            for item in claims:
                if _kind(item) != kind:
                    loader.leave(item.file, f"the {kind} files of the release are")
            for items in roles.values():
                items[:] = [item for item in items if _kind(item) == kind]
            return kind, roles
    what = "is a delta" if kinds == {"delta"} else "has no concept file"
    raise loader.unusable(
        f"{loader.package.path} is an RF2 release and {what}",
        help="name the folder or zip of a whole release",
    )


def _state(table: str) -> list[Why]:
    """The reasons that all components share."""
    newest = f"SELECT rowid AS r, row_number() OVER (PARTITION BY id ORDER BY effectiveTime DESC, rowid) AS k FROM {table}"
    return [
        Why(
            "id IS NULL OR active IS NULL OR active NOT IN ('0', '1')", "no id, or active is neither 0 nor 1"
        ),
        Why(f"{table}.rowid IN (SELECT r FROM ({newest}) WHERE k > 1)", "an older state", refused=False),
    ]


_INACTIVE = Why("active = '0'", "inactive", refused=False)


def _concepts(staged: Staged, loader: Loader, number: int) -> None:
    status = case("active", {"1": "active"}, "inactive")
    loader.take(
        staged, "concepts", _state("concepts"), rows("concept", edition=number, code="id", status=status)
    )


def _languages(staged: Staged, loader: Loader, number: int) -> None:  # noqa: ARG001
    loader.duck.run("CREATE TEMP TABLE prefer (description VARCHAR, refset VARCHAR)")
    loader.take(
        staged,
        "preferred terms",
        [
            *_state("languages"),
            _INACTIVE,
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
            *_state("descriptions"),
            _INACTIVE,
            Why("conceptId IS NULL OR term IS NULL", "no concept or no term"),
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
            *_state("relationships"),
            _INACTIVE,
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
            *_state("associations"),
            _INACTIVE,
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


def _identify(loader: Loader, number: int, kind: str, names: Sequence[str]) -> None:
    """Version, edition and extent: the date of the file name, or the newest of the rows; the modules."""
    dates = [match[1] for name in names if (match := _DATE.search(name))]
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
        name=f"SNOMED CT {name}" + (" (from full files)" if kind == "full" else ""),
        content="complete" if count >= _WHOLE and root else "fragment",
        namespaces=tuple(sorted(spaces)),
    )
