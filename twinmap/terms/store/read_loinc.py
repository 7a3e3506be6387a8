"""A LOINC release: the terms with their six axes, what replaced them, parts, hierarchy and other languages.

Source of the columns: LOINC Users' Guide, appendix "LOINC Database Structure", and the read-me files of the
accessory files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from twinmap.sqltext import case, quoted
from twinmap.terms import loinc
from twinmap.terms.store.editions import Edition, newest_key
from twinmap.terms.store.loader import Loader, Staged, Why
from twinmap.terms.store.nearly import Kind
from twinmap.terms.store.package import File
from twinmap.terms.store.releases import Part, by_role, root
from twinmap.terms.store.staging import Layout
from twinmap.terms.store.tables import mapped, names, properties, rows
from twinmap.terms.systems import systems

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "loinc"

#: Other columns of the terms, some of which the names in other languages have too.
_OTHERS = (
    *(
        "TIME_ASPCT",
        "METHOD_TYP",
        "CLASS",
        "CLASSTYPE",
        "SHORTNAME",
        "CONSUMER_NAME",
        "DisplayName",
        "RELATEDNAMES2",
    ),
    *(
        "VersionLastChanged",
        "VersionFirstReleased",
        "CHNG_TYPE",
        "CHANGE_REASON_PUBLIC",
        "STATUS_REASON",
        "STATUS_TEXT",
    ),
    *(
        "DefinitionDescription",
        "FORMULA",
        "EXMPL_ANSWERS",
        "SURVEY_QUEST_TEXT",
        "SURVEY_QUEST_SRC",
        "UNITSREQUIRED",
    ),
    *("ORDER_OBS", "HL7_FIELD_SUBFIELD_ID", "HL7_ATTACHMENT_STRUCTURE", "ValidHL7AttachmentRequest"),
    *("EXTERNAL_COPYRIGHT_NOTICE", "EXTERNAL_COPYRIGHT_LINK", "EXAMPLE_UNITS", "EXAMPLE_UCUM_UNITS"),
    *("COMMON_TEST_RANK", "COMMON_ORDER_RANK", "PanelType", "AskAtOrderEntry", "AssociatedObservations"),
)
TABLES: Mapping[str, Kind] = {
    "terms": Kind(
        ("LOINC_NUM", "COMPONENT", "PROPERTY", "SYSTEM", "SCALE_TYP", "STATUS", "LONG_COMMON_NAME"),
        re.compile(r"Loinc(?:TableCore)?\.csv"),
        _OTHERS,
    ),
    "language": Kind(
        ("LOINC_NUM", "COMPONENT", "SYSTEM", "LONG_COMMON_NAME", "LinguisticVariantDisplayName"),
        others=("PROPERTY", "SCALE_TYP", *_OTHERS),
    ),
    "replaced": Kind(("LOINC", "MAP_TO", "COMMENT"), re.compile(r"MapTo\.csv")),
    "hierarchy": Kind(
        ("PATH_TO_ROOT", "IMMEDIATE_PARENT", "CODE", "CODE_TEXT"),
        re.compile(r"ComponentHierarchyBySystem\.csv"),
        ("SEQUENCE",),
    ),
    "parts": Kind(("PartNumber", "PartTypeName", "PartName", "Status"), others=("PartDisplayName",)),
    "links": Kind(
        ("LoincNumber", "PartNumber", "PartTypeName", "LinkTypeName"),
        re.compile(r"LoincPartLink_(?:Primary|Supplementary)\.csv"),
        ("LongCommonName", "PartName", "PartCodeSystem", "Property"),
    ),
    "devices": Kind(
        ("LOINC_NUM", "IEEE_CF_CODE10", "IEEE_REFID"),
        re.compile(r"LoincIeeeMedicalDeviceCodeMappingTable\.csv"),
    ),
    "names": Kind(
        ("LOINC #", "Long Common Name"), re.compile(r"Top2000.*\.csv"), ("Short Name", "CLASS", "Rank")
    ),
}
#: The name of a property, which is that of our column but for a hyphen, to the column of the terms.
_PROPERTIES = {
    "component": "COMPONENT",
    "property": "PROPERTY",
    "time": "TIME_ASPCT",
    "system": "SYSTEM",
    "scale": "SCALE_TYP",
    "method": "METHOD_TYP",
    "class": "CLASS",
    "units": "EXAMPLE_UCUM_UNITS",
    "status_reason": "STATUS_REASON",
    "copyright": "EXTERNAL_COPYRIGHT_NOTICE",
}
#: STATUS of a term or part, in capitals.
_STATUS = case(
    "upper(status)",
    {"ACTIVE": "active", "TRIAL": "active", "DISCOURAGED": "active", "DEPRECATED": "inactive"},
    "unknown",
)
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
    return next((role for role, kind in TABLES.items() if kind.fits(found)), None)


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
    return Part(f"{name} {_is_core(item)}", root(item.file.name, _FOLDERS))


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
        **_PROPERTIES,
    }
    staged = loader.stage("terms", [item], wanted)
    _concepts(staged, loader, number, "terms", "no LOINC_NUM", "coalesce(name, short)")
    uses = {"name": "display", "short": "short", "consumer": "synonym", "shown": "synonym"}
    loader.also(staged, *names(number, "code", uses))
    loader.also(staged, *properties(number, "code", {key: key.replace("_", "-") for key in _PROPERTIES}))
    versions = [row[0] for row in loader.duck.rows("SELECT DISTINCT changed FROM terms") if row[0]]
    return max(versions, key=newest_key, default=""), staged.files[0].rows


def _concepts(staged: Staged, loader: Loader, number: int, what: str, nameless: str, display: str) -> None:
    loader.take(
        staged,
        what,
        [Why("code IS NULL", nameless), Why(loader.twice(staged.name, "code"), "a code that stands twice")],
        rows("concept", edition=number, code="code", display=display, status=_STATUS, detail="upper(status)"),
    )


def _replaced(item: Claim, loader: Loader, number: int) -> None:
    staged = loader.stage("replaced", [item], {"code": "LOINC", "target": "MAP_TO"})
    loader.take(
        staged,
        "replacements",
        [Why("code IS NULL OR target IS NULL", "no code or no replacement")],
        rows(
            "replacement",
            edition=number,
            code="code",
            target_system=quoted(loinc.SYSTEM),
            target="target",
            kind="'replaced-by'",
        ),
    )


def _parts(item: Claim, loader: Loader, number: int) -> None:
    wanted = {"code": "PartNumber", "name": "PartName", "status": "Status"}
    staged = loader.stage("parts", [item], wanted)
    _concepts(staged, loader, number, "parts", "no part number", "name")
    loader.also(staged, *names(number, "code", {"name": "display"}))


def _hierarchy(item: Claim, loader: Loader, number: int) -> None:
    """One row is one place of a code in the tree; codes that no other file names get their text from here."""
    wanted = {"code": "CODE", "parent": "IMMEDIATE_PARENT", "name": "CODE_TEXT"}
    staged = loader.stage("hierarchy", [item], wanted)
    _new_names(staged, loader, number)
    loader.take(
        staged,
        "places in the hierarchy",
        [Why("code IS NULL", "no code"), Why("parent IS NULL", "the top of the hierarchy", refused=False)],
        rows("edge", edition=number, child="code", parent="parent"),
    )


def _links(item: Claim, loader: Loader, number: int) -> None:
    wanted = {"code": "LoincNumber", "part": "PartNumber", "kind": "PartTypeName", "link": "LinkTypeName"}
    loader.take(
        loader.stage("links", [item], wanted),
        "links to parts",
        [Why("code IS NULL OR part IS NULL", "no code or no part")],
        rows("property", edition=number, code="code", property="concat(link, ':', kind)", value="part"),
    )


def _language(item: Claim, loader: Loader, number: int) -> None:
    match = _LANGUAGE.search(item.file.base)
    if match is None:
        loader.leave(item.file, "its name does not say which language it is in")
        return
    tongue = f"{match[1]}-{match[2]}"
    wanted = {"code": "LOINC_NUM", "name": "LONG_COMMON_NAME", "shown": "LinguisticVariantDisplayName"}
    name = "coalesce(shown, name)"
    loader.take(
        loader.stage("variant", [item], wanted),
        f"names in {tongue}",
        [Why("code IS NULL", "no code"), Why(f"{name} IS NULL", "not translated", refused=False)],
        rows("designation", edition=number, code="code", language=quoted(tongue), use="'display'", term=name),
    )


def _devices(item: Claim, loader: Loader, number: int) -> None:
    """LOINC terms of devices and their codes in IEEE 11073; how close they are is not said."""
    wanted = {
        "code": "LOINC_NUM",
        "name": "LOINC_LONG_COMMON_NAME",
        "target": "IEEE_CF_CODE10",
        "ref": "IEEE_REFID",
    }
    staged = loader.stage("devices", [item], wanted)
    _new_names(staged, loader, number)
    edition = loader.edition(
        Edition("map", "urn:loinc:ieee-11073", name="LOINC to IEEE 11073", licence=_LICENCE)
    )
    loader.take(
        staged,
        "codes of devices",
        [Why("code IS NULL OR target IS NULL", "no LOINC or no IEEE code")],
        mapped(
            edition,
            system=quoted(loinc.SYSTEM),
            code="code",
            label="name",
            target_system=quoted(systems()["mdc"].uri),
            target="target",
            target_label="ref",
        ),
    )


def _names(item: Claim, loader: Loader, number: int) -> None:
    wanted = {"code": "LOINC #", "name": "Long Common Name", "short": "Short Name"}
    staged = loader.stage("names", [item], wanted)
    _new_names(staged, loader, number)
    name = "coalesce(short, name)"
    loader.take(
        staged,
        "names",
        [Why(f"code IS NULL OR {name} IS NULL", "no code or no name")],
        rows("designation", edition=number, code="code", language="'en'", use="'short'", term=name),
    )


def _new_names(staged: Staged, loader: Loader, number: int) -> None:
    """Codes that no list of terms says more about: they exist, and their status is not known."""
    known = f"SELECT 1 FROM concept c WHERE c.edition = {number} AND c.code = t.code"
    loader.duck.run(
        f"CREATE OR REPLACE TEMP TABLE new AS SELECT code, min(name) AS name FROM {staged.name} t "
        f"WHERE code IS NOT NULL AND NOT EXISTS ({known}) GROUP BY code"
    )
    new = Staged("new", [])
    loader.also(new, *names(number, "code", {"name": "display"}))
    loader.also(new, rows("concept", edition=number, code="code", display="name", status="'unknown'"))


_READ = {
    "parts": _parts,
    "hierarchy": _hierarchy,
    "replaced": _replaced,
    "links": _links,
    "language": _language,
    "devices": _devices,
    "names": _names,
}
