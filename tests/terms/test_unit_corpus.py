"""The units of all files of the corpus: each is UCUM, an alias, or stands in the table of what is left open."""

from __future__ import annotations

from collections import Counter

import pytest

from twinmap.terms.units import resolve

#: By format: how many distinct texts there are, and how often each of those stands there that is left open.
DISTINCT = {"hl7": 63, "csv": 72, "json": 145, "xml": 55}
UNKNOWN: dict[str, dict[str, int]] = {
    "hl7": {"*": 4, "385049006": 1, "385055001": 12, "43": 5, "53": 2, "1234-5": 1, "BG": 9, "Unit1": 1},
    "csv": {
        "#ERROR!": 3,
        "%|g/dL": 1,
        "N/A": 55,
        "N/A|Pos/Neg": 1,
        "Ratio|mg/mg": 1,
        "U/g/Hb": 1,
        "U/mL|IU/mL": 2,
        "U/mL|N/A": 1,
        "kPa mm[Hg]": 2,
        "m/uL|/mm3": 1,
        "mg/dL mmol/L": 1,
        "n/a": 1,
        "ng/mL|ng/mL FEU": 2,
        "null": 2,
        "uIU/mL|uU/ML": 1,
    },
    "json": {
        "OPDROP": 1,
        "RECSUPP": 1,
        "Tablet - unit of product usage": 5,
        "VAGTAB": 1,
        "en_US": 6,
        "foo": 1,
        "testUnit": 1,
    },
    "xml": {"Container": 1, "md/dL": 1},
}
AMBIGUOUS: dict[str, dict[str, int]] = {
    "hl7": {"Units": 1},
    "csv": {"U": 2, "units": 5},
    "json": {"C": 3, "F": 7, "G": 2, "U": 12, "g/cm-2": 1, "m": 1, "unit": 1},
    "xml": {"C": 1},
}


@pytest.mark.corpus
@pytest.mark.parametrize("name", DISTINCT)
def test_units_of_real_files(unit_texts: dict[str, Counter[str]], name: str) -> None:
    rest: dict[str, dict[str, int]] = {"unknown": {}, "ambiguous": {}}
    for text, count in unit_texts[name].items():
        status = resolve(text).status
        if status in rest:
            rest[status][text] = count
    assert len(unit_texts[name]) == DISTINCT[name]
    assert rest == {"unknown": UNKNOWN[name], "ambiguous": AMBIGUOUS[name]}
