"""Loading: inheritance, precedence, short forms, panels, names; and whole files of every kind."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from twinmap.diagnostics import Severity
from twinmap.errors import InputOutputError
from twinmap.mapping.ast import (
    CodeMatch,
    Document,
    Expression,
    Group,
    LookUp,
    Number,
    Operation,
    RecordSet,
    Ref,
    Statement,
    Text,
    Value,
)
from twinmap.mapping.load import Loaded, load, loads
from twinmap.mapping.static import statements
from twinmap.mapping.uses import used

HEAD = "twinmap: 1\nid: t\nversion: 1.0.0\n"


def loaded(body: str, **about: Any) -> Loaded:
    return loads(HEAD + textwrap.dedent(body), **about)


def document(body: str, **about: Any) -> Document:
    """A mapping without errors."""
    found = loaded(body, **about)
    wrong = [str(item.where) + item.message for item in found.findings if item.severity is Severity.ERROR]
    assert wrong == []
    assert found.usable
    assert found.document is not None
    return found.document


def only(body: str, **about: Any) -> RecordSet:
    (record_set,) = document(body, **about).records
    return record_set


def plain(slot: object) -> object:
    """A slot without places: texts, references in angle brackets, groups as dicts."""
    match slot:
        case Value():
            return " | ".join(map(str, (plain(item) for item in slot.alternatives)))
        case Text():
            return "".join(part if isinstance(part, str) else f"<{part.path}>" for part in slot.parts)
        case Expression():
            return "= …"
        case Group():
            return {name: plain(part) for name, part in slot.parts.items()}
        case tuple():
            return [plain(item) for item in slot]
    return slot


def named(record_set: RecordSet) -> dict[str, Statement]:
    return {statement.name: statement for statement in statements(record_set)}


BASE = """
source: {format: csv, timezone: UTC, missing: [NA]}
patient: {id: $(mrn), system: here}
time: {from: $(at), format: yyyy-MM-dd HH:mm}
key: [mrn, at]
"""


def test_outline() -> None:
    made = document(BASE + "observe: {heart-rate: {value: $(hr), unit: /min}}", name="maps/x.yaml")
    assert (made.id, made.version, made.path) == ("t", "1.0.0", "maps/x.yaml")
    assert len(made.sha256) == 64
    (record_set,) = made.records
    assert record_set.name == "records"
    assert (record_set.options.format, record_set.options.encoding) == ("csv", ("utf-8",))
    assert record_set.missing == ("NA",)
    assert plain(record_set.timezone) == "UTC"
    assert (record_set.decimal, record_set.thousands) == (".", "")
    assert [ref.path for ref in record_set.key] == ["mrn", "at"]


def test_a_statement_carries_every_slot_that_binds_it() -> None:
    record_set = only(
        BASE
        + """
unit: /min
device: {type: wrist-wearable}
specimen: blood
observe:
  heart-rate: {value: $(hr), device: {name: $(d)}}
  body-weight: {value: $(kg), unit: kg, time: $(weighed)}
"""
    )
    rate, weight = statements(record_set)
    assert {name: plain(slot) for name, slot in rate.slots.items()} == {
        "patient": {"id": "<mrn>", "system": "here"},
        "time": {"from": "<at>", "format": "yyyy-MM-dd HH:mm"},
        "unit": "/min",
        "device": {"type": "wrist-wearable", "name": "<d>"},
        "value": "<hr>",
    }
    assert rate.own == {"value", "device"}
    assert plain(weight.slots["unit"]) == "kg"
    assert plain(weight.slots["time"]) == {"from": "<weighed>", "format": "yyyy-MM-dd HH:mm"}
    # A heart rate has no specimen: the default is for rules that take it.
    assert "specimen" not in rate.slots
    assert plain(record_set.slots["specimen"]) == "blood"


def test_record_sets_inherit() -> None:
    made = document(
        """
source: {format: csv, timezone: UTC, delimiter: ;, missing: [NA]}
patient: {id: $(mrn), system: here}
time: {timezone: Europe/Zurich, start: $(a), end: $(b)}
ignore: [x]
key: [id]
value: $(v)
observe: {heart-rate: {}}
records:
  one: {files: one.csv}
  two:
    files: [two.csv, "2*.csv"]
    source: {missing: ["-99"], decimal: ","}
    patient: {sex: $(sex)}
    time: $(at)
    ignore: [y]
    key: ""
    value: ""
    observe: {body-weight: {value: $(kg)}}
