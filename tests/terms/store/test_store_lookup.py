"""Questions to a store: editions side by side, subsumption against a slow oracle, search."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet
import pytest

from twinmap.terms import snomed
from twinmap.terms.store import open_store, store_folder
from twinmap.terms.store.add import add
from twinmap.terms.store.editions import Edition, Source, newest_key, serving
from twinmap.terms.store.search import find

TOYS = "https://toys.example/codes"


def put(store: Path, resource: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "resource.json"
        path.write_text(json.dumps(resource))
        add(path, store)


# --- editions -------------------------------------------------------------------------------------


def test_the_newest_of_two_editions_serves(toys: Callable[..., Any], store: Path) -> None:
    put(store, toys(version="1.10.0", concept=[{"code": "new", "display": "New"}]))
    put(store, toys(version="1.9.0", concept=[{"code": "old", "display": "Old"}]))
    with open_store(store) as opened:
        assert [item.exists for item in opened.lookup([(TOYS, "new"), (TOYS, "old")])] == [True, False]
        assert [hit.code for hit in find(opened, "old")] == []
    with open_store(store, pinned={TOYS: "1.9.0"}) as opened:
        assert [item.exists for item in opened.lookup([(TOYS, "new"), (TOYS, "old")])] == [False, True]
        assert [hit.code for hit in find(opened, "old")] == ["old"]


def test_a_fragment_answers_beside_a_complete_edition(toys: Callable[..., Any], store: Path) -> None:
    put(
        store,
        toys(
            content="fragment", name="More", concept=[{"code": "ball", "display": "Globe"}, {"code": "kite9"}]
        ),
    )
    put(store, toys())
    with open_store(store) as opened:
        ball, more, none = opened.lookup([(TOYS, "ball"), (TOYS, "kite9"), (TOYS, "cube")])
        assert (ball.display, more.exists, none.exists) == ("Ball", True, False)


def test_subsumption_across_the_parts_of_a_large_closure(toys: Callable[..., Any], store: Path) -> None:
    """The closure of a chain of 500 codes is of two parts; a question reads those that it needs."""
    chain = [
        {"code": f"c{n}", "property": [{"code": "parent", "valueCode": f"c{n - 1}"}] * (n > 0)}
        for n in range(500)
    ]
    put(store, toys(concept=chain))
    (source,) = open_store(store).sources
    assert pyarrow.parquet.ParquetFile(source.folder / "closure.parquet").num_row_groups == 2
    chance = Random(1)
    with open_store(store) as opened:
        for count in (1, 7, 20_000):
            pairs = [(chance.randrange(500), chance.randrange(500)) for _ in range(count)]
            asked = [(f"c{upper}", f"c{lower}") for upper, lower in pairs]
            assert opened.subsumes(TOYS, asked) == [upper <= lower for upper, lower in pairs]


def test_what_no_edition_can_tell_of_is_not_known(toys: Callable[..., Any], store: Path) -> None:
    """One edition has the upper code and another the lower one, and one has no code at all."""
    put(store, toys(content="fragment", name="None", concept=[]))
    put(store, toys(content="fragment", name="One", concept=[{"code": "a", "concept": [{"code": "b"}]}]))
    put(store, toys(content="fragment", name="Two", concept=[{"code": "c", "concept": [{"code": "d"}]}]))
    with open_store(store) as opened:
        pairs = [("a", "b"), ("b", "a"), ("c", "d"), ("a", "d"), ("a", "e"), ("e", "e"), ("d", "d")]
        assert opened.subsumes(TOYS, pairs) == [True, False, True, None, None, None, True]
        assert opened.subsumes(TOYS, []) == []


@pytest.mark.parametrize(
    ("older", "newer"),
    [("2.9", "2.77"), ("", "0"), ("20250101", "20260101"), ("4.0.1", "4.0.2"), ("1-b1", "1-b2")],
)
def test_versions_are_ordered_by_their_numbers(older: str, newer: str) -> None:
    assert newest_key(older) < newest_key(newer)


def test_of_one_version_the_later_addition_serves() -> None:
    def source(name: str, added: str) -> Source:
        return Source(name, "fhir", name, "", added, (Edition("codes", "u", "1", content="complete"),), ())

    first, second = source("b", "2026-01-01"), source("a", "2026-01-02")
    assert [held.id for held, _ in serving([second, first])] == ["a"]


def test_an_empty_store_knows_nothing(store: Path) -> None:
    with open_store(store) as opened:
        assert opened.lookup([("loinc", "8480-6")])[0].exists is None
        assert opened.subsumes("snomed", [("1", "2")]) == [None]
        assert opened.members("x", [("loinc", "1-8")]) == [None]
        assert opened.mappings([("loinc", "1-8")]) == {}
        assert opened.designations([("loinc", "1-8")]) == {}
        assert {hit.edition for hit in find(opened, "glucose")} == {None}
        assert find(opened, "toyose") == []
        assert opened.lookup([]) == []
        assert opened.subsumes("snomed", []) == []


def test_where_a_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("TWINMAP_TERMS", raising=False)
    assert store_folder() == tmp_path / "data" / "twinmap" / "terms"
    monkeypatch.setenv("TWINMAP_TERMS", str(tmp_path / "mine"))
    assert store_folder() == tmp_path / "mine"
    assert store_folder(tmp_path / "this") == tmp_path / "this"


def test_systems_may_be_named_in_any_way(loinc: Path, store: Path) -> None:
    add(loinc, store)
    with open_store(store) as opened:
        names = ("loinc", "LN", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1")
        assert [item.exists for item in opened.lookup((name, "1000-9") for name in names)] == [True] * 4


# --- search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("1000-9", "1000-9"),
        ("loinc:1001-7", "1001-7"),
        ("toyose serum", "1000-9"),
        ("SERUM toyose", "1000-9"),
        ("toyos urine", "1001-7"),
        ("toyosse urin", "1001-7"),
        ("kugel", "ball"),
        ("something to play with", "toy"),
        ("gamma bal", "1003-3"),
    ],
)
def test_what_is_found_first(query: str, first: str, filled: Path) -> None:
    with open_store(filled) as opened:
        hits = find(opened, query)
    assert hits[0].code == first
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.score <= 1 for hit in hits)


def test_a_synonym_is_shown_beside_the_display(filled: Path) -> None:
    with open_store(filled) as opened:
        (hit,) = find(opened, "auricle")
        assert (hit.term, hit.display) == ("Auricle of a toy", 'Ear "of a toy"')


def test_a_system_and_a_limit(filled: Path) -> None:
    with open_store(filled) as opened:
        assert {hit.system for hit in find(opened, "ball kite")} >= {"http://loinc.org", TOYS}
        assert {hit.system for hit in find(opened, "toyose", system="LN")} == {"http://loinc.org"}
        assert find(opened, "loinc:1000-9", system="snomed") == []
        assert len(find(opened, "toyose", limit=2)) == 2
        assert [hit.code for hit in find(opened, "ball", system=TOYS)] == ["ball"]


@pytest.mark.parametrize(
    "query", ["", "''", "\x00", "%_", "xyzzy", "[/foo]", "'; DROP TABLE served; --", "𝔘𝔫𝔦"]
)
def test_strange_queries_find_nothing(query: str, filled: Path) -> None:
    with open_store(filled) as opened:
        assert find(opened, query) == []
        assert find(opened, query, system=query or None) == []


def test_inactive_codes_come_after_active_ones(filled: Path) -> None:
    with open_store(filled) as opened:
        hits = find(opened, "toyose blood")
        assert [hit.status for hit in hits if hit.code in {"1002-5"}] == ["inactive"]
        assert hits[0].score < 1


def test_names_meet_whatever_case_they_have(rf2_files: Any, tmp_path: Path, store: Path) -> None:
    state = ("20260101", "1", "900000000000207008")
    rf2_files(
        tmp_path / "release",
        "_INT",
        "20260101",
        Concept=[("138875005", *state, "900000000000074008")],
        Description=[("1", *state, "138875005", "de", "900000000000013009", "Straße links", "")],
    )
    add(tmp_path / "release", store)
    with open_store(store) as opened:
        asked = (snomed.SYSTEM, "STRAßE LINKS")
        assert opened.named([asked]) == {(snomed.SYSTEM, "straße links"): "138875005"}
