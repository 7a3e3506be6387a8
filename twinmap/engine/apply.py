"""Plan and records to statements: raw statements, distinct keys resolved in Python, joined back.

``apply`` works on one staged file. It leaves one Parquet file a kind, each row with its outcome, and says
which records must be set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinmap.engine.duck import Duck
from twinmap.engine.stage import Staged
from twinmap.mapping import resolve
from twinmap.mapping.kinds import KINDS
from twinmap.mapping.plan import Plan
from twinmap.mapping.signature import Signatures
from twinmap.mapping.sql import escaped, identifier, quoted
from twinmap.model import Shape
from twinmap.privacy import Key
from twinmap.terms import concepts

#: The name, as a kind and as a rule, of devices that observations mention.
SENSOR = "sensor"


@dataclass(frozen=True, slots=True)
class Context:
    """What resolving needs beside the plan."""

    key: Key
    catalogue: concepts.Catalogue
    facets: tuple[str, ...]


@dataclass
class Applied:
    """The outcome for one staged file: Parquet files by kind, and ``patients`` (key, record, system, id)."""

    staged: Staged
    plan: Plan
    tables: dict[str, Path] = field(default_factory=dict)
    patients: Path | None = None


def apply(duck: Duck, plan: Plan, staged: Staged, context: Context, folder: Path, stem: str) -> Applied:
    """Make the statements of one staged file; files are called ``<stem>-<kind>.parquet``."""
    _relation(duck, plan, staged)
    _compute(duck, plan)
    done = Applied(staged, plan)
    relation = f"records AS r {plan.joins}"
    keys: set[str] = set()
    raw: dict[str, Path] = {}
    for kind in plan.kinds:
        raw[kind] = folder / f"{stem}-{kind}.raw.parquet"
        rules = [rule.over(relation) for rule in plan.rules if rule.statement.kind == kind]
        duck.to_parquet(" UNION ALL BY NAME ".join(rules), raw[kind])
        keys |= _distinct(duck, raw[kind], "pat")
    if plan.patient is not None:
        raw["patient"] = folder / f"{stem}-patient.raw.parquet"
        head, tail = plan.patient
        duck.to_parquet(f"{head} {relation} {tail}", raw["patient"])
        keys |= _distinct(duck, raw["patient"], "pat")
    patients = resolve.Patients(context.key, plan.source, plan.document.systems)
    duck.register("k_pat", patients(sorted(keys)))
    done.patients = folder / f"{stem}-who.parquet"
    duck.to_parquet("SELECT * FROM k_pat", done.patients)
    for kind, path in sorted(raw.items()):
        done.tables[kind] = folder / f"{stem}-{kind}.parquet"
        if kind == "patient":
            _patients(duck, plan, path, done.tables[kind])
        else:
            _statements(duck, plan, kind, path, context, done.tables[kind])
        path.unlink()
    sensors = folder / f"{stem}-{SENSOR}.parquet"
    if sensors.exists():
        done.tables[SENSOR] = sensors
    if plan.identifiers:
        done.tables["identifier"] = folder / f"{stem}-identifier.parquet"
        _identifiers(duck, plan, relation, patients, done.tables["identifier"])
    return done


# --- the relation and its computed values -----------------------------------------------------------


def _relation(duck: Duck, plan: Plan, staged: Staged) -> None:
    """The view ``records``: the staged fields, texts that count as missing made null."""
    missing = ", ".join(quoted(word) for word in plan.record_set.missing)
    columns = ["_file", "_record", "_line", "_part"]
    for item in plan.request.fields:
        clean = f"CASE WHEN {item.name} IN ({missing}) THEN NULL ELSE {item.name} END AS {item.name}"
        columns.append(clean if missing and item.shape is Shape.TEXT else item.name)
    files = ""
    if plan.reads_file_name:
        columns += ["_file_name", "_file_stem", "_file_folder"]
        duck.register("k_files", _file_names(staged))
        files = "JOIN k_files USING (_file)"
    if staged.cells:
        columns.append("_cells")
    duck.run(f"CREATE OR REPLACE TEMP VIEW records AS SELECT {', '.join(columns)} FROM {staged.scan} {files}")


def _file_names(staged: Staged) -> resolve.Columns:
    return {
        "_file": ("INTEGER", [file.number for file in staged.files]),
        "_file_name": ("VARCHAR", [file.path.name for file in staged.files]),
        "_file_stem": ("VARCHAR", [file.path.name.split(".")[0] for file in staged.files]),
        "_file_folder": ("VARCHAR", [file.path.resolve().parent.name for file in staged.files]),
    }


def _compute(duck: Duck, plan: Plan) -> None:
    """The tables ``x0 …`` of maps and expressions, one row a distinct tuple of inputs."""
    looks = " ".join(plan.lookup_joins)
    for item in plan.computed:
        inputs = ", ".join(item.inputs)
        found = duck.rows(f"SELECT DISTINCT {inputs} FROM records AS r {looks}") if inputs else [()]
        duck.register(item.name, resolve.computed(item, sorted(found, key=_nulls_first), plan.record_set))


def _nulls_first(row: Sequence[str | None]) -> list[tuple[bool, str]]:
    return [(cell is not None, cell or "") for cell in row]


def _distinct(duck: Duck, path: Path, column: str) -> set[str]:
    sql = f"SELECT DISTINCT {column} FROM read_parquet({quoted(str(path))}) WHERE {column} IS NOT NULL"
    return {row[0] for row in duck.rows(sql)}


def _resolve(
    duck: Duck, name: str, path: Path, column: str, make: Callable[[list[str]], resolve.Columns]
) -> None:
    duck.register(name, make(sorted(_distinct(duck, path, column))))


# --- typed statements -------------------------------------------------------------------------------


def _statements(duck: Duck, plan: Plan, kind: str, raw: Path, context: Context, path: Path) -> None:
    """Join the resolved keys to the raw statements of one kind."""
    record_set = plan.record_set
    signatures = Signatures(plan.document, plan.rules, context.catalogue)
    _resolve(duck, "k_sig", raw, "sig", signatures)
    _resolve(duck, "k_tim", raw, "tim", resolve.instants)
    _resolve(duck, "k_dev", raw, "dev", lambda keys: resolve.devices(keys, context.key))
    columns = _common(plan, kind)
    joins = "LEFT JOIN k_pat p ON p.k = u.pat LEFT JOIN k_sig s ON s.k = u.sig LEFT JOIN k_tim t ON t.k = u.tim LEFT JOIN k_dev d ON d.k = u.dev"
    if kind == "observation":
        _resolve(
            duck, "k_val", raw, "val", lambda keys: resolve.values(keys, record_set, plan.document.systems)
        )
        columns |= _observation(plan, context.facets)
        joins += " LEFT JOIN k_val v ON v.k = u.val"
    else:
        columns |= _coded(kind)
    columns["issues"] = _issues(kind)
    listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    outcome = f"{_has('fail')} AS failed, {_has('set-aside')} AS aside"
    duck.to_parquet(
        f"SELECT *, {outcome} FROM (SELECT {listed} FROM read_parquet({quoted(str(raw))}) u {joins})", path
    )
    if kind == "observation" and duck.value("SELECT count(*) FROM k_dev"):
        _sensors(duck, plan, raw, path.with_name(path.name.replace("observation", SENSOR)))


def _sensors(duck: Duck, plan: Plan, raw: Path, path: Path) -> None:
    """The devices that observations mention, each once."""
    rule = quoted(f"{plan.document.id}#{plan.record_set.name}/{SENSOR}")
    duck.to_parquet(
        f"SELECT {quoted(plan.source)} AS source, {rule} AS rule, min(u._file) AS file, min(u._record) AS record, "
        "arg_min(u._line, u._record) AS line, min(u._part) AS part, 0::SMALLINT AS ordinal, d.device AS id, "
        "any_value(d.type) AS type, min(d.name) AS name, min(d.manufacturer) AS manufacturer, min(d.model) AS model, "
        f"false AS failed FROM read_parquet({quoted(str(raw))}) u JOIN k_dev d ON d.k = u.dev GROUP BY d.device",
        path,
    )


def _rule_id(plan: Plan) -> str:
    """SQL of the id of a rule by its number."""
    return "[" + ", ".join(quoted(rule.id) for rule in plan.rules) + "][u.rule + 1]"


def _common(plan: Plan, kind: str) -> dict[str, str]:
    rules = max(len(plan.rules), 1)
    columns = {
        "source": quoted(plan.source),
        "rule": _rule_id(plan),
        "file": "u._file",
        "record": "u._record",
        "line": "u._line",
        "part": "u._part",
        "ordinal": f"(u.rule + 1 + {rules} * (u.rep - 1))::SMALLINT",
        "id": _id(plan, kind),
        "patient_record": "p.patient_record",
    }
    system = quoted(plan.source)
    columns["encounter"] = (
        f"CASE WHEN u.enc IS NOT NULL THEN keyed(concat_ws(chr(31), 'encounter', {system}, u.enc)) END"
    )
    if kind == "encounter":
        columns["id"] = columns.pop("encounter")
    return columns


def _id(plan: Plan, kind: str) -> str:
    """SQL of the keyed id: by the mapping's key, else by patient, code, time and raw value."""
    name = "obs" if kind == "observation" else kind
    start = f"{quoted(name)}, {quoted(plan.source)}, {quoted(plan.record_set.name)}, {_rule_id(plan)}"
    who = "coalesce(p.patient_record, '')"
    content = ["s.code_system", "s.code", "t.start_us::VARCHAR", "t.end_us::VARCHAR"]
    if kind == "observation":
        content += ["u.plain", "u.val", "u.unit_received", "d.device", "u.pan"]
    texts = ", ".join(f"coalesce({escaped(sql)}, '')" for sql in content)
    keyed = f"concat_ws(chr(31), {start}, u.rep::VARCHAR, {who}, u.key)"
    fallback = f"concat_ws(chr(31), {start}, {who}, {texts})"
    return f"keyed(CASE WHEN u.key IS NOT NULL THEN {keyed} ELSE {fallback} END)"


