"""One source measures a concept with devices for consumers, the other with clinical ones.

What it means:
    Two sources have the concept of the same patients. The ``type`` of the devices of one names a kind made for
    consumers (wristband, smart watch, phone), that of the other a clinical kind (patient monitor, ventilator,
    analyser). Types are taken by whole words of a short list; any other type says nothing, and no brand is known.

Why it matters:
    Devices for consumers are made for trends: their accuracy for a single value is often not stated, or stated for
    rest alone. A difference between the sources may be one of the devices.

Example:
    wristband: type wristband       ward: type "patient monitor"

What to do:
    Keep the sources apart, or take from a validation study of this device how far its values can be trusted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.statements import both
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted

SEVERITY = Severity.WARNING
HELP = "keep the sources apart, or use what a validation study says of the consumer device"

CONSUMER = (
    *("wristband", "fitness band", "fitness tracker", "activity tracker", "smart watch", "smartwatch"),
    *("smart ring", "phone", "smartphone", "chest strap", "wearable"),
)
CLINICAL = (
    *("patient monitor", "bedside monitor", "ward monitor", "icu monitor", "vital signs monitor"),
    *(
        "ventilator",
        "anesthesia machine",
        "anaesthesia machine",
        "analyzer",
        "analyser",
        "blood gas analyser",
    ),
    *("blood gas analyzer", "arterial line", "electrocardiograph"),
)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept."""
    classes = _classes(context)
    if not {"consumer", "clinical"} <= {name for found in classes.values() for name in found}:
        return
    used = _used(context)
    for item in both(context):
        for source, other in item.sides:
            mine, others = used.get((source, item.concept), {}), used.get((other, item.concept), {})
            if set(mine) != {"consumer"} or set(others) != {"clinical"}:
                continue
            yield registry.finding(
                "TM-F03",
                f"{context.said(item.concept)}: {source} measures with devices for consumers, "
                f"{other} with clinical ones",
                where=context.where(item.pairs[0].a.rule, "device"),
                places=context.first(item.pairs[0].a, item.pairs[0].b, slot="device"),
                sources=(source, other),
                concept=item.concept,
                count=mine["consumer"],
            )


def _class(column: str) -> str:
    """SQL of the class that a device type names; an empty text where it names none."""
    plain = f"trim(regexp_replace(lower({column}), '[^a-z]+', ' ', 'g'))"
    consumer, clinical = (", ".join(map(quoted, words)) for words in (CONSUMER, CLINICAL))
    return f"CASE WHEN {plain} IN ({consumer}) THEN 'consumer' WHEN {plain} IN ({clinical}) THEN 'clinical' ELSE '' END"


def _classes(context: Context) -> Mapping[str, set[str]]:
    """The classes of the devices of each source."""
    table = context.table("device")
    found: dict[str, set[str]] = defaultdict(set)
    if table is not None and context.compared.pairs:
        for source, name in context.duck.rows(f"SELECT DISTINCT source, {_class('type')} FROM {table}"):
            found[source].add(name)
    return found


def _used(context: Context) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """By source and concept: how many values are of devices of each class; an empty name where it is not known."""
    groups = {item.number: item.group for item in context.signatures}
    context.duck.run(
        f"CREATE OR REPLACE TEMP TABLE k_class AS SELECT id, max({_class('type')}) AS class "
        f"FROM {context.table('device')} GROUP BY id"
    )
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for source, number, name, count in context.duck.rows(
        "SELECT o.source, o.sig, coalesce(k.class, ''), count(*) FROM observed o LEFT JOIN k_class k "
        "ON k.id = o.device GROUP BY ALL ORDER BY ALL"
    ):
        of = found[source, groups[number]]
        of[name] = of.get(name, 0) + count
    return found
