"""The meaning of a statement, resolved once per distinct signature: code, unit, status and facets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twinmap.mapping import codemaps
from twinmap.mapping.ast import CodeMatch, Document, Value
from twinmap.mapping.kinds import KINDS
from twinmap.mapping.resolve import Columns, issue, split, table
from twinmap.mapping.select import RuleSelect
from twinmap.mapping.slots import SEPARATOR
from twinmap.privacy import shape
from twinmap.terms import analytes, concepts, facets, loinc, systems, ucum, units
from twinmap.terms.unit_kinds import counts_substance

#: Systems whose codes say the meaning by themselves; earlier ones are preferred.
_STANDARD = ("loinc", "snomed", "rxnorm", "cvx", "icd10cm", "icd10", "icd9cm", "ndc", "atc", "mdc")

_STATUSES = frozenset(
    ["registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"]
)


@dataclass(frozen=True, slots=True)
class Coding:
    """A code as found: ``system`` is a URI where it is known, else the text of the source."""

    system: str | None
    code: str
    display: str | None
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Signatures:
    """Resolves the signatures of the rules of a record set."""

    document: Document
    rules: Sequence[RuleSelect]
    catalogue: concepts.Catalogue
    facets: Mapping[str, facets.Facet] = field(default_factory=facets.facets)

    def __call__(self, keys: Sequence[str]) -> Columns:
        """The columns of :attr:`types`, one row a key."""
        return table(keys, [self.resolve(key) for key in keys], self.types)

    @property
    def types(self) -> dict[str, str]:
        """The columns of the table, with their SQL types."""
        texts = (
            *("code_system", "code", "display", "raw_code_system", "raw_code", "raw_display"),
            *("map_predicate", "unit", "unit_system_raw", "canon_unit"),
            *("status", "status_raw", "concept", "panel_concept"),
            *("reason_system", "reason_code", "reaction_system", "reaction_code"),
        )
        return {
            **dict.fromkeys((*texts, *self.facets), "VARCHAR"),
            "factor": "DOUBLE",
            "shift": "DOUBLE",
            "quantitative": "BOOLEAN",
            "strict": "BOOLEAN",
            "no_code": "BOOLEAN",
            "s_issues": "VARCHAR[]",
        }

    def resolve(self, key: str) -> dict[str, Any]:
        """One signature: the rule's number and its varying parts, as the raw SELECT joined them."""
        number, *parts = split(key)
        rule = self.rules[int(number or 0)]
        given = {**rule.constants, **dict(zip(rule.signature, parts, strict=True))}
        row: dict[str, Any] = {}
        issues: list[str] = []
        kind = KINDS[rule.statement.kind]
        for slot, stem in kind.codes.items():
            if slot != "code":
                found = _best(self._codings(slot, given))
                if found is not None:
                    row[f"{stem}_system"], row[f"{stem}_code"] = found.system, found.code
        if kind.name == "observation":
            self._observation(rule, given, row, issues)
        elif "code" in kind.codes:
            self._code(rule, given, row, issues)
        row["s_issues"] = issues or None
        return row

    # --- codes ---

    def _observation(
        self, rule: RuleSelect, given: Mapping[str, str | None], row: dict[str, Any], issues: list[str]
    ) -> None:
        for name, facet in self.facets.items():
            row[name] = _facet(facet, given.get(name), issues)
        expected = self.catalogue.get(rule.statement.concept)
        template = expected is not None
        if expected is None:
            self._code(rule, given, row, issues)
            expected = self.catalogue.by_code(row.get("code_system") or "", row.get("code") or "")
        stated = given.get("unit_system")
        system = systems.canonical(stated or "")
        row["unit"] = unit = self._unit(given.get("unit"), system, expected, issues)
        row["unit_system_raw"] = system.uri if system else stated
        if template and expected is not None:
            _template_code(expected, unit, {name: row[name] for name in self.facets if row[name]}, row)
        row["concept"] = expected.name if expected else None
        row["panel_concept"] = expected.panel if expected else None
        row["quantitative"] = bool(expected and expected.kind == "quantity")
        row["strict"] = row["quantitative"] and template
        _status(given.get("status"), row)
        _canonical(unit, expected, row, difference=self._is_difference(row))

    def _is_difference(self, row: Mapping[str, Any]) -> bool:
        """Whether values are differences, whose zero is that of no scale."""
        if row.get("statistic") == self.facets["statistic"].curie("standard-deviation"):
            return True
        is_loinc = row.get("code_system") == loinc.SYSTEM
        axes = self.catalogue.axes(row.get("code") or "") if is_loinc else None
        return axes is not None and axes.property in loinc.DIFFERENCES

    def _code(
        self, rule: RuleSelect, given: Mapping[str, str | None], row: dict[str, Any], issues: list[str]
    ) -> None:
        codings = self._codings("code", given)
        value = rule.statement.slots.get("code")
        found, raw, predicate = _best(codings), None, None
        mapping = value.codes if isinstance(value, Value) else None
        if mapping is not None:
            targets = [
                (coding, match)
                for coding in codings
                for match in (*mapping.entries.get((coding.system or "", coding.code), ()),)
            ]
            if found is not None and found.known is not None:
                if targets and all(match.code != found.code for _, match in targets):
                    issues.append(issue("TM-C13", "code"))
            elif targets:
                raw, match = targets[0]
                found, predicate = _matched(match), match.predicate
                issues += _doubts(raw, match, [each for coding, each in targets if coding == raw])
            elif found is not None:
                policy = value.unmapped or "report" if isinstance(value, Value) else "report"
                action = {"quarantine": "set-aside", "fail": "error"}.get(policy, "")
                if policy != "keep":
                    issues.append(issue("TM-C01", "code", action, shape(found.code)))
        if found is None:
            row["no_code"] = True
            return
        row["code_system"], row["code"] = found.system, found.code
        said = given.get("display") or given.get("code_display")
        row["display"] = found.display if raw else said or found.display
        other = raw or next((coding for coding in codings if coding != found), None)
        if other is not None:
            row["raw_code_system"], row["raw_code"], row["raw_display"] = (
                other.system,
                other.code,
                (raw and said) or other.display,
            )
        row["map_predicate"] = predicate

    def _codings(self, slot: str, given: Mapping[str, str | None]) -> list[Coding]:
        text, system = given.get(slot), given.get(f"{slot}_system")
        display = given.get(f"{slot}_display")
        if not text:
            return []
        items = _composite(text)
        if items is not None:
            return [
                self._named(item["system"], item["code"], item["display"]) for item in items if item["code"]
            ]
        if system is not None:
            return [self._named(system, text, display)]
        expanded = systems.expand(text, self.document.systems)
        if expanded is not None:
            return [self._named(expanded[0], expanded[1], display)]
        return [Coding(None, text, display)]

    def _named(self, system: str | None, code: str, display: str | None) -> Coding:
        if system is None:
            return Coding(None, code, display)
        uri = self.document.systems.get(system, system)
        known = systems.canonical(uri)
        return Coding(known.uri if known else uri, code, display, known.prefix if known else None)

    # --- units ---

    def _unit(
        self,
        text: str | None,
        system: systems.System | None,
        expected: concepts.Concept | None,
        issues: list[str],
    ) -> str | None:
        if text is None:
            return None
        found = units.resolve(
            text,
            expected.unit if expected else None,
            declared=system is not None and system.prefix == "ucum",
        )
        if found.status != "ucum":
            read_as = f"{text} = {found.unit}" if found.unit else shape(text)
            if found.status == "case":
                issues.append(issue("TM-U13", "unit", "", read_as))
            else:
                issues.append(issue("TM-U01", "unit", "info" if found.unit else "", read_as))
        return found.unit