"""
    )
    one, two = made.records
    assert (one.files, two.files) == (("one.csv",), ("two.csv", "2*.csv"))
    assert (one.missing, two.missing) == (("NA",), ("-99",))
    assert (one.options.delimiter, two.options.delimiter, two.decimal) == (";", ";", ",")
    assert plain(two.slots["patient"]) == {"id": "<mrn>", "system": "here", "sex": "<sex>"}
    # What the inner block says of when replaces what the outer one says; how it is written stays.
    assert plain(two.slots["time"]) == {"timezone": "Europe/Zurich", "from": "<at>"}
    assert (one.ignore, two.ignore) == (("x",), ("y",))
    assert (len(one.key), two.key) == (1, ())
    assert [s.concept for s in statements(one)] == ["heart-rate"]
    assert [s.concept for s in statements(two)] == ["body-weight"]
    assert two.slots["value"] == Value((), two.slots["value"].span)  # type: ignore[union-attr]


def test_source_files_stand_for_all_record_sets() -> None:
    made = document(
        "source: {format: csv, files: a.csv}\npatient: $(p)\nrecords: {one: {}, two: {files: b.csv}}\n"
    )
    assert [item.files for item in made.records] == [("a.csv",), ("b.csv",)]


@pytest.mark.parametrize(
    ("slot", "text", "wanted"),
    [
        ("time", "$(t)", {"from": "<t>"}),
        (
            "time",
            "{start: $(a), duration: $(d), unit: min}",
            {"start": "<a>", "duration": "<d>", "unit": "min"},
        ),
        ("range", "$(r)", {"from": "<r>"}),
        ("range", "{low: $(l), high: $(h)}", {"low": "<l>", "high": "<h>"}),
        ("device", "$(d)", {"id": "<d>"}),
        ("device", "{from: $(d), missing: [x]}", {"id": "<d>"}),
        ("encounter", "$(e)", {"id": "<e>"}),
        ("encounter", "{id: $(e), system: s}", {"id": "<e>", "system": "s"}),
        ("unit", "{from: $(u) | mmHg, missing: [x]}", "<u> | mmHg"),
        ("unit", '""', ""),
    ],
)
def test_short_forms(slot: str, text: str, wanted: object) -> None:
    (statement,) = statements(
        only(BASE.replace("time:", "# time:") + f"observe: {{heart-rate: {{value: $(v), {slot}: {text}}}}}")
    )
    assert plain(statement.slots[slot]) == wanted


def test_patient_short_form_and_identifiers() -> None:
    record_set = only(
        """
source: {format: csv}
patient:
  id: $(a)
  identifiers: [$(b), {id: $(c), system: us-ssn}, {from: $(d), missing: [x]}]
"""
    )
    patient = record_set.slots["patient"]
    assert plain(patient) == {
        "id": "<a>",
        "identifiers": [{"id": "<b>"}, {"id": "<c>", "system": "us-ssn"}, {"id": "<d>"}],
    }
    short = only("source: {format: csv}\npatient: $(a)\n")
    assert plain(short.slots["patient"]) == {"id": "<a>"}


def test_object_form_of_a_value() -> None:
    record_set = only(
        BASE
        + """
maps: {kinds: {numeric: quantity, text: text}}
observe:
  result:
    code: {from: $(c), system: {from: $(s), map: {LN: loinc, X: ""}}, display: $(d)}
    value: {from: $(v) | = $(w) * 2, missing: ["-1", n/a]}
    kind: {from: $(k), map: kinds, unmapped: keep}
    unit: {from: $(u), map: {0: "1"}}
"""
    )
    (statement,) = statements(record_set)
    code, value, kind, unit = (statement.slots[name] for name in ("code", "value", "kind", "unit"))
    assert isinstance(code, Value)
    assert isinstance(code.system, Value)
    assert code.system.map is not None
    assert code.system.map.entries == {"LN": "loinc", "X": ""}
    assert (plain(code.display), code.unmapped, code.system.unmapped) == ("<d>", None, "report")
    assert isinstance(value, Value)
    assert value.missing == ("-1", "n/a")
    expression = value.alternatives[1]
    assert isinstance(expression, Expression)
    assert isinstance(expression.node, Operation)
    assert expression.node.operands[1] == Number(Decimal(2))
    assert isinstance(kind, Value)
    assert kind.map is not None
    assert (kind.map.name, kind.unmapped) == ("kinds", "keep")
    assert isinstance(unit, Value)
    assert unit.map is not None
    assert unit.map.entries == {"0": "1"}


def test_formats_are_literal() -> None:
    record_set = only(
        """
