"""The grammar of paths, and what a path leads to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.formats import treepath
from twinmap.formats.jsonlex import decode
from twinmap.formats.treepath import DOCUMENT, Path, PathError, Step, Where, parse, parse_each

DOCUMENT_TEXT = """
{"id": "d1", "name": [{"use": "official", "given": ["Ada", "M."], "family": "L"}, {"given": ["Ad"]}],
 "odd.name": {"a (1)": 1, "it's": 2, "*": 3}, "flags": [true, null, false], "grid": [[1, 2], [3, [4]]],
 "tags": ["x", "y", "x"], "none": null,
 "group": [{"n": 1, "m": [{"v": 1}, {"v": 2}]}, {"n": 2, "m": {"v": 3}}]}
"""


@pytest.mark.parametrize(
    ("text", "up", "steps"),
    [
        ("a", 0, [Step("a")]),
        ("levels.summary.minutes", 0, [Step("levels"), Step("summary"), Step("minutes")]),
        ("/a.b", DOCUMENT, [Step("a"), Step("b")]),
        ("^^a", 2, [Step("a")]),
        (".", 0, []),
        ("a(2).b", 0, [Step("a", 2), Step("b")]),
        ("a( 10 )", 0, [Step("a", 10)]),
        ("activities-heart.date time", 0, [Step("activities-heart"), Step("date time")]),
        ("'a.b'.'it''s'", 0, [Step("a.b"), Step("it's")]),
        ("a/b.c|d", 0, [Step("a/b"), Step("c|d")]),
        ("id(x=1)", 0, [Step("id", (Where(Path("x", (Step("x"),)), "1"),))]),
        ("code(.=loinc:8480-6)", 0, [Step("code", (Where(Path("."), "loinc:8480-6"),))]),
        (
            "i(a.b = 'x) and y' and c=d e)",
            0,
            [
                Step(
                    "i",
                    (
                        Where(Path("a.b", (Step("a"), Step("b"))), "x) and y"),
                        Where(Path("c", (Step("c"),)), "d e"),
                    ),
                )
            ],
        ),
    ],
)
def test_well_formed(text: str, up: int, steps: list[Step]) -> None:
    path = parse(text)
    assert path.up == up
    assert [_bare(step) for step in path.steps] == [_bare(step) for step in steps]


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "name is missing"),
        ("a.", 2, "name is missing"),
        ("^", 1, "name is missing"),
        ("/", 1, "name is missing"),
        ("/^a", 1, "nothing is above"),
        ("a.^b", 2, "only at the start"),
        ("a./b", 2, "only at the start"),
        (" a", 0, "in quotes"),
        ("a .b", 0, "in quotes"),
        ("a..b", 2, "any depth"),
        ("..a", 0, "any depth"),
        ("a.*", 2, "all members"),
        ("a(0)", 2, "1 is the first"),
        ("a(", 2, "name is missing"),
        ("a(1", 1, "not closed"),
        ("a(b)", 3, "number or"),
        ("a(b=)", 4, "word is missing"),
        ("a(b='x)", 4, "quote is not closed"),
        ("a(^b=1)", 2, "inside the item"),
        ("a(b=1)c", 6, "cannot stand here"),
        ("a)", 1, "cannot stand here"),
        ("a=b", 1, "cannot stand here"),
        ("'a", 0, "quote is not closed"),
        ("''", 0, "empty name"),
        ("record:line", 7, "record:key"),
    ],
)
def test_malformed(text: str, position: int, words: str) -> None:
    with pytest.raises(PathError) as caught:
        parse(text)
    assert (caught.value.position, words in caught.value.message) == (position, True), caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("body | .", [["body"], []]),
        ("a.*.b", [["a", "*members", "b"]]),
        ("..m", [["m*deep"]]),
        ("a..b | c", [["a", "b*deep"], ["c"]]),
        ("'*'", [["*"]]),
        ("a(x=1).b", [["a", "b"]]),
    ],
)
def test_each(text: str, expected: list[list[str]]) -> None:
    marks = {"child": "", "members": "members", "deep": "*deep"}
    found = [[step.name + marks[step.axis] for step in path.steps] for path in parse_each(text)]
    assert found == expected


@pytest.mark.parametrize("text", ["^a", "a |", "a | | b", "", " | ", "a. | b", "a(*=1)", "a(b=1) |"])
def test_each_malformed(text: str) -> None:
    with pytest.raises(PathError):
        parse_each(text)


@pytest.mark.parametrize(
    ("each", "path", "fits"),
    [
        (".", "^a", False),
        ("a", "^x", True),
        ("a", "^^x", False),
        ("a.b", "^^x", True),
        ("a.b | c", "^^x", True),
        ("a.b", "^^^x", False),
        ("..b", "^^^^^x", True),
        (".", "/x", True),
    ],
)
def test_above_the_document(each: str, path: str, fits: bool) -> None:
    levels = treepath.levels_of(parse_each(each))
    if fits:
        assert parse(path, levels=levels).steps
    else:
        with pytest.raises(PathError, match="above the document"):
            parse(path, levels=levels)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id", ["d1"]),
        ("name.given", ["Ada", "M.", "Ad"]),
        ("name(1).given", ["Ada", "M."]),
        ("name.given(1)", ["Ada", "Ad"]),
        ("name.given(3)", []),
        ("name(use=official).family", ["L"]),
        ("name(use=official and given=M.).family", ["L"]),
        ("name(given=Ad).given", ["Ad"]),
        ("name(use=old)", []),
        ("id(1)", ["d1"]),
        ("'odd.name'.'a (1)'", ["1"]),
        ("'odd.name'.'*'", ["3"]),
        ("'odd.name'.it's", ["2"]),
        ("flags", [True, False]),
        ("flags(2)", []),
        ("flags(.=false)", [False]),
        ("grid", ["1", "2", "3", "4"]),
        ("grid(2)", ["3", "4"]),
        ("tags(.=x)", ["x", "x"]),
        ("none", []),
        ("none.x", []),
        ("id.x", []),
        ("missing.x.y", []),
        ("group.m.v", ["1", "2", "3"]),
        ("group(n=2).m.v", ["3"]),
        ("group(m.v=2).n", ["1"]),
    ],
)
def test_followed(text: str, expected: list[Any]) -> None:
    select = treepath.compile_steps(parse(text).steps)
    assert list(select(decode(DOCUMENT_TEXT))) == expected


NAMES = st.text("abc .()='*^/|\"é", min_size=1, max_size=6)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=15,
)


@given(TREES, st.lists(NAMES, min_size=1, max_size=4))
def test_quoted_names_lead_where_a_slow_walk_leads(tree: Any, names: list[str]) -> None:
    text = ".".join("'" + name.replace("'", "''") + "'" for name in names)
    path = parse(text)
    assert [step.name for step in path.steps] == names
    node = decode(json.dumps(tree))
    assert list(treepath.compile_steps(path.steps)(node)) == _slow([node], names)


@given(TREES, NAMES, st.integers(1, 3))
def test_a_number_picks_within_each_parent(tree: Any, name: str, number: int) -> None:
    step = Step(name, number)
    node = decode(json.dumps(tree))
    expected = []
    for parent in _objects(node):
        items = parent.get(name)
        listed = items if isinstance(items, list) else [] if items is None else [items]
        expected += _slow(listed[number - 1 : number], [])
    assert list(treepath.compile_steps([step])(node)) == expected


@given(st.text("ab.()='*^/| 12,and", max_size=14))
def test_any_text_is_a_path_or_an_error_with_its_place(text: str) -> None:
    for parser in (parse, parse_each):
        try:
            parser(text)
            continue
        except PathError as error:
            place = error.position
        assert 0 <= place <= len(text)


def _slow(nodes: list[Any], names: list[str]) -> list[Any]:
    """Every step by hand: through arrays, to the member, nulls left out."""
    flat: list[Any] = []
    for node in nodes:
        flat += _slow(node, []) if isinstance(node, list) else [] if node is None else [node]
    if not names:
        return flat
    return _slow([node.get(names[0]) for node in flat if isinstance(node, dict)], names[1:])


def _objects(node: Any) -> list[dict[str, Any]]:
    return [one for one in _slow([node], []) if isinstance(one, dict)]


def _bare(step: Step) -> Any:
    if isinstance(step.pick, tuple):
        return step.name, [([_bare(one) for one in test.path.steps], test.word) for test in step.pick]
    return step.name, step.pick
