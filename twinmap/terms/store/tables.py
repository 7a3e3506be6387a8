"""The common tables: what every format is loaded into, one Parquet file each.

``edition`` is the number of a code system, value set or map within its source (:mod:`.editions`). Codes are
text on every path. ``closure`` and ``posting`` speak of rows of ``node`` and ``designation`` by number.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    "word": "n",
    "posting": "word, term",
}


def ddl(name: str) -> str:
    """The statement that makes an empty table."""
    columns = {**TABLES, **DERIVED}[name]
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
