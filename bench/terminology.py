"""Makes releases of full size that look like LOINC and SNOMED CT RF2 and say nothing: ``terms add`` reads them.

    python bench/terminology.py FOLDER [--loinc 100000] [--snomed 370000]

All names are put together from a list of words; the codes are numbers with the check digits of their systems.
The hierarchy is a directed acyclic graph of ten levels, with 1.7 parents for a concept on average.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from twinmap.terms import loinc, snomed

#: As many is-a as the International Edition has for a concept.
PARENTS = 1.7

_FIRST = [
    "acute",
    "chronic",
    "left",
    "right",
    "upper",
    "lower",
    "primary",
    "secondary",
    "benign",
    "malignant",
    "congenital",
    "acquired",
]
_MIDDLE = [
    "renal",
    "hepatic",
    "cardiac",
    "gastric",
    "pulmonary",
    "cranial",
    "spinal",
    "dermal",
    "ocular",
    "nasal",
    "oral",
    "aural",
    "thyroid",
    "adrenal",
    "femoral",
    "tibial",
    "radial",
    "ulnar",
    "humeral",
    "carpal",
    "vascular",
    "venous",
    "arterial",
    "lymphatic",
    "muscular",
    "neural",
]
_LAST = [
    "inflammation",
    "stenosis",
    "lesion",
    "fracture",
    "ulcer",
    "cyst",
    "edema",
    "rupture",
    "dilation",
    "atrophy",
    "necrosis",
    "abscess",
    "fistula",
    "hernia",
    "prolapse",
    "embolism",
    "thrombosis",
    "neoplasm",
    "calcification",
    "hypertrophy",
]
_SYSTEM = ["Bld", "Ser", "Plas", "Ser/Plas", "Urine", "CSF", "Stool", "Saliva", "Tiss", "Body-fld"]
_PROPERTY = ["MCnc", "SCnc", "NCnc", "ACnc", "MFr", "NRat", "Pres", "Temp"]

_CORE, _IS_A, _FSN, _SYNONYM = (
    "900000000000207008",
    "116680003",
    "900000000000003001",
    "900000000000013009",
)
_US, _PREFERRED = "900000000000509007", "900000000000548007"


def loinc_release(folder: Path, count: int) -> Path:
    """``Loinc_9.99/LoincTable/Loinc.csv`` and ``MapTo.csv``; every twentieth term is deprecated."""
    made = folder / "Loinc_9.99"
    table = made / "LoincTable"
    table.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    header = (
        '"LOINC_NUM","COMPONENT","PROPERTY","TIME_ASPCT","SYSTEM","SCALE_TYP","METHOD_TYP","CLASS",'
        '"VersionLastChanged","STATUS","SHORTNAME","EXAMPLE_UCUM_UNITS","LONG_COMMON_NAME"\n'
    )
    codes = [_loinc(number) for number in range(1, count + 1)]
    with (table / "Loinc.csv").open("w", encoding="utf-8") as file:
        file.write(header)
        for number, code in enumerate(codes):
            name = _name(number)
            system, kind = chance.choice(_SYSTEM), chance.choice(_PROPERTY)
            status = "DEPRECATED" if number % 20 == 19 else "ACTIVE"
            file.write(
                f'"{code}","{name}","{kind}","Pt","{system}","Qn","","CHEM","9.98","{status}",'
                f'"{name[:20]} {system}-{kind}","mg/dL","{name} [{kind}] in {system}"\n'
            )
    with (table / "MapTo.csv").open("w", encoding="utf-8") as file:
        file.write('"LOINC","MAP_TO","COMMENT"\n')
        file.writelines(f'"{codes[n]}","{codes[n - 1]}",""\n' for n in range(19, count, 20))
    return made


def snomed_release(folder: Path, count: int) -> Path:
    """A snapshot: ``count`` active concepts and a third as many inactive ones, each with two or three names."""
    made = folder / "SnomedCT_SyntheticRF2"
    terms, language = made / "Snapshot" / "Terminology", made / "Snapshot" / "Refset" / "Language"
    for path in (terms, language):
        path.mkdir(parents=True, exist_ok=True)
    state = f"20260101\t1\t{_CORE}"
    ids = ["138875005", *(_sctid(number, "00") for number in range(1, count))]
    gone = [_sctid(number, "00") for number in range(count, count + count // 3)]
    with (terms / "sct2_Concept_Snapshot_INT_20260101.txt").open("w", encoding="utf-8") as file:
        file.write("id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n")
        file.writelines(f"{code}\t{state}\t900000000000074008\n" for code in ids)
        file.writelines(f"{code}\t20200101\t0\t{_CORE}\t900000000000074008\n" for code in gone)
    with (
        (terms / "sct2_Description_Snapshot-en_INT_20260101.txt").open("w", encoding="utf-8") as names,
        (language / "der2_cRefset_LanguageSnapshot-en_INT_20260101.txt").open(
            "w", encoding="utf-8"
        ) as refset,
    ):
        names.write(
            "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n"
        )
        refset.write(
            "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId\n"
        )
        for number, (code, kind, term) in enumerate(_descriptions([*ids, *gone]), 1):
            key = _sctid(number, "01")
            names.write(f"{key}\t{state}\t{code}\ten\t{kind}\t{term}\t900000000000448009\n")
            if kind == _SYNONYM:
                refset.write(f"{number:x}\t{state}\t{_US}\t{key}\t{_PREFERRED}\n")
    with (terms / "sct2_Relationship_Snapshot_INT_20260101.txt").open("w", encoding="utf-8") as file:
        file.write(
            "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId"
            "\tcharacteristicTypeId\tmodifierId\n"
        )
        for number, (child, parent) in enumerate(edges(count), 1):
            file.write(
                f"{_sctid(number, '02')}\t{state}\t{ids[child]}\t{ids[parent]}\t0\t{_IS_A}"
                "\t900000000000011006\t900000000000451002\n"
            )
    return made


def edges(count: int) -> Iterator[tuple[int, int]]:
    """Child and parent by number, 0 at the top: one parent a quarter as far, others near it on the way."""
    chance = random.Random(2)
    for child in range(1, count):
        parents = {(child - 1) // 4}
        while chance.random() < (PARENTS - 1) / PARENTS and len(parents) < 5 and child > 8:
            parents.add(chance.randrange(child // 6, child // 3))
        yield from ((child, parent) for parent in sorted(parents))


def _descriptions(codes: list[str]) -> Iterator[tuple[str, str, str]]:
    for number, code in enumerate(codes):
        name = _name(number)
        yield code, _FSN, f"{name.capitalize()} (disorder)"
        yield code, _SYNONYM, name.capitalize()
        if number % 3 == 0:
            yield code, _SYNONYM, f"{name.split(' ')[-1].capitalize()}, type {number}"


def _name(number: int) -> str:
    parts = (_FIRST[number % 12], _MIDDLE[number // 12 % 26], _LAST[number // 312 % 20])
    return f"{parts[0]} {parts[1]} {parts[2]} of {_MIDDLE[number // 6240 % 26]} type {number % 977}"


def _loinc(number: int) -> str:
    return f"{number}-{loinc.check_digit(str(number))}"


def _sctid(number: int, partition: str) -> str:
    body = f"{number + 200_000_000}{partition}"
    return body + snomed.check_digit(body)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--loinc", type=int, default=100_000)
    parser.add_argument("--snomed", type=int, default=370_000)
    options = parser.parse_args(arguments)
    for made in (
        loinc_release(options.folder, options.loinc),
        snomed_release(options.folder, options.snomed),
    ):
        print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