def _coded(kind: str) -> dict[str, str]:
    spec = KINDS[kind]
    columns: dict[str, str] = {}
    if "code" in spec.codes:
        for name in (
            "code_system",
            "code",
            "display",
            "raw_code_system",
            "raw_code",
            "raw_display",
            "map_predicate",
        ):
            columns[name] = f"s.{name}"
    for name in ("start_us", "end_us", "time_precision", "time_origin"):
        columns[name] = f"t.{name}"
    for slot, stem in spec.codes.items():
        if slot != "code":
            columns |= {f"{stem}_system": f"s.{stem}_system", f"{stem}_code": f"s.{stem}_code"}
    columns |= {column: f"u.t_{column}" for column in spec.texts.values()}
    return columns


#: More significant digits than a double holds.
_DIGITS = "length(replace(ltrim(replace(u.plain, '.', ''), '-0'), '.', ''))"


def _observation(plan: Plan, facets: Sequence[str]) -> dict[str, str]:
    text = "coalesce(u.plain, v.value_text)"
    number = f"try_cast(CASE WHEN u.plain IS NOT NULL THEN u.plain WHEN v.value_kind = 'quantity' THEN v.value_text END AS DOUBLE)"
    converted = f"CASE WHEN s.factor = 1 AND s.shift = 0 THEN {number} ELSE try_cast(format('{{:.12g}}', {number} * s.factor + s.shift) AS DOUBLE) END"
    panel = (
        "CASE WHEN s.panel_concept IS NOT NULL AND u.pan IS NOT NULL THEN keyed(concat_ws(chr(31), 'panel', "
        f"{quoted(plan.source)}, coalesce(p.patient_record, ''), coalesce(t.start_us::VARCHAR, ''), s.panel_concept, "
        f"{escaped('u.pan')}, CASE WHEN u.pan[1] = '=' THEN coalesce(u.key, '') END)) END"
    )
    columns = {
        "device": "d.device",
        "panel": panel,
        "status": "s.status",
        "status_raw": "s.status_raw",
    }
    for name in (
        "code_system",
        "code",
        "display",
        "raw_code_system",
        "raw_code",
        "raw_display",
        "map_predicate",
    ):
        columns[name] = f"s.{name}"
    columns |= {
        "value_kind": "CASE WHEN u.plain IS NOT NULL THEN 'quantity' WHEN u.absent IS NOT NULL THEN 'absent' ELSE v.value_kind END",
        "value_text": text,
        "value_num": number,
        "value_decimals": f"CASE WHEN u.plain IS NOT NULL THEN length(split_part(u.plain, '.', 2)) ELSE v.value_decimals END::TINYINT",
        "comparator": "CASE WHEN u.plain IS NOT NULL THEN u.sign ELSE v.comparator END",
        "low_text": "v.low_text",
        "high_text": "v.high_text",
        "value_system": "v.value_system",
        "value_code": "v.value_code",
        "absent_reason": "coalesce(v.absent_reason, u.absent)",
        "unit_raw": "u.unit_received",
        "unit": "s.unit",
        "canon_num": f"CASE WHEN s.canon_unit IS NOT NULL AND length(replace(replace({text}, '.', ''), '-', '')) <= 15 THEN {converted} END",
        "canon_unit": f"CASE WHEN {number} IS NOT NULL THEN s.canon_unit END",
    }
    for name in ("start_us", "end_us", "time_precision", "time_origin"):
        columns[name] = f"t.{name}"
    columns |= {facet: f"s.{identifier(facet)}" for facet in facets}
    columns |= {"ref_low": "u.ref_low", "ref_high": "u.ref_high"}
    columns |= {column: f"u.t_{column}" for column in KINDS["observation"].texts.values()}
    return columns