def _composite(text: str) -> list[dict[str, Any]] | None:
    """The codings of a composite, as the raw SELECT marked and wrote them; None for a text."""
    if not text.startswith(SEPARATOR + "["):
        return None
    try:
        items: list[dict[str, Any]] = json.loads(text[1:])
    except ValueError:
        return None
    return items


def _best(codings: Sequence[Coding]) -> Coding | None:
    """The coding that says the meaning: of a standard system, LOINC first; else the first."""
    ranked = sorted(
        (coding for coding in codings if coding.known in _STANDARD),
        key=lambda coding: _STANDARD.index(coding.known or ""),
    )
    return ranked[0] if ranked else next(iter(codings), None)


def _matched(match: CodeMatch) -> Coding:
    known = systems.canonical(match.system)
    return Coding(
        known.uri if known else match.system, match.code, match.display, known.prefix if known else None
    )


def _doubts(raw: Coding, match: CodeMatch, matches: Sequence[CodeMatch]) -> list[str]:
    """What is to be said of the row of a code map that is used: no exact match, or others say as much."""
    found = [] if match.predicate == "skos:exactMatch" else [issue("TM-G01", "code")]
    if len({other.code for other in codemaps.rivals(match, matches)}) > 1:
        found.append(issue("TM-C14", "code", "", shape(raw.code)))
    return found


def _facet(facet: facets.Facet, text: str | None, issues: list[str]) -> str | None:
    """The CURIE of a facet word; texts of facets without words stay as they are."""
    if text is None:
        return None
    codings: list[tuple[str | None, str]] = [(None, text)]
    items = _composite(text)
    if items is not None:
        codings = [(item["system"], item["code"]) for item in items if item["code"]]
        codings += [(None, item["display"]) for item in items if item["display"]]
        text = next((item["display"] or item["code"] for item in items), None)
    for system, code in codings:
        found = facet.value(code, system)
        if found is not None:
            return found
    issues.append(issue("TM-E01", facet.name, "", shape(text or "")))
    return None


def _status(text: str | None, row: dict[str, Any]) -> None:
    if text is not None:
        row["status_raw"] = text
        row["status"] = text.lower() if text.lower() in _STATUSES else None


def _template_code(
    concept: concepts.Concept, unit: str | None, stated: Mapping[str, str], row: dict[str, Any]
) -> None:
    """The code that a template stands for, by its unit and specimen; none where they contradict it."""
    molar = None if unit is None else counts_substance(unit)
    words = {name: text.rpartition(":")[2].removeprefix(f"{name}-") for name, text in stated.items()}
    chosen = concept.code_for(molar, words)
    if chosen is None:
        row["no_code"] = True
        return
    row["code_system"], row["code"], row["display"] = chosen.system, chosen.code, chosen.display


def _canonical(
    unit: str | None, concept: concepts.Concept | None, row: dict[str, Any], *, difference: bool = False
) -> None:
    """Factor and offset to the canonical unit: the concept's, else the base unit of the dimension.

    Empirical conversions are left to the comparison: they do not keep the meaning. A difference has no offset.
    """
    if unit is None:
        return
    code = row.get("code")
    try:
        aim = _canonical_unit(concept, code) or units.base_unit(unit)
        found = analytes.conversion(unit, aim, code if concept else None)
    except ucum.UcumError:
        return
    if found is not None and found.rule_class == "physical":
        row["canon_unit"], row["factor"] = aim, float(found.factor)
        row["shift"] = 0.0 if difference else float(found.offset)


def _canonical_unit(concept: concepts.Concept | None, code: str | None) -> str | None:
    if concept is None:
        return None
    own = next((item for item in concept.codes if item.code == code), None)
    return concept.unit_of(own) if own else concept.unit


__all__ = ["Coding", "Signatures"]
