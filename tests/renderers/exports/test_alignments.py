"""Alignments: relations of signatures merged by what they are about, the same way round in every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from twinmap.renderers import Report
from twinmap.renderers._alignments import alignments, conversion_text, given_date
from twinmap.renderers._signature_terms import terms

LAB = "https://lab.example.org/codes"
Make = Callable[..., Any]


def told(report: Report) -> list[tuple[str, str, str]]:
    found = alignments(report)
    return [
        (item.subject.curie, item.relation, item.object.curie) for item in (*found.positive, *found.negative)
    ]


def test_a_code_with_a_facet_beside_it_is_never_the_bare_code(compared: Report) -> None:
    by_curie = {term.curie: term for term in terms(compared).values()}
    bare = {curie for curie in by_curie if curie.startswith("loinc:")}
    assert bare == {f"loinc:{code}" for code in ("8480-6", "8459-0", "2345-7", "14749-6", "8302-2")}
    minted = [term for term in by_curie.values() if term.minted]
    assert {term.plain_curie for term in minted} == {"loinc:8480-6"}
    assert {tuple(term.beside.items()) for term in minted} == {
        (("method", "tm:method-cuffless"), ("site", "tm:site-wrist")),
        (("method", "tm:method-oscillometry"), ("site", "tm:site-upper-arm")),
        (("site", "tm:site-finger"),),
    }
    assert by_curie["loinc:8459-0"].beside == {}  # sitting is said by the code itself


def test_minted_names_do_not_depend_on_the_run(report_of: Make, signature: Make) -> None:
    """Neither on numbers and order of signatures, nor on units, counts and the names of sources."""
    beside = {"site": "wrist", "method": "cuffless"}
    one = report_of([signature("a", "8480-6", "kPa", beside=beside)])
    other = report_of(
        [
            signature("x", "8462-4", "kPa"),
            signature("b", "8480-6", "mm[Hg]", n=7, beside=dict(reversed(beside.items()))),
        ]
    )
    (name,) = {term.curie for term in terms(one).values()}
    assert name in {term.curie for term in terms(other).values()}
    assert name == "sig:" + next(t.code for t in terms(other).values() if t.minted)
    assert next(t.system for t in terms(one).values()) == "https://twin.example.org/sig"


def test_one_alignment_for_two_terms_whatever_the_unit_and_the_source(compared: Report) -> None:
    found = told(compared)
    assert len(found) == len({frozenset((a, b)) for a, _, b in found})
    ward = next(term for term in terms(compared).values() if "oscillometry" in str(term.beside))
    pair = [row for row in found if row[0] == ward.curie and row[2] == "loinc:8480-6"]
    assert pair == [(ward.curie, "a-narrower", "loinc:8480-6")]
    item = next(i for i in alignments(compared).positive if (i.subject, i.object.code) == (ward, "8480-6"))
    assert len(item.rows) == 4  # with ehr and lab, in kPa and in mm[Hg]
    assert [conversion_text(each) for each in item.conversions] == [
        "value in mm[Hg] = value in kPa * 7.50063755419 (UCUM)"
    ]


def test_the_same_way_round_whatever_sources_are_called(report_of: Make, signature: Make) -> None:
    def made(first: str, second: str) -> list[tuple[str, str, str]]:
        return told(
            report_of(
                [
                    signature(first, "8459-0", "mm[Hg]"),
                    signature(second, "8480-6", "mm[Hg]", beside={"site": "wrist"}),
                ]
            )
        )

    assert made("a", "b") == made("b", "a")
    ((subject, relation, object_),) = made("a", "b")
    assert subject.startswith("sig:")
    assert (relation, object_) == ("related", "loinc:8459-0")


def test_narrower_is_turned_with_its_facets(report_of: Make, signature: Make) -> None:
    """Source a has the broader code: the narrower term is the subject all the same."""
    report = report_of(
        [
            signature("a", "8480-6", "mm[Hg]"),
            signature("b", "8480-6", "mm[Hg]", n=8, beside={"site": "wrist"}),
        ]
    )
    assert report.relations[0]["relation"] == "a-broader"
    (item,) = alignments(report).positive
    assert item.relation == "a-narrower"
    assert "site: wrist is narrower than not said (TM-M01)" in item.comment
    assert "posture: neither says it (TM-M02)" in item.comment
    assert item.rows[0]["counts"]["n_a"] == 8
    assert (item.rows[0]["source_a"], item.rows[0]["source_b"]) == ("b", "a")


def test_the_same_term_in_two_sources_is_no_row_and_not_unmatched(report_of: Make, signature: Make) -> None:
    found = alignments(report_of([signature("a", "8302-2", "cm"), signature("b", "8302-2", "m")]))
    assert (found.positive, found.negative, found.unmatched) == ((), (), ())


def test_a_missing_unit_says_nothing_of_the_term(report_of: Make, signature: Make) -> None:
    """Values without a unit are not a narrower concept: 8459-0 stays narrower than 8480-6."""
    report = report_of([signature("a", "8459-0", None), signature("b", "8480-6", "mm[Hg]")])
    assert report.relations[0]["relation"] == "related"  # narrower in posture, broader in unit
    assert told(report) == [("loinc:8459-0", "a-narrower", "loinc:8480-6")]


def test_what_is_not_comparable_for_a_unit_in_one_source_does_not_deny_the_terms(
    report_of: Make, signature: Make
) -> None:
    report = report_of(
        [
            signature("a", "8459-0", "mm[Hg]"),
            signature("b", "8480-6", "mm[Hg]"),
            signature("c", "8480-6", "kg"),
        ]
    )
    (item,) = alignments(report).positive
    assert (item.relation, len(item.unfit)) == ("a-narrower", 1)
    assert item.comment.endswith("1 of 2 pairs of units cannot be converted")
    assert alignments(report).negative == ()


def test_events_that_conflict_are_no_matter_of_terms(report_of: Make, signature: Make) -> None:
    report = report_of([signature("a", "8459-0", "mm[Hg]"), signature("b", "8480-6", "mm[Hg]")])
    clash = {"relation": "conflicting", "conflict": {"code": "TM-X01", "count": 3}}
    report = replace(report, relations=[{**report.relations[0], **clash}])
    (item,) = alignments(report).positive
    assert item.relation == "a-narrower"
    assert "TM-X01" not in item.findings
    assert "two values" not in item.comment


def test_an_empirical_conversion_stays_related(report_of: Make, signature: Make) -> None:
    report = report_of([signature("a", "4548-4", "%"), signature("b", "59261-8", "mmol/mol")])
    (item,) = alignments(report).positive
    assert item.relation == "related"
    assert "empirical" in conversion_text(item.conversions[0])


def test_facets_that_a_project_fixes_in_its_concepts_are_not_beside_the_code(
    report_of: Make, signature: Make
) -> None:
    """The concept files of a project are not at hand; the evidence of the relations knows what they say."""
    report = report_of(
        [signature("a", "8480-6", "mm[Hg]", beside={"site": "wrist"}), signature("b", "8480-6", "mm[Hg]")]
    )
    assert any(term.minted for term in terms(report).values())
    facets = [
        {**facet, "evidence": "the code"} if facet["facet"] == "site" else facet
        for facet in report.relations[0]["facets"]
    ]
    told_by_code = replace(report, relations=[{**report.relations[0], "facets": facets}])
    assert not any(term.minted for term in terms(told_by_code).values())


def test_unmatched_is_what_could_be_compared_and_relates_to_nothing(compared: Report) -> None:
    assert [term.plain_curie for term in alignments(compared).unmatched] == ["loinc:8480-6", "loinc:8302-2"]
    assert alignments(compared).unmatched[0].beside == {"site": "tm:site-finger"}  # in kg: not comparable


@pytest.mark.parametrize("values", ["absent", "text"])
def test_values_that_were_not_compared_are_not_unmatched(
    report_of: Make, signature: Make, values: str
) -> None:
    report = report_of([signature("a", "8302-2", None, values=values), signature("b", "718-7", "g/dL")])
    assert [term.curie for term in alignments(report).unmatched] == ["loinc:718-7"]


def test_one_source_alone_leaves_nothing_unmatched(report_of: Make, signature: Make) -> None:
    assert alignments(report_of([signature("a", "8302-2", "cm")])).unmatched == ()


def test_local_codes_are_named_as_in_the_graph(report_of: Make, signature: Make) -> None:
    report = report_of(
        [
            signature("a", "a/b c", "cm", system=LAB),
            signature("a", "x", "cm", system=None),
            signature("a", "150456", "cm", system="urn:iso:std:iso:11073:10101"),
        ]
    )
    found = {term.code: term for term in terms(report).values()}
    assert found["a/b c"].curie == "codes:a%2Fb%20c"
    assert found["a/b c"].stem == "https://twin.example.org/code/https%3A%2F%2Flab.example.org%2Fcodes/"
    assert (found["a/b c"].system, found["x"].system) == (LAB, "https://twin.example.org/code/local")
    assert (found["x"].curie, found["150456"].curie) == ("local:x", "mdc:150456")


def test_prefixes_of_two_systems_that_end_alike_differ(report_of: Make, signature: Make) -> None:
    systems = [LAB, "https://other.example.org/codes", "https://z.example.org/loinc"]
    report = report_of([signature("a", "x", "cm", system=system) for system in systems])
    found = {term.prefix for term in terms(report).values()}
    assert len(found) == 3
    assert not {"codes", "loinc"} & found


def test_a_code_that_a_map_relates_is_the_term_where_the_report_names_it(
    report_of: Make, signature: Make
) -> None:
    mapped = signature("a", "8480-6", "mm[Hg]", match="narrower", received=f"{LAB}|SYS1")
    report = report_of([mapped, signature("b", "8480-6", "mm[Hg]", beside={"site": "wrist"})])
    plain = [row for row in report.concepts if row["source"] == "a"]
    (old,) = (
        t
        for k, t in terms(
            replace(
                report, concepts=[{k: v for k, v in r.items() if k != "received"} for r in report.concepts]
            )
        ).items()
        if k[0] == "a"
    )
    assert (old.minted, old.match, old.by_map) == (True, "narrower", True)
    named = replace(
        report,
        concepts=[{**row, "received": f"{LAB}|SYS1"} if row in plain else row for row in report.concepts],
    )
    (new,) = (t for k, t in terms(named).items() if k[0] == "a")
    assert (new.curie, new.minted, new.label, new.by_map) == ("codes:SYS1", False, None, True)


def test_relations_of_what_the_report_does_not_describe_are_counted(compared: Report) -> None:
    found = alignments(replace(compared, concepts=[]))
    assert (found.positive, found.undescribed) == ((), len(compared.relations))
    assert found.left_out == f" Left out: {len(compared.relations)} relations without a code."
    assert alignments(compared).left_out == ""


def test_one_term_that_differs_for_its_units_alone_is_counted(report_of: Make, signature: Make) -> None:
    report = report_of([signature("a", "8302-2", "cm"), signature("b", "8302-2", "kg")])
    found = alignments(report)
    assert (found.positive, found.negative, found.one_term) == ((), (), 1)
    assert found.left_out == " Left out: 1 relation of one term in units that differ."


@pytest.mark.parametrize(("epoch", "date"), [("0", "1970-01-01"), ("1700000000", "2023-11-14"), ("", None)])
def test_a_date_is_given_or_there_is_none(
    monkeypatch: pytest.MonkeyPatch, epoch: str, date: str | None
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert given_date() == date
