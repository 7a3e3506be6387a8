"""What the observations of a graph state as values: typed by their literals, numbers to the letter, units as UCUM."""

from __future__ import annotations

from collections.abc import Iterable

from twinmap.diff import vocabulary
from twinmap.diff.graph_sql import listed
from twinmap.diff.pivot import Wide
from twinmap.diff.vocabulary import RESULT, UNIT, UNIT_NODE
from twinmap.engine.duck import Duck
from twinmap.mapping import typed
from twinmap.sqltext import quoted
from twinmap.terms import analytes, loinc, qudt, ucum, units
from twinmap.terms.concepts import Catalogue
from twinmap.terms.facets import facets

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = (
    *("decimal", "integer", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger"),
    *("positiveInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
)
_MOMENTS = ("dateTime", "dateTimeStamp", "date", "time", "gYearMonth", "gYear")


def observations(
    duck: Duck, wide: Wide, columns: dict[str, str], joins: list[str], catalogue: Catalogue
) -> str:
    """SQL of the observations: a converted value is read as received, and its canonical value as the graph has it."""
    result, source = wide.column(RESULT), wide.column(f"{vocabulary.TM}sourceValue")
    numeric = f"WHEN {_typed(result, _NUMBERS)} THEN lexical({result})"
    number = f"CASE WHEN {source} IS NOT NULL THEN lexical({source}) {numeric} END"
    unit = f"coalesce(lexical({wide.column(UNIT)}), {_unit_node(duck, wide, joins)})"
    received = f"lexical({wide.column(vocabulary.TM + 'sourceUnit')})"
    ratio = [f"lexical({wide.column(vocabulary.TM + name)})" for name in ("numerator", "denominator")]
    columns |= {
        "_result": f"lexical({result})",
        "_number": number,
        "_truth": _typed(result, ("boolean",)),
        "_moment": _typed(result, _MOMENTS),
        "_ratio": f"{ratio[0]} IS NOT NULL OR {ratio[1]} IS NOT NULL",
        "_unit": f"CASE WHEN {source} IS NULL THEN {unit} ELSE {received} END",
        "_unit_raw": received,
        "_canon": f"CASE WHEN {source} IS NOT NULL THEN try_cast(lexical({result}) AS DOUBLE) END",
        "_canon_unit": f"CASE WHEN {source} IS NOT NULL THEN {unit} END",
        "low_text": f"coalesce({columns['low_text']}, {ratio[0]})",
        "high_text": f"coalesce({columns['high_text']}, {ratio[1]})",
    }
    duck.run(
        f"CREATE OR REPLACE TEMP VIEW graph_observation AS SELECT {listed(columns)} "
        f"FROM {wide.scan('observation')} w {' '.join(joins)}"
    )
    _register_numbers(duck)
    _register_units(duck, catalogue)
    return _valued()


def _unit_node(duck: Duck, wide: Wide, joins: list[str]) -> str:
    """SQL of the unit that an IRI stands for: UCUM where QUDT has it, else the IRI itself, so that it is not lost."""
    column = wide.column(UNIT_NODE)
    terms = [
        term
        for (term,) in duck.rows(f"SELECT DISTINCT {column} FROM {wide.scan('observation')}")
        if term is not None and term.startswith("<")
    ]
    said = [qudt.ucum(term[1:-1]) or term[1:-1] for term in terms]
    duck.register("k_unit_node", {"term": ("VARCHAR", terms), "said": ("VARCHAR", said)})
    joins.append(f"LEFT JOIN k_unit_node ON k_unit_node.term = {column}")
    return "k_unit_node.said"


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
    found = [canonical(system, code, text, word, catalogue) for system, code, text, word in rows]
    names = ("code_system", "code", "_unit", "statistic")
    columns = {name: ("VARCHAR", [row[n] for row in rows]) for n, name in enumerate(names)}
    types = {"unit": "VARCHAR", "canon_unit": "VARCHAR", "factor": "DOUBLE", "shift": "DOUBLE"}
    made = {f"k_{name}": (kind, [row[n] for row in found]) for n, (name, kind) in enumerate(types.items())}
    duck.register("k_unit", columns | made)


def canonical(
    system: str | None, code: str | None, text: str, statistic: str | None, catalogue: Catalogue
) -> tuple[str | None, str | None, float | None, float | None]:
    """As a run finds them: the UCUM unit of a text that is said to be UCUM, the canonical unit, factor and offset."""
    concept = catalogue.by_code(system or "", code or "")
    unit = units.resolve(text, concept.unit if concept else None, declared=True).unit
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
        "unit_raw": "CASE WHEN k_unit IS NULL THEN coalesce(_unit, _unit_raw) WHEN _unit <> k_unit THEN _unit END",
        "canon_num": f"coalesce(_canon, CASE WHEN k_canon_unit IS NOT NULL THEN {canon} END)",
        "canon_unit": f"CASE WHEN {quantity} THEN coalesce(_canon_unit, k_canon_unit) END",
    }
    on = " AND ".join(
        f"u.{name} IS NOT DISTINCT FROM o.{name}" for name in ("code_system", "code", "statistic")
    )
    return (
        f"SELECT * REPLACE ({listed(replaced)}) FROM (SELECT o.*, {text} AS _text, "
        "u.k_unit, u.k_canon_unit, u.k_factor, u.k_shift "
        "FROM graph_observation o LEFT JOIN k_number n ON n.text = o._number "
        f"LEFT JOIN k_unit u ON u._unit = o._unit AND {on}) q"
    )
