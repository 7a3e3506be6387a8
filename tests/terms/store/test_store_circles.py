"""Whatever the links of a hierarchy are, in every format that has one: subsumption is what walking up gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.terms import snomed
from twinmap.terms.store import open_store
from twinmap.terms.store.add import add

TOYS = "https://toys.example/codes"
MODULE, IS_A, INFERRED = "900000000000207008", "116680003", "900000000000011006"

Link = tuple[int, int]
Links = set[Link]

#: Nodes of a code system; links may name two more, which it has not.
COUNT, ABSENT = 8, 2
LINK = st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT + ABSENT - 1))


def _reached(links: Links) -> Links:
    """Each code with all that is above it: by walking up, until nothing is added."""
    while more := {(one, up) for one, mid in links for low, up in links if mid == low} - links:
        links = links | more
    return links


def _without_circles(links: Links) -> Links:
    reached = _reached(links)
    return {(one, up) for one, up in links if (up, one) not in reached and one != up}


def sctid(number: int, kind: str = "00") -> str:
    """The id of a node or a link; node 0 is the root."""
    if (number, kind) == (0, "00"):
        return snomed.ROOT
    body = f"{900_000 + number}{kind}"
    return body + snomed.check_digit(body)


# --- the same links in each format; those of ``gone`` are inactive ---------------------------------


def _as_fhir(folder: Path, links: list[Link], gone: Links) -> Callable[[int], str]:
    """Every second link is told by the other end, where that is a code; a link may stand twice."""
    concepts: list[dict[str, Any]] = [{"code": str(n), "property": []} for n in range(COUNT)]
    for turn, (one, up) in enumerate(links):
        by_child = turn % 2 == 0 or up >= COUNT
        end, key, other = (one, "parent", up) if by_child else (up, "child", one)
        concepts[end]["property"].append({"code": key, "valueCode": str(other)})
    about = {"resourceType": "CodeSystem", "url": TOYS, "content": "fragment", "hierarchyMeaning": "is-a"}
    (folder / "c.json").write_text(json.dumps({**about, "concept": concepts}))
    return str


def _as_rf2(folder: Path, links: list[Link], gone: Links) -> Callable[[int], str]:
    state = "20260101\t{}\t" + MODULE
    concepts = [f"{sctid(n)}\t{state.format(1)}\t900000000000074008" for n in range(COUNT)]
    told = [(link, 1) for link in links] + [(link, 0) for link in sorted(gone)]
    relations = [
        f"{sctid(n, '02')}\t{state.format(active)}\t{sctid(one)}\t{sctid(up)}\t0\t{IS_A}\t{INFERRED}\t900000000000451002"
        for n, ((one, up), active) in enumerate(told)
    ]
    head = "id\teffectiveTime\tactive\tmoduleId\t"
    links_head = f"{head}sourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId"
    for name, lines in (
        ("Concept", [f"{head}definitionStatusId", *concepts]),
        ("Relationship", [links_head, *relations]),
    ):
        (folder / f"sct2_{name}_Snapshot_INT_20260101.txt").write_text("\r\n".join(lines) + "\r\n")
    return sctid


def _as_omop(folder: Path, links: list[Link], gone: Links, *, closed: bool = False) -> Callable[[int], str]:
    """With ``closed`` the download has its closure as well, which says what walking up its links gives."""
    concepts = [f"{n}\tToy {n}\tDevice\tToys\tToy\tS\t{n}\t1970\t2099\t" for n in range(COUNT)]
    told = [(*link, "") for link in links] + [(*link, "D") for link in sorted(gone)]
    relations = [f"{one}\t{up}\tIs a\t1970\t2099\t{invalid}" for one, up, invalid in told]
    head = (
        "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code"
    )
    tables = {
        "CONCEPT": [f"{head}\tvalid_start_date\tvalid_end_date\tinvalid_reason", *concepts],
        "CONCEPT_RELATIONSHIP": [
            "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason",
            *relations,
        ],
    }
    if closed:
        pairs = [f"{up}\t{one}\t1\t1" for one, up in sorted(_reached({*links}))]
        tables["CONCEPT_ANCESTOR"] = ["ancestor_concept_id\tdescendant_concept_id\tmin\tmax", *pairs]
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return str


def _as_closed_omop(folder: Path, links: list[Link], gone: Links) -> Callable[[int], str]:
    return _as_omop(folder, links, gone, closed=True)


@pytest.mark.parametrize(
    ("write", "system"),
    [(_as_fhir, TOYS), (_as_rf2, "snomed"), (_as_omop, "Toys"), (_as_closed_omop, "Toys")],
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(links=st.lists(LINK, max_size=18), gone=st.sets(LINK, max_size=4))
def test_subsumption(write: Any, system: str, links: list[Link], gone: Links) -> None:
    """What circles alone put above each other is not known, nor what is above a code that the fragment does not place;
    each circle is told, with its codes and its file.
    """
    with TemporaryDirectory() as folder:
        (Path(folder) / "in").mkdir()
        named = write(Path(folder) / "in", links, gone - {*links})
        added = add(Path(folder) / "in", Path(folder) / "store")
        with open_store(Path(folder) / "store") as opened:
            pairs = [*product(range(COUNT), repeat=2)]
            answers = opened.subsumes(system, [(named(upper), named(lower)) for upper, lower in pairs])
    # A download of OMOP has no codes but its own; elsewhere a fragment may lack those that it links.
    inner = {(one, up) for one, up in links if up < COUNT} if system == "Toys" else {*links}
    sure, perhaps = _reached(_without_circles(inner)), _reached(inner)
    if write is _as_closed_omop:  # the source itself says what is above what, all at once
        sure = {(one, up) for one, up in perhaps if (up, one) not in perhaps}
    placed = {end for link in sure for end in link}
    if write is _as_rf2:
        placed = {0} | {one for one, up in sure if up == 0}
    for (upper, lower), answer in zip(pairs, answers, strict=True):
        above = upper == lower or (lower, upper) in sure
        unknown = not inner or (lower, upper) in perhaps or lower not in placed
        assert answer is (True if above else None if unknown else False), (upper, lower)
    circles = {
        frozenset(up for up in range(COUNT) if {(n, up), (up, n)} <= perhaps) for n in range(COUNT)
    } - {frozenset()}
    assert sum(edition.circles for source in added.sources for edition in source.editions) == len(circles)
    found = [item for item in added.findings if item.code == "TM-Q23"]
    told = {frozenset(item.message.partition(": ")[2].partition(" (")[0].split(" is-a ")) for item in found}
    assert len(found) == len(circles)
    assert all(any(way <= {named(n) for n in circle} for circle in circles) for way in told)
    assert {place.file for item in found for place in item.places} <= {"c.json", *_LINKS}


#: A closure that is given may state a link that no relationship does.
_LINKS = {
    *("sct2_Relationship_Snapshot_INT_20260101.txt", "CONCEPT_RELATIONSHIP.csv"),
    "CONCEPT_ANCESTOR.csv",
}
