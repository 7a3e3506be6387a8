"""The index of words: terms are found by their words, also by the beginning of one and with a letter wrong."""

from __future__ import annotations

from twinmap.duck import Duck
from twinmap.terms.store.tables import ddl

#: A text as words: small letters without accents, cut at all that is neither letter nor digit.
WORDS = r"string_split_regex(lower(strip_accents({text})), '[^\p{{L}}\p{{N}}]+')"

_TERMS = f"""
CREATE TEMP TABLE said AS
SELECT term, least(len(words), 255)::UTINYINT AS words, unnest(words) AS word
FROM (
    SELECT (row_number() OVER (ORDER BY edition, code, use, language, term) - 1)::INTEGER AS term,
           list_distinct({WORDS.format(text="term")}) AS words
    FROM designation
)
"""


def index(duck: Duck) -> None:
    """Fill ``word`` and ``posting``; terms are numbered as ``designation`` is ordered."""
    duck.run(ddl("word"))
    duck.run(ddl("posting"))
    duck.run(_TERMS)
    duck.run(
        "INSERT INTO word SELECT (row_number() OVER (ORDER BY word) - 1)::INTEGER, word, count(*)::INTEGER "
        "FROM said WHERE word <> '' GROUP BY word"
    )
    duck.run("INSERT INTO posting SELECT w.n, s.term, s.words FROM said s JOIN word w USING (word)")
    duck.run("DROP TABLE said")
