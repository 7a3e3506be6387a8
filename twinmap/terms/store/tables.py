"""The common tables: what every format is loaded into, one Parquet file each.

``edition`` is the number of a code system, value set or map within its source (:mod:`.editions`). Codes are
text on every path. ``closure``, ``circle`` and ``posting`` speak of rows of ``node`` and ``designation`` by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinmap.sqltext import quoted

Columns = Mapping[str, str]

#: What formats load: table to columns and their types.
TABLES: Mapping[str, Columns] = {
    # status: active, inactive or unknown; detail: the word of the source, where it says more (DISCOURAGED).
    "concept": {
        "edition": "INTEGER",
        "code": "VARCHAR",
        "display": "VARCHAR",
        "status": "VARCHAR",
        "detail": "VARCHAR",
    },
    # use: display, preferred, synonym, fully-specified, short or definition.
    "designation": {
        "edition": "INTEGER",
        "code": "VARCHAR",
        "language": "VARCHAR",
        "use": "VARCHAR",
        "term": "VARCHAR",
    },
    # child is a parent: nothing else than is-a.
    "edge": {"edition": "INTEGER", "child": "VARCHAR", "parent": "VARCHAR"},
    # kind: replaced-by, same-as, possibly-equivalent-to, …
    "replacement": {
        "edition": "INTEGER",
        "code": "VARCHAR",
        "target_system": "VARCHAR",
        "target": "VARCHAR",
        "kind": "VARCHAR",
    },
    "property": {"edition": "INTEGER", "code": "VARCHAR", "property": "VARCHAR", "value": "VARCHAR"},
    # A row without a code stands for every code of the system.
    "member": {
        "edition": "INTEGER",
        "system": "VARCHAR",
        "code": "VARCHAR",
        "display": "VARCHAR",
        "excluded": "BOOLEAN",
    },
    # negated: the source says that the predicate does not hold.
    "mapping": {
        "edition": "INTEGER",
        "system": "VARCHAR",
        "code": "VARCHAR",
        "label": "VARCHAR",
        "predicate": "VARCHAR",
        "negated": "BOOLEAN",
        "target_system": "VARCHAR",
        "target": "VARCHAR",
        "target_label": "VARCHAR",
        "justification": "VARCHAR",
        "confidence": "DOUBLE",
    },
}

#: What is made of them: the numbered codes, who is below whom, and the index of words.
DERIVED: Mapping[str, Columns] = {
    "node": {"n": "INTEGER", "edition": "INTEGER", "code": "VARCHAR"},
    "closure": {"descendant": "INTEGER", "ancestor": "INTEGER"},
    # side: n lies in the circle, below or above it (there, a circle is the node that its part is named after).
    "circle": {"n": "INTEGER", "part": "INTEGER", "side": "VARCHAR"},
    "word": {"n": "INTEGER", "word": "VARCHAR", "terms": "INTEGER"},
    # words: how many words the term has.
    "posting": {"word": "INTEGER", "term": "INTEGER", "words": "UTINYINT"},
}

#: The order in which rows are kept: look-ups read few pages.
ORDER: Mapping[str, str] = {
    "concept": "edition, code",
    "designation": "edition, code, use, language, term",
    "edge": "edition, child, parent",
    "replacement": "edition, code, kind, target_system, target",
    "property": "edition, code, property, value",
    "member": "edition, system, code, excluded",
    "mapping": "edition, system, code, predicate, target_system, target",
    "node": "n",
    "closure": "descendant, ancestor",
    "circle": "side, part, n",
    "word": "n",
    "posting": "word, term",
}


def ddl(name: str) -> str:
    """The statement that makes an empty table."""
    columns = {**TABLES, **DERIVED}[name]
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"


# --- rows, as SQL -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table, made of those of a staged one that fit: SQL for its columns; the others are NULL."""

    table: str
    cells: Mapping[str, object]
    where: str = "true"
    distinct: bool = False

    def insert(self, source: str) -> str:
        """The statement that adds them."""
        cells = ", ".join(f"{sql} AS {column}" for column, sql in self.cells.items())
        kind = "DISTINCT " if self.distinct else ""
        return f"INSERT INTO {self.table} BY NAME SELECT {kind}{cells} FROM {source} WHERE {self.where}"


def rows(table: str, **cells: object) -> Rows:
    """Rows of a table, a column each argument."""
    return Rows(table, cells)


def names(edition: object, code: str, uses: Mapping[str, str], language: str = "'en'") -> list[Rows]:
    """Designations: column of the name to its use; where it is empty there is none."""
    return [
        Rows(
            "designation",
            {"edition": edition, "code": code, "language": language, "use": quoted(use), "term": column},
            f"{column} IS NOT NULL",
            distinct=True,
        )
        for column, use in uses.items()
    ]


def properties(edition: object, code: str, columns: Mapping[str, str]) -> list[Rows]:
    """Properties: column of the value to their name; where it is empty there is none."""
    return [
        Rows(
            "property",
            {"edition": edition, "code": code, "property": quoted(name), "value": column},
            f"{column} IS NOT NULL",
            distinct=True,
        )
        for column, name in columns.items()
    ]


def mapped(edition: int, **cells: object) -> Rows:
    """Mappings of a source that does not say how close the two codes are."""
    return rows("mapping", edition=edition, predicate="'skos:mappingRelation'", negated="false", **cells)
