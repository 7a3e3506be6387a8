"""The codes that a map holds, with the places where they are written: for ``twinmap terms verify``."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, Severity, Span
from twinmap.errors import UsageError
from twinmap.formats import csvdialect
from twinmap.formats.jsonlex import JsonError, decode
from twinmap.limits import LIMITS
from twinmap.terms import systems
from twinmap.terms.sssom import FIXED, NO_TERM, above, head
from twinmap.terms.store._fhir_resources import Object, misshapen, objects, system
from twinmap.terms.store.read_sssom import end
from twinmap.terms.store.verify import Written

_CURIE = re.compile(r"([A-Za-z][\w.-]*):(\S+)")


Tell = Callable[[Finding], None]


def written(path: Path, tell: Tell = lambda _: None) -> list[Written]:
    """The codes of a mapping (YAML), of an SSSOM or other table (TSV, CSV), or of a FHIR ConceptMap.

    In a table that is no SSSOM only those whose prefix is known, or declared in its head. Rows of an SSSOM, elements
    of a ConceptMap and rows of the code maps of a mapping that hold no code are told (L15, L11).

    Raises:
        InputOutputError: The file is missing, not UTF-8 (Q03), a table that csv cannot read (Q02), or JSON that is
            none (Q03 Q04 Q05 Q15) or has another shape than a ConceptMap (O04).
        UsageError: It is none of these.
    """
    if path.suffix in {".yaml", ".yml"}:
        return list(_of_mapping(path, tell))
    data = safeio.read_bytes(path, LIMITS.record_bytes)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise registry.fault(
            "TM-Q03", f"{path} is not UTF-8", severity=Severity.ERROR, help="save it as UTF-8"
        ) from error
    if text.lstrip().startswith("{"):
        return list(_of_concept_map(path, text, tell))
    if path.suffix in {".tsv", ".csv"}:
        return list(_of_table(path, text, tell))
    raise UsageError(f"{path} is no map", help="a mapping .yaml, a table .tsv or .csv, or a ConceptMap .json")


# --- a mapping ------------------------------------------------------------------------------------


def _of_mapping(path: Path, tell: Tell) -> Iterator[Written]:
    from twinmap.mapping.load import load

    loaded = load(path)
    if loaded.document is None or not loaded.usable:
        raise UsageError(f"{path} cannot be used", findings=loaded.findings)
    for finding in loaded.findings:
        if finding.code in {"TM-L11", "TM-L15"}:
            tell(finding)
    for value in _values(loaded.document):
        texts = [value.literal] if value.literal else []
        texts += value.map.entries.values() if value.map is not None else ()
        for text in texts:
            code = systems.expand(text, loaded.document.systems)
            if code is not None:
                label = value.display.literal if value.display is not None else None
                yield Written(*code, label, value.span)
        for matches in value.codes.entries.values() if value.codes is not None else ():
            for match in matches:
                yield Written(match.system, match.code, match.display, value.span)


def _values(node: Any) -> Iterator[Any]:
    """Every value of a loaded mapping, wherever it is bound."""
    from twinmap.mapping.ast import Value

    if isinstance(node, Value):
        yield node
    if isinstance(node, Mapping):
        for item in node.values():
            yield from _values(item)
    elif isinstance(node, tuple):
        for item in node:
            yield from _values(item)
    elif is_dataclass(node) and not isinstance(node, type):
        for item in fields(node):
            yield from _values(getattr(node, item.name))


# --- a table --------------------------------------------------------------------------------------


def _of_table(path: Path, text: str, tell: Tell) -> Iterator[Written]:
    """Both ends of SSSOM rows, of other tables every cell that is a CURIE; ``X_label`` is the label of ``X_id``."""
    lines = csvdialect.lines(text)
    start = above(lines)
    delimiter = "\t" if "\t" in "".join(lines[start : start + 1]) else ","
    _, prefixes = head(lines[:start], delimiter)
    rows = _rows(path, lines, start, delimiter)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    ends = {"subject_id", "object_id"}
    sssom = bool(ends & {*header})
    for name in sorted(ends - {*header} if sssom else ()):
        tell(_no_code(f"the table has no column {name}", _span(path, lines, start + 1, "")))
    for line, cells in rows:
        row = dict(zip_longest(header, cells[: len(header)], fillvalue=""))
        if sssom and any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
            for message in _wrong(row, cells[len(header) :]):
                tell(_no_code(message, _span(path, lines, line, "")))
        for name, cell in ((name, cell.strip()) for name, cell in row.items()):
            wanted = name in ends if sssom else _is_curie(cell, prefixes)
            code = end(cell, prefixes) if wanted and cell.partition(":")[0] not in FIXED else None
            if code is not None:
                label = row.get(name.removesuffix("_id") + "_label") if name.endswith("_id") else None
                yield Written(*code, label or None, _span(path, lines, line, cell))


def _wrong(row: Mapping[str, str], more: Sequence[str]) -> Iterator[str]:
    """What of a row of an SSSOM cannot be looked up; a literal, or that there is no term, is said on purpose."""
    if any(more):
        yield "a row has more cells than the header"
    for end_ in ("subject", "object"):
        cell = (row.get(f"{end_}_id") or "").strip()
        if "literal" in row.get(f"{end_}_type", "") or cell == NO_TERM or f"{end_}_id" not in row:
            continue
        if not cell:
            yield f"a row has no {end_}"
        elif cell.partition(":")[0] in FIXED or end(cell, {}) is None:
            yield f"the {end_} of a row is no code, but {json.dumps(cell[:80], ensure_ascii=False)}"


def _no_code(message: str, where: Span) -> Finding:
    advice = "write the code as prefix:code, or leave the row out"
    return registry.finding("TM-L15", message, severity=Severity.WARNING, where=where, help=advice)


def _rows(path: Path, lines: Sequence[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table, each with the number of its last line."""
    table = csv.reader(lines[start:], delimiter=delimiter)
    try:
        for cells in table:
            yield start + table.line_num, cells
    except csv.Error as error:
        line = start + table.line_num
        message = f"{path}, line {line}: a cell is too long, or a quote is never closed"
        raise registry.fault("TM-Q02", message, where=Span(str(path), line, 1)) from error


