"""``$(path)``: where references begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.diagnostics import Span
from twinmap.mapping.ast import LookUp, Ref, Text
from twinmap.mapping.columns import column
from twinmap.mapping.references import MalformedError, reference, template, unquoted


def locate(offset: int, length: int) -> Span:
    return Span("m", 1, offset + 1, length)


def parts(text: str, **about: object) -> list[object]:
    """Literals as text, references as (kind, path, lookups)."""
    found = template(text, locate, **about)  # type: ignore[arg-type]
    return [
        part
        if isinstance(part, str)
        else (part.kind, part.path, *((x.table, x.column) for x in part.lookups))
        for part in found.parts
    ]


def read(text: str) -> tuple[Text | None, int]:
    """The text, or None and where it is wrong."""
    try:
        return template(text, locate), 0
    except MalformedError as error:
        return None, error.offset


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [""]),
        ("/min", ["/min"]),
        ("$(mrn)", [("path", "mrn")]),
        ("$( mrn )", [("path", "mrn")]),
        ("$(Glukosewert (mmol/l))", [("path", "Glukosewert (mmol/l)")]),
        ("$(PID-3(5=MR).4.2)", [("path", "PID-3(5=MR).4.2")]),
        ("loinc:$(CODE)", ["loinc:", ("path", "CODE")]),
        ("$(y)-$(m)-$(d)", [("path", "y"), "-", ("path", "m"), "-", ("path", "d")]),
        ("$$(x)", ["$(x)"]),
        ("a$$(b)$(c)", ["a$(b)", ("path", "c")]),
        ("$5 and $", ["$5 and $"]),
        ("$(it's)", [("path", "it's")]),
        ("$(5' walk (m))", [("path", "5' walk (m)")]),
        ("$('a)b')", [("path", "'a)b'")]),
        ("$('it''s (')", [("path", "'it''s ('")]),
        ("$(a.'b)c'(x='y)').d)", [("path", "a.'b)c'(x='y)').d")]),
        ("$(param:patient)", [("param", "patient")]),
        ("$(file:stem)", [("file", "stem")]),
        ("$(record:key)", [("record", "key")]),
        ("$('file:odd')", [("path", "'file:odd'")]),
        ("$(a -> t.c)", [("path", "a", ("t", "c"))]),
        ("$(a -> t.c d -> u.'e.f')", [("path", "a", ("t", "c d"), ("u", "e.f"))]),
        ("$('a -> b.c')", [("path", "'a -> b.c'")]),
        ("$(x(y=a -> b) -> t.c)", [("path", "x(y=a -> b)", ("t", "c"))]),
    ],
)
def test_template(text: str, wanted: list[object]) -> None:
    assert parts(text) == wanted


def test_names_of_parts() -> None:
    assert parts("$(sys)/$(dia)", parts={"sys"}) == [("part", "sys"), "/", ("path", "dia")]


def test_places() -> None:
    found = template("ab$(c)d$(e)", locate, offset=10)
    assert [part.span.column for part in found.parts if isinstance(part, Ref)] == [13, 18]
    assert (found.span.column, found.span.length) == (11, 11)


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("ab$(c", "this reference is never closed", 2),
        ("$(a(b)", "this reference is never closed", 0),
        ("$()", "this reference is empty", 2),
        ("$(  )", "this reference is empty", 2),
        ("$('a)", "the quoted name is never closed", 2),
        ("$(param:)", '"" is not the name of a parameter', 2),
        ("$(param:a b)", '"a b" is not the name of a parameter', 2),
        ("x $(file:nam)", '"file:nam" does not exist', 4),
        ("$(record:id)", '"record:id" does not exist', 2),
        ("$(a -> t)", '"t" does not name a column of a look-up table', 2),
        ("$( -> t.c)", "this reference is empty", 2),
    ],
)
def test_malformed(text: str, message: str, offset: int) -> None:
    with pytest.raises(MalformedError) as caught:
        template(text, locate)
    assert (caught.value.message, caught.value.offset) == (message, offset)


def test_bare_path() -> None:
    found = reference("measurement_id -> concept.code", locate(0, 5))
    assert found == Ref("path", "measurement_id", locate(0, 5), (LookUp("concept", "code"),))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a b", "a b"),
        ("^day", "day"),
        ("'a (b'", "a (b"),
        ("'it''s'", "it's"),
        ("'a'b'", "'a'b'"),
        ("'", "'"),
    ],
)
def test_columns_of_flat_formats(path: str, name: str) -> None:
    assert column(path) == name


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    found, wrong = read(text)
    assert 0 <= wrong <= len(text)
    if "$(" not in text:
        assert found is not None
        assert found.literal == text


@given(st.text(alphabet="ab ()'.-=>^/$", max_size=30))
@settings(max_examples=400, deadline=None)
def test_quoting_makes_any_name_a_reference(name: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    found = template(f"$({quoted})", locate)
    assert found.sole_ref is not None
    assert found.sole_ref.path == quoted
    assert unquoted(quoted) == name
