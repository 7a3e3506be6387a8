"""Small releases of every format, written by these tests: the codes are made up, their check digits are right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twinmap.terms import snomed
from twinmap.terms.store.add import add

MODULE, US = "900000000000207008", "900000000000509007"
ROOT, IS_A = "138875005", "116680003"
FSN, SYNONYM = "900000000000003001", "900000000000013009"

LOINC = """\
"LOINC_NUM","COMPONENT","PROPERTY","TIME_ASPCT","SYSTEM","SCALE_TYP","METHOD_TYP","CLASS","STATUS",\
"SHORTNAME","LONG_COMMON_NAME","VersionLastChanged","EXAMPLE_UCUM_UNITS"
"1000-9","Toyose","MCnc","Pt","Ser","Qn","","CHEM","ACTIVE","Toy Ser","Toyose [Mass/volume] in Serum","2.10","mg/dL"
"1001-7","Toyose","MCnc","Pt","Urine","Qn","Strip","CHEM","TRIAL","Toy Ur","Toyose in ""Urine"", by strip","2.9",""
"1002-5","Toyose","MCnc","Pt","Bld","Qn","","CHEM","DEPRECATED","Toy Bld","Toyose in Blood","2.1",""
"1003-3","Gamma ball","MCnc","Pt","Bld","Qn","","CHEM","DISCOURAGED","Ball Bld","Gamma ball in Blood","2.1",""
"""
MAP_TO = '"LOINC","MAP_TO","COMMENT"\n"1002-5","1000-9",""\n"1002-5","1001-7","in urine"\n'
TREE = (
    "PATH_TO_ROOT,SEQUENCE,IMMEDIATE_PARENT,CODE,CODE_TEXT\n"
    ",1,,LP1-0,Toys\nLP1-0,1,LP1-0,LP2-8,Toyose\nLP1-0.LP2-8,1,LP2-8,1000-9,Toyose Ser\n"
)
GERMAN = (
    "LOINC_NUM,COMPONENT,PROPERTY,TIME_ASPCT,SYSTEM,SCALE_TYP,METHOD_TYP,CLASS,SHORTNAME,LONG_COMMON_NAME,"
    "RELATEDNAMES2,LinguisticVariantDisplayName\n"
    "1000-9,Toyose,MCnc,Pt,Ser,Qn,,CHEM,,Toyose im Serum,,\n1001-7,Toyose,MCnc,Pt,Urin,Qn,,CHEM,,,,\n"
)


def sctid(number: int, partition: str = "00") -> str:
    """A well-formed identifier that no edition holds."""
    body = f"{number}{partition}"
    return body + snomed.check_digit(body)


#: Concepts of the toy release: an ear, a left ear below it, an old ear and a gone one.
EAR, LEFT, OLD, GONE = (sctid(number) for number in (900001, 900002, 900003, 900004))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rows(*lines: tuple[str, ...]) -> str:
    return "".join("\t".join(line) + "\n" for line in lines)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def loinc(tmp_path: Path) -> Path:
    """A release of four terms."""
    return loinc_release(tmp_path / "Loinc_2.99")


def loinc_release(made: Path) -> Path:
    write(made / "LoincTable" / "Loinc.csv", "\ufeff" + LOINC.replace("\n", "\r\n"))
    write(made / "LoincTableCore" / "MapTo.csv", MAP_TO)
    write(made / "AccessoryFiles" / "ComponentHierarchyBySystem" / "ComponentHierarchyBySystem.csv", TREE)
    write(made / "AccessoryFiles" / "LinguisticVariants" / "deDE15LinguisticVariant.csv", GERMAN)
    return made


@pytest.fixture
def rf2(tmp_path: Path) -> Path:
    """A snapshot of five concepts, one of them in an older state too."""
    return rf2_release(tmp_path / "SnomedCT_ToyRF2")


def _rf2_files(folder: Path, product: str, date: str, **tables: list[tuple[str, ...]]) -> Path:
    """The component files of a product (``UKCL_GB1000000``) by their kinds, each with the rows that it has."""
    infix, _, country = product.partition("_")
    state = ("id", "effectiveTime", "active", "moduleId")
    columns = {
        "Concept": (*state, "definitionStatusId"),
        "Description": (*state, "conceptId", "languageCode", "typeId", "term", "caseSignificanceId"),
        "Relationship": (
            *(*state, "sourceId", "destinationId", "relationshipGroup"),
            *("typeId", "characteristicTypeId", "modifierId"),
        ),
    }
    for kind, lines in tables.items():
        language = "-en" if kind == "Description" else ""
        name = f"sct2_{kind}_{infix}Snapshot{language}_{country}_{date}.txt"
        write(folder / "Snapshot" / "Terminology" / name, rows(columns[kind], *lines))
    return folder


@pytest.fixture
def rf2_files() -> Callable[..., Path]:
    """Writes the component files of a product of SNOMED CT."""
    return _rf2_files


def rf2_release(made: Path) -> Path:
    state = ("20260101", "1", MODULE)
    terms = made / "Snapshot" / "Terminology"
    write(
        terms / "sct2_Concept_Snapshot_INT_20260101.txt",
        rows(
            ("id", "effectiveTime", "active", "moduleId", "definitionStatusId"),
            (ROOT, *state, "900000000000074008"),
            (EAR, *state, "900000000000074008"),
            (EAR, "20200101", "0", MODULE, "900000000000074008"),
            (LEFT, *state, "900000000000074008"),
            (OLD, "20200101", "0", MODULE, "900000000000074008"),
            (GONE, "20200101", "0", MODULE, "900000000000074008"),
        ),
    )
    names = [
        (sctid(800001, "01"), ROOT, FSN, "Toy root"),
        (sctid(800002, "01"), EAR, FSN, "Ear (toy structure)"),
        (sctid(800003, "01"), EAR, SYNONYM, 'Ear "of a toy"'),
        (sctid(800004, "01"), EAR, SYNONYM, "Auricle of a toy"),
        (sctid(800005, "01"), LEFT, FSN, "Left ear (toy structure)"),
        (sctid(800006, "01"), OLD, FSN, "Old ear (toy structure)"),
    ]
    head = ("id", "effectiveTime", "active", "moduleId", "conceptId", "languageCode", "typeId", "term")
    write(
        terms / "sct2_Description_Snapshot-en_INT_20260101.txt",
        rows(
            (*head, "caseSignificanceId"),
            *((key, *state, code, "en", kind, term, "900000000000448009") for key, code, kind, term in names),
        ),
    )
    links = [(EAR, ROOT, IS_A), (LEFT, EAR, IS_A), (LEFT, EAR, sctid(700001))]
    write(
        terms / "sct2_Relationship_Snapshot_INT_20260101.txt",
        rows(
            (
                *("id", "effectiveTime", "active", "moduleId", "sourceId", "destinationId"),
                *("relationshipGroup", "typeId", "characteristicTypeId", "modifierId"),
            ),
            *(
                (sctid(n, "02"), *state, child, parent, "0", kind, "900000000000011006", "900000000000451002")
                for n, (child, parent, kind) in enumerate(links, 600001)
            ),
        ),
    )
    refset = ("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId")
    write(
        made / "Snapshot" / "Refset" / "Language" / "der2_cRefset_LanguageSnapshot-en_INT_20260101.txt",
        rows(
            (*refset, "acceptabilityId"),
            ("a", *state, US, sctid(800003, "01"), "900000000000548007"),
            ("b", *state, US, sctid(800004, "01"), "900000000000549004"),
        ),
    )
    write(
        made / "Snapshot" / "Refset" / "Content" / "der2_cRefset_AssociationSnapshot_INT_20260101.txt",
        rows(
            (*refset, "targetComponentId"),
            ("c", *state, "900000000000527005", OLD, EAR),
            ("d", *state, "900000000000523009", GONE, EAR),
            ("e", *state, "900000000000523009", GONE, LEFT),
            ("f", *state, "900000000000528000", GONE, ROOT),
        ),
    )
    return made


@pytest.fixture
def athena(tmp_path: Path) -> Path:
    """A download of two vocabularies."""
    made = tmp_path / "vocabulary_download"
    write(
        made / "CONCEPT.csv",
        rows(
            (
                *("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id"),
                *("standard_concept", "concept_code", "valid_start_date", "valid_end_date", "invalid_reason"),
            ),
            ("1", 'Toyose "raw"', "Measurement", "LOINC", "Lab", "S", "1000-9", "19700101", "20991231", ""),
            ("2", "Toyose old", "Measurement", "LOINC", "Lab", "", "1002-5", "19700101", "20200101", "U"),
            ("3", "Toy", "Device", "Toys", "Toy", "S", "T1", "19700101", "20991231", ""),
            ("4", "Toy ball", "Device", "Toys", "Toy", "S", "T2", "19700101", "20991231", ""),
            ("5", "Toy red ball", "Device", "Toys", "Toy", "S", "T3", "19700101", "20991231", ""),
        ),
    )
    write(
        made / "CONCEPT_RELATIONSHIP.csv",
        rows(
            *[
                (
                    "concept_id_1",
                    "concept_id_2",
                    "relationship_id",
                    "valid_start_date",
                    "valid_end_date",
                    "invalid_reason",
                )
            ],
            *(
                (one, two, relation, "19700101", "20991231", invalid)
                for one, two, relation, invalid in [
                    ("2", "1", "Concept replaced by", ""),
                    ("2", "1", "Maps to", ""),
                    ("1", "1", "Maps to", ""),
                    ("4", "3", "Is a", ""),
                    ("5", "4", "Is a", ""),
                    ("3", "1", "Maps to", "D"),
                    ("3", "99", "Maps to", ""),
                    ("3", "4", "Subsumes", ""),
                ]
            ),
        ),
    )
    write(
        made / "CONCEPT_ANCESTOR.csv",
        rows(
            (
                "ancestor_concept_id",
                "descendant_concept_id",
                "min_levels_of_separation",
                "max_levels_of_separation",
            ),
            *(
                (up, down, "1", "1")
                for up, down in [("3", "3"), ("3", "4"), ("3", "5"), ("4", "5"), ("1", "1")]
            ),
        ),
    )
    write(
        made / "CONCEPT_SYNONYM.csv",
        rows(
            ("concept_id", "concept_synonym_name", "language_concept_id"), ("4", "Sphere for play", "4180186")
        ),
    )
    write(
        made / "VOCABULARY.csv",
        rows(
            (
                "vocabulary_id",
                "vocabulary_name",
                "vocabulary_reference",
                "vocabulary_version",
                "vocabulary_concept_id",
            ),
            ("LOINC", "Logical names", "-", "LOINC 2.82", "1"),
            ("Toys", "Toys of the tests", "-", "", "2"),
        ),
    )
    return made


def code_system(**about: Any) -> dict[str, Any]:
    """A complete hierarchy of is-a with four codes."""
    return {
        "resourceType": "CodeSystem",
        "url": "https://toys.example/codes",
        "version": "1.0.0",
        "name": "Toys",
        "content": "complete",
        "hierarchyMeaning": "is-a",
        "copyright": "CC0",
        "concept": [
            {
                "code": "toy",
                "display": "Toy",
                "definition": "Something to play with",
                "concept": [
                    {
                        "code": "ball",
                        "display": "Ball",
                        "designation": [{"language": "de", "value": "Kugel"}],
                    },
                    {
                        "code": "top",
                        "display": "Spinning top",
                        "property": [
                            {"code": "inactive", "valueBoolean": True},
                            {"code": "replacedBy", "valueCode": "ball"},
                        ],
                    },
                ],
            },
            {"code": "kite", "display": "Kite", "property": [{"code": "parent", "valueCode": "toy"}]},
        ],
        **about,
    }


@pytest.fixture
def toys() -> Callable[..., dict[str, Any]]:
    """Makes the code system, with other properties where they are given."""
    return code_system


@pytest.fixture
def fhir(tmp_path: Path) -> Path:
    """A file each of a code system, a value set and a map."""
    return fhir_files(tmp_path / "fhir")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of these three, made once; nothing may change it."""
    folder = tmp_path_factory.mktemp("filled")
    for path in (
        loinc_release(folder / "Loinc_2.99"),
        rf2_release(folder / "SnomedCT_ToyRF2"),
        fhir_files(folder / "fhir"),
    ):
        add(path, folder / "store")
    return folder / "store"