def _is_curie(text: str, prefixes: Mapping[str, str]) -> bool:
    """Whether a cell is a CURIE whose prefix is declared, or that of a known code system."""
    match = _CURIE.fullmatch(text)
    if match is None:
        return False
    known = systems.systems().get(match[1])
    return match[1] in prefixes or (known is not None and known.kind == "code")


def _span(path: Path, lines: Sequence[str], line: int, text: str) -> Span:
    whole = lines[line - 1].rstrip("\r\n") if line <= len(lines) else ""
    return Span(str(path), line, whole.find(text) + 1 or 1, max(len(text), 1), whole)


# --- a ConceptMap ---------------------------------------------------------------------------------


def _of_concept_map(path: Path, text: str, tell: Tell) -> Iterator[Written]:
    try:
        resource = decode(text)
    except JsonError as error:
        before = text[: error.position or 0]
        line = before.count("\n") + 1
        where = (
            Span(str(path), line, len(before) - before.rfind("\n")) if error.position is not None else None
        )
        raise registry.fault(error.code, f"{path}: {error.message}", where=where) from error
    if not isinstance(resource, dict) or resource.get("resourceType") != "ConceptMap":
        raise UsageError(f"{path} is not a FHIR ConceptMap", help="its resourceType says what it is")
    wrong = misshapen(resource)
    if wrong is not None:
        raise registry.fault(
            "TM-O04",
            f"{path} is not a FHIR ConceptMap: {wrong}",
            help="see the ConceptMap of FHIR R4 or R5",
        )
    lines = csvdialect.lines(text)
    sets = _value_set(resource, "source"), _value_set(resource, "target")
    for group in objects(resource.get("group")):
        elements = objects(group.get("element"))
        coded = {
            "source": elements,
            "target": [item for element in elements for item in objects(element.get("target"))],
        }
        for side, items in coded.items():
            if system(group.get(side)) is None and any(item.get("code") for item in items):
                message = (
                    f"a group of the ConceptMap has no {side} system: its {side} codes cannot be looked up"
                )
                tell(_no_code(message, Span(str(path), 1, 1)))
        for (side, items), value_set in zip(coded.items(), sets, strict=True):
            for item in items:
                yield from _coded(path, lines, group.get(side), item, value_set)


def _value_set(resource: Object, side: str) -> str | None:
    """The value set that a map says its codes are of: R4 ``sourceUri``, R5 ``sourceScopeUri``, without version."""
    named = (
        resource.get(f"{side}{middle}{kind}") for middle in ("Scope", "") for kind in ("Uri", "Canonical")
    )
    return next((value.partition("|")[0] for value in named if isinstance(value, str) and value), None)


def _coded(
    path: Path, lines: Sequence[str], uri: Any, item: Object, value_set: str | None
) -> Iterator[Written]:
    found, code, display = system(uri), item.get("code"), item.get("display")
    if found is None or not isinstance(code, str):
        return
    shown = json.dumps(code, ensure_ascii=False)
    line = next((number for number, text in enumerate(lines, 1) if shown in text), 1)
    label = display if isinstance(display, str) else None
    yield Written(found, code, label, _span(path, lines, line, code), value_set)
