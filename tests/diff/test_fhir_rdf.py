"""FHIR in RDF, in the forms of R4 and R5, gives the statements that the same resources in JSON give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap import api
from twinmap.diff import graphs
from twinmap.diff.graphs import Read
from twinmap.engine.duck import Duck, connect
from twinmap.errors import UsageError
from twinmap.formats.fhirtypes import CHOICES, RESOURCE_TYPES
from twinmap.formats.jsonlex import Number, decode

ROOT = Path(__file__).parent.parent.parent
KEY = ROOT / "examples" / "demo.key"


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with connect(tmp_path / "work", memory_mb=256) as made:
        yield made


def _run(mapping: str, data: str | None, out: Path) -> None:
    given = [] if data is None else [data]
    api.run([mapping], data=given, out=out, key_file=KEY, engine="none", jobs=1)


def _read(duck: Duck, folder: Path, text: str) -> Read:
    path = folder / "g.ttl"
    path.write_text(_PREFIXES + text, encoding="utf-8")
    return graphs.read(path, folder / "read", duck, _run)


_PREFIXES = """\
@prefix fhir: <http://hl7.org/fhir/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix loinc: <http://loinc.org/rdf/> .
"""

R4 = """
<http://a.example/Patient/p1> a fhir:Patient ; fhir:nodeRole fhir:treeRoot ;
  fhir:Resource.id [ fhir:value "p1" ] ;
  fhir:Patient.gender [ fhir:value "female" ] ;
  fhir:Patient.birthDate [ fhir:value "1970-03"^^xsd:gYearMonth ] .
<http://a.example/Patient/p1.ttl> a owl:Ontology ; owl:imports fhir:fhir.ttl .
<http://a.example/Observation/bp> a fhir:Observation ; fhir:nodeRole fhir:treeRoot ;
  fhir:Resource.id [ fhir:value "bp" ] ;
  fhir:Observation.status [ fhir:value "final" ] ;
  fhir:Observation.code [ fhir:CodeableConcept.coding
    [ fhir:index 0 ; a loinc:85354-9 ; fhir:Coding.system [ fhir:value "http://loinc.org" ] ;
    fhir:Coding.code [ fhir:value "85354-9" ] ] ] ;
  fhir:Observation.subject [ fhir:link <http://a.example/Patient/p1> ;
    fhir:Reference.reference [ fhir:value "Patient/p1" ] ] ;
  fhir:Observation.effectiveDateTime [ fhir:value "2026-01-01T10:00:00+01:00"^^xsd:dateTime ] ;
  fhir:Observation.component [ fhir:index 1 ;
    fhir:Observation.component.code [ fhir:CodeableConcept.coding [ fhir:index 0 ;
      fhir:Coding.system [ fhir:value "http://loinc.org" ] ; fhir:Coding.code [ fhir:value "8462-4" ] ] ] ;
    fhir:Observation.component.valueQuantity [ fhir:Quantity.value [ fhir:value "80.50"^^xsd:decimal ] ;
      fhir:Quantity.system [ fhir:value "http://unitsofmeasure.org" ] ; fhir:Quantity.code [ fhir:value "mm[Hg]" ] ] ] ,
  [ fhir:index 0 ;
    fhir:Observation.component.code [ fhir:CodeableConcept.coding [ fhir:index 0 ;
      fhir:Coding.system [ fhir:value "http://loinc.org" ] ; fhir:Coding.code [ fhir:value "8480-6" ] ] ] ;
    fhir:Observation.component.valueQuantity [ fhir:Quantity.value [ fhir:value "120"^^xsd:decimal ] ;
      fhir:Quantity.comparator [ fhir:value ">" ] ;
      fhir:Quantity.system [ fhir:value "http://unitsofmeasure.org" ] ; fhir:Quantity.code [ fhir:value "mm[Hg]" ] ] ] .
"""

R5 = """
<http://a.example/Patient/p1> a fhir:Patient ; fhir:nodeRole fhir:treeRoot ;
  fhir:id [ fhir:v "p1" ] ; fhir:gender [ fhir:v "female" ] ; fhir:birthDate [ fhir:v "1970-03"^^xsd:gYearMonth ] .
