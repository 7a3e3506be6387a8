"""Wide rows of a graph to the statement tables: what terms mean once per distinct term, the rest in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from twinmap.diff import vocabulary
from twinmap.diff.pivot import Wide
from twinmap.diff.quads import Quads
from twinmap.diff.vocabulary import END, PHENOMENON, PLACE, RESULT, UNIT
from twinmap.engine.duck import Duck
from twinmap.kinds import KINDS
from twinmap.mapping import fasttime, times, typed
from twinmap.mapping.sql import identifier, quoted
from twinmap.terms import analytes, loinc, systems, ucum, units
from twinmap.terms.concepts import Catalogue
from twinmap.terms.facets import NAMESPACE, facets

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = (
    *("decimal", "integer", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger"),
    *("positiveInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
)
_MOMENTS = ("dateTime", "dateTimeStamp", "date", "time", "gYearMonth", "gYear")

#: The form of an id of ours; hex digits that are not in its alphabet are written as letters.
_ID = "[a-z2-7]{26}"

#: SQL of what a term is; escapes are those of N-Quads, and pairs of backslashes are told first.
_MACROS = (
    """lexical(o) AS CASE WHEN o[1] <> '"' THEN NULL WHEN NOT contains(o, '\\') THEN
        o[2:length(o) - strpos(reverse(o), '"')] ELSE unescaped(regexp_extract(o, '^"((?:[^"\\\\]|\\\\.)*)"', 1, 's')) END""",
    """unescaped(t) AS list_aggregate(list_transform(string_split(t, '\\\\'), lambda x: hexed(replace(replace(replace(
        replace(replace(replace(replace(x, '\\"', '"'), '\\''', ''''), '\\n', chr(10)), '\\r', chr(13)), '\\t', chr(9)),
        '\\b', chr(8)), '\\f', chr(12)))), 'string_agg', '\\')""",
    """hexed(t) AS CASE WHEN contains(t, '\\u') OR contains(t, '\\U') THEN list_reduce(list_prepend(t,
        regexp_extract_all(t, '\\\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})', 1)),
        lambda a, h: replace(a, concat('\\', h), chr(concat('0x', h[2:])::INTEGER))) ELSE t END""",
    """datatype(o) AS regexp_extract(o, '"\\^\\^<([^>]*)>$', 1)""",
    f"""ident(o, folder) AS CASE WHEN o IS NULL THEN NULL WHEN regexp_matches(o, concat('[/#:]', folder, '/{_ID}>$'))
        THEN o[length(o) - 26:length(o) - 1]
        ELSE translate(sha256(concat(folder, chr(31), o))[1:26], '0189', 'ghij') END""",
)


def write(duck: Duck, quads: Quads, wide: Wide, folder: Path, catalogue: Catalogue) -> tuple[dict[str, Path], int]:
    """Write the table of each kind that the graph has.

    Returns:
        The tables by kind, and how many times have no instant: no time zone is stated, or they are no times.
    """
    for macro in reversed(_MACROS):
        duck.run(f"CREATE OR REPLACE TEMP MACRO {macro}")
    found = wide.kinds(duck)
    made: dict[str, Path] = {}
    untimed = 0
    for kind in KINDS:
        if kind not in found and not (kind == "patient" and "record" in found):
            continue
        path = folder / f"{kind}.parquet"
        rows = _patients(duck, quads, wide) if kind == "patient" else _rows(duck, wide, kind, catalogue)
        if duck.to_parquet(_ordered(kind, rows), path):
            made[kind] = path
            untimed += _untimed(duck, wide, kind, path)
        else:
            path.unlink()
    return made, untimed


def _ordered(kind: str, rows: str) -> str:
    """The rows with all columns of their kind, numbered at their place; without a place, through the graph."""
    names = {row.name: row.type for row in KINDS[kind].columns(tuple(facets()))}
    by = "id" if "id" in names else "patient_record"
    listed = ", ".join(f"{identifier(name)}::{sql} AS {identifier(name)}" for name, sql in names.items())
    return (
        f"SELECT {listed} FROM (SELECT * REPLACE (row_number() OVER (PARTITION BY file, record, part "
        f"ORDER BY {by}, source) AS ordinal) FROM (SELECT * REPLACE (coalesce(record, row_number() OVER "
        f"(PARTITION BY record IS NULL ORDER BY {by}, source)) AS record) FROM ({rows}))) "
        "ORDER BY file, record, part, ordinal"
    )


def _untimed(duck: Duck, wide: Wide, kind: str, path: Path) -> int:
    stated = [column for iri, column in wide.columns.items() if _role(kind, iri) in {"start_literal", "end_literal"}]
    if not stated:
        return 0
    counts = " + ".join(f"count({column})" for column in stated)
    terms = int(duck.value(f"SELECT {counts} FROM {wide.scan(kind)}"))
    read = f"SELECT count(start_us) + count(end_us) FROM read_parquet({quoted(str(path))})"
    return max(0, terms - int(duck.value(read)))


def _role(kind: str, predicate: str) -> str:
    """What the object of a predicate is: ``start_literal`` of ``"{start_literal}"``."""
    return vocabulary.patterns().get(kind, {}).get(predicate, "").strip('"{}')


# --- columns --------------------------------------------------------------------------------------


def _rows(duck: Duck, wide: Wide, kind: str, catalogue: Catalogue) -> str:
    """SQL of the rows of a kind, their ordinals left open."""
    columns = {row.name: f"NULL::{row.type}" for row in KINDS[kind].columns(tuple(facets()))}
    columns |= {"id": f"ident(s, {quoted(vocabulary.subjects()[kind])})", "source": "nullif(src, '')"}
    columns |= _place(wide.column(PLACE))
    joins: list[str] = []
    for iri, thing in vocabulary.patterns()[kind].items():
        if iri in wide.columns:
            columns |= _filled(duck, wide, kind, wide.columns[iri], thing, joins)
    columns |= _times(duck, wide, kind, joins)
    if kind == "observation":
        return _observations(duck, wide, columns, joins, catalogue)
    return f"SELECT {_listed(columns)} FROM {wide.scan(kind)} w {' '.join(joins)}"


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())


def _filled(duck: Duck, wide: Wide, kind: str, column: str, thing: str, joins: list[str]) -> dict[str, str]:
    """The columns that an object of this pattern fills; tables that they need are joined."""
    if thing.startswith("<"):
        path, _, name = thing.strip("<>").partition("/")
        return {name.strip("{}"): f"ident({column}, {quoted(path)})"}
    if thing.startswith("facet "):
        name = thing.removeprefix("facet ")
        rows = duck.rows(f"SELECT DISTINCT {column} FROM {wide.scan(kind)} WHERE {column} IS NOT NULL")
        joins.append(_table(duck, column, {term: (_word(name, term), None) for (term,) in rows}))
        return {name: f"k_{column}.v0"}
    name = thing.partition("^^")[0].strip('"{}')
    if name.endswith("_iri") and name != "place_iri":
        stem = name.removesuffix("_iri")
        rows = duck.rows(f"SELECT DISTINCT {column} FROM {wide.scan(kind)} WHERE {column} IS NOT NULL")
        joins.append(_table(duck, column, {term: vocabulary.coding(term) or (None, None) for (term,) in rows}))
        system, code = KINDS[kind].pairs[stem]
        return {system: f"k_{column}.v0", code: f"k_{column}.v1"}
    known = {row.name for row in KINDS[kind].columns()}
    return {name: f"lexical({column})"} if name in known else {}


def _table(duck: Duck, column: str, meaning: dict[str, tuple[str | None, str | None]]) -> str:
    """Make the table of what the terms of a column mean; SQL that joins it."""
    values = {f"v{n}": ("VARCHAR", [row[n] for row in meaning.values()]) for n in (0, 1)}
    duck.register(f"k_{column}", {"term": ("VARCHAR", [*meaning]), **values})
    return f"LEFT JOIN k_{column} ON k_{column}.term = w.{column}"


def _word(name: str, term: str) -> str | None:
    """The value of a facet: a word of ours by its IRI, a word that a code means, or a text."""
    if term.startswith(f"<{NAMESPACE}"):
        return "tm:" + term[1:-1].removeprefix(NAMESPACE)
    facet = facets()[name]
    found = vocabulary.coding(term)
    if found is None:
        return None
    system, text = found
    return facet.value(text, system) or (text if term.startswith('"') and facet.type == "text" else None)


def _place(column: str) -> dict[str, str]:
    """``file/N#RECORD/PART``; without one, file 0 is the graph itself and its records are numbered later."""
    form = f"regexp_extract({column}, '[/#:]file/([0-9]{{1,9}})#([0-9]{{1,18}})(/.*)?>$'"
    return {
        "file": f"coalesce(try_cast({form}, 1) AS INTEGER), 0)",
        "record": f"try_cast({form}, 2) AS BIGINT)",
        "part": f"coalesce(url_decode({form}, 3)[2:]), '')",
    }


def _patients(duck: Duck, quads: Quads, wide: Wide) -> str:
    """SQL of the patients: what a source says of a record, once for every place that says it."""
    facts = {name: _patient_fact(wide, name) for name in ("birth_date", "sex", "deceased")}
    stated = " OR ".join(f"{sql} IS NOT NULL" for sql in facts.values())
    places = f"SELECT DISTINCT s, src, o FROM {quads.scan()} WHERE p = {quoted(f'<{PLACE}>')}"
    precision = "CASE length(birth_date) WHEN 4 THEN 'year' WHEN 7 THEN 'month' ELSE 'day' END"
    twin = wide.column(f"{vocabulary.TM}twin")
    columns = {
        **{row.name: f"NULL::{row.type}" for row in KINDS["patient"].columns()},
        **_place("p.o"),
        "source": "nullif(w.src, '')",
        "twin": f"coalesce(ident({twin}, 'patient'), ident(w.s, 'record'))",
        "patient_record": "ident(w.s, 'record')",
        **facts,
    }
    return (
        f"SELECT * REPLACE (CASE WHEN birth_date IS NOT NULL THEN {precision} END AS birth_precision) FROM "
        f"(SELECT {_listed(columns)} FROM {wide.scan('record')} w LEFT JOIN ({places}) p ON p.s = w.s AND p.src = w.src "
        f"WHERE p.o IS NOT NULL OR {stated})"
    )


def _patient_fact(wide: Wide, name: str) -> str:
    iri = f"{vocabulary.TM}{'birthDate' if name == 'birth_date' else name}"
    return f"lexical({wide.column(iri)})"


# --- times ----------------------------------------------------------------------------------------

_EXACT = rf"[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}T(?:[01][0-9]|2[0-3]):[0-9]{{2}}:[0-9]{{2}}(?:\.([0-9]{{1,9}}))?{fasttime._OFFSET}"  # noqa: SLF001


def _times(duck: Duck, wide: Wide, kind: str, joins: list[str]) -> dict[str, str]:
    """Start, end, precision and origin: complete date-times in SQL, all else once per distinct term."""
    columns: dict[str, str] = {}
    for name, iris in (
        ("start_us", (PHENOMENON, f"{vocabulary.TM}startTime", f"{vocabulary.SOSA}resultTime")),
        ("end_us", (END,)),
    ):
        stated = [wide.columns[iri] for iri in iris if iri in wide.columns and iri in vocabulary.patterns()[kind]]
        if not stated:
            continue
        term = f"coalesce({', '.join(f'w.{column}' for column in stated)})"
        text = f"lexical({term})"
        table = f"k_{kind}_{name}"
        _register_slow(duck, wide, kind, term, table)
        joins.append(f"LEFT JOIN {table} ON {table}.term = {term}")
        columns[name] = f"coalesce({table}.us, {_instant(text)})"
        if name == "start_us":
            fraction = f"regexp_extract({text}, '{_EXACT}', 1)"
            columns["time_precision"] = (
                f"CASE WHEN {table}.term IS NOT NULL THEN {table}.said WHEN {term} IS NULL THEN NULL "
                f"WHEN {fraction} = '' THEN 'second' WHEN length({fraction}) <= 3 THEN 'millisecond' ELSE 'microsecond' END"
            )
            columns["time_origin"] = f"CASE WHEN {table}.term IS NOT NULL THEN {table}.origin WHEN {term} IS NOT NULL THEN 'offset' END"
    return columns


def _instant(text: str) -> str:
    fraction = f"rpad(regexp_extract({text}, '{_EXACT}', 1)[1:6], 6, '0')::BIGINT"
    return f"epoch_us(try_cast(left({text}, 19) AS TIMESTAMP)) + {fraction} - {fasttime.offset_us(text)}"


def _register_slow(duck: Duck, wide: Wide, kind: str, term: str, table: str) -> None:
    rows = duck.rows(
        f"SELECT DISTINCT {term}, lexical({term}) FROM {wide.scan(kind)} w "
        f"WHERE {term} IS NOT NULL AND NOT coalesce(regexp_full_match(lexical({term}), {quoted(_EXACT)}), false)"
    )
    found = [times.instant(text or "", ("iso",), None) for _, text in rows]
    duck.register(
        table,
        {
            "term": ("VARCHAR", [row[0] for row in rows]),
            "us": ("BIGINT", [each.us for each in found]),
            "said": ("VARCHAR", [each.precision for each in found]),
            "origin": ("VARCHAR", [each.origin for each in found]),
        },
    )


# --- values ---------------------------------------------------------------------------------------


def _observations(duck: Duck, wide: Wide, columns: dict[str, str], joins: list[str], catalogue: Catalogue) -> str:
    """SQL of the observations: a converted value is read as received, and its canonical value as the graph has it."""
    result, source = wide.column(RESULT), wide.column(f"{vocabulary.TM}sourceValue")
    number = f"CASE WHEN {source} IS NOT NULL THEN lexical({source}) WHEN {_typed(result, _NUMBERS)} THEN lexical({result}) END"
    unit = f"CASE WHEN {source} IS NULL THEN coalesce(lexical({wide.column(UNIT)}), {{0}}) ELSE {{0}} END"
    ratio = [f"lexical({wide.column(vocabulary.TM + name)})" for name in ("numerator", "denominator")]
    columns |= {
        "_result": f"lexical({result})",
        "_number": number,
        "_truth": _typed(result, ("boolean",)),
        "_moment": _typed(result, _MOMENTS),
        "_ratio": f"{ratio[0]} IS NOT NULL OR {ratio[1]} IS NOT NULL",
        "_unit": unit.format(f"lexical({wide.column(vocabulary.TM + 'sourceUnit')})"),
        "_canon": f"CASE WHEN {source} IS NOT NULL THEN try_cast(lexical({result}) AS DOUBLE) END",
        "_canon_unit": f"CASE WHEN {source} IS NOT NULL THEN lexical({wide.column(UNIT)}) END",
        "low_text": f"coalesce({columns['low_text']}, {ratio[0]})",
        "high_text": f"coalesce({columns['high_text']}, {ratio[1]})",
    }
    duck.run(
        f"CREATE OR REPLACE TEMP VIEW graph_observation AS SELECT {_listed(columns)} FROM {wide.scan('observation')} w {' '.join(joins)}"
    )
    _register_numbers(duck)
    _register_units(duck, catalogue)
    return _valued()


def _typed(column: str, names: Iterable[str]) -> str:
    return f"coalesce(datatype({column}) IN ({', '.join(quoted(_XSD + name) for name in names)}), false)"


def _register_numbers(duck: Duck) -> None:
    rows = duck.rows(
        "SELECT DISTINCT _number FROM graph_observation WHERE _number IS NOT NULL "
        f"AND NOT regexp_full_match(_number, {quoted(typed.PLAIN_NUMBER)})"
    )
    texts = [row[0] for row in rows]
    plain = [typed.number(text.strip()) for text in texts]
    duck.register("k_number", {"text": ("VARCHAR", texts), "plain": ("VARCHAR", plain)})


def _register_units(duck: Duck, catalogue: Catalogue) -> None:
    """The table ``k_unit``: the unit of each signature, and the way to its canonical unit."""
    rows = duck.rows(
        "SELECT DISTINCT code_system, code, _unit, statistic FROM graph_observation WHERE _unit IS NOT NULL ORDER BY ALL"
    )
    found = [canonical(*row, catalogue) for row in rows]
    names = ("code_system", "code", "_unit", "statistic")
    columns = {name: ("VARCHAR", [row[n] for row in rows]) for n, name in enumerate(names)}
    types = {"unit": "VARCHAR", "canon_unit": "VARCHAR", "factor": "DOUBLE", "shift": "DOUBLE"}
    made = {f"k_{name}": (kind, [row[n] for row in found]) for n, (name, kind) in enumerate(types.items())}
    duck.register("k_unit", columns | made)


def canonical(
    system: str | None, code: str | None, text: str, statistic: str | None, catalogue: Catalogue
) -> tuple[str | None, str | None, float | None, float | None]:
    """The UCUM unit of a text, the canonical unit of the code, factor and offset, as a run finds them."""
    concept = catalogue.by_code(system or "", code or "")
    unit = units.resolve(text, concept.unit if concept else None).unit
    if unit is None:
        return None, None, None, None
    own = next((item for item in concept.codes if item.code == code), None) if concept else None
    aim = (concept.unit_of(own) if own else concept.unit) if concept else None
    try:
        aim = aim or units.base_unit(unit)
        rule = analytes.conversion(unit, aim, code if concept else None)
    except ucum.UcumError:
        rule = None
    if rule is None or rule.rule_class != "physical":
        return unit, None, None, None
    axes = catalogue.axes(code or "") if system == loinc.SYSTEM else None
    difference = statistic == facets()["statistic"].curie("standard-deviation") or (
        axes is not None and axes.property in loinc.DIFFERENCES
    )
    return unit, aim, float(rule.factor), 0.0 if difference else float(rule.offset)


def _valued() -> str:
    text = f"CASE WHEN regexp_full_match(o._number, {quoted(typed.PLAIN_NUMBER)}) THEN o._number ELSE n.plain END"
    quantity = "q._text IS NOT NULL"
    double = "CASE WHEN isfinite(q._text::DOUBLE) THEN q._text::DOUBLE END"
    moved = f"try_cast(format('{{:.12g}}', {double} * k_factor + k_shift) AS DOUBLE)"
    canon = f"CASE WHEN k_factor = 1 AND k_shift = 0 THEN {double} WHEN isfinite({moved}) THEN {moved} END"
    kinds = (
        ("absent_reason IS NOT NULL", "absent"),
        ("value_code IS NOT NULL", "coded"),
        (quantity, "quantity"),
        ("_truth", "boolean"),
        ("_moment", "datetime"),
        ("_ratio", "ratio"),
        ("low_text IS NOT NULL OR high_text IS NOT NULL", "range"),
        ("_result IS NOT NULL", "string"),
    )
    replaced = {
        "value_kind": "CASE " + " ".join(f"WHEN {test} THEN {quoted(kind)}" for test, kind in kinds) + " END",
        "value_text": f"CASE WHEN {quantity} THEN q._text ELSE _result END",
        "value_num": double,
        "value_decimals": f"CASE WHEN {quantity} THEN least(length(split_part(q._text, '.', 2)), 127) END",
        "unit": "k_unit",
        "unit_raw": "CASE WHEN _unit IS DISTINCT FROM k_unit THEN _unit END",
        "canon_num": f"coalesce(_canon, CASE WHEN k_canon_unit IS NOT NULL THEN {canon} END)",
        "canon_unit": f"CASE WHEN {quantity} THEN coalesce(_canon_unit, k_canon_unit) END",
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in replaced.items())
    on = " AND ".join(f"u.{name} IS NOT DISTINCT FROM o.{name}" for name in ("code_system", "code", "statistic"))
    return (
        f"SELECT * REPLACE ({listed}) FROM (SELECT o.*, {text} AS _text, u.k_unit, u.k_canon_unit, u.k_factor, u.k_shift "
        "FROM graph_observation o LEFT JOIN k_number n ON n.text = o._number "
        f"LEFT JOIN k_unit u ON u._unit = o._unit AND {on}) q"
    )


__all__ = ["canonical", "systems", "write"]