source: {format: csv, timezone: UTC}
key: [x]
patient: {id: $(p), birth-date: {from: $(b), format: [yyyy-M-d, yyyy]}}
time: {from: $(t), format: [dd.MM.yyyy, dd.MM.yyyy HH:mm], locale: de}
observe: {heart-rate: {value: $(v)}}
"""
    )
    time, patient = record_set.slots["time"], record_set.slots["patient"]
    assert isinstance(time, Group)
    assert isinstance(patient, Group)
    formats, locale, birth = time.value("format"), time.value("locale"), patient.value("birth-date")
    assert formats is not None
    assert formats.format == ("dd.MM.yyyy", "dd.MM.yyyy HH:mm")
    assert locale is not None
    assert locale.literal == "de"
    assert birth is not None
    assert birth.format == ("yyyy-M-d", "yyyy")


# --- rules ----------------------------------------------------------------------------------------


def test_a_panel_is_one_statement_for_each_bound_member() -> None:
    found = named(
        only(
            BASE
            + "observe: {blood-pressure: {systolic: $(s), diastolic: $(d), mean: '', unit: kPa, site: wrist}}"
        )
    )
    assert list(found) == ["systolic-blood-pressure", "diastolic-blood-pressure"]
    systolic = found["systolic-blood-pressure"]
    assert (systolic.concept, systolic.panel) == ("systolic-blood-pressure", "blood-pressure")
    assert plain(systolic.slots["value"]) == "<s>"
    assert plain(systolic.slots["site"]) == "wrist"
    assert systolic.own == {"value", "unit", "site"}


def test_names_count_where_a_concept_repeats() -> None:
    found = named(
        only(
            BASE
            + """
observe:
  - {when: {a: x}, systolic-blood-pressure: {value: $(s)}}
  - when: {a: y}
    blood-pressure: [{systolic: $(s1), diastolic: $(d1)}, {systolic: $(s2), diastolic: $(d2)}]
  - {when: {a: z}, name: resting, heart-rate: {value: $(hr)}}
  - {when: {a: q}, heart-rate: {value: $(hr), name: walking}, body-weight: {value: $(kg)}}
  - {when: {a: r}, name: home, blood-pressure: {systolic: $(s1), diastolic: $(d1)}}
conditions: [{code: "snomed:$(c)"}, {name: second, code: "snomed:$(d)"}, {code: "snomed:$(e)"}]
"""
        )
    )
    assert list(found) == [
        "systolic-blood-pressure",
        # The members of one panel share their number.
        "systolic-blood-pressure-2",
        "diastolic-blood-pressure-2",
        "systolic-blood-pressure-3",
        "diastolic-blood-pressure-3",
        "resting",
        "walking",
        "body-weight",
        "home-systolic",
        "home-diastolic",
        "condition",
        "second",
        "condition-2",
    ]


def test_always_and_cases() -> None:
    record_set = only(
        BASE
        + """
observe:
  - heart-rate: {value: $(hr)}
  - when: {type: [a, b], level: {min: 1, max: 5}, x: {not: [p, q]}}
    body-weight: {value: $(kg)}
  - when: [{type: {like: "c*"}}, {type: {missing: true}, "other -> t.c": z}]
    body-height: {value: $(m)}
  - {when: {type: skip}, then: ignore}
  - otherwise: quarantine
lookups: {t: {files: t.csv, key: id}}
"""
    )
    (choice,) = record_set.choices
    assert [s.concept for s in choice.always] == ["heart-rate"]
    assert choice.otherwise == "quarantine"
    first, second, third = choice.cases
    assert [(t.ref.path, t.operator, t.words) for t in first.when.alternatives[0]] == [
        ("type", "in", ("a", "b")),
        ("level", "min", ("1",)),
        ("level", "max", ("5",)),
        ("x", "not", ("p", "q")),
    ]
    assert [[t.operator for t in tests] for tests in second.when.alternatives] == [
        ["like"],
        ["missing", "in"],
    ]
    assert second.when.alternatives[1][1].ref.lookups == (LookUp("t", "c"),)
    assert (third.action, third.statements) == ("ignore", ())


def test_parts_name_what_the_rule_reads() -> None:
    record_set = only(
        BASE
        + """
observe:
  - when: {bp: {parts: "$(sys)/$(dia)"}}
    blood-pressure: {systolic: $(sys), diastolic: $(dia)}
  - {when: {bp: x}, heart-rate: {value: $(sys)}}
