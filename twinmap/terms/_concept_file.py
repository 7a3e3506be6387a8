"""Reads one concept file, shipped or a user's, and says by file and line what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from twinmap.terms import facets, loinc, systems
from twinmap.terms._files import Section
from twinmap.terms.concepts import Concept, ConceptCode, Counterpart, Limits, Margin

KINDS = ("quantity", "coded", "panel")
RELATIONS = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")

_KEYS = (
    "concept",
    "label",
    "definition",
    "kind",
    "aliases",
    "codes",
    "unit",
    "accepts",
    "members",
    "facets",
    "limits",
    "margin",
    "window",
    "values",
    "counterparts",
)
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def concept(data: Section) -> Concept:
    """The concept that a file describes.

    Raises:
        UsageError: Something in it cannot be used; with the line.
    """
    data.only(*_KEYS)
    name = data.text("concept")
    if not _NAME.fullmatch(name):
        raise data.error(f'"{name}" is not a name: lower case letters, digits and single hyphens', "concept")
    kind = data.text("kind")
    if kind not in KINDS:
        raise data.error(f'"kind" is one of {", ".join(KINDS)}', "kind")
    codes = tuple(_code(item) for item in data.sections("codes"))
    if not codes:
        raise data.error('"codes" must name at least one code', "codes")
    axes = codes[0].axes
    property_ = axes.property if axes else None
    units = _units(data, property_)
    if kind == "quantity" and not units:
        raise data.error("a quantity needs a unit", help='for example "unit: mm[Hg]"; a pure number has "1"')
    accepted, required = _facets(data)
    return Concept(
        name=name,
        label=data.text("label"),
        definition=data.text("definition", data.text("label")),
        kind=kind,
        codes=codes,
        unit=next(iter(units.values()), None),
        units=MappingProxyType(units),
        property=property_,
        accepts=data.texts("accepts") or _dimensions(codes),
        members=MappingProxyType(data.texts_by_name("members")),
        panel=None,
        accepted=accepted,
        required=required,
        limits=_limits(data),
        margin=_margin(data),
        window_us=_window(data),
        value_set=MappingProxyType(_values(data)),
        counterparts=tuple(_counterpart(item) for item in data.sections("counterparts")),
        aliases=data.texts("aliases"),
        origin=data.file,
    )


def _code(data: Section) -> ConceptCode:
    data.only("code", "system", "display", "axes", "fixes", "source")
    system, code = _coding(data)
    term = loinc.terms().get(code) if system == loinc.SYSTEM else None
    if system == loinc.SYSTEM and not loinc.check_digit_ok(code):
        hint = loinc.corrected(code)
        raise data.error(f"{code} is not a LOINC code", "code", f"did you mean {hint}?" if hint else None)
    axes = _axes(data) or (term.axes if term else None)
    fixes = {**(facets.from_axes(axes) if axes else {}), **_fixes(data)}
    return ConceptCode(
        system=system,
        code=code,
        display=data.optional("display") or (term.name if term else None),
        axes=axes,
        fixes=MappingProxyType(fixes),
        source=data.optional("source") or (term.source if term else None),
    )


def _coding(data: Section) -> tuple[str, str]:
    """System URI and code: a CURIE, a code with ``system``, or a LOINC code."""
    text = data.text("code")
    given = data.optional("system")
    if given is not None:
        known = systems.canonical(given)
        return (known.uri if known else given, text)
    expanded = systems.expand(text)
    if expanded is not None:
        return expanded
    if ":" in text:
        raise data.error(f'the prefix of "{text}" is not known', "code", 'give its URI as "system"')
    return loinc.SYSTEM, text


def _axes(data: Section) -> loinc.LoincAxes | None:
    if "axes" not in data:
        return None
    axes = data.section("axes")
    axes.only(*loinc.LoincAxes._fields)
    return loinc.LoincAxes(*(axes.text(name, "") for name in loinc.LoincAxes._fields))


def _fixes(data: Section) -> Mapping[str, str]:
    """Facet to word (for a length of time or a text: its value)."""
    section = data.section("fixes")
    fixed = {}
    for name in section:
        facet = _facet(section, name)
        text = section.text(name)
        word = facet.resolve(text)
        value = word.word if word else None if facet.type == "words" else facet.value(text)
        if value is None:
            close = facet.suggest(text)
            hint = f'did you mean "{close[0]}"?' if close else None
            raise section.error(f'"{text}" is no word of the facet {name}', name, hint)
        fixed[name] = value
    return fixed


def _facet(section: Section, name: str, key: str | None = None) -> facets.Facet:
    found = facets.facets().get(name)
    if found is None:
        raise section.error(
            f'there is no facet "{name}"', key or name, f"facets: {', '.join(facets.facets())}"
        )
    return found


def _facets(data: Section) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "facets" not in data:
        return tuple(facets.facets()), ()
    section = data.section("facets")
    section.only("accepted", "required")
    accepted, required = section.texts("accepted"), section.texts("required")
    for key in ("accepted", "required"):
        for name in section.texts(key):
            _facet(section, name, key)
    for name in required:
        if name not in accepted:
            raise section.error(f'"{name}" is required but not accepted', "required")
    return accepted, required


def _units(data: Section, property_: str | None) -> dict[str, str]:
    """Canonical unit by LOINC property; one unit for all is that of the preferred code's property."""
    if not isinstance(data.get("unit"), Section):
        unit = data.optional("unit")
        return {property_ or "": unit} if unit else {}
    units = data.texts_by_name("unit")
    if property_ not in units:
        raise data.error(f'"unit" must have one for {property_}, the property of the first code', "unit")
    return {property_ or "": units[property_ or ""], **units}


