"""A LOINC release: the terms with their six axes, what replaced them, parts, hierarchy and other languages.

Source of the columns: LOINC Users' Guide, appendix "LOINC Database Structure", and the read-me files of the
accessory files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from twinmap.sqltext import quoted
from twinmap.terms import loinc
from twinmap.terms.store.editions import Edition, newest_key
from twinmap.terms.store.loader import Loader, Why
from twinmap.terms.store.package import File
from twinmap.terms.store.releases import Part, by_role, root
from twinmap.terms.store.staging import Layout
from twinmap.terms.systems import systems

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "loinc"

#: Role to the columns by which a file is known.
_ROLES = {
    "terms": {"LOINC_NUM", "COMPONENT", "PROPERTY", "SYSTEM", "SCALE_TYP", "STATUS", "LONG_COMMON_NAME"},
    "language": {"LOINC_NUM", "COMPONENT", "SYSTEM", "LONG_COMMON_NAME", "LinguisticVariantDisplayName"},
    "replaced": {"LOINC", "MAP_TO", "COMMENT"},
    "hierarchy": {"PATH_TO_ROOT", "IMMEDIATE_PARENT", "CODE", "CODE_TEXT"},
    "parts": {"PartNumber", "PartTypeName", "PartName", "Status"},
    "links": {"LoincNumber", "PartNumber", "PartTypeName", "LinkTypeName"},
    "devices": {"LOINC_NUM", "IEEE_CF_CODE10", "IEEE_REFID"},
    "names": {"LOINC #", "Long Common Name"},
}
#: Column of the terms to the name of the property.
_PROPERTIES = {
    "component": "COMPONENT",
    "property": "PROPERTY",
    "time": "TIME_ASPCT",
    "system": "SYSTEM",
    "scale": "SCALE_TYP",
    "method": "METHOD_TYP",
    "class": "CLASS",
    "units": "EXAMPLE_UCUM_UNITS",
    "status-reason": "STATUS_REASON",
    "copyright": "EXTERNAL_COPYRIGHT_NOTICE",
}
#: A whole release has had more terms than this since 2014; fewer are a part of one.
_WHOLE = 70_000
_LICENCE = "LOINC licence, https://loinc.org/license"
_VERSION = re.compile(r"loinc[_ -]?v?(\d+\.\d+)", re.IGNORECASE)
#: The folders of a release.
_FOLDERS = re.compile("LoincTable|LoincTableCore|AccessoryFiles")
_LANGUAGE = re.compile(r"([a-z]{2})([A-Z]{2})\d*LinguisticVariant")


def claim(file: File, found: Layout | None) -> str | None:  # noqa: ARG001
    """The role of a file by its columns."""
    if found is None:
        return None
    return next((role for role, columns in _ROLES.items() if columns <= {*found.columns}), None)


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load what is there; lists of terms without their axes (top 2,000, devices) make a fragment."""
    roles = by_role(claims, loader, "releases of LOINC", _part)
    number = loader.edition(Edition("codes", loinc.SYSTEM, name="LOINC", licence=_LICENCE))
    for role in ("terms", "replaced"):  # LoincTableCore has the same rows, of the terms with fewer columns
        roles[role].sort(key=_is_core)
        for item in roles[role][1:]:
            loader.leave(item.file, "another file of the release has the same rows")
        del roles[role][1:]
    version, count = "", 0
    for item in roles["terms"]:
        version, count = _terms(item, loader, number)
    for role, read in _READ.items():
        for item in roles[role]:
            read(item, loader, number)
    named = _VERSION.search(f"{loader.package.path.name} {claims[0].file.name}")
    loader.change(
        number,
        version=named[1] if named else version,
        content="complete" if count >= _WHOLE else "fragment",
    )


def _part(item: Claim) -> Part:
    """The terms, or the file of its name, of the whole tables or the core."""
    name = "terms" if item.role == "terms" else item.file.base.casefold()
    return f"{name} {_is_core(item)}", root(item.file.name, _FOLDERS)


