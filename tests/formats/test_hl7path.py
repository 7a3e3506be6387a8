"""References into HL7 v2 messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.formats.hl7path import Equal, PathError, Reference, parse


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("OBX-5", Reference("OBX", None, 5, None)),
        ("MSH-9.1", Reference("MSH", None, 9, None, 1)),
        ("PID-3(5=MR).4.2", Reference("PID", None, 3, (Equal((5,), "MR"),), 4, 2)),
        ("OBX-5(1)", Reference("OBX", None, 5, 1)),
        ("NTE(2)-3", Reference("NTE", 2, 3, None)),
        ("OBX(3.1=64994-7)-5", Reference("OBX", (Equal((3, 1), "64994-7"),), 5, None)),
        ("PID-3(4.1=H and 5=MR)", Reference("PID", None, 3, (Equal((4, 1), "H"), Equal((5,), "MR")))),
        ("PID-3(4.1='St. Mary''s (old)')", Reference("PID", None, 3, (Equal((4, 1), "St. Mary's (old)"),))),
        ("PID-3(4.1=Big Place)", Reference("PID", None, 3, (Equal((4, 1), "Big Place"),))),
        ("ZXY-2.1", Reference("ZXY", None, 2, None, 1)),
        ("PV1-44", Reference("PV1", None, 44, None)),
        ("PID-3(5='')", Reference("PID", None, 3, (Equal((5,), ""),))),
    ],
)
def test_well_formed(text: str, reference: Reference) -> None:
    assert parse(text) == reference


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 1, "begins with the three characters of a segment"),
        ("obx-5", 1, "capital letters"),
        ("OBX", 4, "a - and the number of a field"),
        ("OBX.5", 4, "write OBX-5"),
        ("OBX-", 5, "number of a field"),
        ("OBX-0", 6, "counted from 1"),
        ("PID-3.", 7, "number of a component"),
        ("PID-3[1]", 6, "a pick stands in ( )"),
        ("PID-3(0)", 7, "counts from 1"),
        ("PID-3(5=MR", 11, "a ) is needed"),
        ("PID-3(5=)", 9, "a word is needed"),
        ("PID-3(5='MR)", 10, "the quote has no end"),
        ("PID-3(MR)", 7, "number of a component"),
        ("PID-3.4.2.1", 10, "nothing may follow"),
        ("PID-3 ", 6, "nothing may follow"),
        ("PIDX-3", 4, "a - and the number"),
    ],
)
def test_malformed(text: str, position: int, says: str) -> None:
    with pytest.raises(PathError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert caught.value.position == position


@given(st.text(alphabet="PIDOBX123-.()=' anduvwxyz", max_size=30))
def test_any_text_parses_or_is_refused_with_a_position_in_it(text: str) -> None:
    position = 1
    try:
        parse(text)
    except PathError as error:
        position = error.position
    assert 1 <= position <= len(text) + 1


def test_cell() -> None:
    assert parse("PID-3(5=MR).4.2").cell == "PID-3"
