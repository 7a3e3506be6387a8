"""The records that ``each`` makes of a document, and the names of fields."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.formats import treewalk
from twinmap.formats.jsonlex import decode
from twinmap.formats.treepath import DOCUMENT, parse, parse_each
from twinmap.formats.treewalk import Names, Row, fields_read, outward, rows
from twinmap.limits import LIMITS

BODY = decode(
    """
    {"status": 0, "body": {"zone": "UTC", "groups": [
        {"id": 1, "date": 10, "measures": [{"v": 1, "u": -1}, {"v": 2, "u": 0}]},
        {"id": 2, "date": 20, "measures": []},
        {"id": 3, "date": 30, "measures": {"v": 3}}]},
     "series": {"100": {"steps": 5, "x": [{"y": 1}]}, "200": {"steps": 6}}, "scalars": [7, null, 8]}
    """
)


def test_a_record_of_every_item_through_all_arrays() -> None:
    found = rows(BODY, parse_each("body.groups.measures"))
    assert [(row.place, row.node["v"], row.position) for row in found] == [
        ("/body/groups/0/measures/0", "1", 1),
        ("/body/groups/0/measures/1", "2", 2),
        ("/body/groups/2/measures", "3", 1),
    ]
    assert [outward(row, 1)["id"] for row in found] == ["1", "1", "3"]
    assert all(outward(row, 2) is BODY and outward(row, DOCUMENT) is BODY for row in found)
    assert all(outward(row, 3) is None for row in found)


def test_members_have_keys() -> None:
    found = rows(BODY, parse_each("series.*"))
    assert [(row.key, row.place, row.node["steps"]) for row in found] == [
        ("100", "/series/*1", "5"),
        ("200", "/series/*2", "6"),
    ]
    assert outward(found[0], 1) is BODY
    (inner,) = rows(BODY, parse_each("series.*.x"))
    assert (inner.key, inner.place) == ("100", "/series/*1/x/0")
    assert outward(inner, 1)["steps"] == "5"


def test_any_depth() -> None:
    assert [row.node for row in rows(BODY, parse_each("..v"))] == ["1", "2", "3"]
    found = rows(BODY, parse_each("body..measures"))
    assert [row.place for row in found][-1] == "/body/groups/2/measures"
    assert [outward(row, 1)["id"] for row in found] == ["1", "1", "3"]


@pytest.mark.parametrize(
    ("each", "places"),
    [
        ("nothing | body", ["/body"]),
        ("nothing | .", [""]),
        ("body.groups.measures(1)", ["/body/groups/0/measures/0", "/body/groups/2/measures"]),
        ("body.groups(id=3).measures", ["/body/groups/2/measures"]),
        ("body.groups(2).measures", []),
        ("scalars", ["/scalars/0", "/scalars/2"]),
        ("status.x", []),
        ("series.*(steps=6)", ["/series/*2"]),
    ],
)
def test_places(each: str, places: list[str]) -> None:
    assert [row.place for row in rows(BODY, parse_each(each))] == places


def test_pointers_are_escaped() -> None:
    (row,) = rows({"a/b": {"~": [1]}}, parse_each("a/b.~"))
    assert row.place == "/a~1b/~0/0"


def test_names_of_fields() -> None:
    assert Counter(Names().of(BODY)) == Counter(
        {
            "status": 1,
            "body.zone": 1,
            "body.groups.id": 3,
            "body.groups.date": 3,
            "body.groups.measures.v": 3,
            "body.groups.measures.u": 2,
            "series.*.steps": 2,
            "series.*.x.y": 1,
            "scalars": 3,
        }
    )


def test_names_that_are_data_are_not_shown() -> None:
    each = parse_each("by.*")
    document = {"by": {"Ada L": {"v": 1}, "Ben": {"v": 2}}, "1971-03-04": 1, "odd.name": 2}
    inside, outside = Names(each).split(document, rows(document, each))
    assert inside == [["by.*.v"], ["by.*.v"]]
    assert outside == ["*", "'odd.name'"]
    assert Names(parse_each("by.*.nothing")).split(document, [])[1][:2] == ["by.*.v", "by.*.v"]


def test_so_many_names_are_data() -> None:
    found = Names().of({f"n{number}": number for number in range(LIMITS.columns + 5)})
    assert found[-5:] == ["*"] * 5
    assert len(set(found)) == LIMITS.columns + 1


NAMES = st.text("abc. (=", min_size=1, max_size=3)
TREES = st.recursive(
    st.none() | st.integers(0, 9) | st.just("t"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


EACH = ["a", "a.b", "*", "a.*", "*.*", "..a", "a..b", "..b(1)", "b(1) | a(2)", "a(b=1)", ". | a"]


@given(TREES, st.sampled_from(EACH))
def test_every_leaf_has_one_name(tree: Any, each: str) -> None:
    """Whatever ``each`` takes out of a document: inside and outside together are all leaves."""
    document = decode(json.dumps(tree))
    paths = parse_each(each)
    found = rows(document, paths)
    inside, outside = Names(paths).split(document, found)
    assert len(inside) == len(found)
    assert sum(map(len, inside)) + len(outside) == _leaves(document)
    assert len({row.place for row in found}) == len(found)


@given(TREES, st.lists(NAMES, min_size=1, max_size=3))
def test_what_a_path_reads_is_found_by_name(tree: Any, names: list[str]) -> None:
    """The fields that change what a path gives are among those that ``fields_read`` names."""
    document = decode(json.dumps(tree))
    path = parse(".".join(treewalk.quoted(name) for name in names))
    pattern = re.compile(fields_read(path))
    read = [name for name in Names().of(document) if pattern.fullmatch(name)]
    expected = [
        name
        for name in Names().of(document)
        if any(name == start or name.startswith(f"{start}.") for start in (_dotted(names),))
    ]
    assert read == expected


@pytest.mark.parametrize(
    ("path", "each", "name", "reads"),
    [
        ("v", "body.groups.measures", "body.groups.measures.v", True),
        ("v", "body.groups.measures", "body.groups.measures.v.w", True),
        ("v", "body.groups.measures", "body.groups.measures.vw", False),
        ("^id", "body.groups.measures", "body.groups.id", True),
        ("^id", "body.groups.measures", "body.groups.measures.id", False),
        ("/status", "body.groups.measures", "status", True),
        (".", "series.*", "series.*.steps", True),
        ("steps", "series.*", "series.*.steps", True),
        ("record:key", "series.*", "series.*", False),
        ("i(t=MR).v", ".", "i.t.code", True),
        ("i(t=MR).v", ".", "i.v", True),
        ("i(t=MR).v", ".", "i.w", False),
        ("'100'.x", "series", "series.*.x", True),
        ("x", "a | b", "b.x", True),
        ("x", "..b", "a.c.b.x", True),
    ],
)
def test_fields_read(path: str, each: str, name: str, reads: bool) -> None:
    pattern = fields_read(parse(path), parse_each(each))
    assert bool(re.fullmatch(pattern, name)) is reads


def test_the_document_is_the_record_without_each() -> None:
    assert rows(BODY, parse_each(".")) == [Row(BODY)]


def _dotted(names: list[str]) -> str:
    return ".".join(treewalk.field_name(name) for name in names)


def _leaves(node: Any) -> int:
    if isinstance(node, dict | list):
        return sum(map(_leaves, node.values() if isinstance(node, dict) else node))
    return 1


@pytest.mark.parametrize("each", ["people.*", "..vitals", "people.*.vitals"])
def test_a_name_that_is_data_is_in_no_place_and_no_name(each: str) -> None:
    """Places stand in findings and IRIs."""
    long = "z" * 101
    document = {"people": {"Quagmire, Zebedee": {"vitals": {"hr": "1", long: "2"}}}}
    found = rows(document, parse_each(each))
    inside, outside = Names(parse_each(each)).split(document, found)
    said = str([row.place for row in found] + [row.name for row in found] + inside[0] + outside)
    assert "hr" in said
    if each != "..vitals":  # a letter may be of a schema: the books count such a name
        assert "Zebedee" not in said
    assert "Zebedee" not in str([row.place for row in found])
    assert long not in said
