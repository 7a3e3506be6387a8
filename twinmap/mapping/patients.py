"""What a record set says of its patients: attributes, and identifiers to link them by."""

from __future__ import annotations

from twinmap.mapping.ast import Group, RecordSet, Value
from twinmap.mapping.slots import Slots, keyed
from twinmap.mapping.sql import NULL, Relation
from twinmap.model import Shape
from twinmap.sqltext import quoted

#: Parts of the patient group that are attributes of the patient, not who it is.
ATTRIBUTES = ("birth-date", "sex", "deceased")


def states_patient(record_set: RecordSet) -> bool:
    """Whether a record set says something of the patient beyond who it is."""
    group = record_set.slots.get("patient")
    return isinstance(group, Group) and any(name in group.parts for name in (*ATTRIBUTES, "identifiers"))


def attributes(
    relation: Relation, record_set: RecordSet, keep: str
) -> tuple[str, str, dict[str, tuple[str, ...]]]:
    """SELECT of ``_file _record _line _part pat birth sex deceased iss`` before and after the relation."""
    slots = Slots(relation, record_set, None)
    group = slots.group("patient")
    assert group is not None
    birth = group.value("birth-date")
    formats = "\x1e".join(birth.format) if birth is not None and birth.format else _date_format(record_set)
    text = slots.text(birth, "birth-date")
    columns = {name: f"r.{name}" for name in ("_file", "_record", "_line", "_part")}
    columns["pat"] = keyed(slots.identifier(group, "patient"), needed=0)
    columns["birth"] = NULL if text == NULL else keyed([quoted(formats), text], needed=1)
    columns["sex"] = slots.text(group.value("sex"), "sex")
    columns["deceased"] = slots.text(group.value("deceased"), "deceased")
    columns["iss"] = slots.issues()
    listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT {listed} FROM", f"WHERE {keep}", dict(slots.paths)


def _date_format(record_set: RecordSet) -> str:
    return "hl7" if record_set.options.format == "hl7v2" else "iso"


def identifiers(relation: Relation, record_set: RecordSet, keep: str) -> list[tuple[str, str]]:
    """SELECTs of ``_file _record _line _part pat id system type`` of all identifiers but the id itself."""
    slots = Slots(relation, record_set, None)
    group = slots.group("patient")
    assert group is not None
    listed = group.parts.get("identifiers")
    entries: tuple[Group | Value, ...] = ()
    if isinstance(listed, Value):
        entries = (listed,)
    elif listed is not None:
        entries = listed
    found = []
    place = ", ".join(f"r.{name} AS {name}" for name in ("_file", "_record", "_line", "_part"))
    pat = keyed(slots.identifier(group, "patient"), needed=0)
    for entry in entries:
        whole = entry.value("id") if isinstance(entry, Group) else entry
        system = slots.text(entry.value("system"), "identifiers") if isinstance(entry, Group) else NULL
        kind = slots.text(entry.value("type"), "identifiers") if isinstance(entry, Group) else NULL
        if relation.composite and whole is not None:
            several = slots.composite(whole, Shape.IDENTIFIER, "identifiers")
            head = (
                f"SELECT _file, _record, _line, _part, pat, i.id AS id, coalesce(i.system, system) AS system, "
                f'coalesce(i."type", type) AS type FROM (SELECT {place}, {pat} AS pat, '
                f"unnest({several}) AS i, {system} AS system, {kind} AS type FROM"
            )
            found.append((head, f"WHERE {keep}) WHERE i.id IS NOT NULL"))
        else:
            text = slots.text(whole, "identifiers")
            head = f"SELECT {place}, {pat} AS pat, {text} AS id, {system} AS system, {kind} AS type FROM"
            found.append((head, f"WHERE ({keep}) AND {text} IS NOT NULL"))
    return found
