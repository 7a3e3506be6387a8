"""``terms find``: by code in any system, or by the words of a name, also misspelt ones, best first.

The concepts and the LOINC and SNOMED CT terms that are shipped are found as well, also without a store.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twinmap.terms import loinc, snomed
from twinmap.terms.concepts import catalogue
from twinmap.terms.names import Words, words
from twinmap.terms.store.answers import Code, Concept
from twinmap.terms.store.editions import Edition
from twinmap.terms.store.lookup import Store
from twinmap.terms.store.verify import shipped
from twinmap.terms.store.words import WORDS
from twinmap.terms.systems import canonical, curie, expand


@dataclass(frozen=True, slots=True)
class Hit:
    """A code that was found: ``term`` is the name that fitted, ``score`` from 0 to 1 how well.

    ``edition`` is None where a shipped table knows it.
    """

    system: str
    code: str
    display: str | None
    status: str
    detail: str | None
    term: str | None
    score: float
    edition: Edition | None


def find(store: Store, query: str, *, system: str | None = None, limit: int = 10) -> list[Hit]:
    """The codes that a query means; where it is a code itself, that one in every system.

    Args:
        store: Where to look.
        query: A code, a CURIE (``loinc:8480-6``), or words of a name in any order.
        system: Only this system: its URI, OID or prefix.
        limit: How many at most.
    """
    known = canonical(system) if system else None
    uri = known.uri if known else system
    query = query.strip()
    hits = _by_code(store, query, uri)
    if hits or meant(query):
        return hits[:limit]
    found = _by_words(store, query, uri, limit)
    held = {(hit.system, hit.code) for hit in found}
    found += [hit for hit in _of_shipped(words(query), uri) if (hit.system, hit.code) not in held]
    return sorted(found, key=lambda hit: -hit.score)[:limit]


def meant(query: str) -> Code | None:
    """The system and the code that a query can only be: a CURIE, or of the form of LOINC or SNOMED CT.

    No name has that form; what is no such code is looked for by its words.

    >>> meant("2710-2"), meant("loinc:xyz"), meant("glucose")
    (('http://loinc.org', '2710-2'), ('http://loinc.org', 'xyz'), None)
    """
    if loinc.is_loinc_shaped(query):
        return loinc.SYSTEM, query
    return (snomed.SYSTEM, query) if snomed.is_snomed_shaped(query) else expand(query)


def _by_code(store: Store, query: str, uri: str | None) -> list[Hit]:
    code = expand(query)
    asked: list[Code]
    if code is not None:
        asked = [code] if uri in {None, code[0]} else []
    else:
        systems = {s.editions[n].uri for s, n in store.serving if s.editions[n].kind == "codes"}
        systems |= {loinc.SYSTEM, snomed.SYSTEM}
        asked = [(item, query) for item in sorted(systems) if uri in {None, item}]
    names = store.designations(asked)
    return [
        Hit(
            item.system,
            item.code,
            item.display or next((term for _, _, term in names.get((item.system, item.code), ())), None),
            "active" if item.edition is None and item.status == "unknown" else item.status,
            item.detail or _successors(item),
            None,
            1.0,
            item.edition,
        )
        for item in map(shipped, store.lookup(asked))
        if item.exists
    ]


def _successors(item: Concept) -> str | None:
    """What took the place of a code, as its status says it."""
    sure = [curie(other.system, other.code) for other in item.replacements if other.sure]
    return f"inactive: {sure[0]} took its place" if item.status == "inactive" and len(sure) == 1 else None


def _of_shipped(query: Words, uri: str | None) -> list[Hit]:
    """The shipped terms of which one name has every word of the query, or begins of them; short names first."""
    hits = []
    for system, code, display, status in _shipped_terms() if query else ():
        if uri not in {None, system}:
            continue
        concept = catalogue().by_code(system, code) if system == loinc.SYSTEM else None
        wider = (concept.label, *concept.aliases) if concept is not None else ()
        named = [(name, words(name)) for name in (display, *wider)]
        everything = frozenset().union(*(said for _, said in named))
        if not all(_begun(word, everything) for word in query):
            continue
        shared = len(query & named[0][1])
        score = 0.5 + 0.5 * shared / max(len(named[0][1]), len(query))
        fitting = next((name for name, said in named if all(_begun(word, said) for word in query)), None)
        hits.append(Hit(system, code, display, status, None, fitting, round(score, 3), None))
    return sorted(hits, key=lambda hit: (-hit.score, len(hit.display or ""), hit.code))


def _shipped_terms() -> Iterator[tuple[str, str, str, str]]:
    """System, code, name and status of the shipped terms."""
    for term in loinc.terms().values():
        yield (
            loinc.SYSTEM,
            term.code,
            term.name,
            "active" if term.status in {"ACTIVE", "?"} else term.status.lower(),
        )
    for code, name in snomed.terms().items():
        yield snomed.SYSTEM, code, name, "active"


def _begun(word: str, said: Words) -> bool:
    return word in said or (len(word) > 2 and any(other.startswith(word) for other in said))


def _by_words(store: Store, query: str, uri: str | None, limit: int) -> list[Hit]:
    """The concepts whose names share words with the query."""
    duck = store.ready("word", "posting", "designation", "concept")
    duck.run("SET VARIABLE query = $1::VARCHAR", [query])
    duck.run("SET VARIABLE system = $1::VARCHAR", [uri])
    duck.run(f"CREATE OR REPLACE TEMP TABLE asked_word AS {_ASKED}")
    duck.run(f"CREATE OR REPLACE TEMP TABLE near AS {_NEAR}")
    within = _WITHIN if uri is not None else ""
    rows: list[tuple[Any, ...]] = duck.rows(_BEST.format(within=within), [limit])
    return [
        Hit(
            system,
            code,
            display,
            status,
            detail,
            term,
            round(score, 3),
            store.sources[source].editions[number],
        )
        for system, code, display, status, detail, term, score, source, number in rows
    ]


#: The words of the query, numbered.
_ASKED = f"""
SELECT row_number() OVER () AS i, word
FROM (SELECT DISTINCT unnest({WORDS.format(text="getvariable('query')")}) AS word)
WHERE word <> ''
"""
#: Words of the index that are those of the query, begin with one, or differ by a slip of the pen; the best of each.
_NEAR = """
SELECT i, source, n, terms, weight
FROM (
    SELECT a.i, w.source, w.n, w.terms, CASE
        WHEN w.word = a.word THEN 1.0
        WHEN length(a.word) >= 2 AND starts_with(w.word, a.word)
            THEN 0.6 + 0.3 * length(a.word) / length(w.word)
        WHEN length(a.word) >= 4 AND abs(length(a.word) - length(w.word)) <= 2
            AND damerau_levenshtein(a.word, w.word) <= CASE WHEN length(a.word) < 8 THEN 1 ELSE 2 END
            THEN 0.8 - 0.1 * damerau_levenshtein(a.word, w.word)
        END AS weight
    FROM word w, asked_word a
)
WHERE weight IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY i, source ORDER BY weight DESC, terms DESC, n) <= 40
"""
_WITHIN = """
JOIN (SELECT source, row FROM designation WHERE system = getvariable('system')) d
  ON d.source = p.source AND d.row = p.term
