"""The key, the ids and the one road from a data value to a message."""

from __future__ import annotations

import base64
import hashlib
import hmac
import stat
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.engine.duck import Duck, connect
from twinmap.errors import InputOutputError, UsageError
from twinmap.privacy import ID_LENGTH, Key, escaped, find_key, read_key, shape

KEY = Key(bytes(range(32)), "test")
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


# --- shapes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("12.5 mmHg", "99.9 xxxx"),
        ("Müller, Änne", "xxxxxx, xxxx"),
        ("٤٢", "99"),
        ("１２", "99"),
        ("日本", "xx"),
        ("हिंदी", "xxxxx"),
        ("a\x1b[31m\u202e", "x?[99x?"),
        ("½ cup", "x xxx"),
        ("", ""),
    ],
)
def test_shapes(text: str, form: str) -> None:
    assert shape(text) == form


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_shape_shows_no_letter_and_no_digit(text: str) -> None:
    form = shape(text)
    assert len(form) <= 41
    assert {char for char in form if char.isalnum()} <= {"x", "9"}
    assert not any(unicodedata.category(char)[0] in "CM" for char in form)
    assert shape(form) == form or "…" in form


# --- ids --------------------------------------------------------------------------------------------


def test_an_id_is_the_hmac_of_its_fields() -> None:
    message = b"patient\x1fmrn\x1f0042"
    digest = hmac.new(bytes(range(32)), message, hashlib.sha256).digest()
    assert KEY.hash("patient", "mrn", "0042") == base64.b32encode(digest).decode().lower()[:26]
    assert len(KEY.hash("x")) == ID_LENGTH


@settings(deadline=None)
@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_other_fields_are_another_id(one: list[str], other: list[str]) -> None:
    """No separator in a field can make two lists of fields look alike."""
    assert (KEY.hash("k", *one) == KEY.hash("k", *other)) == (one == other)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_an_escaped_field_holds_no_separator(text: str) -> None:
    assert "\x1f" not in escaped(text)


def test_ids_depend_on_the_key() -> None:
    assert KEY.hash("patient", "mrn", "1") != Key(bytes(32), "other").hash("patient", "mrn", "1")
    assert len(KEY.id) == 8
    assert KEY.id not in KEY.hash("twinmap-key-id")


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(KEY.secret) not in repr(KEY)
    assert "secret" not in repr(KEY)


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Duck:
    with connect(tmp_path_factory.mktemp("duck"), key=KEY) as found:
        yield found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=1, max_size=20))
def test_the_database_makes_the_same_ids(duck: Duck, parts: list[str]) -> None:
    """``keyed`` of a joined message is ``Key.hash`` of its fields."""
    from twinmap.mapping.sql import escaped as sql_escaped

    duck.register("fields", {"t": ("VARCHAR", parts)})
    sql = f"SELECT t, keyed(concat_ws(chr(31), 'obs', 'source', {sql_escaped('t')})) FROM fields"
    for text, found in duck.rows(sql):
        assert found == KEY.hash("obs", "source", text)


# --- keys -------------------------------------------------------------------------------------------


def test_keys_are_bytes_or_hex(tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_bytes(bytes(range(32)))
    assert read_key(path).secret == bytes(range(32))
    path.write_text("# a comment\n" + bytes(range(32)).hex().upper() + "\n")
    assert read_key(path).secret == bytes(range(32))


@pytest.mark.parametrize("data", [b"", b"short", b"x" * 65, b"# nothing\n"])
def test_a_short_key_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_key(path)
    assert "x" * 20 not in str(caught.value)


def test_a_missing_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError):
        read_key(tmp_path / "none")


def test_where_a_key_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, the environment, the project, else the user's own, which is made once."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TWINMAP_KEY_FILE", raising=False)
    paths = {}
    for name in ("option", "environment", "project"):
        paths[name] = tmp_path / name
        paths[name].write_bytes(hashlib.sha256(name.encode()).digest())
    made, note = find_key(None, None)
    assert note is not None
    own = tmp_path / "config" / "twinmap" / "key"
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    again, silent = find_key(None, None)
    assert (again.secret, silent) == (made.secret, None)
    assert find_key(None, paths["project"])[0].secret == paths["project"].read_bytes()
    monkeypatch.setenv("TWINMAP_KEY_FILE", str(paths["environment"]))
    assert find_key(None, paths["project"])[0].secret == paths["environment"].read_bytes()
    assert find_key(paths["option"], paths["project"])[0].secret == paths["option"].read_bytes()


def test_of_a_device_no_more_is_read_than_a_key_may_have() -> None:
    """It has no end. A pipe is read: secrets are handed over by one."""
    with pytest.raises(UsageError, match="is not a key"):
        read_key(Path("/dev/zero"))