def _issues(kind: str) -> str:
    """SQL of all issues of a statement: null for nearly all rows, which pay for a few null tests only."""
    own = [("u.pat IS NULL", "TM-Q10", "patient", "set-aside")] if kind != "device" else []
    if "code" in KINDS[kind].codes:
        own.append(("s.no_code", "TM-Q18", "code", "set-aside"))
    lists = ["u.iss", "s.s_issues", "t.t_issues"]
    if kind == "observation":
        lists.append("CASE WHEN v.v_issue IS NOT NULL THEN [v.v_issue] END")
        text = "s.quantitative AND v.value_kind = 'string' AND v.v_issue IS NULL"
        own.append((text, "TM-Q11", "value", ""))
        own.append(("u.plain IS NULL AND u.val IS NULL AND u.absent IS NULL", "", "value", "fail"))
    lists += [
        f"CASE WHEN {test} THEN [{quoted(resolve.issue(code, slot, action))}] END"
        for test, code, slot, action in own
    ]
    trouble = [f"len({name}) > 0" if name == "u.iss" else f"{name} IS NOT NULL" for name in lists[:3]]
    trouble += ["v.v_issue IS NOT NULL"] if kind == "observation" else []
    trouble += [f"({test})" for test, *_ in own]
    joined = ", ".join(f"coalesce({sql}, []::VARCHAR[])" for sql in lists)
    return f"CASE WHEN {' OR '.join(trouble)} THEN list_concat({joined}) END"