def fhir_files(made: Path) -> Path:
    write(made / "codes.json", json.dumps(code_system()))
    value_set = {
        "resourceType": "ValueSet",
        "url": "https://toys.example/round",
        "compose": {
            "include": [
                {"system": "https://toys.example/codes", "concept": [{"code": "ball"}, {"code": "top"}]}
            ],
            "exclude": [{"system": "https://toys.example/codes", "concept": [{"code": "top"}]}],
        },
    }
    write(made / "round.json", json.dumps(value_set))
    concept_map = {
        "resourceType": "ConceptMap",
        "url": "https://toys.example/to-loinc",
        "group": [
            {
                "source": "https://toys.example/codes",
                "target": "http://loinc.org",
                "element": [
                    {"code": "ball", "target": [{"code": "1003-3", "equivalence": "equivalent"}]},
                    {"code": "kite", "target": [{"code": "1000-9", "relationship": "not-related-to"}]},
                    {
                        "code": "toy",
                        "target": [{"code": "1000-9", "equivalence": "narrower", "dependsOn": [{}]}],
                    },
                    {"code": "top", "target": [{"equivalence": "unmatched"}]},
                    {"code": "top", "target": [{"code": "1000-9", "equivalence": "sideways"}]},
                ],
            }
        ],
    }
    write(made / "to-loinc.json", json.dumps(concept_map))
    return made