def _dimensions(codes: tuple[ConceptCode, ...]) -> tuple[str, ...]:
    """Units that stand for the dimensions of the codes' properties; empty where one of them is open."""
    found: dict[str, None] = {}
    for code in codes:
        units = loinc.property_dimension(code.axes.property) if code.axes else ()
        if not units:
            return ()
        found.update(dict.fromkeys(units))
    return tuple(found)


def _limits(data: Section) -> Limits | None:
    if "limits" not in data:
        return None
    section = data.section("limits")
    section.only("hard", "soft")
    hard, soft = section.section("hard"), section.section("soft")
    stated = [part for part in (hard, soft) if part]
    for part in stated:
        part.only("low", "high", "unit", "source")
        low, high = part.number("low"), part.number("high")
        if low is not None and high is not None and low >= high:
            raise part.error('"low" must be below "high"', "low")
    if not stated or any(part.text("unit") != stated[0].text("unit") for part in stated):
        raise data.error("limits need one unit, the same for hard and soft", "limits")
    sources = [f"{key}: {section.section(key).text('source')}" for key in ("hard", "soft") if key in section]
    return Limits(
        hard.number("low"),
        hard.number("high"),
        soft.number("low"),
        soft.number("high"),
        stated[0].text("unit"),
        "; ".join(sources),
    )


def _margin(data: Section) -> Margin | None:
    if "margin" not in data:
        return None
    section = data.section("margin")
    section.only("bias", "sd", "each", "percent", "unit", "source")
    bias, sd, each, percent = (section.number(key) for key in ("bias", "sd", "each", "percent"))
    if (bias is None) == (each is None and percent is None) or (bias is None and sd is not None):
        raise section.error('a margin needs "bias", which "sd" may follow, or else "each", "percent" or both')
    for key in ("bias", "sd", "each", "percent"):
        if (section.number(key) or 1) < 0:
            raise section.error("a margin is not negative", key)
    return Margin(bias, sd, section.text("unit"), section.text("source"), each, percent)


def _window(data: Section) -> int | None:
    text = data.optional("window")
    if text is None:
        return None
    microseconds = facets.duration_us(text)
    if microseconds is None:
        raise data.error(f'"{text}" is not a length of time', "window", 'for example "5 min" or "1 d"')
    return microseconds


def _values(data: Section) -> dict[str, str]:
    values = data.texts_by_name("values")
    for code in values:
        if systems.expand(code) is None:
            raise data.section("values").error(
                f'"{code}" is not a code', code, "write it as snomed:266919005"
            )
    return values


def _counterpart(data: Section) -> Counterpart:
    data.only("code", "system", "relation", "fixes", "source")
    relation = data.text("relation")
    if relation not in RELATIONS:
        raise data.error(f'"relation" is one of {", ".join(RELATIONS)}', "relation")
    system, code = _coding(data)
    return Counterpart(system, code, relation, MappingProxyType(dict(_fixes(data))), data.text("source"))