"""
    )
    first, second = record_set.choices[0].cases
    (test,) = first.when.alternatives[0]
    assert test.operator == "parts"
    assert test.pattern is not None
    assert [part if isinstance(part, str) else (part.kind, part.path) for part in test.pattern.parts] == [
        ("part", "sys"),
        "/",
        ("part", "dia"),
    ]
    value = first.statements[0].slots["value"]
    assert isinstance(value, Value)
    assert [part.kind for part in value.alternatives[0].parts if isinstance(part, Ref)] == ["part"]  # type: ignore[union-attr]
    other = second.statements[0].slots["value"]
    assert isinstance(other, Value)
    assert [part.kind for part in other.alternatives[0].parts if isinstance(part, Ref)] == ["path"]  # type: ignore[union-attr]


def test_auto() -> None:
    record_set = only(
        """
source: {format: fhir}
each: Observation
key: [id]
site: $(bodySite)
observe:
  - {when: {code: "loinc:85354-9"}, heart-rate: {value: $(value)}}
  - {when: {status: registered}, then: auto}
  - otherwise: auto
conditions: auto
"""
        + "patient: {id: $(subject.reference)}\n"
    )
    observe, conditions = record_set.choices
    assert (observe.auto, observe.otherwise, observe.cases[1].action) == (False, "auto", "auto")
    assert (conditions.auto, conditions.kind) == (True, "condition")
    assert set(observe.defaults) == {"site", "patient"}
    assert set(conditions.defaults) == {"patient"}
    assert "bodySite" in {use.ref.path for use in used(record_set)}


def test_every_kind() -> None:
    found = named(
        only(
            BASE
            + """
encounters: {id: $(e), class: $(c), code: "snomed:$(s)", reason: "snomed:$(r)"}
devices: {id: $(d), type: cgm, name: $(n), serial: $(x), manufacturer: $(m), model: $(o)}
conditions: {code: "snomed:$(s)", status: active, verification: confirmed, encounter: $(e), display: $(t)}
medications: {code: "rxnorm:$(s)", event: ordered, dose: $(d), unit: $(u), route: $(r), reason: "snomed:$(r)"}
procedures: {code: "snomed:$(s)", status: completed}
immunizations: {code: "cvx:$(s)", lot: $(l), dose: $(d), unit: mL, route: $(r), site: $(b), funding: $(f)}
allergies: {code: "snomed:$(s)", reaction: "snomed:$(r)", severity: $(x)}
"""
        )
    )
    assert list(found) == [
        "condition",
        "medication",
        "procedure",
        "immunization",
        "allergy",
        "encounter",
        "device",
    ]
    assert plain(found["device"].slots["name"]) == "<n>"
    assert plain(found["condition"].slots["encounter"]) == {"id": "<e>"}


# --- systems, maps, parameters --------------------------------------------------------------------


def test_systems_are_canonical() -> None:
    made = document(
        BASE
        + """