SSSOM = """\
#curie_map:
#  toy: https://toys.example/codes
#mapping_set_id: https://toys.example/sssom
#mapping_set_version: "3"
#license: https://creativecommons.org/publicdomain/zero/1.0/
subject_id\tsubject_label\tpredicate_id\tpredicate_modifier\tobject_id\tobject_label\tmapping_justification\tconfidence
toy:ball\tBall\tskos:exactMatch\t\tloinc:1003-3\tGamma ball\tsemapv:ManualMappingCuration\t0.9
toy:kite\tKite\tskos:exactMatch\tNot\tloinc:1000-9\t"Toyose, raw"\tsemapv:ManualMappingCuration\t
"""


@pytest.fixture
def sssom(tmp_path: Path) -> Path:
    return write(tmp_path / "toys.sssom.tsv", SSSOM)


GUIDE = """\
HL7 v2,,,Condition (IF True),,,HL7 FHIR,,,,,Comments
Code,Text,Code System,Computable ANTLR,Computable FHIRPath,Narrative,Code,,Display,Code System,,
H,Too high,HL70078,,,,high,,High,http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation,,
L,Too low,HL70078,IF OBX-2 IS NM,,,low,,Low,http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation,,
N,"Normal, or so",HL70078,,,,,,,,,nothing fits
"""


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    return write(tmp_path / "Concept Map_ Flags.csv", GUIDE)