def _is_core(item: Claim) -> bool:
    return "LoincTableCore" in item.file.name


def _terms(item: Claim, loader: Loader, number: int) -> tuple[str, int]:
    """The terms; gives the newest version that one of them names, and their number."""
    wanted = {
        "code": "LOINC_NUM",
        "status": "STATUS",
        "name": "LONG_COMMON_NAME",
        "short": "SHORTNAME",
        "consumer": "CONSUMER_NAME",
        "shown": "DisplayName",
        "changed": "VersionLastChanged",
        **{key.replace("-", "_"): column for key, column in _PROPERTIES.items()},
    }
    staged = loader.stage("terms", item.file, wanted, item.table)
    status = (
        "CASE upper(status) WHEN 'DEPRECATED' THEN 'inactive' WHEN 'ACTIVE' THEN 'active' "
        "WHEN 'TRIAL' THEN 'active' WHEN 'DISCOURAGED' THEN 'active' ELSE 'unknown' END"
    )
    loader.take(
        staged,
        "terms",
        "concept",
        f"{number}, code, coalesce(name, short), {status}, upper(status)",
        [
            Why("code IS NULL", "no LOINC_NUM"),
            Why(loader.twice("terms", "code"), "a code that stands twice"),
        ],
    )
    for column, use in {
        "name": "display",
        "short": "short",
        "consumer": "synonym",
        "shown": "synonym",
    }.items():
        loader.duck.run(
            f"INSERT INTO designation SELECT DISTINCT {number}, code, 'en', '{use}', {column} FROM terms "
            f"WHERE code IS NOT NULL AND {column} IS NOT NULL"
        )
    for key in _PROPERTIES:
        column = key.replace("-", "_")
        loader.duck.run(
            f"INSERT INTO property SELECT DISTINCT {number}, code, '{key}', {column} FROM terms "
            f"WHERE code IS NOT NULL AND {column} IS NOT NULL"
        )
    versions = [
        row[0] for row in loader.duck.rows("SELECT DISTINCT changed FROM terms WHERE changed IS NOT NULL")
    ]
    return max(versions, key=newest_key, default=""), staged.read


def _replaced(item: Claim, loader: Loader, number: int) -> None:
    staged = loader.stage("replaced", item.file, {"code": "LOINC", "target": "MAP_TO"}, item.table)
    loader.take(
        staged,
        "replacements",
        "replacement",
        f"{number}, code, {quoted(loinc.SYSTEM)}, target, 'replaced-by'",
        [Why("code IS NULL OR target IS NULL", "no code or no replacement")],
    )


def _parts(item: Claim, loader: Loader, number: int) -> None:
    wanted = {"code": "PartNumber", "kind": "PartTypeName", "name": "PartName", "status": "Status"}
    staged = loader.stage("parts", item.file, wanted, item.table)
    status = (
        "CASE upper(status) WHEN 'DEPRECATED' THEN 'inactive' WHEN 'ACTIVE' THEN 'active' ELSE 'unknown' END"
    )
    loader.take(
        staged,
        "parts",
        "concept",
        f"{number}, code, name, {status}, upper(status)",
        [
            Why("code IS NULL", "no part number"),
            Why(loader.twice("parts", "code"), "a code that stands twice"),
        ],
    )
    loader.duck.run(
        f"INSERT INTO designation SELECT DISTINCT {number}, code, 'en', 'display', name FROM parts "
        "WHERE code IS NOT NULL AND name IS NOT NULL"
    )


def _hierarchy(item: Claim, loader: Loader, number: int) -> None:
    """One row is one place of a code in the tree; codes that no other file names get their text from here."""
    wanted = {"code": "CODE", "parent": "IMMEDIATE_PARENT", "name": "CODE_TEXT"}
    staged = loader.stage("hierarchy", item.file, wanted, item.table)
    loader.take(
        staged,
        "places in the hierarchy",
        "edge",
        f"{number}, code, parent",
        [Why("code IS NULL", "no code"), Why("parent IS NULL", "the top of the hierarchy", refused=False)],
    )
    _new_names("hierarchy", loader, number)


