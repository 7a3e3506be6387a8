"""Reads the table of UCUM (the Unified Code for Units of Measure) from the unmodified ucum-essence.xml.

The file is the one that the ``ucumvert`` distribution carries: it is found through its metadata and read
as data; that package is never imported. UCUM is free to use and may not be changed, so neither the table
nor anything made of it is part of twinmap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

from twinmap.errors import InputOutputError

#: The distribution that carries the table, and the file's name in it.
DISTRIBUTION = "ucumvert"
FILE_NAME = "ucum-essence.xml"


@dataclass(frozen=True, slots=True)
class Atom:
    """One unit atom: ``value`` times the unit ``unit``, or ``function`` of it for a special unit.

    A base unit has an empty ``unit``. ``upper`` is the code of the case-insensitive variant, ``name`` the
    first one of the table (``"pascal"``), and ``quantity`` the kind of quantity (``"energy dose"``).
    """

    code: str
    upper: str
    name: str
    quantity: str
    metric: bool
    arbitrary: bool
    function: str | None
    value: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Essence:
    """The whole table: ``prefixes`` by code, ``base`` units in UCUM's order, ``atoms`` by code.

    ``prefix_names`` are their names (``"milli"``); ``upper_prefixes`` leads from a case-insensitive prefix to
    the case-sensitive one.
    """

    version: str
    revision_date: str
    prefixes: Mapping[str, Fraction]
    prefix_names: Mapping[str, str]
    upper_prefixes: Mapping[str, str]
    base: tuple[str, ...]
    atoms: Mapping[str, Atom]


def locate() -> Path:
    """Where the table lies in this environment.

    Raises:
        InputOutputError: The distribution that carries it is not installed, or lacks the file.
    """
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files(DISTRIBUTION) or []
    except PackageNotFoundError:
        listed = []
    for entry in listed:
        if entry.name == FILE_NAME:
            return Path(str(entry.locate()))
    raise InputOutputError(
        f"the UCUM table {FILE_NAME} is not installed", help=f"install the package {DISTRIBUTION} again"
    )


@cache
def essence() -> Essence:
    """The table, read once.

    Raises:
        InputOutputError: The table is missing, or is not the XML that it should be.
    """
    path = locate()
    try:
        return read(path.read_bytes())
    except (OSError, expat.ExpatError, KeyError, ValueError) as error:
        raise InputOutputError(f"the UCUM table {path.name} cannot be read: {error}") from error


def read(data: bytes) -> Essence:
    """Read the bytes of a ucum-essence.xml.

    Raises:
        ValueError: There is a document type declaration (entities could be bombs), or a bad number.
        KeyError: An attribute is missing.
        xml.parsers.expat.ExpatError: It is not XML.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.Parse(data, True)
    return builder.essence()


@dataclass(slots=True)
class _Builder:
    """Collects the elements prefix, base-unit and unit; all other content is description."""

    root: dict[str, str] = field(default_factory=dict)
    prefixes: dict[str, Fraction] = field(default_factory=dict)
    prefix_names: dict[str, str] = field(default_factory=dict)
    upper_prefixes: dict[str, str] = field(default_factory=dict)
    base: list[str] = field(default_factory=list)
    atoms: dict[str, Atom] = field(default_factory=dict)
    item: dict[str, str] = field(default_factory=dict)
    value: dict[str, str] = field(default_factory=dict)
    function: str | None = None
    texts: dict[str, list[str]] = field(default_factory=dict)
    inside: list[str] | None = None

    def doctype(self, *_: Any) -> None:
        raise ValueError("a document type declaration is not allowed")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "root":
            self.root = attributes
        elif name in ("prefix", "base-unit", "unit"):
            self.item, self.value, self.function, self.texts = attributes, {}, None, {}
        elif name in ("name", "property") and name not in self.texts:
            self.inside = self.texts[name] = []
        elif name == "value":
            self.value = attributes
        elif name == "function":
            self.function, self.value = attributes["name"], attributes

    def text(self, data: str) -> None:
        if self.inside is not None:
            self.inside.append(data)

    def end(self, name: str) -> None:
        if name in ("name", "property"):
            self.inside = None
        elif name == "prefix":
            self.prefix_names[self.item["Code"]] = self.text_of("name")
            self.prefixes[self.item["Code"]] = Fraction(self.value["value"])
            self.upper_prefixes[self.item["CODE"].upper()] = self.item["Code"]
        elif name in ("base-unit", "unit"):
            self.atom(is_base=name == "base-unit")

    def text_of(self, name: str) -> str:
        """The text of the first such element of the item."""
        return "".join(self.texts.get(name, ())).strip()

    def atom(self, *, is_base: bool) -> None:
        code = self.item["Code"]
        if is_base:
            self.base.append(code)
        self.atoms[code] = Atom(
            code=code,
            upper=self.item["CODE"].upper(),
            name=self.text_of("name"),
            quantity=self.text_of("property"),
            metric=is_base or self.item["isMetric"] == "yes",
            arbitrary=self.item.get("isArbitrary") == "yes",
            function=self.function,
            value=Fraction(1) if is_base else Fraction(self.value["value"]),
            unit="" if is_base else self.value["Unit"],
        )

    def essence(self) -> Essence:
        return Essence(
            self.root["version"],
            self.root["revision-date"],
            self.prefixes,
            self.prefix_names,
            self.upper_prefixes,
            tuple(self.base),
            self.atoms,
        )