"""
#: A word is worth more the fewer terms have it. Terms by the share of the query that they have, long ones after
#: short ones; then the best term of each code.
_BEST = """
WITH worth AS (
    SELECT i, ln(1 + (SELECT max(terms) FROM word) / arg_max(terms, (weight, terms))) AS worth
    FROM near GROUP BY i
),
whole AS (SELECT sum(worth) AS worth FROM worth),
fit AS (
    SELECT p.source, p.term, n.i, max(n.weight * w.worth) AS worth, first(p.words) AS words
    FROM near n JOIN worth w USING (i) JOIN posting p ON p.source = n.source AND p.word = n.n {within}
    GROUP BY p.source, p.term, n.i
),
ranked AS (
    SELECT f.source, f.term,
           sum(f.worth) / first(w.worth) * (0.8 + 0.2 * least(count(*) / first(f.words), 1)) AS score
    FROM fit f, whole w GROUP BY f.source, f.term
    ORDER BY score DESC, f.source, f.term LIMIT 500
),
close AS (
    SELECT d.system, d.code, d.source, d.edition, d.term,
           r.score * (0.95 + 0.05 * jaro_winkler_similarity(lower(d.term), lower(getvariable('query'))))
               * CASE d.use WHEN 'definition' THEN 0.9 WHEN 'synonym' THEN 0.98 ELSE 1 END AS score
    FROM ranked r JOIN designation d ON d.source = r.source AND d.row = r.term
),
one AS (
    SELECT system, code, max(score) AS score, arg_max(term, (score, -length(term), term)) AS term,
           arg_max(source, score) AS source, arg_max(edition, score) AS edition
    FROM close GROUP BY system, code
)
SELECT o.system, o.code, c.display, c.status, c.detail, o.term,
       o.score * CASE c.status WHEN 'inactive' THEN 0.9 ELSE 1 END AS score, o.source, o.edition
FROM one o JOIN concept c ON c.source = o.source AND c.edition = o.edition AND c.code = o.code
WHERE o.score >= 0.4 * (SELECT max(score) FROM one)
ORDER BY 7 DESC, length(o.term), o.system, o.code LIMIT $1
"""