def _has(action: str) -> str:
    """SQL that holds where one of the issues asks for an action."""
    found = f"list_filter(issues, lambda i: split_part(i, chr(31), 3) = {quoted(action)})"
    return f"CASE WHEN issues IS NULL THEN false ELSE len({found}) > 0 END"


# --- patients ---------------------------------------------------------------------------------------


def _patients(duck: Duck, plan: Plan, raw: Path, path: Path) -> None:
    """What is said of patients, one row a record."""
    _resolve(duck, "k_birth", raw, "birth", resolve.births)
    rule = quoted(f"{plan.document.id}#{plan.record_set.name}/patient")
    issues = f"list_concat(coalesce(u.iss, []::VARCHAR[]), coalesce(b.b_issues, []::VARCHAR[]), CASE WHEN u.pat IS NULL THEN [{quoted(resolve.issue('TM-Q10', 'patient', 'set-aside'))}] ELSE []::VARCHAR[] END)"
    duck.to_parquet(
        f"SELECT {quoted(plan.source)} AS source, {rule} AS rule, u._file AS file, u._record AS record, u._line AS line, "
        f"u._part AS part, 0::SMALLINT AS ordinal, p.patient_record, b.birth_date, b.birth_precision, u.sex, u.deceased, "
        f"false AS failed, u.pat IS NULL AS aside, nullif({issues}, []) AS issues "
        f"FROM read_parquet({quoted(str(raw))}) u LEFT JOIN k_pat p ON p.k = u.pat LEFT JOIN k_birth b ON b.k = u.birth",
        path,
    )


def _identifiers(duck: Duck, plan: Plan, relation: str, patients: resolve.Patients, path: Path) -> None:
    """Identifiers beside the local id, each once a patient."""
    union = " UNION ALL BY NAME ".join(f"({head} {relation} {tail})" for head, tail in plan.identifiers)
    duck.run(f"CREATE OR REPLACE TEMP TABLE idents AS {union}")
    names = sorted(
        {row[0] for row in duck.rows("SELECT DISTINCT system FROM idents WHERE system IS NOT NULL")}
    )
    duck.register(
        "k_sys", {"k": ("VARCHAR", names), "uri": ("VARCHAR", [patients.system(name) for name in names])}
    )
    rule = quoted(f"{plan.document.id}#{plan.record_set.name}/patient")
    duck.to_parquet(
        f"SELECT {quoted(plan.source)} AS source, {rule} AS rule, min(_file) AS file, min(_record) AS record, "
        f"arg_min(_line, _record) AS line, arg_min(_part, _record) AS part, 0::SMALLINT AS ordinal, p.patient_record, "
        f"coalesce(y.uri, {quoted('source:' + plan.source)}) AS system, i.id AS value, any_value(i.type) AS type, y.uri IS NOT NULL AS linking "
        f"FROM idents i JOIN k_pat p ON p.k = i.pat LEFT JOIN k_sys y ON y.k = i.system "
        f"GROUP BY p.patient_record, y.uri, i.id",
        path,
    )
