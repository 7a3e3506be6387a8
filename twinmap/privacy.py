"""The one road from a data value to a message, and the keyed ids.

An id is ``h(kind, fields)``: the first 26 characters of the lower-case base32 of HMAC-SHA-256 under the
key of the project, over the kind and the fields joined by U+001F. Without the key no id leads back to a
patient.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.errors import InputOutputError, UsageError

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")

#: Longest shape that is shown.
_SHAPE = 40


def shape(text: str) -> str:
    """The form of a value without the value: digits become 9, letters x, the rest stays.

    >>> shape("12.5 mmHg")
    '99.9 xxxx'

    Control characters become a question mark; what is longer than 40 characters is cut.
    """
    masked = _LETTER.sub("x", _DIGIT.sub("9", text[: _SHAPE + 1]))
    # Marks are parts of letters in many scripts.
    masked = "".join(
        "x" if unicodedata.category(c)[0] == "M" else c if c.isprintable() else "?" for c in masked
    )
    return masked if len(masked) <= _SHAPE else masked[:_SHAPE] + "…"


#: Bytes of a key file that are read: the key, its hex and comments are no more.
_LARGEST = 64_000
#: Characters of an id: 26 of base32 are 130 bits.
ID_LENGTH = 26
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Key:
    """The secret of a project; ``origin`` says where it came from, for messages."""

    secret: bytes = field(repr=False)
    origin: str

    @property
    def id(self) -> str:
        """8 hex digits that name the key without giving it away."""
        return hmac.digest(self.secret, b"twinmap-key-id", "sha256").hex()[:8]

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The inner and outer block of HMAC-SHA-256 (RFC 2104), 64 bytes each."""
        block = self.secret.ljust(64, b"\0")
        return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)

    def hash(self, kind: str, *fields: str) -> str:
        """The id of something: 26 characters, the same on every machine that has the key."""
        message = SEPARATOR.join((kind, *(escaped(text) for text in fields)))
        digest = hmac.digest(self.secret, message.encode("utf-8", "surrogatepass"), "sha256")
        return base64.b32encode(digest).decode("ascii").lower()[:ID_LENGTH]


def escaped(text: str) -> str:
    """The text with backslash and U+001F written as escapes, so that joined fields stay apart."""
    return text.replace("\\", "\\\\").replace(SEPARATOR, "\\s")


def read_key(path: Path) -> Key:
    """The key in a file: 32 bytes or more, or their hex; lines that begin with ``#`` are comments.

    Raises:
        InputOutputError: The file is missing.
        UsageError: It is too short to be a secret.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)  # a device has no end
    except OSError as error:
        raise InputOutputError(f"the key file {path} cannot be read: {error.strerror}") from None
    lines = [line for line in data.split(b"\n") if not line.startswith(b"#")]
    text = b"".join(lines).strip()
    if re.fullmatch(rb"[0-9a-fA-F]{64,128}", text):
        return Key(bytes.fromhex(text.decode("ascii")), str(path))
    if not 32 <= len(data) <= 64:
        raise UsageError(
            f"{path} is not a key", help="32 to 64 random bytes, or their hex: openssl rand -hex 32"
        )
    return Key(data, str(path))


def find_key(option: Path | None, project: Path | None) -> tuple[Key, str | None]:
    """The key of a run: the option, ``TWINMAP_KEY_FILE``, the project, else the user's own.

    Returns:
        The key, and what to tell the user where a new one was made.
    """
    named = option or _named_in_environment() or project
    if named is not None:
        return read_key(named), None
    path = _own_key()
    if path.exists():
        return read_key(path), None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32).hex().encode("ascii") + b"\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise InputOutputError(f"no key can be kept at {path}: {error.strerror}") from None
    return read_key(path), f"made a new key for patient ids: {path} (keep it; ids depend on it)"


def known_key() -> Key | None:
    """The key of a run without an option or a project, where there is one; none is made.

    Raises:
        InputOutputError: The file that ``TWINMAP_KEY_FILE`` names is missing.
        UsageError: It is too short to be a secret.
    """
    path = _named_in_environment() or _own_key()
    return read_key(path) if path.exists() or _named_in_environment() else None


def _named_in_environment() -> Path | None:
    name = os.environ.get("TWINMAP_KEY_FILE")
    return Path(name) if name else None


def _own_key() -> Path:
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "twinmap" / "key"
