"""Which segments of an HL7 v2 message belong together: a list of segment names to scopes.

No message structure is looked up: vendors deviate from them, and a segment out of place must not empty the
rest. A short table says what a segment opens or belongs to; all else stays with what stands before it:

- PID opens a patient; PV1, PV2, PD1, NK1, GT1, IN1 … belong to the patient;
- ORC opens an order, and so does OBR, RXA, RXE … where the open order has one already; an ORC right behind
  its OBR (as in OUL messages) belongs to that order;
- OBX, DG1, AL1, RXR, TQ1 … belong to the open order, else to the patient;
- an SPM behind an OBR belongs to its order, and to the OBX between it and the next SPM; an SPM before any
  order (OUL^R22) opens a specimen, to which the orders below it belong;
- NTE, PRT, Z segments and unknown ones belong to the segment before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MESSAGE = _names("MSH SFT UAC EVN MSA ERR QAK QPD QRD QRF RCP DSC MFI")
_PATIENT = _names("PD1 PV1 PV2 NK1 MRG GT1 IN1 IN2 IN3 ACC UB1 UB2 ARV PDA CON")
_DETAIL = _names("OBR RXO RXE RXD RXG RXA ODS ODT RQD")
_GIVEN = _names("RXA RXD RXG")
_INNER = _names(
    "OBX DG1 AL1 IAM IAR PR1 DRG FT1 ROL DB1 RXR RXC RXV TQ1 TQ2 SAC INV CTI CTD IPC NDS TXA SCH RGS AIS "
    "AIG AIL AIP PTH GOL PRB VAR REL CM0 CM1 CM2 CSP CSR CSS CER BPO BPX BTX FAC GP1 GP2 STF PRA ORG EDU LAN"
)
#: Stay with the segment before them, and are not looked for further out.
BOUND = _names("NTE PRT ADD TCD SID")
KNOWN = _MESSAGE | _PATIENT | _DETAIL | _INNER | BOUND | {"PID", "ORC", "SPM"}
#: What is below them is in scope: ``$(OBX-5)`` of an OBR is any OBX of its order.
_OPENERS = _MESSAGE | _DETAIL | {"PID", "PV1", "ORC", "SPM"}


class Scope:
    """Segments that belong together, as positions in the message, and the scope around them.

    ``split`` marks a scope that only narrows what its parent holds (one of several specimens).
    """

    __slots__ = ("children", "parent", "segments", "split")

    def __init__(self, parent: Scope | None = None, *, split: bool = False) -> None:
        self.parent = parent
        self.split = split
        self.segments: dict[str, list[int]] = {}
        self.children: list[Scope] = []
        if parent is not None:
            parent.children.append(self)

    def add(self, name: str, position: int) -> None:
        """Put a segment here."""
        self.segments.setdefault(name, []).append(position)

    def below(self, name: str) -> list[int]:
        """All segments of that name here and below."""
        found = list(self.segments.get(name, ()))
        for child in self.children:
            if not child.split:
                found += child.below(name)
        return found


@dataclass(slots=True)
class Row:
    """One segment that makes a record: its position, its scope, and what is bound to it.

    ``opens`` says that the scope is its own.
    """

    position: int
    scope: Scope
    opens: bool = False
    detail: Scope | None = None


def find(scope: Scope, name: str, *, down: bool) -> list[int]:
    """The nearest segments of that name: here (``down``: and below), then around."""
    found = scope.below(name) if down else scope.segments.get(name, [])
    outer = scope.parent
    while not found and outer is not None:
        found = outer.segments.get(name, [])
        outer = outer.parent
    return found


def opens(name: str) -> bool:
    """Whether what follows a segment is below it."""
    return name in _OPENERS


class Grouping:
    """Puts the segments of one message into scopes; ``rows`` are those called ``each``, in order."""

    def __init__(self, names: Sequence[str], each: str | None) -> None:
        self.root = Scope()
        self.rows: list[Row] = []
        self._names = names
        self._only: dict[str, list[int]] = {}
        self._patient = self.root
        self._specimen: Scope | None = None
        self._order: Scope | None = None
        # Where the next inner segment goes, and where its references begin: a specimen may be narrower.
        self._home = self._here = self.root
        self._read(each)

    def shared(self, scope: Scope, name: str, *, down: bool) -> list[int]:
        """What a reference to a segment means in a scope.

        A segment the table does not know that occurs once in a message about one patient is in scope all
        over.
        """
        found = find(scope, name, down=down)
        if found or name in KNOWN:
            return found
        if name not in self._only:
            everywhere = self.root.below(name)
            alone = len(everywhere) == 1 and self._names.count("PID") <= 1
            self._only[name] = everywhere if alone else []
        return self._only[name]

    def bound(self, row: Row, name: str) -> list[int]:
        """NTE and the like behind a row; Z and unknown segments also further out."""
        own = row.scope if row.opens else row.detail
        found = own.segments.get(name, []) if own else []
        return found if found or name in BOUND else self.shared(row.scope, name, down=False)

    def _read(self, each: str | None) -> None:
        parent, opened = self.root, True
        row: Row | None = None
        detail: Scope | None = None
        for position, name in enumerate(self._names):
            if name in BOUND or name not in KNOWN:
                # Notes behind PID or OBR are notes of what these open; behind OBX or PV1 they are its own.
                if not opened and detail is None:
                    detail = Scope(parent)
                    if row is not None:
                        row.detail = detail
                home = detail or parent
                home.add(name, position)
                if name == each:
                    self.rows.append(Row(position, home))
                continue
            parent = start = self._scope_of(name, position)
            opened, row, detail = name not in _INNER and name not in _PATIENT, None, None
            parent.add(name, position)
            if name in _INNER:
                start = self._here
            elif name == "SPM":
                parent = start = self._here
            if name == each:
                row = Row(position, start, opened)
                self.rows.append(row)

    def _scope_of(self, name: str, position: int) -> Scope:
        if name in _INNER:
            return self._home
        if name in _MESSAGE:
            return self.root
        if name in _PATIENT:
            return self._patient
        if name == "PID":
            self._patient = self._home = self._here = Scope(self.root)
            self._specimen = self._order = None
            return self._patient
        return self._specimen_at(position) if name == "SPM" else self._order_at(name, position)

    def _order_at(self, name: str, position: int) -> Scope:
        order = self._order
        if order is None or name in order.segments or (name == "ORC" and self._is_new(order, position)):
            new = Scope(self._specimen or self._patient)
            if order is not None and name in _GIVEN:
                # Several administrations of one order: RAS^O17 has ORC, RXA, RXA …
                for above in ("ORC", "RXO", "RXE"):
                    if above in order.segments:
                        new.segments[above] = order.segments[above]
            self._order = order = new
        self._home = self._here = order
        return order

    def _is_new(self, order: Scope, position: int) -> bool:
        """Whether an ORC opens an order, where the open one has no ORC yet."""
        if self._specimen is not None or order.segments.keys().isdisjoint(_DETAIL):
            return False
        for later in range(position + 1, len(self._names)):
            name = self._names[later]
            if name in _DETAIL or name in ("OBX", "ORC"):
                return name in _DETAIL
        return False

    def _specimen_at(self, position: int) -> Scope:
        if self._order is None or self._specimen is not None:
            self._specimen = self._home = self._here = Scope(self._patient)
            self._order = None
            return self._specimen
        self._here = Scope(self._order, split=True)
        self._here.add("SPM", position)
        return self._order
