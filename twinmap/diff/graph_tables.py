"""Wide rows of a graph to the statement tables: what terms mean once per distinct term, the rest in SQL."""

from __future__ import annotations

from pathlib import Path

from twinmap.diff import graph_sql, vocabulary
from twinmap.diff.graph_sql import listed
from twinmap.diff.graph_values import observations
from twinmap.diff.pivot import Wide
from twinmap.diff.quads import Quads
from twinmap.diff.vocabulary import END, PHENOMENON, PLACE
from twinmap.engine.duck import Duck
from twinmap.kinds import KINDS
from twinmap.mapping import fasttime, times
from twinmap.sqltext import identifier, quoted
from twinmap.terms.concepts import Catalogue
from twinmap.terms.facets import NAMESPACE, facets


def write(
    duck: Duck, quads: Quads, wide: Wide, folder: Path, catalogue: Catalogue
) -> tuple[dict[str, Path], int]:
    """Write the table of each kind that the graph has.

    Returns:
        The tables by kind, and how many times have no instant: no time zone is stated, or they are no times.
    """
    graph_sql.install(duck)
    found = wide.kinds(duck)
    made: dict[str, Path] = {}
    untimed = 0
    for kind in KINDS:
        if kind not in found and not (kind == "patient" and "record" in found):
            continue
        path = folder / f"{kind}.parquet"
        rows = _patients(quads, wide) if kind == "patient" else _rows(duck, wide, kind, catalogue)
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
    cast = {name: f"{identifier(name)}::{kind}" for name, kind in names.items()}
    return (
        f"SELECT {listed(cast)} FROM (SELECT * REPLACE (row_number() OVER (PARTITION BY file, record, part "
        f"ORDER BY {by}, source) AS ordinal) FROM (SELECT * REPLACE (coalesce(record, row_number() OVER "
        f"(PARTITION BY record IS NULL ORDER BY {by}, source)) AS record) FROM ({rows}))) "
        "ORDER BY file, record, part, ordinal"
    )


def _untimed(duck: Duck, wide: Wide, kind: str, path: Path) -> int:
    stated = [
        column for iri, column in wide.columns.items() if _role(kind, iri) in {"start_literal", "end_literal"}
    ]
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
        return observations(duck, wide, columns, joins, catalogue)
    return f"SELECT {listed(columns)} FROM {wide.scan(kind)} w {' '.join(joins)}"


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
        joins.append(
            _table(duck, column, {term: vocabulary.coding(term) or (None, None) for (term,) in rows})
        )
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


def _patients(quads: Quads, wide: Wide) -> str:
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
        f"(SELECT {listed(columns)} FROM {wide.scan('record')} w LEFT JOIN ({places}) p ON p.s = w.s AND p.src = w.src "
        f"WHERE p.o IS NOT NULL OR {stated})"
    )


def _patient_fact(wide: Wide, name: str) -> str:
    iri = f"{vocabulary.TM}{'birthDate' if name == 'birth_date' else name}"
    return f"lexical({wide.column(iri)})"


# --- times ----------------------------------------------------------------------------------------

_DAY, _CLOCK = "[12][0-9]{3}-[0-9]{2}-[0-9]{2}", "(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
#: A complete date-time with its offset; the first group is the fraction.
_EXACT = rf"{_DAY}T{_CLOCK}(?:\.([0-9]{{1,9}}))?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"


def _times(duck: Duck, wide: Wide, kind: str, joins: list[str]) -> dict[str, str]:
    """Start, end, precision and origin: complete date-times in SQL, all else once per distinct term."""
    columns: dict[str, str] = {}
    for name, iris in (
        ("start_us", (PHENOMENON, f"{vocabulary.TM}startTime", f"{vocabulary.SOSA}resultTime")),
        ("end_us", (END,)),
    ):
        stated = [
            wide.columns[iri] for iri in iris if iri in wide.columns and iri in vocabulary.patterns()[kind]
        ]
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
            columns["time_origin"] = (
                f"CASE WHEN {table}.term IS NOT NULL THEN {table}.origin WHEN {term} IS NOT NULL THEN 'offset' END"
            )
    return columns


def _instant(text: str) -> str:
    fraction = f"rpad(regexp_extract({text}, '{_EXACT}', 1)[1:6], 6, '0')::BIGINT"
    return f"epoch_us(try_cast(left({text}, 19) AS TIMESTAMP)) + {fraction} - {fasttime.offset_min(text)}::BIGINT * 60000000"


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
