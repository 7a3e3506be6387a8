"""Quads to one wide row a subject: a column a predicate that is understood; what is not is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinmap.diff import vocabulary
from twinmap.diff.quads import Quads, scan
from twinmap.diff.vocabulary import BESIDE, PATHS, PLACE, STEPS, TYPE
from twinmap.engine.duck import Duck
from twinmap.sqltext import quoted


@dataclass(frozen=True, slots=True)
class Wide:
    """Rows ``s src kind c0 c1 …``; ``columns`` leads from a predicate to its column."""

    folder: Path
    columns: Mapping[str, str]
    unread: Mapping[str, int]
    several: Mapping[str, int]

    def scan(self, kind: str) -> str:
        """SQL of the rows of a kind."""
        return f"(SELECT * FROM {self.all()} WHERE kind = {quoted(kind)})"

    def all(self) -> str:
        """SQL of all rows."""
        return scan(self.folder.glob("*.parquet"))

    def kinds(self, duck: Duck) -> dict[str, int]:
        """How many rows each kind has."""
        if not self.columns:
            return {}
        return dict(
            duck.rows(f"SELECT kind, count(*) FROM {self.all()} WHERE kind IS NOT NULL GROUP BY kind")
        )

    def column(self, predicate: str) -> str:
        """The column of a predicate, or NULL where the graph has none."""
        return self.columns.get(predicate, "NULL::VARCHAR")


def pivot(duck: Duck, quads: Quads, folder: Path) -> Wide:
    """Write the wide rows of all parts below ``folder``."""
    counts = _predicates(duck, quads)
    follow(duck, quads, counts)
    counts = _predicates(duck, quads)
    understood = {predicate for own in vocabulary.patterns().values() for predicate in own}
    columns = {iri: f"c{n}" for n, iri in enumerate(sorted(understood & counts.keys()))}
    wide = folder / "wide"
    wide.mkdir(parents=True)
    several = _write(duck, quads, wide, columns, {}) if columns else {}
    if several:
        _write(duck, quads, wide, columns, several)
    made = Wide(wide, columns, {}, several)
    foreign = counts.keys() - understood - STEPS - {TYPE}
    unread = Counter(_classes(duck, quads)) + Counter(_elsewhere(duck, made))
    unread += Counter(_foreign(duck, quads, made, foreign) if foreign else {})
    return Wide(wide, columns, dict(sorted(unread.items())), several)


def _predicates(duck: Duck, quads: Quads) -> dict[str, int]:
    return {p[1:-1]: n for p, n in duck.rows(f"SELECT p, count(*) FROM {quads.scan()} GROUP BY p ORDER BY p")}


def follow(duck: Duck, quads: Quads, counts: Mapping[str, int]) -> None:
    """Add what stands at the end of the paths, said of their beginning, to the parts of those."""
    for number, (meant, path) in enumerate(PATHS):
        if not all(step in counts for step in path):
            continue
        steps = [quads.scan() for _ in path]
        joins = " ".join(f"JOIN {scan} q{n} ON q{n}.s = q{n - 1}.o" for n, scan in enumerate(steps) if n)
        tests = " AND ".join(f"q{n}.p = {quoted(f'<{step}>')}" for n, step in enumerate(path))
        last = len(path) - 1
        for part in quads.filled():
            duck.to_parquet(
                f"SELECT q0.s, {quoted(f'<{meant}>')} AS p, q{last}.o, q0.src "
                f"FROM {quads.scan(part)} q0 {joins} WHERE {tests}",
                quads.folder / f"part={part}" / f"path-{number}.parquet",
            )


def _write(
    duck: Duck, quads: Quads, folder: Path, columns: Mapping[str, str], several: Mapping[str, int]
) -> dict[str, int]:
    """Write all parts; the predicates of which some subject has several objects, with the number of those.

    Of several objects none is taken, but of codes the one that says most by itself.
    """
    _register(duck, columns)
    values = [f"{_one(iri, n, several)} AS {name}" for n, (iri, name) in enumerate(columns.items())]
    kind = f"coalesce(t.kind, CASE WHEN k.n = -1 AND {vocabulary.is_beside('q.o')} THEN '{BESIDE}' END)"
    for part in quads.filled():
        duck.to_parquet(
            f"SELECT s, src, min({kind}) AS kind, {', '.join(values)} FROM {quads.scan(part)} q "
            "LEFT JOIN k_predicate k ON k.p = q.p LEFT JOIN k_type t ON k.n = -1 AND t.o = q.o "
            "GROUP BY s, src ORDER BY s, src",
            folder / f"{part}.parquet",
        )
    return {} if several else _several(duck, quads, folder, columns)


def _one(iri: str, number: int, several: Mapping[str, int]) -> str:
    mine = f"FILTER (WHERE k.n = {number})"
    # A term that is a node of the paths leads to the value and is none.
    if iri == vocabulary.PHENOMENON:
        mine = f"FILTER (WHERE k.n = {number} AND starts_with(q.o, '\"'))"
    if iri in several and _is_code(iri):
        rank = "CASE WHEN contains(q.o, '//loinc.org/') THEN 0 WHEN contains(q.o, '//snomed.info/') THEN 1 ELSE 2 END"
        return f"min_by(q.o, concat({rank}, q.o)) {mine}"
    if iri in several or iri == PLACE:
        return f"CASE WHEN min(q.o) {mine} = max(q.o) {mine} THEN min(q.o) {mine} END"
    return f"min(q.o) {mine}"


def _is_code(iri: str) -> bool:
    return any(own.get(iri, "").endswith("_iri}") for own in vocabulary.patterns().values()) and iri != PLACE


def _register(duck: Duck, columns: Mapping[str, str]) -> None:
    names = [f"<{iri}>" for iri in (TYPE, *columns)]
    duck.register("k_predicate", {"p": ("VARCHAR", names), "n": ("INTEGER", [*range(-1, len(columns))])})
    types = vocabulary.types()
    terms = [f"<{iri}>" for iri in types]
    duck.register("k_type", {"o": ("VARCHAR", terms), "kind": ("VARCHAR", [*types.values()])})


def _several(duck: Duck, quads: Quads, folder: Path, columns: Mapping[str, str]) -> dict[str, int]:
    counted = [iri for iri in columns if iri != PLACE]
    if not counted:
        return {}
    counts = ", ".join(f"count({columns[iri]})" for iri in counted)
    (row,) = duck.rows(f"SELECT {counts} FROM {scan(folder.glob('*.parquet'))}")
    stated = _predicates(duck, quads)
    doubtful = [iri for iri, n in zip(counted, row, strict=True) if n != stated[iri]]
    listed = ", ".join(quoted(f"<{iri}>") for iri in doubtful)
    beside = f"SELECT s FROM {scan(folder.glob('*.parquet'))} WHERE kind = '{BESIDE}'"
    found: Counter[str] = Counter()
    for part in quads.filled() if doubtful else ():
        objects = f"SELECT DISTINCT s, src, p, o FROM {quads.scan(part)} WHERE p IN ({listed}) AND s NOT IN ({beside})"
        many = f"SELECT p FROM ({objects}) GROUP BY s, src, p HAVING count(*) > 1"
        for p, n in duck.rows(f"SELECT p, count(*) FROM ({many}) GROUP BY p ORDER BY p"):
            found[p[1:-1]] += n
    return dict(found)


def _classes(duck: Duck, quads: Quads) -> dict[str, int]:
    """Classes of which nothing is read, with the number of their instances."""
    rows = duck.rows(
        f"SELECT o, count(*) FROM {quads.scan()} WHERE p = {quoted(f'<{TYPE}>')} "
        f"AND NOT {vocabulary.is_beside('o')} GROUP BY o ORDER BY o"
    )
    known = vocabulary.types().keys() | STEPS
    return {o[1:-1]: n for o, n in rows if o[1:-1] not in known}


def _foreign(duck: Duck, quads: Quads, wide: Wide, predicates: Iterable[str]) -> dict[str, int]:
    """Predicates that are not understood, with the number of quads, those beside the statements left out."""
    listed = ", ".join(quoted(f"<{iri}>") for iri in sorted(predicates))
    apart = f"AND s NOT IN (SELECT s FROM {wide.scan(BESIDE)})" if wide.columns else ""
    rows = duck.rows(
        f"SELECT p, count(*) FROM {quads.scan()} WHERE p IN ({listed}) {apart} GROUP BY p ORDER BY p"
    )
    return {p[1:-1]: n for p, n in rows}


def _elsewhere(duck: Duck, wide: Wide) -> dict[str, int]:
    """Predicates that are understood, but not of the things of which they are said."""
    found: Counter[str] = Counter()
    names: Sequence[str] = [*wide.columns.values()]
    if not names:
        return found
    counts = ", ".join(f"count({name})" for name in names)
    stated = f"FROM {wide.all()} WHERE kind IS DISTINCT FROM '{BESIDE}'"
    for kind, *numbers in duck.rows(f"SELECT kind, {counts} {stated} GROUP BY kind"):
        own = vocabulary.patterns().get(kind, {})
        found.update({iri: n for iri, n in zip(wide.columns, numbers, strict=True) if n and iri not in own})
    return found
