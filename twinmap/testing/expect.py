"""What a test expects against what was stated: the differences, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from twinmap.diagnostics import Finding, Severity
from twinmap.errors import UsageError
from twinmap.mapping.words import did_you_mean
from twinmap.terms import systems, ucum
from twinmap.terms.concepts import Catalogue

#: A row of a statement table.
Row = Mapping[str, Any]

#: Keys of an expected statement that are not columns.
_WORDS = ("kind", "value", "tolerance", "time", "start", "end")


def compare(
    expected: Sequence[Mapping[str, str]], rows: Mapping[str, Sequence[Row]], catalogue: Catalogue
) -> list[str]:
    """The differences of expected statements and those that were made; empty where all is as expected.

    Each expected statement needs one of its own. An empty list expects that there is no statement at all.

    Args:
        expected: The statements as written in the test.
        rows: The tables by kind.
        catalogue: The concepts, whose names may stand for codes.

    Raises:
        UsageError: A key is no column of the kind.
    """
    if not expected:
        count = sum(len(table) for kind, table in rows.items() if kind not in {"patient", "device"})
        return [f"{count} statements were made, none was expected"] if count else []
    left = {kind: list(table) for kind, table in rows.items()}
    found: list[str] = []
    for item in expected:
        kind = item.get("kind", "observation")
        candidates = left.get(kind, [])
        rated = sorted(
            ((list(_differences(item, row, catalogue)), index) for index, row in enumerate(candidates)),
            key=lambda pair: (any(text.startswith("code") for text in pair[0]), len(pair[0]), pair[1]),
        )
        if not rated:
            found.append(f"no {kind} is left for {_label(item)}")
        elif rated[0][0]:
            found.append(f"{_label(item)}: " + "; ".join(rated[0][0]))
        else:
            candidates.pop(rated[0][1])
    return found


def _label(item: Mapping[str, str]) -> str:
    return item.get("code") or ", ".join(f"{key} {text}" for key, text in item.items())


def _differences(item: Mapping[str, str], row: Row, catalogue: Catalogue) -> Iterator[str]:
    for key, wanted in item.items():
        if key in {"kind", "tolerance"} or (key == "unit" and "value" in item):
            continue
        if key == "code":
            yield from _code(wanted, row, catalogue)
        elif key == "value" and "value_kind" in row:
            yield from _value(item, row)
        elif key in {"time", "start", "end"}:
            yield from _time(key, wanted, row["end_us" if key == "end" else "start_us"])
        elif key in row:
            if not _same(key, wanted, row[key]):
                yield f"{key} is {_shown(row[key]).removeprefix(f'tm:{key}-')}, expected {wanted or 'nothing'}"
        else:
            known = [*row, *_WORDS]
            raise UsageError(f'a statement has no "{key}"', help=did_you_mean(key, known))


def _same(column: str, wanted: str, found: Any) -> bool:
    if found is None or wanted == "":
        return found is None and wanted == ""
    text = {True: "true", False: "false"}.get(found, str(found)) if isinstance(found, bool) else str(found)
    return wanted in {text, text.removeprefix(f"tm:{column}-")}


def _shown(value: Any) -> str:
    return "missing" if value is None else str(value)


def _code(wanted: str, row: Row, catalogue: Catalogue) -> Iterator[str]:
    system, code = row["code_system"], row["code"]
    concept = catalogue.by_code(system or "", code or "")
    if (concept is not None and concept.name == wanted) or systems.expand(wanted) == (system, code):
        return
    found = "missing" if code is None else systems.curie(system, code) if system else code
    if found != wanted:
        yield f"code is {found}"


# --- values and times -----------------------------------------------------------------------------


def _value(item: Mapping[str, str], row: Row) -> Iterator[str]:
    wanted, unit = item["value"], item.get("unit")
    if row["value_kind"] == "coded":
        if systems.expand(wanted) == (row["value_system"], row["value_code"]) or wanted == row["value_code"]:
            return
        yield f"value is {_shown(row['value_code'])}, expected {wanted}"
        return
    found, found_unit = _in_unit(row, unit)
    number, other = _decimal(wanted), _decimal(found)
    tolerance = _decimal(item.get("tolerance")) or Decimal(0)
    if number is not None and other is not None:
        same = abs(number - other) <= tolerance
    else:
        same = found == (wanted or None)
    if not same or (unit is not None and (unit or None) != found_unit):
        shown = " ".join(text for text in (_shown(found), found_unit) if text)
        yield f"value is {shown}, expected {' '.join(text for text in (wanted, unit) if text)}"


def _in_unit(row: Row, unit: str | None) -> tuple[str | None, str | None]:
    """The value in the unit that is asked for, as text: as received, canonical, or converted."""
    text, own = row["value_text"], row["unit"]
    if unit is None or unit == own or text is None:
        return text, own
    if unit == row["canon_unit"] and row["canon_num"] is not None:
        return str(Decimal(repr(row["canon_num"])).normalize()), unit
    number = _decimal(text)
    if number is None or own is None or not ucum.is_valid(unit) or not ucum.commensurable(own, unit):
        return text, own or row["unit_raw"]
    return str(ucum.convert(number, own, unit)), unit


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _time(key: str, wanted: str, found: int | None) -> Iterator[str]:
    shown = "missing" if found is None else _iso(found)
    try:
        moment = datetime.fromisoformat(wanted)
    except ValueError:
        raise UsageError(f'"{wanted}" is not a time', help="such as 2026-03-01T08:15+01:00") from None
    wanted_us = round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000_000)
    if found != wanted_us:
        yield f"{key} is {shown}, expected {wanted}"


def _iso(microseconds: int) -> str:
    moment = datetime.fromtimestamp(microseconds / 1_000_000, tz=UTC)
    return moment.isoformat().replace("+00:00", "Z")


# --- findings -------------------------------------------------------------------------------------


def compare_findings(expected: Sequence[str], found: Sequence[Finding]) -> list[str]:
    """The differences of expected codes and findings; what is merely worth knowing need not be expected."""
    codes = {finding.code for finding in found}
    missing = [f"{code} was not found" for code in dict.fromkeys(expected) if code not in codes]
    unexpected = {
        f"{finding.code} was not expected: {finding.message}": None
        for finding in found
        if finding.code not in expected and finding.severity is not Severity.INFO
    }
    return [*missing, *unexpected]
