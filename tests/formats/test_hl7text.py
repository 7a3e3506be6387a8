"""Escape sequences, encoding characters and character sets of HL7 v2."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinmap.formats import hl7text
from twinmap.formats.hl7text import Delimiters, decode, delimiters, escape, escape_fault, normaliser, unescape


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"a\F\b\S\c\R\d\E\e\T\f\P\g", "a|b^c~d\\e&f#g"),
        (r"\X0D\\X48690A\.", "\rHi\n."),
        (r"\X000d\x", "\0\rx"),
        (r"a\.br\b\.sp\c\.sp2\d\.sk3\e\.in+4\f", "a\nb\nc\n\nd   ef"),
        (r"\H\high\N\ normal", "high normal"),
        (r"C:\temp", r"C:\temp"),
        (r"one \ alone", r"one \ alone"),
        (r"\Zlocal\ and \Q\ ", r"\Zlocal\ and \Q\ "),
        (r"\C2842\ and \M2442\ ", r"\C2842\ and \M2442\ "),
        (r"\XE9\ ", r"\XE9\ "),
        (r"\X0\ ", r"\X0\ "),
        (r"\E\x09\E\ ", r"\x09\ "),
        ("\\", "\\"),
        ("\\\\", "\\\\"),
        ("plain", "plain"),
    ],
)
def test_unescape(raw: str, text: str) -> None:
    assert unescape(raw) == text


@given(st.text())
@example("\\F\\")
@example("\\E\\X0D\\")
@example("a\r\nb|^~\\&#")
def test_what_is_escaped_comes_back(text: str) -> None:
    raw = escape(text)
    assert unescape(raw) == text
    assert not set(raw) & set("|^~&\r\n")


@given(st.text(alphabet="\\FSTREXHN.brsp0149aCMZ|^ "))
def test_unescape_takes_anything(raw: str) -> None:
    unescape(raw)
    escape_fault(raw)


def test_a_formatting_bomb_stays_small() -> None:
    assert len(unescape(r"\.sp999\ " * 10)) <= 10 * 101


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (r"a\F\b", None),
        (r"C:\temp", None),
        (r"\Q\ ", "not known"),
        (r"C:\temp\file", "not known"),
        (r"\XE9\ ", "not known"),
        (r"\C2842\ ", "character set"),
        (r"\E\F\E\ ", "escaped twice"),
        (r"\E\ alone", None),
    ],
)
def test_faults_of_escape_sequences(raw: str, fault: str | None) -> None:
    found = escape_fault(raw)
    assert found is None if fault is None else fault in (found or "")


# --- encoding characters --------------------------------------------------------------------------


def given_by(head: str) -> Delimiters:
    found = delimiters(head)
    assert found is not None
    return found


def test_the_usual_delimiters_need_no_rewriting() -> None:
    for head in ("MSH|^~\\&|", "MSH|^~\\&#|", "BHS|^~\\&"):
        assert given_by(head).fault is None
        assert normaliser(given_by(head)) is None


def test_a_doubled_escape_character_is_taken_as_one_and_told() -> None:
    found = given_by("MSH|^~\\\\&|")
    assert (found.escape, found.subcomponent, found.sent) == ("\\", "&", "^~\\\\&")
    assert found.fault == "MSH-2 has its escape character twice"
    assert normaliser(found) is None


def test_fewer_encoding_characters_leave_roles_open() -> None:
    found = given_by("MSH|^~|LAB")
    assert (found.component, found.repetition, found.escape, found.subcomponent) == ("^", "~", "", "")
    rewrite = normaliser(found)
    assert rewrite is not None
    assert rewrite("PID|a^b~c\\d&e") == r"PID|a^b~c\E\d\T\e"


def test_one_character_in_two_roles_has_the_first() -> None:
    found = given_by("MSH|^&&^|")
    assert (found.component, found.repetition, found.escape, found.subcomponent) == ("^", "&", "", "")
    assert found.fault is not None


@pytest.mark.parametrize("head", ["MSH", "MSH|", "MSH||", "MSHA^~\\&|", "MSH ^~\\&", "MSH|A", "MSH|^ ~|"])
def test_no_delimiters(head: str) -> None:
    assert delimiters(head) is None


def test_other_delimiters_are_rewritten_and_mean_the_same() -> None:
    found = given_by("MSH#*+%!#LAB")
    rewrite = normaliser(found)
    assert rewrite is not None
    raw = rewrite("PID#1*a!b+c#10^9 | A&B ~ C\\D#%F%%S%%R%%E%%T%#%X0D%#50 % ok#%.br%")
    fields = raw.split("|")
    assert fields[1] == "1^a&b~c"
    assert unescape(fields[2]) == "10^9 | A&B ~ C\\D"
    assert unescape(fields[3]) == "#*+%!"
    assert unescape(fields[4]) == "\r"
    assert unescape(fields[5]) == "50 % ok"
    assert unescape(fields[6]) == "\n"


@given(st.lists(st.text(alphabet="|^~\\&#*+%!aF01.", max_size=8), min_size=1, max_size=5))
def test_rewriting_keeps_every_text(texts: list[str]) -> None:
    own = given_by("MSH#*+%!#")
    names = {"#": "F", "*": "S", "+": "R", "%": "E", "!": "T"}
    line = "#".join("".join(f"%{names[c]}%" if c in names else c for c in text) for text in texts)
    rewrite = normaliser(own)
    assert rewrite is not None
    assert [unescape(field) for field in rewrite(line).split("|")] == texts


# --- character sets -------------------------------------------------------------------------------

GERMAN = "Größe µg"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UNICODE UTF-8"),
        ("utf-8", "UNICODE"),
        ("utf-8", ""),
        ("latin-1", "8859/1"),
        ("cp1252", "windows-1252"),
        ("gb18030", "GB 18030-2000"),
    ],
)
def test_declared_and_right(encoding: str, declared: str) -> None:
    found = decode(GERMAN.encode(encoding), declared)
    assert found is not None
    assert (found.text, found.fault) == (GERMAN, None)


def test_undeclared_and_not_utf8_is_windows_1252_and_told() -> None:
    found = decode(GERMAN.encode("latin-1"), "")
    assert found is not None
    assert (found.text, found.encoding) == (GERMAN, "cp1252")
    assert found.fault == "the bytes are not valid UTF-8; read as cp1252"


@pytest.mark.parametrize("declared", ["UNICODE UTF-8", "ASCII"])
def test_declared_and_wrong_is_told(declared: str) -> None:
    found = decode(GERMAN.encode("latin-1"), declared)
    assert found is not None
    assert found.text == GERMAN
    assert found.fault is not None
    assert declared in found.fault


def test_latin_that_is_valid_utf8_is_read_as_declared_and_told() -> None:
    found = decode(GERMAN.encode(), "8859/1")
    assert found is not None
    assert found.text == GERMAN.encode().decode("latin-1")
    assert found.fault is not None


def test_an_unknown_name_is_told_and_not_repeated() -> None:
    found = decode(GERMAN.encode(), "DOE^JANE")
    assert found is not None
    assert found.text == GERMAN
    assert found.fault is not None
    assert "DOE" not in found.fault


def test_the_mapping_wins_over_the_message() -> None:
    found = decode("Ž".encode("cp1250"), "8859/1", ("cp1250",))
    assert found is not None
    assert (found.text, found.fault) == ("Ž", None)


def test_nothing_fits() -> None:
    assert decode(b"\x81\xff", "") is None


def test_hex_of_the_message_encoding() -> None:
    assert unescape(hl7text.resolve_hex(r"Gr\XF6\e \X7C\ ", "latin-1")) == "Gröe | "
    assert unescape(hl7text.resolve_hex(r"\XC3B6\ ", "utf-8")) == "ö "
    assert hl7text.resolve_hex(r"\XF6\ ", "utf-8") == r"\XF6\ "
