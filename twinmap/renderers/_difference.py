"""What a diff found, as tables: how much each side has comes first, then what is the same and what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from twinmap.renderers._relations import told
from twinmap.renderers._report import Json, Report
from twinmap.renderers._sentences import called
from twinmap.terms import systems

#: What a diff can be looked at by.
VIEWS = ("concept", "facet", "patient", "time")
#: Rows of a table that are shown; how many more there are is said.
_ROWS = 40


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; ``more`` says how many rows are left out.

    Rows after the first ``apart`` are alike on both sides, and ``alike`` says what they are.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: int = 0
    apart: int | None = None
    alike: str = ""


def difference(report: Report) -> Iterator[Table]:
    """The tables of a diff in the view that was asked for; nothing where the report is that of a run."""
    found = report.difference
    if found is None:
        return
    view = found.get("by", VIEWS[0])
    yield _sides(found)
    if "graphs" in found:
        yield _graphs(found["graphs"])
    unread = [
        (str(side["side"]), str(iri), _number(count))
        for side in found["sides"]
        for iri, count in side.get("unread", {}).items()
    ]
    if unread:
        yield _cut(
            "Predicates and classes of a graph that are not understood", ("side", "IRI", "quads"), unread
        )
    rows = {"concept": _concepts, "facet": _facets, "patient": _patients, "time": _months}[view](
        report, found
    )
    yield rows
    others = [
        (row["kind"], coding(row), _number(row["a"]), _number(row["b"]), _number(row["same"]))
        for row in found["statements"]
        if not row["a"] == row["b"] == row["same"]
    ]
    if others:
        yield _cut("Statements that are not the same", ("kind", "code", "A", "B", "the same"), others)
    changes = [
        (row["kind"], coding(row), row["what"], change(row), _number(row["n"]), row["by"])
        for row in found["changes"]
    ]
    if changes:
        caption = "What changed in statements that belong together"
        yield _cut(caption, ("kind", "code", "what", "change", "statements", "together by"), changes)


def _cut(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    return Table(caption, head, rows[:_ROWS], max(0, len(rows) - _ROWS))


def totals(found: Json) -> dict[str, int]:
    """How many statements and patients each side has, and how many are the same, changed, or of both.

    The books of both sides balance: what one has is the same, ``changed``, or its alone.
    """
    rows, patients = found["statements"], found["patients"]
    known = {name: sum(row[name] for row in rows) for name in ("a", "b", "same")}
    known["changed"] = sum(row["n"] for row in found["together"])
    return (
        known
        | {f"alone_{side}": known[side] - known["same"] - known["changed"] for side in "ab"}
        | {
            "patients_a": sum(row["a"] > 0 for row in patients),
            "patients_b": sum(row["b"] > 0 for row in patients),
            "patients_both": sum(row["a"] > 0 and row["b"] > 0 for row in patients),
        }
    )


def _sides(found: Json) -> Table:
    known = totals(found)
    names = {side["side"]: str(side["name"]) for side in found["sides"]}
    rows = [
        (side, name, _number(known[side.lower()]), _number(known[f"patients_{side.lower()}"]))
        for side, name in names.items()
    ]
    rows.append(("", "both, and the same", _number(known["same"]), _number(known["patients_both"])))
    if known["changed"]:
        rows.append(("", "both, and changed", _number(known["changed"]), ""))
    rows += [("", f"{side} alone", _number(known[f"alone_{side.lower()}"]), "") for side in names]
    caption = "What is compared"
    if known["patients_a"] and known["patients_b"] and not known["patients_both"]:
        caption += "; no patient is known to be of both: --crosswalk names who is one"
    return Table(caption, ("", "side", "statements", "patients"), rows)


def _graphs(found: Json) -> Table:
    equal = "the same" if found["equal"] else "not the same"
    rows = [(side.upper(), _number(found[side]["quads"]), str(found[side]["sha256"])) for side in "ab"]
    caption = f"The graphs are {equal}, up to the labels of blank nodes and the order of quads"
    return Table(caption, ("", "distinct quads", "SHA-256 of the canonical form"), rows)


def _apart(
    caption: str, head: Sequence[str], rows: Sequence[tuple[bool, Sequence[str]]], alike: str
) -> Table:
    """A table of rows that are alike on both sides or not; these come first."""
    differ = [row for same, row in rows if not same]
    table = _cut(caption, head, differ + [row for same, row in rows if same])
    return replace(table, apart=len(differ), alike=alike)


def related(report: Report) -> Callable[[Json], str]:
    """How both sides relate in the concept of a row of ``diff.json``: what is told worst, or who has it."""
    worst = {item.concept: called(item.worst.standing) for item in reversed(told(report))}
    apart: dict[str, set[str]] = defaultdict(set)
    for row in report.concepts:
        apart[str(row.get("concept"))].add(str(row.get("source")))
    return lambda row: worst.get(str(row["concept"])) or _alone(row, apart[str(row["concept"])])


def _concepts(report: Report, found: Json) -> Table:
    relation = related(report)
    rows = [
        (
            bool(row.get("the_same")),
            (
                str(row["concept"]),
                _number(row["a"]),
                _number(row["b"]),
                f"{row['patients_a']:,} / {row['patients_b']:,}",
                _number(row["patients_both"]),
                _SAID.get(said := relation(row), said.replace("-", " ")),
            ),
        )
        for row in found["concepts"]
    ]
    head = ("concept", "A", "B", "patients A / B", "of both", "relation")
    return _apart("Observations by concept", head, rows, "Concepts of which both state the same")


#: Relations whose words name a side.
_SAID = {"a-broader": "A is broader", "a-narrower": "A is narrower"}


def _alone(row: Json, apart: set[str]) -> str:
    """What is said of a concept without a relation; ``apart`` are the sides with statements that are not the same."""
    if row.get("the_same"):
        return "the same"
    if not (row["a"] and row["b"]):
        return f"only {'A' if row['a'] else 'B'} has it"
    return f"the same, and more in {min(apart)}" if len(apart) == 1 else "not compared"


def _facets(report: Report, _: Json) -> Table:
    rows = [
        (
            str(row["concept"]),
            str(facet["facet"]),
            str(facet["a"] or "not said"),
            str(facet["b"] or "not said"),
            str(facet["relation"]),
        )
        for row in report.relations
        for facet in row.get("facets", ())
        if facet["relation"] != "="
    ]
    return _cut("Facets that differ", ("concept", "facet", "A", "B", "relation"), list(dict.fromkeys(rows)))


def _patients(_: Report, found: Json) -> Table:
    rows = _counted(found["patients"], "patient")
    alike = "Patients with as many statements in A as in B"
    return _apart("Statements by patient", ("patient", "A", "B"), rows, alike)


def _months(_: Report, found: Json) -> Table:
    rows = _counted(found["months"], "month")
    alike = "Months with as many observations in A as in B"
    return _apart("Observations by month (UTC)", ("month", "A", "B"), rows, alike)


def _counted(rows: Sequence[Json], key: str) -> list[tuple[bool, Sequence[str]]]:
    return [
        (row["a"] == row["b"], (str(row[key] or "no time"), _number(row["a"]), _number(row["b"])))
        for row in rows
    ]


def coding(row: Json) -> str:
    """A code with the short name of its system; empty where there is none."""
    if row.get("code") is None:
        return ""
    return systems.curie(row["system"], row["code"]) if row.get("system") else str(row["code"])


def change(row: Json) -> str:
    """What a change does, in words."""
    if "ratio" in row:
        return f"{row['ratio']:g} times as large"
    if "shift_us" in row:
        return f"{row['shift_us'] / 3.6e9:+g} h"
    if row.get("before") is None and row.get("after") is None:
        return f"only {row['only']} says it" if "only" in row else ""
    said = f"{_word(row.get('before'))} -> {_word(row.get('after'))}"
    return f"{said}, another calendar day" if row["what"] == "offset_min" else said


def _word(text: str | None) -> str:
    """A word, or a code by the short name of its system."""
    if text is None:
        return "nothing"
    system, bar, code = text.rpartition("|")
    return systems.curie(system, code) if bar else text


def _number(count: int) -> str:
    return f"{count:,}"