systems: {mine: "https://x.example.org", ln: "urn:oid:2.16.840.1.113883.6.1", local: 2.16.840.1.113883.3.9.9}
records:
  one: {systems: {sct: http://snomed.info/sct, mine: "https://x.example.org"}}
"""
    )
    assert made.systems == {
        "mine": "https://x.example.org",
        "ln": "http://loinc.org",
        "local": "urn:oid:2.16.840.1.113883.3.9.9",
        "sct": "http://snomed.info/sct",
    }


def test_maps_of_a_record_set_come_first(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text('from,to\n"a,b",mm[Hg]\n', "utf-8")
    made = document(
        BASE
        + """
maps: {units: units.csv, other: {x: y}}
observe: {heart-rate: {value: $(hr), unit: {from: $(u), map: units}}}
records:
  one: {}
  two: {maps: {units: {z: kPa}}, observe: {heart-rate: {value: $(hr), unit: {from: $(u), map: units}}}}
""",
        folder=tmp_path,
    )
    entries = []
    for record_set in made.records:
        (statement,) = statements(record_set)
        unit = statement.slots["unit"]
        assert isinstance(unit, Value)
        assert unit.map is not None
        entries.append(dict(unit.map.entries))
    # What the file states is read once, with the maps of the file or of the record set that states it.
    assert entries == [{"a,b": "mm[Hg]"}, {"z": "kPa"}]


def test_code_maps(tmp_path: Path) -> None:
    (tmp_path / "lab.sssom.tsv").write_text(
        "subject_id\tpredicate_id\tobject_id\tobject_label\tmapping_justification\n"
        "lab:GLU\tskos:narrowMatch\tloinc:2345-7\tGlucose\tsemapv:ManualMappingCuration\n",
        "utf-8",
    )
    record_set = only(
        BASE
        + """
systems: {lab: "https://lab.example.org"}
observe: {result: {code: {from: $(c), system: lab, codes: lab.sssom.tsv, unmapped: quarantine}, value: $(v)}}
""",
        folder=tmp_path,
    )
    (statement,) = statements(record_set)
    code = statement.slots["code"]
    assert isinstance(code, Value)
    assert code.codes is not None
    assert code.codes.entries == {
        ("https://lab.example.org", "GLU"): (
            CodeMatch("http://loinc.org", "2345-7", "Glucose", "skos:narrowMatch"),
        )
    }
    assert code.unmapped == "quarantine"


def test_parameters() -> None:
    body = "params: {patient: required, timezone: UTC}\nsource: {format: csv}\npatient: $(param:patient)\n"
    made = document(body)
    assert {name: param.default for name, param in made.params.items()} == {
        "patient": None,
        "timezone": "UTC",
    }
    assert loaded(body, params={"patient": "p1"}).usable
    assert not loaded(body, params={}).usable
    assert not loaded(body, params={"patient": ""}).usable


def test_a_parameter_that_is_a_time_zone() -> None:
    body = (
        "params: {zone: required, at: UTC}\nsource: {format: csv, timezone: $(param:zone)}\npatient: $(p)\n"
    )
    body += "time: {from: $(t), timezone: $(tz) | $(param:at)}\nkey: [p]\nobserve: {heart-rate: {value: $(v), unit: /min}}\n"
    assert loaded(body, params={"zone": "Europe/Zurich"}).usable
    for given in ({"zone": "localtime"}, {"zone": "UTC", "at": "posixrules"}):
        (found,) = [item for item in loaded(body, params=given).findings if item.severity is Severity.ERROR]
        assert (found.code, found.message) == ("TM-L08", f'there is no time zone "{[*given.values()][-1]}"')


def test_look_ups() -> None:
    made = document(
        BASE
        + """
lookups: {concept: {files: [A.csv, "B*.csv"], key: concept_id, missing: ["0"]}}
observe: {result: {code: "loinc:$(c -> concept.concept_code)", value: $(v)}}
"""
    )
    look = made.lookups["concept"]
    assert (look.files, look.key, look.missing) == (("A.csv", "B*.csv"), "concept_id", ("0",))


# --- files ----------------------------------------------------------------------------------------


def test_paths_stay_in_the_folder_or_the_root(tmp_path: Path) -> None:
    inside, shared = tmp_path / "project" / "maps", tmp_path / "project" / "shared"
    inside.mkdir(parents=True)
    shared.mkdir()
    (shared / "u.tsv").write_text("a\tb\n", "utf-8")
    (tmp_path / "secret.tsv").write_text("a\tb\n", "utf-8")
    (inside / "link.tsv").symlink_to(tmp_path / "secret.tsv")
    (inside / "folder.tsv").mkdir()
    mapping = inside / "m.yaml"

    def problems(path: str, root: Path | None) -> list[str]:
        body = BASE + f"observe: {{heart-rate: {{value: $(hr), unit: {{from: $(u), map: {path}}}}}}}"
        mapping.write_text(HEAD + body, "utf-8")
        return [item.code for item in load(mapping, root=root).findings]

    assert problems("../shared/u.tsv", tmp_path / "project") == []
    assert problems("../shared/u.tsv", None) == ["TM-L15"]
    for path in (
        "../../secret.tsv",
        "link.tsv",
        "folder.tsv",
        str(tmp_path / "secret.tsv"),
        "a/../../../x.tsv",
    ):
        assert problems(path, tmp_path / "project") == ["TM-L15"], path


def test_a_missing_file_is_not_an_invalid_one(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError):
        load(tmp_path / "none.yaml")


def test_findings_are_in_the_order_of_the_file_and_once() -> None:
    found = loaded(
        """
        source: {format: csv, timezon: UTC}
        patient: {id: $(mrn}
        unit: {from: $(u), unmapped: keep}
        observe: {hart-rate: {}, heart-rate: {value: $(v), sit: wrist}}
        records: {one: {}, two: {}, three: {}}
        """
    )
    places = [(item.where.line, item.where.column) for item in found.findings if item.where]
    assert places == sorted(places)
    assert len(found.findings) == len({(item.code, item.message, item.where) for item in found.findings})
    assert {item.code for item in found.findings} >= {"TM-L02", "TM-L12", "TM-L06", "TM-L07"}
    assert not found.usable


def test_what_is_not_yaml_has_no_document() -> None:
    assert loads("a: [").document is None
    assert loads("- a\n").document is None
    assert [item.code for item in loads("- a\n").findings] == ["TM-L06"]
