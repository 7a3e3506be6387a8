"""The unit in which the values of a concept are compared, against its plain definition, and its cost."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from twinmap.compare import pairs
from twinmap.compare.meaning import Meaning, of_code
from twinmap.compare.signature import Profile, Signature
from twinmap.terms.concepts import catalogue

CODES = [("http://loinc.org", code) for code in ("8480-6", "8867-4", "718-7")]
LOCAL = [("https://lab.example.org", f"K{number}") for number in range(3)]


def _by_definition(signature: Signature, signatures: Sequence[Signature]) -> str | None:
    concept = signature.meaning.concept
    if concept is not None and concept.unit is not None:
        return concept.unit
    units = [item for item in signatures if item.group == signature.group and item.unit is not None]
    first = min(units, key=lambda item: (-item.profile.n, item.unit or ""), default=None)
    return first.unit if first else None


@st.composite
def _signature(draw: st.DrawFn) -> Signature:
    meaning = of_code(*draw(st.sampled_from(CODES + LOCAL)), catalogue())
    unit = draw(st.sampled_from([None, "mg/dL", "mmol/L", "g/L", "kPa"]))
    return Signature(1, "a", meaning, unit, profile=Profile(n=draw(st.integers(0, 3))))


@given(st.lists(_signature(), max_size=12))
def test_the_common_unit_is_what_its_definition_says(signatures: list[Signature]) -> None:
    frequent = pairs._frequent(signatures)
    for item in signatures:
        assert pairs._common(item, frequent) == _by_definition(item, signatures)


class _Counted(Meaning):
    """A meaning that counts how often it is asked what it is compared under."""

    asked = 0

    def __getattribute__(self, name: str) -> object:
        if name == "group":
            _Counted.asked += 1
        return super().__getattribute__(name)


def test_each_signature_is_looked_at_a_few_times_however_many_there_are() -> None:
    signatures = [
        Signature(n, "a", _Counted(None, f"K{n}", group=f"K{n}"), "mg", profile=Profile(n=1))
        for n in range(1000)
    ]
    _Counted.asked = 0
    frequent = pairs._frequent(signatures)
    assert [pairs._common(item, frequent) for item in signatures] == ["mg"] * 1000
    assert _Counted.asked <= 5 * len(signatures)
