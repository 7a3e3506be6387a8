"""Writes the generated pages of the documentation; with ``--check`` it only says which are stale.

    python docs/generate.py            writes
    python docs/generate.py --check    exit 1 where a page is not what it would write

``rules/`` has a page for each finding code, from the docstring of its module, and an index. ``cli.md`` is
the help of every command. In ``graph.md`` the parts between ``<!-- made: NAME -->`` and ``<!-- end -->`` are
made from the target, the vocabulary, the facets and the statement tables; the rest is written by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import pyoxigraph as ox

# The code beside this page is what it tells of, whatever is installed.
sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
import concept_table

from twinmap.cli import twinmap
from twinmap.diagnostics import Finding, Place, Severity
from twinmap.engine.identity import Link, Twins
from twinmap.kinds import KINDS, Column
from twinmap.lift import beside, told
from twinmap.lift.target import load as load_target
from twinmap.registry import shipped
from twinmap.renderers import Page, pages
from twinmap.terms.facets import Facet, facets

DOCS = Path(__file__).parent

FAMILIES = {
    "L": "Mapping files",
    "Q": "Source data",
    "O": "Input and output",
    "H": "SHACL",
    "B": "Changes of a mapping",
    "Z": "Privacy",
    "C": "Codes",
    "U": "Units",
    "V": "Values",
    "G": "Granularity",
    "F": "Facets and context",
    "T": "Time",
    "I": "Identity",
    "D": "Duplicates",
    "X": "Conflicts",
    "S": "Status and modality",
    "E": "Value sets",
    "K": "Scale and type",
    "R": "Reference ranges and flags",
    "N": "Versions and deprecation",
    "M": "Missing context",
    "P": "Precision",
}

_MADE = "<!-- made by docs/generate.py from the code; edit the docstring, not this page -->\n\n"


def rules() -> dict[str, str]:
    """The pages of the finding codes, by file name."""
    every = list(pages())
    made = {f"{page.code}.md": _rule(page) for page in every}
    return made | {"README.md": _index(every)}


def _rule(page: Page) -> str:
    blocks = [f"# {page.code} {page.slug}", f"**{page.severity}** · {page.summary}", page.intro]
    blocks += [f"## {title}\n\n{body}" for title, body in page.sections if body]
    return _MADE + "\n\n".join(block for block in blocks if block) + "\n"


def _index(every: list[Page]) -> str:
    lines = ["# Finding codes", ""]
    lines += [
        "`twinmap explain CODE` prints the same pages. A code is never used again for another thing.",
        "",
    ]
    for letter, title in FAMILIES.items():
        family = [page for page in every if page.code[3] == letter]
        if family:
            lines += [f"## {letter}: {title}", "", "| code | severity | |", "|---|---|---|"]
            lines += [f"| [{p.code}]({p.code}.md) | {p.severity} | {_cell(p.summary)} |" for p in family]
            lines.append("")
    return _MADE + "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def cli() -> str:
    """The reference of the command line: the help of every command, as ``--help`` prints it."""
    root = click.Context(twinmap, info_name="twinmap", terminal_width=100, **twinmap.context_settings)
    blocks = ["# The command line", "Exit codes: [exit-codes.md](exit-codes.md).", _help(root)]
    for name in twinmap.list_commands(root):
        command = twinmap.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root, terminal_width=100)
        blocks += [f"## twinmap {name}", _help(context)]
        if isinstance(command, click.Group):
            for part, below in command.commands.items():
                inner = click.Context(below, info_name=part, parent=context, terminal_width=100)
                blocks += [f"### twinmap {name} {part}", _help(inner)]
    return _MADE + "\n\n".join(blocks) + "\n"


def _help(context: click.Context) -> str:
    return f"```\n{context.get_help().strip()}\n```"


# --- graph.md -------------------------------------------------------------------------------------

_PREFIXES = {
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "tm": "https://w3id.org/twinmap/ns#",
    "void": "http://rdfs.org/ns/void#",
}
#: What terms of other vocabularies say here: name and meaning.
_BORROWED = {
    "prov:wasDerivedFrom": "The place in the source: number of the file, number of the record, part of it.",
    "sosa:Observation": "One value, or the reason for having none.",
    "sosa:Sensor": "A device that a source names.",
    "sosa:hasFeatureOfInterest": "The patient twin that was observed.",
    "sosa:hasSimpleResult": "The value; a quantity is in `tm:unit`.",
    "sosa:madeBySensor": "The device, where the source names one.",
    "sosa:observedProperty": "What was observed, as the IRI of a code.",
    "sosa:phenomenonTime": "When, or when it began, as precise as it was stated.",
    "void:Dataset": "All that a run made.",
    "void:subset": "The sources of which it is made.",
}
#: What the columns that the lift derives look like.
_FORMS = {
    "birth_literal": "`xsd:date`, `xsd:gYearMonth` or `xsd:gYear`",
    "code_iri": "IRI of the code",
    "deceased_literal": "`xsd:boolean` or `xsd:date`",
    "end_literal": "as the start",
    "place_iri": "`file/N#RECORD`, `file/N#RECORD/PART`",
    "reaction_iri": "IRI of the code",
    "reason_iri": "IRI of the code",
    "result": "`xsd:decimal`, `xsd:boolean` or text",
    "start_literal": "`xsd:dateTime` in UTC; `xsd:date`, `xsd:gYearMonth` or `xsd:gYear` where no more was stated",
    "value_iri": "IRI of the code",
}
_TYPES = {
    "BIGINT": "int64",
    "BOOLEAN": "bool",
    "DOUBLE": "float64",
    "INTEGER": "int32",
    "SMALLINT": "int16",
    "TINYINT": "int8",
    "VARCHAR": "text",
}
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Pattern = Sequence[str] | str


def graph() -> str:
    """The page of the graph and the tables, its made parts filled."""
    made = {"terms": _terms, "beside": _beside, "facets": _facet_table, "columns": _columns}
    text = (DOCS / "graph.md").read_text("utf-8")
    return _PART.sub(lambda part: f"{part[1]}\n{made[part[2]]()}\n{part[3]}", text)


def _terms() -> str:
    """What the target writes about each kind of subject."""
    target = load_target("twin")
    subjects: dict[str, list[Pattern]] = {}
    graphs: dict[str, str] = {}
    for spec in target["kinds"].values():
        subjects.setdefault(spec["subject"], []).extend(spec["triples"])
        graphs.setdefault(spec["subject"], spec.get("graph", "graph/source/NAME"))
    said = vocabulary()
    several = [subject for subject, patterns in subjects.items() if _speaks_of_a_patient(patterns)]
    alike = [
        pattern
        for pattern in subjects[several[0]]
        # An encounter has no encounter.
        if pattern[0] != "a" and sum(pattern in subjects[other] for other in several) >= len(several) - 1
    ]
    blocks = []
    for subject, patterns in subjects.items():
        if subject == several[0]:
            named = ", ".join(f"`{_path(other)}`" for other in several)
            blocks.append(f"### In several kinds\n\nIn {named}:\n\n{_table(alike, said)}")
        own = [pattern for pattern in patterns if subject not in several or pattern not in alike]
        blocks.append(_subject(subject, graphs[subject], own, said))
    return "\n\n".join(blocks) + "\n"


def _speaks_of_a_patient(patterns: Sequence[Pattern]) -> bool:
    return any(pattern[0] == "tm:patient" for pattern in patterns)


def _subject(
    subject: str, graph_name: str, patterns: Sequence[Pattern], said: Mapping[str, tuple[str, str]]
) -> str:
    (cls,) = {pattern[1] for pattern in patterns if pattern[0] == "a"}
    name, meaning = said.get(cls, (cls.partition(":")[2].lower(), _BORROWED.get(cls, "")))
    head = f"### {name.capitalize()}\n\n`{cls}`, `{_path(subject)}`, in `{graph_name}`. {meaning}"
    return f"{head}\n\n{_table(patterns, said)}" if len(patterns) > 1 else head


def _table(patterns: Sequence[Pattern], said: Mapping[str, tuple[str, str]]) -> str:
    rows = (_row(pattern, said) for pattern in patterns if pattern[0] != "a")
    return "\n".join(["| predicate | object | |", "|---|---|---|", *rows])


def _row(pattern: Pattern, said: Mapping[str, tuple[str, str]]) -> str:
    if isinstance(pattern, str):
        return "| the facets | | [as far as they are stated](#facets) |"
    predicate, thing = pattern
    meaning = said[predicate][1] if predicate in said else _BORROWED[predicate]
    return f"| `{predicate}` | {_form(thing)} | {_cell(meaning)} |"


def _form(thing: str) -> str:
    if thing.startswith("<"):
        return f"`{_path(thing[1:-1])}`"
    if thing.startswith('"'):
        kind = thing.partition("^^")[2]
        return f"`{kind}`" if kind else "text"
    return _FORMS[thing.strip("{}")]


def _path(path: str) -> str:
    return re.sub(r"\{source\}", "NAME", re.sub(r"\{(?!source)\w+\}", "ID", path))


def vocabulary() -> dict[str, tuple[str, str]]:
    """Label and definition of every term of our own, by CURIE."""
    found: dict[str, dict[str, str]] = {}
    for quad in ox.parse((shipped("ontologies") / "twin.ttl").read_bytes(), format=ox.RdfFormat.TURTLE):
        term, predicate = curie(quad.subject.value), curie(quad.predicate.value)
        if term.startswith("tm:") and predicate in {"rdfs:label", "skos:definition"}:
            found.setdefault(term, {})[predicate] = quad.object.value
    return {term: (about["rdfs:label"], about["skos:definition"]) for term, about in found.items()}


def curie(iri: str) -> str:
    """An IRI by its prefix, where it has one."""
    near = ((prefix, space) for prefix, space in _PREFIXES.items() if iri.startswith(space))
    return next((f"{prefix}:{iri[len(space) :]}" for prefix, space in near), iri)


def _beside() -> str:
    """What no patient's part holds: the data set, the links and what was found, as they are written."""
    links = Twins(links=[Link("a", "b", "crosswalk", "as declared")])
    text = beside.dataset("https://x/", ["NAME"]) + beside.links("https://x/", links) + _told()
    classes: dict[str, str] = {}
    rows: dict[tuple[str, str], None] = {}
    for quad in ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS):
        subject, predicate = str(quad.subject), curie(quad.predicate.value)
        if predicate == "rdf:type":
            classes[subject] = curie(quad.object.value)
        rows[classes[subject], predicate] = None
    said = vocabulary()
    lines = ["| of | predicate | |", "|---|---|---|"]
    for cls, predicate in rows:
        term, name = (cls, "a") if predicate == "rdf:type" else (predicate, predicate)
        meaning = said[term][1] if term in said else _BORROWED[term]
        lines.append(f"| `{cls}` | `{name}` | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def _told() -> str:
    """A finding and a relation that say everything they can."""
    place = Place("NAME", "FILE", 1)
    about = {"concept": "c", "rule": "r", "patient": "p", "facet": "f"}
    finding = Finding("TM-X01", "x", Severity.ERROR, "m", places=(place,), sources=("NAME",), **about)
    facet = {"facet": "f", "a": "a", "b": "b", "relation": "=", "code": "TM-F01"}
    row = {"signature_a": 1, "signature_b": 2, "relation": "related", "concept": "c", "facets": [facet]}
    row |= {"source_a": "NAME", "source_b": "NAME"}
    found = told.findings("https://x/", [finding], {("NAME", "FILE"): 1})
    return "".join([*found, *told.relations("https://x/", [row])])


def _facet_table() -> str:
    rows = (
        f"| `{curie(facet.property)}` | {_cell(facet.definition)} | {_words(facet)} |"
        for facet in facets().values()
    )
    return "\n".join(["| predicate | | object |", "|---|---|---|", *rows]) + "\n"


def _words(facet: Facet) -> str:
    if facet.type != "words":
        return "text, as `1 d`" if facet.type == "duration" else "text"
    return f"`tm:{facet.name}-…`: {' '.join(facet.words)}"


def _columns() -> str:
    """The columns of every table; what at least three tables have alike comes first."""
    tables = {name: kind.columns(tuple(facets())) for name, kind in KINDS.items()}
    times = Counter(column for columns in tables.values() for column in columns)
    shared_columns = [column for column in tables["observation"] if times[column] >= 3]
    blocks = ["### In several tables\n\n" + _column_table(shared_columns, tables)]
    for kind, columns in tables.items():
        own = [column for column in columns if column not in shared_columns]
        blocks.append(f"### `{kind}.parquet`\n\n" + _column_table(own))
    return "\n\n".join(blocks) + "\n"


def _column_table(columns: Sequence[Column], tables: Mapping[str, Sequence[Column]] | None = None) -> str:
    return "\n".join(["| column | type | |", "|---|---|---|", *_column_rows(columns, tables or {})])


def _column_rows(columns: Sequence[Column], tables: Mapping[str, Sequence[Column]]) -> Iterator[str]:
    for column in columns:
        note = column.note
        if note.startswith("facet: "):
            note = f"[{facets()[column.name].label}](#facets), a facet"
        lacking = [kind for kind, held in tables.items() if column not in held]
        where = f" (not in {', '.join(lacking)})" if lacking else ""
        yield f"| `{column.name}` | {_TYPES[column.type]} | {_cell(note)}{where} |"


def concepts_page() -> str:
    """The page of the concepts, its table filled."""
    text = (DOCS / "concepts.md").read_text("utf-8")
    return _PART.sub(lambda part: f"{part[1]}\n{concept_table.table()}\n{part[3]}", text)


#: Folder under docs to what makes its pages.
FOLDERS: Mapping[str, Callable[[], dict[str, str]]] = {"rules": rules}
#: Page under docs to what makes it.
PAGES: Mapping[str, Callable[[], str]] = {"cli.md": cli, "graph.md": graph, "concepts.md": concepts_page}


def stale(root: Path) -> dict[Path, str | None]:
    """The pages that are not as they would be written; None where a page is to be removed."""
    made = {root / name: make() for name, make in PAGES.items()}
    found: dict[Path, str | None] = {}
    for name, make in FOLDERS.items():
        pages_of = {root / name / file: text for file, text in make().items()}
        found |= dict.fromkeys(set((root / name).glob("*.md")) - pages_of.keys())
        made |= pages_of
    return found | {
        path: text for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text
    }


def write(changed: Mapping[Path, str | None]) -> None:
    """Write or remove pages."""
    for path, text in changed.items():
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None, root: Path = DOCS) -> int:
    """The command; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is stale")
    options = parser.parse_args(arguments)
    changed = stale(root)
    for path in sorted(changed):
        sys.stderr.write(f"{'stale' if options.check else 'written'}: {path.relative_to(root)}\n")
    if not options.check:
        write(changed)
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