<http://a.example/Observation/bp> a fhir:Observation ; fhir:nodeRole fhir:treeRoot ;
  fhir:id [ fhir:v "bp" ] ; fhir:status [ fhir:v "final" ] ;
  fhir:code [ fhir:coding ( [ a loinc:85354-9 ; fhir:system [ fhir:v "http://loinc.org"^^xsd:anyURI ;
    fhir:link <http://loinc.org> ] ;
    fhir:code [ fhir:v "85354-9" ] ] ) ] ;
  fhir:subject [ fhir:link <http://a.example/Patient/p1> ] ;
  fhir:effective [ a fhir:dateTime ; fhir:v "2026-01-01T10:00:00+01:00"^^xsd:dateTime ] ;
  fhir:component (
    [ fhir:code [ fhir:coding ( [ fhir:system [ fhir:v "http://loinc.org"^^xsd:anyURI ] ;
    fhir:code [ fhir:v "8480-6" ] ] ) ] ;
      fhir:value [ a fhir:Quantity ; fhir:value [ fhir:v "120"^^xsd:decimal ] ; fhir:comparator [ fhir:v ">" ] ;
        fhir:system [ fhir:v "http://unitsofmeasure.org"^^xsd:anyURI ] ; fhir:code [ fhir:v "mm[Hg]" ] ] ]
    [ fhir:code [ fhir:coding ( [ fhir:system [ fhir:v "http://loinc.org"^^xsd:anyURI ] ;
    fhir:code [ fhir:v "8462-4" ] ] ) ] ;
      fhir:value [ a fhir:Quantity ; fhir:value [ fhir:v "80.50"^^xsd:decimal ] ;
        fhir:system [ fhir:v "http://unitsofmeasure.org"^^xsd:anyURI ] ; fhir:code [ fhir:v "mm[Hg]" ] ] ] ) .
"""


@pytest.mark.parametrize("text", [R4, R5], ids=["R4", "R5"])
def test_a_blood_pressure_is_read_in_both_forms(tmp_path: Path, duck: Duck, text: str) -> None:
    read = _read(duck, tmp_path, text)
    assert set(read.tables) == {"observation", "patient"}
    assert read.unread.keys() <= {f"http://www.w3.org/2002/07/owl#{name}" for name in ("Ontology", "imports")}
    assert duck.rows(
        "SELECT code, comparator, value_text, unit, time_origin, start_us, count(panel) OVER (PARTITION BY panel) "
        f"FROM read_parquet('{read.tables['observation']}') ORDER BY code DESC"
    ) == [
        ("8480-6", ">", "120", "mm[Hg]", "offset", 1767258000000000, 2),
        ("8462-4", None, "80.50", "mm[Hg]", "offset", 1767258000000000, 2),
    ]
    patient = f"SELECT sex, birth_date, birth_precision, twin FROM read_parquet('{read.tables['patient']}')"
    ((sex, birth, precision, twin),) = duck.rows(patient)
    assert (sex, birth, precision) == ("female", "1970-03", "month")
    assert duck.rows(f"SELECT DISTINCT twin FROM read_parquet('{read.tables['observation']}')") == [(twin,)]


def test_new_names_of_r5_are_read(tmp_path: Path, duck: Duck) -> None:
    coding = (
        '[ fhir:coding ( [ fhir:system [ fhir:v "http://snomed.info/sct" ] ; fhir:code [ fhir:v "{}" ] ] ) ]'
    )
    text = f"""
<http://a/Patient/p> a fhir:Patient .
<http://a/Procedure/1> a fhir:Procedure ; fhir:status [ fhir:v "completed" ] ;
    fhir:subject [ fhir:link <http://a/Patient/p> ] ;
  fhir:code {coding.format("80146002")} ; fhir:occurrence [ fhir:v "2026-02"^^xsd:gYearMonth ] ;
  fhir:reason ( [ fhir:concept {coding.format("74400008")} ] ) .
<http://a/MedicationRequest/1> a fhir:MedicationRequest ; fhir:status [ fhir:v "active" ] ;
  fhir:subject [ fhir:link <http://a/Patient/p> ] ; fhir:medication [ fhir:concept {coding.format("387207008")} ] .
<http://a/Encounter/1> a fhir:Encounter ; fhir:status [ fhir:v "completed" ] ;
    fhir:subject [ fhir:link <http://a/Patient/p> ] ;
  fhir:class ( [ fhir:coding ( [ fhir:code [ fhir:v "AMB" ] ] ) ] ) ;
  fhir:actualPeriod [ fhir:start [ fhir:v "2026-02-03"^^xsd:date ] ] .
<http://a/AllergyIntolerance/1> a fhir:AllergyIntolerance ; fhir:patient [ fhir:link <http://a/Patient/p> ] ;
  fhir:code {coding.format("227493005")} ;
  fhir:reaction ( [ fhir:manifestation ( [ fhir:concept {coding.format("126485001")} ] ) ] ) .
"""
    read = _read(duck, tmp_path, text)

    def one(kind: str, columns: str) -> tuple[Any, ...]:
        (row,) = duck.rows(f"SELECT {columns} FROM read_parquet('{read.tables[kind]}')")
        return row

    assert one("procedure", "code, time_precision, reason_code") == ("80146002", "month", "74400008")
    assert one("medication", "code, event") == ("387207008", "ordered")
    assert one("encounter", "class, time_precision") == ("AMB", "day")
    assert one("allergy", "code, reaction_code") == ("227493005", "126485001")


def test_fhir_without_a_run_is_said(tmp_path: Path, duck: Duck) -> None:
    (tmp_path / "g.ttl").write_text(_PREFIXES + R4, encoding="utf-8")
    with pytest.raises(UsageError, match="holds FHIR resources"):
        graphs.read(tmp_path / "g.ttl", tmp_path / "read", duck)


def test_a_circle_is_no_tree(tmp_path: Path, duck: Duck) -> None:
    text = "<http://a/Patient/p> a fhir:Patient ; fhir:link [ fhir:other _:a ] . _:a fhir:x _:b . _:b fhir:x _:a ."
    assert set(_read(duck, tmp_path, text).tables) <= {"patient", "identifier"}


# --- resources of others, written in both forms after the specification ---------------------------------


def _turtle(resource: dict[str, Any], form: str) -> str:
    kind = resource["resourceType"]
    body = " ;\n  ".join([f"a fhir:{kind}", *_members(resource, kind, form)])
    return f"<http://a.example/{kind}/{resource['id']}> {body} .\n"


def _members(item: dict[str, Any], path: str, form: str) -> list[str]:
    found = []
    for name, value in item.items():
        if name == "resourceType" or name.startswith("_"):
            continue
        values = value if isinstance(value, list) else [value]
        if form == "R4":
            step = f"{path}.{name}"
            for index, each in enumerate(values):
                place = [f"fhir:index {index}"] if isinstance(value, list) else []
                found.append(f"fhir:{step} {_node(each, step, form, place)}")
            continue
        base, kind = next(((stem, of[name]) for stem, of in CHOICES.items() if name in of), (name, None))
        nodes = [_node(each, "", form, _class(kind, each)) for each in values]
        found.append(f"fhir:{base} " + (f"( {' '.join(nodes)} )" if isinstance(value, list) else nodes[0]))
    return found


def _class(kind: str | None, value: Any) -> list[str]:
    """The type of a choice: those of primitives begin with a small letter."""
    if kind is None:
        return []
    return [f"a fhir:{kind}" if isinstance(value, dict) else f"a fhir:{kind[0].lower()}{kind[1:]}"]


def _node(value: Any, path: str, form: str, inner: list[str]) -> str:
    if isinstance(value, dict):
        types = [f"a fhir:{value['resourceType']}"] if value.get("resourceType") in RESOURCE_TYPES else []
        return f"[ {' ; '.join([*inner, *types, *_members(value, path, form)])} ]"
    return f"[ {' ; '.join([*inner, f'fhir:{_V[form]} {_literal(value)}'])} ]"


_V = {"R4": "value", "R5": "v"}


def _literal(value: Any) -> str:
    if isinstance(value, Number):
        return f'"{value}"^^xsd:{"decimal" if "." in value else "integer"}'
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value)


@pytest.mark.corpus
@pytest.mark.parametrize("form", ["R4", "R5"])
def test_resources_say_the_same_in_json_and_in_rdf(
    corpus: Path, tmp_path: Path, duck: Duck, form: str
) -> None:
    folder = tmp_path / "json"
    folder.mkdir()
    turtle = []
    for name in ("r4-examples-observation", "r4-examples-clinical", "r4-examples-patient"):
        for path in sorted((corpus / "fhir" / name).glob("*.json")):
            resource = decode(path.read_text("utf-8"))
            if resource.get("id") and "contained" not in resource:
                (folder / path.name).write_bytes(path.read_bytes())
                turtle.append(_turtle(resource, form))
    assert len(turtle) > 100
    _run("builtin:fhir-r4", str(folder), tmp_path / "out")
    read = _read(duck, tmp_path, "".join(turtle))
    wanted = {path.stem: path for path in (tmp_path / "out" / "tables").glob("*.parquet")}
    assert read.tables.keys() == wanted.keys()
    for kind, path in wanted.items():
        names = [row[0] for row in duck.rows(f"DESCRIBE FROM read_parquet('{path}')")]
        apart = {"file", "record", "line", "part", "ordinal", "rule", "source"}
        columns = ", ".join(f'"{name}"' for name in names if name not in apart)
        one, other = (f"SELECT {columns} FROM read_parquet('{each}')" for each in (path, read.tables[kind]))
        assert duck.rows(f"({one}) EXCEPT ALL ({other})") == [], kind
        assert duck.rows(f"({other}) EXCEPT ALL ({one})") == [], kind
