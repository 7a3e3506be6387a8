"""The kinds of statement as data: which slots a kind has, and where each goes in its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of statement.

    ``name`` is the table, ``block`` the key in a mapping. ``codes`` maps slots that hold a code to the
    stem of their columns (``reason`` → ``reason_system``, ``reason_code``), ``texts`` slots that are
    copied to their column, ``identified`` says that ``id`` names the thing itself.
    """

    name: str
    block: str
    codes: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    identified: bool = False


_CODED = {"code": "code"}
_REASON = {"code": "code", "reason": "reason"}

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("observation", "observe", _CODED, {"flag": "flag", "note": "note"}),
        Kind(
            "condition",
            "conditions",
            _CODED,
            {"status": "clinical_status", "verification": "verification_status"},
        ),
        Kind(
            "medication",
            "medications",
            _REASON,
            {"event": "event", "status": "status", "dose": "dose", "unit": "dose_unit", "route": "route"},
        ),
        Kind("procedure", "procedures", _REASON, {"status": "status"}),
        Kind(
            "immunization",
            "immunizations",
            _CODED,
            {
                "status": "status",
                "lot": "lot",
                "dose": "dose",
                "unit": "dose_unit",
                "route": "route",
                "site": "site",
                "funding": "funding",
            },
        ),
        Kind(
            "allergy",
            "allergies",
            {"code": "code", "reaction": "reaction"},
            {"status": "clinical_status", "verification": "verification_status", "severity": "severity"},
        ),
        Kind(
            "encounter",
            "encounters",
            _REASON,
            {"class": "class", "status": "status"},
            identified=True,
        ),
        Kind(
            "device",
            "devices",
            {},
            {"type": "type", "name": "name", "manufacturer": "manufacturer", "model": "model"},
            identified=True,
        ),
    )
}
