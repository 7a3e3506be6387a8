"""Code systems: one URI, whatever a source calls it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.terms import systems
from twinmap.terms.systems import canonical, curie, expand, iri, near


@pytest.mark.parametrize(
    ("text", "prefix", "matched"),
    [
        ("http://loinc.org", "loinc", "exact"),
        ("loinc", "loinc", "exact"),
        ("LN", "loinc", "alias"),
        (" ln ", "loinc", "alias"),
        ("https://loinc.org", "loinc", "alias"),
        ("http://loinc.org/", "loinc", "alias"),
        ("2.16.840.1.113883.6.1", "loinc", "oid"),
        ("urn:oid:2.16.840.1.113883.6.96", "snomed", "oid"),
        ("SCT", "snomed", "alias"),
        ("SNOMED-CT", "snomed", "alias"),
        ("http://snomed.info/sct/900000000000207008/version/20240401", "snomed", "alias"),
        ("I10", "icd10", "alias"),
        ("I10C", "icd10cm", "alias"),
        ("UCUM", "ucum", "alias"),
        ("http://unitsofmeasure.org/", "ucum", "alias"),
        ("HL70078", "v2-0078", "alias"),
        ("http://hl7.org/fhir/v2/0078", "v2-0078", "alias"),
        ("2.16.840.1.113883.12.78", "v2-0078", "oid"),
        ("2.16.840.1.113883.18.31", "v2-0078", "oid"),
        ("2.16.840.1.113883.12.61", "v2-0061", "oid"),
        ("HL70292", "cvx", "alias"),
        ("v3-ActCode", "v3-ActCode", "exact"),
        ("http://hl7.org/fhir/v3/ActCode", "v3-ActCode", "alias"),
        ("http://terminology.hl7.org/CodeSystem/v3-Anything", "v3-Anything", "exact"),
        ("RxNorm", "rxnorm", "alias"),
        ("WC", "atc", "alias"),
    ],
)
def test_what_sources_write_is_known(text: str, prefix: str, matched: str) -> None:
    system = canonical(text)
    assert system is not None
    assert (system.prefix, system.matched) == (prefix, matched)


@pytest.mark.parametrize(
    "text",
    ["", "L", "99MDH", "I9", "http://example.org", "1.2.3.4", "urn:oid:1.2.3.4.5", "v2-0203:MR", "WinPath"],
)
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    assert canonical(text) is None


def test_an_oid_with_a_wrong_name_is_the_oid() -> None:
    # C-CDA documents exist with codeSystem LOINC and codeSystemName "SNOMED CT".
    system = canonical("2.16.840.1.113883.6.1")
    assert system is not None
    assert system.uri == "http://loinc.org"


def test_each_text_of_the_table_leads_to_one_system() -> None:
    owner: dict[str, str] = {}
    for system in systems.systems().values():
        for text in {system.uri, system.prefix, system.name, *system.aliases, *system.oids}:
            folded = systems._fold(text)
            assert owner.setdefault(folded, system.prefix) == system.prefix, text
            found = canonical(text)
            assert found is not None
            assert found.prefix == system.prefix, text


def test_every_oid_is_an_oid_and_every_row_has_a_source() -> None:
    for system in systems.systems().values():
        assert system.kind in ("code", "identifier")
        assert all(re.fullmatch(r"[0-2](\.(0|[1-9][0-9]*))+", oid) for oid in system.oids), system.prefix


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("http://loinc.ogr", "http://loinc.org"),
        ("https://lonic.org", "http://loinc.org"),
        ("http://snomed.info/sc", "http://snomed.info/sct"),
        ("http://unitsofmeasures.org", "http://unitsofmeasure.org"),
        ("http://hl7.org/fhir/sid/cxv", "http://hl7.org/fhir/sid/cvx"),
        ("http://loinc.org", None),
        ("https://loinc.org", None),
        ("http://example.org", None),
        ("LM", None),
        ("2.16.840.1.113883.6.2", None),
    ],
)
def test_near_suggests_and_never_decides(text: str, uri: str | None) -> None:
    assert near(text) == uri


def test_curies_expand() -> None:
    assert expand("loinc:8480-6") == ("http://loinc.org", "8480-6")
    assert expand("v2-0203:MR") == ("http://terminology.hl7.org/CodeSystem/v2-0203", "MR")
    assert expand("lab:GLU 7", {"lab": "https://lab.example/codes"}) == ("https://lab.example/codes", "GLU 7")
    assert expand("lab:8480-6", {"lab": "LN"}) == ("http://loinc.org", "8480-6")


@pytest.mark.parametrize(
    "text", ["8480-6", "nope:1", "http://loinc.org", "urn:oid:1.2.3.4", "loinc:", ":x", "LN:8480-6"]
)
def test_what_is_no_curie_does_not_expand(text: str) -> None:
    assert expand(text) is None


def test_curie_of_a_known_and_an_unknown_system() -> None:
    assert curie("urn:oid:2.16.840.1.113883.6.1", "8480-6") == "loinc:8480-6"
    assert curie("https://lab.example", "GLU") == "https://lab.example|GLU"


def test_iris() -> None:
    assert iri("http://loinc.org", "8480-6") == "http://loinc.org/rdf/8480-6"
    assert iri("http://snomed.info/sct", "75367002") == "http://snomed.info/id/75367002"
    assert iri("http://unitsofmeasure.org", "mm[Hg]") is None
    assert iri("https://lab.example", "GLU") is None


@given(st.text(min_size=1, max_size=30))
def test_an_iri_never_carries_what_an_iri_may_not(code: str) -> None:
    made = iri("http://loinc.org", code.encode("utf-8", "replace").decode())
    assert made is not None
    assert re.fullmatch(r"http://loinc\.org/rdf/[A-Za-z0-9._~%-]*", made)


@given(
    st.sampled_from(sorted(systems.systems())),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,10}", fullmatch=True),
)
def test_curie_and_expand_are_inverse(prefix: str, code: str) -> None:
    uri = systems.systems()[prefix].uri
    assert expand(curie(uri, code)) == (uri, code)


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    canonical(text)
    near(text)
    expand(text)


@pytest.mark.corpus
def test_the_systems_of_real_documents_are_known(corpus: Path) -> None:
    pattern = re.compile(r'codeSystem="([0-9.]+)"')
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in (corpus / "cda").rglob("*.xml"))
    found = [oid for text in texts for oid in pattern.findall(text)]
    known = [oid for oid in found if canonical(oid) is not None]
    assert len(found) > 1000
    assert len(known) > 0.85 * len(found)


# --- near, against its plain definition -----------------------------------------------------------


def _edits(a: str, b: str) -> int:
    """The edit distance of two texts, swaps of neighbours as one edit: the whole table, without a limit."""
    rows = [list(range(len(b) + 1))]
    for i, char in enumerate(a, start=1):
        rows.append([i])
        for j, other in enumerate(b, start=1):
            cost = min(rows[i - 1][j - 1] + (char != other), rows[i - 1][j] + 1, rows[i][j - 1] + 1)
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            rows[i].append(cost)
    return rows[-1][-1]


def _near_by_definition(text: str) -> str | None:
    text = text.strip()
    if len(text) < 8 or canonical(text) is not None or systems._OID.fullmatch(text):
        return None
    known = systems.systems().values()
    distance, uri = min((_edits(systems._fold(text), systems._fold(item.uri)), item.uri) for item in known)
    return uri if distance <= 2 else None


@st.composite
def _misspelt(draw: st.DrawFn) -> str:
    """The URI of a known system with up to four edits."""
    chars = list(draw(st.sampled_from(sorted(item.uri for item in systems.systems().values()))))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(chars) - 2))
        edit = draw(st.sampled_from(["swap", "drop", "add", "change"]))
        if edit == "swap":
            chars[at], chars[at + 1] = chars[at + 1], chars[at]
        else:
            letter = [] if edit == "drop" else [draw(st.sampled_from("ab/:.chiIt"))]
            chars[at : at + (edit != "add")] = letter
    return "".join(chars)


@settings(deadline=None)
@given(_misspelt())
def test_near_is_what_its_definition_says(text: str) -> None:
    assert near(text) == _near_by_definition(text)


@given(st.text("ab", max_size=7), st.text("ab", max_size=7))
def test_the_distance_is_the_edit_distance_up_to_its_limit(a: str, b: str) -> None:
    assert systems._distance(a, b) == min(_edits(a, b), 3)


def test_many_unknown_systems_are_looked_up_in_little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared is what differs: without ``http://``, and for texts of nearly one length alone."""
    compared: list[int] = []
    differing = systems._differing

    def counted(a: str, b: str) -> tuple[str, str]:
        left = differing(a, b)
        compared.append(min(map(len, left)))
        return left

    monkeypatch.setattr(systems, "_differing", counted)
    for _ in range(3):
        assert near("http://lab00001.example.org/tests") is None
    lengths = [abs(len(systems._fold(item.uri)) - 33) for item in systems.systems().values()]
    assert len(compared) == sum(each <= 2 for each in lengths) < len(lengths)