def _links(item: Claim, loader: Loader, number: int) -> None:
    wanted = {"code": "LoincNumber", "part": "PartNumber", "kind": "PartTypeName", "link": "LinkTypeName"}
    staged = loader.stage("links", item.file, wanted, item.table)
    loader.take(
        staged,
        "links to parts",
        "property",
        f"{number}, code, concat(link, ':', kind), part",
        [Why("code IS NULL OR part IS NULL", "no code or no part")],
    )


def _language(item: Claim, loader: Loader, number: int) -> None:
    match = _LANGUAGE.search(item.file.base)
    if match is None:
        loader.leave(item.file, "its name does not say which language it is in")
        return
    wanted = {"code": "LOINC_NUM", "name": "LONG_COMMON_NAME", "shown": "LinguisticVariantDisplayName"}
    staged = loader.stage("variant", item.file, wanted, item.table)
    loader.take(
        staged,
        f"names in {match[1]}-{match[2]}",
        "designation",
        f"{number}, code, '{match[1]}-{match[2]}', 'display', coalesce(shown, name)",
        [
            Why("code IS NULL", "no code"),
            Why("coalesce(shown, name) IS NULL", "not translated", refused=False),
        ],
    )


def _devices(item: Claim, loader: Loader, number: int) -> None:
    """LOINC terms of devices and their codes in IEEE 11073; how close they are is not said."""
    wanted = {
        "code": "LOINC_NUM",
        "name": "LOINC_LONG_COMMON_NAME",
        "target": "IEEE_CF_CODE10",
        "ref": "IEEE_REFID",
    }
    staged = loader.stage("devices", item.file, wanted, item.table)
    mdc = quoted(systems()["mdc"].uri)
    edition = loader.edition(
        Edition("map", "urn:loinc:ieee-11073", name="LOINC to IEEE 11073", licence=_LICENCE)
    )
    loader.take(
        staged,
        "codes of devices",
        "mapping",
        f"{edition}, {quoted(loinc.SYSTEM)}, code, name, 'skos:mappingRelation', false, {mdc}, target, ref, NULL, NULL",
        [Why("code IS NULL OR target IS NULL", "no LOINC or no IEEE code")],
    )
    _new_names("devices", loader, number)


def _names(item: Claim, loader: Loader, number: int) -> None:
    wanted = {"code": "LOINC #", "name": "Long Common Name", "short": "Short Name"}
    staged = loader.stage("names", item.file, wanted, item.table)
    loader.take(
        staged,
        "names",
        "designation",
        f"{number}, code, 'en', 'short', coalesce(short, name)",
        [Why("code IS NULL OR coalesce(short, name) IS NULL", "no code or no name")],
    )
    _new_names("names", loader, number)


def _new_names(table: str, loader: Loader, number: int) -> None:
    """Codes that no list of terms says more about: they exist, and their status is not known."""
    new = (
        f"FROM (SELECT code, min(name) AS name FROM {table} WHERE code IS NOT NULL GROUP BY code) t "
        f"WHERE NOT EXISTS (SELECT 1 FROM concept c WHERE c.edition = {number} AND c.code = t.code)"
    )
    loader.duck.run(
        f"INSERT INTO designation SELECT {number}, code, 'en', 'display', name {new} AND name IS NOT NULL"
    )
    loader.duck.run(f"INSERT INTO concept SELECT {number}, code, name, 'unknown', NULL {new}")


_READ = {
    "parts": _parts,
    "hierarchy": _hierarchy,
    "replaced": _replaced,
    "links": _links,
    "language": _language,
    "devices": _devices,
    "names": _names,
}
