"""Building blocks of random mappings and rows: hypothesis strategies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from twinmap.mapping.load import loads

MISSING = ["NA", "-99", "n/a"]
NUMBERS = [
    "0",
    "-0",
    "7",
    "120",
    "0042",
    "12.50",
    "-3.0",
    "+5",
    ".5",
    "5.",
    "1e3",
    "1.5E-2",
    "98.60",
    "1000000",
    "0.1",
    "3",
    "2",
    "10",
    "1e400",
    "NaN",
    "1_000",
    "１２",
    "123456789.123456789",
    "12345678901234567890",
]
LOCAL = [
    "1.234,5",
    "12,5",
    "1,5",
    "1.234.567",
    "12.34",
    "1,234.5",
    "1,234",
    "0,50",
    "-7,25",
    "1'234.5",
    "1 234,5",
]
TYPED = [
    "<5",
    ">= 10",
    "<=0.1",
    "≥2",
    "< 5 ",
    "4-7",
    "4.0 - 7.0",
    "-5--2",
    "1:8",
    "1:0",
    "4..7",
    "<abc",
    "1-",
    "5 mg",
    ">",
    "1:2:3",
    "4–7",
    "-",
    "1-2-3",
]
WORDS = [
    "yes",
    "No",
    "TRUE",
    "false",
    "f",
    "m",
    "high",
    "loinc:8867-4",
    "snomed:271649006",
    "nope:1",
    "HR",
    "a",
    "b",
    "ab",
    "A-1",
    "B-22/x",
]
NASTY = [
    'say "hi"',
    "a,b",
    "line\nbreak",
    "tab\there",
    "O'Brien",
    "'",
    "''",
    "naïve ünï",
    "日本語",
    "back\\slash",
    "a\x1fb",
    "a\x1eb",
    "{x}",
    "$(a)",
    "%s",
    "; DROP TABLE x; --",
    "a|b",
    "=1+1",
    "\u202etxet",
    "[b]",
    "_",
    "%",
    "x" * 300,
    "é",
    "e\u0301",
    "\ufeffx",
    "a\u00a0b",
    "<5 & x",
]

numbers = st.sampled_from(NUMBERS)
cells = st.one_of(
    numbers,
    numbers,
    st.sampled_from(TYPED),
    st.sampled_from(WORDS),
    st.sampled_from(MISSING),
    st.just(""),
    st.sampled_from(NASTY),
    st.sampled_from(LOCAL),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), max_size=6),
    st.decimals(-1000, 1000, places=2).map(str),
)
few_words = st.sampled_from(
    ["", "a", "b", "ab", "A-1", "B-22/x", "NA", "5", "5.0", "12,5", "x/y/z", "a\nb", "O'Brien", "-"]
)
short = st.sampled_from(["1", "2", "3"])


@st.composite
def table(
    draw: st.DrawFn, columns: Mapping[str, st.SearchStrategy[str]], most: int = 25
) -> tuple[list[str], list[list[str]]]:
    """Header and rows; ``columns`` are names with what their cells may be."""
    row = st.tuples(*columns.values()).map(list)
    return list(columns), draw(st.lists(row, min_size=1, max_size=most))


# --- expressions ----------------------------------------------------------------------------------

_LITERALS = ["0", "1", "2", "10", "0.5", "100", "1.50", "3"]


def expressions(columns: Sequence[str]) -> st.SearchStrategy[str]:
    """Texts of expressions over columns."""
    refs = st.sampled_from([f"$({name})" for name in columns])
    texts = st.sampled_from(["'mg'", "''", "'it''s'", "' '", "'a'", "','", "'12'"])
    leaves = st.one_of(refs, refs, refs, st.sampled_from(_LITERALS), texts)

    def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "&"]), inner).map(
            lambda p: f"({p[0]} {p[1]} {p[2]})"
        )
        loose = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "&"]), inner).map(" ".join)
        power = st.tuples(inner, st.sampled_from(["0", "1", "2", "3", "-1", "-2"])).map(
            lambda p: f"({p[0]})^{p[1]}"
        )
        one = st.tuples(st.sampled_from(["trim", "lower", "upper", "length", "abs", "round"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        )
        rounds = st.tuples(inner, st.sampled_from(["0", "1", "2", "-1", "5"])).map(
            lambda p: f"round({p[0]}, {p[1]})"
        )
        several = st.tuples(st.sampled_from(["min", "max"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda p: f"{p[0]}({', '.join(p[1])})"
        )
        replaced = st.tuples(inner, texts, texts).map(lambda p: f"replace({', '.join(p)})")
        cut = st.tuples(
            inner,
            st.sampled_from(["1", "2", "0", "1.5", "30"]),
            st.sampled_from(["", ", 1", ", 0", ", 3", ", 100"]),
        ).map(lambda p: f"substring({p[0]}, {p[1]}{p[2]})")
        minus = inner.map(lambda text: f"-{text}")
        return st.one_of(binary, binary, loose, power, one, rounds, several, replaced, cut, minus)

    return st.recursive(leaves, deeper, max_leaves=5).map(lambda text: f"= {text}")


# --- values ---------------------------------------------------------------------------------------


@st.composite
def texts(draw: st.DrawFn, columns: Sequence[str]) -> str:
    """A text with references, alternatives and a default."""
    refs = [f"$({name})" for name in columns]
    pieces = st.sampled_from([*refs, *refs, *refs, "{}-{}", "<{}", "{}:{}", "x{}", "$$({}", "{} mg"])

    def one() -> str:
        found = draw(pieces)
        while "{}" in found:
            found = found.replace("{}", draw(st.sampled_from(refs)), 1)
        return found

    found = [one() for _ in range(draw(st.integers(1, 3)))]
    if draw(st.integers(0, 4)) == 0:
        found.append(
            draw(st.sampled_from(["unknown", "none stated", "-1x", "1.5", "snomed:271649006", "<2.5"]))
        )
    return " | ".join(found)


def blocks_reach(text: str) -> bool:
    """Whether no alternative stands behind a literal."""
    return all("$(" in part for part in text.split(" | ")[:-1])


@st.composite
def any_value(draw: st.DrawFn, columns: Sequence[str], *, computed: bool = True) -> Any:
    """A value in one of its forms."""
    text = draw(st.one_of(texts(columns), expressions(columns)) if computed else texts(columns))
    if computed and draw(st.integers(0, 3)) == 0:
        text = " | ".join([text, draw(expressions(columns)), *draw(st.lists(texts(columns), max_size=1))])
        text = text if blocks_reach(text) else draw(expressions(columns))
    form = draw(st.integers(0, 4))
    if form < 3:
        return text
    value: dict[str, Any] = {"from": text}
    if draw(st.booleans()):
        value["missing"] = draw(
            st.lists(st.sampled_from(["7", "a", "120", "x", "5.0"]), min_size=1, max_size=2, unique=True)
        )
    if form == 4:
        entries = draw(
            st.dictionaries(
                st.sampled_from([*WORDS, "7", "120", "12.50", "5"]),
                st.sampled_from(["", "1.5", "snomed:271649006", "loinc:8867-4", "word", "<3", "0042"]),
                min_size=1,
                max_size=6,
            )
        )
        value["map"] = entries
        if draw(st.booleans()):
            value["unmapped"] = draw(st.sampled_from(["report", "keep", "quarantine", "fail"]))
    return value


# --- conditions -----------------------------------------------------------------------------------


@st.composite
def tests(draw: st.DrawFn, columns: Sequence[str]) -> dict[str, Any]:
    """Tests that must all hold."""
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(list(columns)), min_size=1, max_size=2, unique=True)):
        words = st.sampled_from(["a", "b", "ab", "A-1", "5", "5.0", "O'Brien", "a\nb", "-"])
        kind = draw(st.sampled_from(["in", "in", "not", "min", "max", "both", "like", "missing", "parts"]))
        found[name] = {
            "in": lambda: draw(st.one_of(words, st.lists(words, min_size=1, max_size=3, unique=True))),
            "not": lambda: {"not": draw(st.lists(words, min_size=1, max_size=2, unique=True))},
            "min": lambda: {"min": draw(st.sampled_from(["0", "5", "5.00", "-1", "100"]))},
            "max": lambda: {"max": draw(st.sampled_from(["0", "5", "4.99", "120"]))},
            "both": lambda: {"min": "1", "max": draw(st.sampled_from(["5", "120"]))},
            "like": lambda: {
                "like": draw(
                    st.sampled_from(["a*", "*", "?", "?-?", "*b", "[a]*", "*.*", "*/*", "a?b", "%", "_"])
                )
            },
            "missing": lambda: {"missing": draw(st.sampled_from(["true", "false"]))},
            "parts": lambda: {
                "parts": draw(
                    st.sampled_from(
                        [
                            "$(p)/$(q)",
                            "$(p)-$(q)",
                            "$(p).$(q)",
                            "<$(p)",
                            "$(p)$(q)",
                            "[$(p)]",
                            "$(p)/$(q)/$(r)",
                        ]
                    )
                )
            },
        }[kind]()
    return found


def conditions(columns: Sequence[str]) -> st.SearchStrategy[Any]:
    """One block of tests, or several of which one must hold."""
    return st.one_of(tests(columns), st.lists(tests(columns), min_size=1, max_size=3))


def usable(mapping: Mapping[str, Any], params: Mapping[str, str] | None = None) -> bool:
    """Whether a run would take the mapping."""
    return loads(json.dumps(mapping, ensure_ascii=False), name="map.yaml", params=params).usable


def document(**blocks: Any) -> dict[str, Any]:
    """A mapping with its head."""
    source = {
        "format": "csv",
        "files": "d*.csv",
        "timezone": "Europe/Zurich",
        "missing": MISSING,
        **blocks.pop("source", {}),
    }
    return {"twinmap": "1", "id": "m", "version": "1.0.0", "source": source, **blocks}
