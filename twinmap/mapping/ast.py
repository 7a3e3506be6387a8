"""What a mapping is once it is loaded: frozen, resolved, every part with its place in the file.

The loader applies inheritance and precedence, so that each statement carries all slots that bind it
(the rule, then the record set, then the file). What a concept's code itself means is left to the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from twinmap.diagnostics import Span
from twinmap.model import SourceOptions

# --- values ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookUp:
    """``-> table.column``: the row of ``table`` whose key equals what stands before it."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Ref:
    """``$(path)``: ``path`` is the text before any ``->``; ``lookups`` the chain after it.

    ``kind`` is ``path``, ``param``, ``file`` (name, stem, folder), ``record`` (key, index) or ``part``
    (a name given by a ``parts`` condition); for all but ``path``, ``path`` is the bare name.
    """

    kind: str
    path: str
    span: Span
    lookups: tuple[LookUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text and references, put together; missing where a part is missing."""

    parts: tuple[str | Ref, ...]
    span: Span

    @property
    def literal(self) -> str | None:
        """The text where it holds no reference, else None."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(str(part) for part in self.parts)
        return None

    @property
    def sole_ref(self) -> Ref | None:
        """The reference where the text is nothing else, else None: composites are read by type."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Ref):
            return self.parts[0]
        return None


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in an expression."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class String:
    """A text in quotes in an expression."""

    value: str


@dataclass(frozen=True, slots=True)
class Operation:
    """``+ - * / ^ &`` of two nodes, or ``neg`` of one."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions: trim lower upper replace substring length round abs min max."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | String | Ref | Operation | Call


@dataclass(frozen=True, slots=True)
class Expression:
    """``= expr``: exact decimals, pure and total; what has no result is missing with a finding."""

    node: Node
    span: Span


@dataclass(frozen=True, slots=True)
class ValueMap:
    """``map:``: text to text; a target ``""`` is missing. ``name`` is its name or file, for messages."""

    name: str
    entries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """One row of a code map: target CURIE parts and the SSSOM predicate (``skos:exactMatch`` …).

    ``label`` is what the row calls the code that it maps, ``line`` its line; two rows that differ in these
    alone say the same.
    """

    system: str
    code: str
    display: str | None
    predicate: str
    label: str | None = field(default=None, compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CodeMap:
    """``codes:``: (system URI or prefix, code) to what it means.

    ``versions`` are those that the map names of the systems that it maps to; a system without one is not there.
    """

    name: str
    entries: Mapping[tuple[str, str], tuple[CodeMatch, ...]]
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """Alternatives, the first that is not missing; and what is said of it in the object form.

    ``unmapped`` is ``report`` (default where a map is given), ``keep``, ``quarantine`` or ``fail``.
    ``system`` and ``display`` belong to codes and identifiers, ``format`` to times in the patient
    (birth date). An unbound slot (``slot: ""``) has no alternatives.
    """

    alternatives: tuple[Text | Expression, ...]
    span: Span
    missing: tuple[str, ...] = ()
    map: ValueMap | None = None
    codes: CodeMap | None = None
    unmapped: str | None = None
    system: Value | None = None
    display: Value | None = None
    format: tuple[str, ...] = ()

    @property
    def literal(self) -> str | None:
        """The text where the value is one literal without a map, else None."""
        if len(self.alternatives) == 1 and self.map is None and self.codes is None:
            only = self.alternatives[0]
            return only.literal if isinstance(only, Text) else None
        return None


@dataclass(frozen=True, slots=True)
class Group:
    """A slot with parts: ``time patient device range encounter`` and the entries of ``identifiers``.

    ``time``: from start end duration unit format timezone locale (format and locale are literal
    values). ``patient``: id system birth-date sex deceased identifiers … ``device``: id type name
    serial manufacturer model. ``range``: from low high. The short form of a slot fills ``from``
    (time, range) or ``id`` (patient, device, encounter, identifiers).
    """

    parts: Mapping[str, Value | tuple[Group, ...]]
    span: Span

    def value(self, name: str) -> Value | None:
        """The value bound to ``name``; None where it is unbound or a list."""
        part = self.parts.get(name)
        return part if isinstance(part, Value) else None


# --- conditions -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a field. ``operator`` is ``in not min max like missing parts``.

    ``in``/``not`` compare with ``words`` as text (numbers written alike are not equal: ``1`` is not
    ``1.0``); ``min``/``max`` compare as exact numbers with ``words[0]``, inclusive; ``like`` is a glob
    with ``*`` and ``?``; ``missing`` has ``words`` ``("true",)`` or ``("false",)``; ``parts`` has
    ``pattern``, a text whose references are names.
    """

    ref: Ref
    operator: str
    words: tuple[str, ...] = ()
    pattern: Text | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives (or) of tests (and)."""

    alternatives: tuple[tuple[Test, ...], ...]
    span: Span


# --- rules ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """What one rule states: a kind, for observations a concept, and every slot that binds it.

    ``name`` is the author's ``name:``, else the concept, with ``-2``, ``-3`` … where it repeats in the
    record set. ``concept`` is ``result`` for any code; for other kinds it is the kind. ``panel`` is the
    panel template that this statement was written in (``blood-pressure``), ``own`` the slots bound by
    the rule itself (they decide under ``auto``).
    """

    kind: str
    concept: str
    name: str
    slots: Mapping[str, Value | Group | tuple[Group, ...]]
    span: Span
    panel: str | None = None
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """Statements under a condition; ``action`` is ``state``, ``auto`` or ``ignore``."""

    when: Condition
    statements: tuple[Statement, ...]
    span: Span
    action: str = "state"


@dataclass(frozen=True, slots=True)
class Choice:
    """All rules of one kind in a record set.

    ``always`` apply to every record; of ``cases`` the first whose condition holds. ``otherwise`` is
    ``report``, ``ignore``, ``quarantine`` or ``auto``, and only counts where there are cases.
    ``auto`` says that the format's own meaning is stated for every record.
    """

    kind: str
    always: tuple[Statement, ...] = ()
    cases: tuple[Case, ...] = ()
    otherwise: str = "report"
    auto: bool = False
    defaults: Mapping[str, Value | Group | tuple[Group, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """A look-up table: files (globs beside the data or the mapping), key column, keys that are missing."""

    name: str
    files: tuple[str, ...]
    key: str
    missing: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One set of records and what is stated of each.

    ``slots`` are the defaults in force for the whole set (patient, time, …). ``missing`` are the
    texts that count as missing, ``timezone`` the zone of times without offset. ``also`` are further
    conditions on what to keep (True) or not (False), where ``auto`` was put in.
    """

    name: str
    files: tuple[str, ...]
    options: SourceOptions
    each: str | None
    keep: Condition | None
    key: tuple[Ref, ...]
    optional: tuple[str, ...]
    ignore: tuple[str, ...]
    slots: Mapping[str, Value | Group | tuple[Group, ...]]
    choices: tuple[Choice, ...]
    missing: tuple[str, ...]
    timezone: Value | None
    decimal: str
    thousands: str
    span: Span
    also: tuple[tuple[bool, Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class Param:
    """A value that a run may or must give; ``default`` is None where it is required."""

    name: str
    default: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A loaded mapping file. ``systems`` maps short names to URIs; ``sha256`` is of its bytes."""

    id: str
    version: str
    path: str
    sha256: str
    params: Mapping[str, Param]
    systems: Mapping[str, str]
    lookups: Mapping[str, Look]
    records: tuple[RecordSet, ...]
    span: Span
