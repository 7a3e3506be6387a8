"""Plan and records to statements: raw statements, distinct keys resolved in Python, joined back.

``apply`` works on one staged file. It leaves one Parquet file a kind, each row with its outcome, and says
which records must be set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.engine.duck import Duck
from twinmap.engine.stage import Staged
from twinmap.mapping import fasttime, resolve
from twinmap.mapping.kinds import KINDS
from twinmap.mapping.plan import Plan
from twinmap.mapping.signature import Signatures
from twinmap.mapping.sql import NULL
from twinmap.model import Shape
from twinmap.privacy import Key
from twinmap.sqltext import identifier, quoted
from twinmap.terms import concepts

#: The name, as a kind and as a rule, of devices that observations mention.
SENSOR = "sensor"

#: The numbers of what a record set says beside its rules.
RECORD_RULES = {"patient": -1, SENSOR: -2}


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
    _zones(duck, plan)
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
        duck.to_parquet(_patient_select(plan, relation), raw["patient"])
        keys |= _distinct(duck, raw["patient"], "pat")
    patients = resolve.Patients(context.key, plan.source, plan.document.systems)
    duck.register("k_pat", patients(sorted(keys)))
    done.patients = folder / f"{stem}-who.parquet"
    duck.to_parquet("SELECT * FROM k_pat", done.patients)
    for kind, path in sorted(raw.items()):
        done.tables[kind] = folder / f"{stem}-{kind}.parquet"
        if kind == "patient":
            _patients(duck, path, done.tables[kind])
        else:
            _statements(duck, plan, kind, path, context, done.tables[kind])
        path.unlink()
    return done


def tell_once(
    duck: Duck, done: Applied, gone: Path | None, context: Context, folder: Path, stem: str
) -> None:
    """Tell what many records say alike (of patients, identifiers, devices) by the first one that stands.

    Call it when it is known which records are set aside (``gone``): what only they say is set aside as well.
    """
    plan, relation = done.plan, f"records AS r {done.plan.joins}"
    if plan.patient is not None and plan.rules and gone is not None:
        raw = folder / f"{stem}-patient.raw.parquet"
        duck.to_parquet(_patient_select(plan, relation, gone), raw)
        _patients(duck, raw, done.tables["patient"])
        raw.unlink()
    if plan.identifiers:
        done.tables["identifier"] = folder / f"{stem}-identifier.parquet"
        patients = resolve.Patients(context.key, plan.source, plan.document.systems)
        _identifiers(duck, plan, relation, patients, gone, done.tables["identifier"])
    if "observation" in done.tables and duck.value("SELECT count(*) FROM k_sensor"):
        done.tables[SENSOR] = folder / f"{stem}-{SENSOR}.parquet"
        _sensors(duck, done.tables["observation"], gone, done.tables[SENSOR])


def _is_gone(gone: Path | None, place: str) -> str:
    """SQL that holds for a place ``(file, record, part)`` that is set aside."""
    return (
        "false"
        if gone is None
        else f"{place} IN (SELECT (file, record, part) FROM read_parquet({quoted(str(gone))}))"
    )


def _patient_select(plan: Plan, relation: str, gone: Path | None = None) -> str:
    """What is said of patients: a row a record, or where records state other things too, each saying once.

    Records that do not say of whom are not put together: each is set aside.
    """
    assert plan.patient is not None
    head, tail = plan.patient
    rows = f"{head} {relation} {tail}"
    if not plan.rules:
        return rows
    said = "pat, birth, sex, deceased, iss"
    firsts = ", ".join(
        f"arg_min({name}, (_record, _part)) AS {name}" for name in ("_record", "_line", "_part")
    )
    alone = ", ".join(f"CASE WHEN pat IS NULL THEN {name} END" for name in ("_record", "_part"))
    alone += f", {_is_gone(gone, '(_file, _record, _part)')}"
    return f"SELECT _file, {said}, {firsts} FROM ({rows}) GROUP BY _file, {said}, {alone}"


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


def _zones(duck: Duck, plan: Plan) -> None:
    """The tables ``z0 …``: the offset of a zone on each day that the records speak of."""
    for item in plan.zones:
        relation = f"records AS r {plan.computed_joins}"
        found = duck.rows(f"SELECT DISTINCT {item.day} FROM {relation} WHERE {item.where} ORDER BY 1")
        days = [row[0] for row in found if row[0] is not None]
        offsets = [fasttime.day_offset(item.zone, day) for day in days]
        duck.register(item.name, {"day": ("BIGINT", days), "off": ("BIGINT", offsets)})


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
    """Join the resolved keys to the raw statements of one kind; the signature stays a number."""
    if kind == "device":
        _devices(duck, raw, context, path)
        return
    record_set = plan.record_set
    signatures = sorted(_distinct(duck, raw, "sig"))
    table = Signatures(plan.document, plan.rules, context.catalogue)(signatures)
    table["sig_id"] = ("INTEGER", list(range(len(signatures))))
    duck.register("k_sig", table)
    duck.to_parquet("SELECT * FROM k_sig", path.with_suffix(".sig"))
    _resolve(
        duck,
        "k_tim",
        raw,
        "tim",
        lambda keys: resolve.instants(keys, record_set.decimal, record_set.thousands),
    )
    _resolve(duck, "k_dev", raw, "dev", lambda keys: resolve.devices(keys, context.key))
    columns = {name: f"u.{name}" for name in ("rule", "rep", "key", "enc")}
    columns |= {"file": "u._file", "record": "u._record", "line": "u._line", "part": "u._part"}
    columns |= {"patient_record": "p.patient_record", "sig_id": "s.sig_id"}
    columns |= {
        "start_us": "coalesce(u.fast_us, t.start_us)",
        "end_us": "t.end_us",
        "time_precision": "coalesce(u.fast_precision, t.time_precision)",
        "time_origin": "CASE WHEN u.fast_us IS NULL THEN t.time_origin "
        "WHEN u.fast_offset IS NULL THEN 'zone' ELSE 'offset' END",
        "offset_min": "coalesce(u.fast_offset, t.offset_min)",
    }
    columns |= {f"t_{column}": f"u.t_{column}" for column in KINDS[kind].texts.values()}
    joins = (
        "LEFT JOIN k_pat p ON p.k = u.pat LEFT JOIN k_sig s ON s.k = u.sig "
        "LEFT JOIN k_tim t ON t.k = u.tim LEFT JOIN k_dev d ON d.k = u.dev"
    )
    if kind == "observation":
        _resolve(
            duck, "k_val", raw, "val", lambda keys: resolve.values(keys, record_set, plan.document.systems)
        )
        columns |= _values()
        joins += " LEFT JOIN k_val v ON v.k = u.val"
    columns["issues"] = _issues(kind)
    listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    outcome = f"{_has('fail')} AS failed, {_has('set-aside')} AS aside"
    duck.to_parquet(
        f"SELECT *, {outcome} FROM (SELECT {listed} FROM read_parquet({quoted(str(raw))}) u {joins})", path
    )
    if kind == "observation":
        duck.run("CREATE OR REPLACE TEMP TABLE k_sensor AS SELECT * FROM k_dev")


def _values() -> dict[str, str]:
    """The value columns of observations: plain numbers as they are, others from the table of values."""
    return {
        "device": "d.device",
        "pan": "u.pan",
        "raw_value": "coalesce(u.plain, u.val)",
        "value_kind": "CASE WHEN u.plain IS NOT NULL THEN 'quantity' "
        "WHEN u.absent IS NOT NULL THEN 'absent' ELSE v.value_kind END",
        "value_text": "coalesce(u.plain, v.value_text)",
        "comparator": "CASE WHEN u.plain IS NOT NULL THEN u.sign ELSE v.comparator END",
        "absent_reason": "coalesce(v.absent_reason, u.absent)",
        "unit_received": "u.unit_received",
        "ref_low": "u.ref_low",
        "ref_high": "u.ref_high",
        **{name: f"v.{name}" for name in ("low_text", "high_text", "value_system", "value_code")},
    }


def _devices(duck: Duck, raw: Path, context: Context, path: Path) -> None:
    """Devices that rules of their own state."""
    _resolve(duck, "k_dev", raw, "dev", lambda keys: resolve.devices(keys, context.key))
    duck.to_parquet(
        "SELECT u._file AS file, u._record AS record, u._line AS line, u._part AS part, u.rule, u.rep, "
        "d.device AS id, d.type, d.name, d.manufacturer, d.model, NULL::VARCHAR[] AS issues, "
        f"u.dev IS NULL AS failed, false AS aside FROM read_parquet({quoted(str(raw))}) u "
        "LEFT JOIN k_dev d ON d.k = u.dev",
        path,
    )


def _sensors(duck: Duck, observations: Path, gone: Path | None, path: Path) -> None:
    """The devices of the observations that stand, each once."""
    firsts = ", ".join(
        f"arg_min({name}, (file, record, part)) AS {name}" for name in ("file", "record", "line", "part")
    )
    duck.to_parquet(
        f"SELECT u.*, d.type, d.name, d.manufacturer, d.model, {RECORD_RULES[SENSOR]} AS rule, 1 AS rep, "
        f"false AS failed, false AS aside FROM (SELECT device AS id, {firsts} "
        f"FROM read_parquet({quoted(str(observations))}) WHERE device IS NOT NULL AND NOT failed AND NOT aside "
        f"AND NOT {_is_gone(gone, '(file, record, part)')} GROUP BY device) u JOIN (SELECT device, any_value(type) AS type, "
        "min(name) AS name, min(manufacturer) AS manufacturer, min(model) AS model FROM k_sensor GROUP BY device) d "
        "ON d.device = u.id",
        path,
    )


def _issues(kind: str) -> str:
    """SQL of all issues of a statement: null for nearly all rows, which pay for a few null tests only."""
    own = [("u.pat IS NULL", "TM-Q10", "patient", "set-aside")] if kind != "device" else []
    if "code" in KINDS[kind].codes and not KINDS[kind].identified:
        own.append(("s.no_code", "TM-Q18", "code", "fail"))
    lists = ["u.iss", "s.s_issues", "t.t_issues"]
    if kind == "observation":
        lists.append("CASE WHEN v.v_issue IS NOT NULL THEN [v.v_issue] END")
        text = "v.value_kind = 'string' AND v.v_issue IS NULL"
        digits = "length(replace(ltrim(u.plain, '-0.'), '.', '')) > 15"
        own.append((f"length(u.plain) > 15 AND {digits}", "TM-P06", "value", "info"))
        own.append((f"s.strict AND {text}", "TM-Q11", "value", "fail"))
        own.append((f"s.quantitative AND NOT s.strict AND {text}", "TM-Q11", "value", ""))
        own.append(("u.plain IS NULL AND u.val IS NULL AND u.absent IS NULL", "", "value", "fail"))
    lists += [
        f"CASE WHEN {test} THEN [concat({quoted(resolve.issue(code, slot, action))}, "
        f"{'v.v_shape' if code == 'TM-Q11' else NULL})] END"
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


def _patients(duck: Duck, raw: Path, path: Path) -> None:
    """What is said of patients, one row a record."""
    _resolve(duck, "k_birth", raw, "birth", resolve.births)
    missing = f"CASE WHEN u.pat IS NULL THEN [{quoted(resolve.issue('TM-Q10', 'patient', 'set-aside'))}] END"
    lists = ", ".join(f"coalesce({sql}, []::VARCHAR[])" for sql in ("u.iss", "b.b_issues", missing))
    duck.to_parquet(
        "SELECT u._file AS file, u._record AS record, u._line AS line, u._part AS part, p.patient_record, "
        "b.birth_date, b.birth_precision, u.sex, u.deceased, "
        f"{RECORD_RULES['patient']} AS rule, 1 AS rep, false AS failed, u.pat IS NULL AS aside, "
        "CASE WHEN u.pat IS NULL OR len(u.iss) > 0 OR b.b_issues IS NOT NULL "
        f"THEN list_concat({lists}) END AS issues FROM read_parquet({quoted(str(raw))}) u "
        "LEFT JOIN k_pat p ON p.k = u.pat LEFT JOIN k_birth b ON b.k = u.birth",
        path,
    )


def _identifiers(
    duck: Duck, plan: Plan, relation: str, patients: resolve.Patients, gone: Path | None, path: Path
) -> None:
    """Identifiers beside the local id, each once a patient."""
    union = " UNION ALL BY NAME ".join(f"({head} {relation} {tail})" for head, tail in plan.identifiers)
    stands = f"NOT {_is_gone(gone, '(_file, _record, _part)')}"
    duck.run(f"CREATE OR REPLACE TEMP TABLE idents AS SELECT * FROM ({union}) WHERE {stands}")
    found = duck.rows("SELECT DISTINCT system FROM idents WHERE system IS NOT NULL ORDER BY 1")
    names = [row[0] for row in found]
    uris = [patients.system(name) for name in names]
    duck.register("k_sys", {"k": ("VARCHAR", names), "uri": ("VARCHAR", uris)})
    private = quoted(f"source:{plan.source}")
    firsts = ", ".join(
        f"arg_min(_{name}, (_file, _record, _part)) AS {name}" for name in ("file", "record", "line", "part")
    )
    duck.to_parquet(
        f"SELECT {firsts}, p.patient_record, "
        f"coalesce(y.uri, {private}) AS system, i.id AS value, min(i.type) AS type, "
        "y.uri IS NOT NULL AS linking, "
        f"{RECORD_RULES['patient']} AS rule, 1 AS rep, false AS failed, false AS aside "
        "FROM idents i JOIN k_pat p ON p.k = i.pat LEFT JOIN k_sys y ON y.k = i.system "
        "GROUP BY p.patient_record, y.uri, i.id",
        path,
    )
