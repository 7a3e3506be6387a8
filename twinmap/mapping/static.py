"""What is wrong with a record set that no data is needed to see: references, times, words, bindings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from twinmap import registry
from twinmap.diagnostics import Span
from twinmap.errors import UsageError
from twinmap.mapping import static_units, times, vocabulary
from twinmap.mapping.ast import Choice, Group, RecordSet, Ref, Statement, Value
from twinmap.mapping.context import Context
from twinmap.mapping.definitions import SELF_DESCRIBING
from twinmap.mapping.uses import Use, of_slot, used
from twinmap.mapping.values import is_bound
from twinmap.mapping.words import did_you_mean
from twinmap.model import Reader

#: Dates whose day, month and year cannot be mistaken for each other in one pattern, but in two.
_SAMPLES = ((2001, 2, 3, 4, 5, 6), (2010, 11, 12, 10, 8, 9))
_NAMED = frozenset({"iso", "hl7", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns"})
_LETTERS = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*")


class Places(NamedTuple):
    """Where the format and ``each`` of a record set are named."""

    format: Span
    each: Span


def check(context: Context, record_set: RecordSet, places: Places) -> None:
    """Report everything that is wrong with one record set."""
    reader = _reader(context, record_set, places)
    if reader is not None and _each(context, record_set, reader, places):
        reader = None
    _references(context, record_set, reader)
    _patient(context, record_set)
    _key(context, record_set)
    name = record_set.options.format
    vocabulary.check(context, {"patient": record_set.slots.get("patient", ())}, kind="", format_name=name)
    for statement in statements(record_set):
        vocabulary.check(context, statement.slots, kind=statement.kind, format_name=name)
        _times(context, record_set, statement.slots.get("time"))
    static_units.check(context, statements(record_set))
    for choice in record_set.choices:
        vocabulary.check(context, choice.defaults, kind=choice.kind, format_name=name)
    patient = record_set.slots.get("patient")
    birth = patient.value("birth-date") if isinstance(patient, Group) else None
    if birth is not None and birth.format:
        _formats(context, birth.format, "en", birth.span)
    if record_set.timezone is not None:
        zone(context, record_set.timezone)


def statements(record_set: RecordSet) -> Iterator[Statement]:
    """Every statement of a record set."""
    for choice in record_set.choices:
        yield from choice.always
        for case in choice.cases:
            yield from case.statements


# --- references -----------------------------------------------------------------------------------


def _references(context: Context, record_set: RecordSet, reader: Reader | None) -> None:
    unread = [use for name, slot in record_set.slots.items() for use in of_slot(slot, name, None)]
    seen: set[Ref] = set()
    for use in (*used(record_set), *unread):
        if use.ref in seen:
            continue
        seen.add(use.ref)
        _reference(context, record_set, reader, use)


def _reader(context: Context, record_set: RecordSet, places: Places) -> Reader | None:
    """The reader of the format, or None and a finding."""
    name = record_set.options.format
    if not name:
        return None
    try:
        return registry.reader(name)
    except UsageError as error:
        known = registry.names("readers")
        advice = did_you_mean(name, known) or error.help
        context.report("TM-L06", error.message, places.format, advice)
        return None


def _each(context: Context, record_set: RecordSet, reader: Reader | None, places: Places) -> bool:
    """Whether ``each`` is malformed; then the paths cannot be judged."""
    if record_set.each is None or reader is None or reader.parse_each is None:
        return False
    problem = reader.parse_each(record_set.each)
    if problem is not None:
        context.report("TM-L12", problem, places.each, f"write a path of {record_set.options.format}")
    return problem is not None


def _reference(context: Context, record_set: RecordSet, reader: Reader | None, use: Use) -> None:
    ref = use.ref
    if ref.kind == "param" and ref.path not in context.params:
        advice = did_you_mean(ref.path, context.params) or f"declare it: params: {{{ref.path}: required}}"
        context.report("TM-L14", f'the parameter "{ref.path}" is not declared', ref.span, advice)
    if ref.kind in {"path", "record"} and reader is not None:
        path = ref.path if ref.kind == "path" else f"record:{ref.path}"
        problem = reader.parse(path, each=record_set.each)
        if problem is not None:
            context.report("TM-L12", problem, ref.span, f"write a path of {record_set.options.format}")
    for look in ref.lookups:
        if look.table not in context.lookups:
            advice = did_you_mean(look.table, context.lookups) or "declare it in lookups"
            context.report("TM-L12", f'there is no look-up table "{look.table}"', ref.span, advice)


# --- patient, key ---------------------------------------------------------------------------------


def _patient(context: Context, record_set: RecordSet) -> None:
    patient = record_set.slots.get("patient")
    if isinstance(patient, Group) and (is_bound(patient, "id") or is_bound(patient, "identifiers")):
        return
    if record_set.options.format in SELF_DESCRIBING and any(
        _is_auto(choice) for choice in record_set.choices
    ):
        return
    advice = "patient: {id: $(column)}, or $(param:patient) where the source has none"
    context.report("TM-L17", f"the records of {record_set.name} have no patient", record_set.span, advice)


def _is_auto(choice: Choice) -> bool:
    return choice.auto or choice.otherwise == "auto" or any(case.action == "auto" for case in choice.cases)


def _key(context: Context, record_set: RecordSet) -> None:
    for ref in record_set.key:
        if ref.kind == "record" and ref.path == "index":
            message = "the number of a record in its file changes when the file does"
            context.report("TM-L10", message, ref.span, "name the columns that name a record")
    if not record_set.key and any(not choice.auto for choice in record_set.choices):
        message = "there is no key: ids are made of patient, concept, time and raw value"
        context.report("TM-L10", message, record_set.span, "key: [the columns that name a record]")


# --- times ----------------------------------------------------------------------------------------


def _times(context: Context, record_set: RecordSet, time: Any) -> None:
    if not isinstance(time, Group):
        return
    locale = time.value("locale")
    formats = time.value("format")
    if formats is not None and formats.format:
        _formats(context, formats.format, (locale.literal if locale else None) or "en", formats.span)
    own = time.value("timezone")
    if own is not None:
        zone(context, own)
    bound = own if own is not None else record_set.timezone
    if bound is None or not bound.alternatives:
        for name in formats.format if formats else ():
            if formats is not None and _needs_zone(name):
                message = f'times written "{name}" have no offset, and no timezone is bound'
                advice = "add timezone to source, such as timezone: Europe/Zurich"
                context.report("TM-L08", message, formats.span, advice)


def _needs_zone(pattern: str) -> bool:
    """Whether a pattern has a time of day and no offset; dates stay dates."""
    if pattern in _NAMED:
        return False
    letters = {match[1] for match in _LETTERS.finditer(pattern) if match[1]}
    return bool(letters & set("HhmsS")) and not letters & set("XxZ")


def zone(context: Context, value: Value) -> None:
    """Report a time zone that there is none of."""
    name = value.literal
    if not name or times.zone(name) is not None:
        return
    from zoneinfo import available_timezones

    # An abbreviation (EST) is a fixed offset all year; whoever wrote one like it means a place.
    places = sorted(each for each in available_timezones() if "/" in each and not each.startswith("Etc/"))
    advice = did_you_mean(name, ["UTC", *places]) or "name a place, such as America/New_York or Europe/Zurich"
    context.report("TM-L08", f'there is no time zone "{name}"', value.span, advice)


def _formats(context: Context, formats: tuple[str, ...], locale: str, span: Span) -> None:
    """Report patterns that cannot be read, and two that read one text in two ways."""
    parsers = {}
    for name in formats:
        try:
            parsers[name] = times.parser(name, locale)
        except ValueError as error:
            advice = "iso, hl7, epoch-s, epoch-ms, epoch-us, epoch-ns, or a pattern such as dd.MM.yyyy HH:mm"
            context.report("TM-L12", f'the format "{name}" cannot be read: {error}', span, advice)
    for name, other in _clashes(parsers):
        message = f'the formats "{name}" and "{other}" read one text in two ways'
        context.report("TM-L12", message, span, "keep one, or make two record sets")


def _clashes(parsers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    patterns = [name for name in parsers if name not in _NAMED]
    for index, name in enumerate(patterns):
        texts = [_written(name, sample) for sample in _SAMPLES]
        for other in patterns[index + 1 :]:
            pairs = [(parsers[name](text), parsers[other](text)) for text in texts]
            if any(one is not None and two is not None and one != two for one, two in pairs):
                yield name, other


def _written(pattern: str, sample: tuple[int, ...]) -> str:
    """A sample date written in a pattern; fields other than numbers are left as text."""
    numbers = dict(zip("yMdHms", sample, strict=True))

    def write(match: re.Match[str]) -> str:
        letter, width = match[1], len(match[0])
        if letter is None:
            return match[0][1:-1].replace("''", "'") or "'"
        if letter == "h":
            letter = "H"
        if letter not in numbers or (letter == "M" and width > 2):
            return {"a": "am", "X": "Z", "x": "+0000", "Z": "+0000", "S": "0" * width}.get(letter, "feb")
        number = numbers[letter]
        return str(number % 100 if width == 2 else number).zfill(width)

    return _LETTERS.sub(write, pattern)
