"""Plant, run, and hold what was found against what was planted."""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

from cohort import cohort, write
from injectors import INJECTORS, Injector, Plot

from twinmap import api, diagnostics, registry
from twinmap.checks import context
from twinmap.compare import events
from twinmap.diagnostics import Finding, Severity

KEY = Path(__file__).parent.parent.parent / "examples" / "demo.key"
RATE = 0.01
SEEDS = (1, 2, 3)
PATIENTS = 100
#: Codes of two feeds as a whole: their places are examples.
_ABOUT_FEEDS = ("TM-X03", "TM-X04")
SCENES = tuple(dict.fromkeys(item.scene for item in INJECTORS))


@dataclass(frozen=True)
class Score:
    """What became of the planted errors of one code and unit.

    Args:
        planted: How many there are.
        hits: How many of them are told.
        claims: How many things are told of at all, but for those that something else planted entails.
    """

    planted: int = 0
    hits: int = 0
    claims: int = 0

    @property
    def recall(self) -> float:
        """The share of what was planted that is told."""
        return self.hits / self.planted

    @property
    def precision(self) -> float:
        """The share of what is told that was planted; nothing told is nothing wrong."""
        return self.hits / self.claims if self.claims else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(self.planted + other.planted, self.hits + other.hits, self.claims + other.claims)


@dataclass(frozen=True)
class Played:
    """A run over a data set.

    Args:
        findings: What twinmap found.
        injectors: What was planted.
        truth: By injector what it did, in its unit.
        lines: By injector the ids of the lines that it changed.
        ids: The line behind a record, by feed and number; of a feed of people the patient.
    """

    findings: tuple[Finding, ...]
    injectors: tuple[Injector, ...]
    truth: Mapping[str, set[Hashable]]
    lines: Mapping[str, set[str]]
    ids: Mapping[tuple[str, int], str]

    def score(self, injector: Injector) -> Score:
        """How well the code of an injector tells of it."""
        truth, told = self.truth[injector.name], self.told(injector)
        return Score(len(truth), told.count(True), len(told))

    def told(self, injector: Injector) -> list[bool]:
        """Of each thing that the code tells of once, whether it is planted; what is entailed is left out."""
        truth = self.truth[injector.name]
        named: set[Hashable] = set()
        unnamed = 0
        for finding in self.findings:
            if finding.code == injector.code:
                keys = self.keys(finding, injector.unit)
                named |= keys
                unnamed += (
                    finding.count - len(keys) if injector.unit == "statement" and not _is_pair(finding) else 0
                )
        if injector.code == "TM-I01":  # it names no patient: the count of each pair of sources
            return [number < len(truth) for number in range(max(f.count for f in self.of(injector.code)))]
        told = [key in truth for key in named if key in truth or not self.entailed(injector.code, key)]
        # What is counted and not named is right as far as the truth reaches.
        left = len(truth) - told.count(True)
        return told + [number < left for number in range(unnamed)]

    def of(self, code: str) -> list[Finding]:
        """The findings of a code."""
        return [finding for finding in self.findings if finding.code == code]

    def keys(self, finding: Finding, unit: str) -> set[Hashable]:
        """What a finding is about, in a unit."""
        lines = [self.ids[place.source, place.record] for place in finding.places]
        if unit == "statement":
            return set(lines)
        if unit == "patient":
            return set(lines[:1])
        if unit == "device":
            return {(finding.concept, int(line[2:6])) for line in lines[:1] if "device" in finding.details}
        return {(finding.concept, frozenset(finding.sources))}

    def entailed(self, code: str, key: Hashable) -> bool:
        """Whether something else that was planted is a reason to tell this."""
        return any(code in item.entails and self._touches(item, key) for item in self.injectors)

    def _touches(self, item: Injector, key: Hashable) -> bool:
        """Whether what was planted is about this; lines that were changed here and there are in every feed."""
        if not isinstance(key, tuple):
            return key in self.lines[item.name]
        return item.unit == "statement" or key[0] in {
            each[0] for each in self.truth[item.name] if isinstance(each, tuple)
        }

    def _is_entailed(self, finding: Finding) -> bool:
        """All that is named; where a finding is about two values, one of them has nothing wrong."""
        about_feeds = finding.code in _ABOUT_FEEDS or not finding.places
        lines = self.keys(finding, "feed" if about_feeds else "statement")
        enough = any if len(finding.sources) == 2 or finding.code == "TM-V04" else all
        return enough(self.entailed(finding.code, key) for key in lines)

    def unplanted(self) -> list[Finding]:
        """Warnings and errors of a code that nothing planted is a reason for."""
        expected = {item.code for item in self.injectors}
        return [
            finding
            for finding in self.findings
            if finding.severity is not Severity.INFO
            and finding.code not in expected
            and not self._is_entailed(finding)
        ]


def _is_pair(finding: Finding) -> bool:
    """Whether a count of one stands for a statement of each of two sources."""
    return finding.code in ("TM-D02", "TM-X01")


def play(seed: int, injectors: Sequence[Injector], rate: float = RATE, patients: int = PATIENTS) -> Played:
    """Make the data set of a seed, plant into it, and run twinmap over it."""
    made = cohort(seed, patients)
    plot = Plot(made, random.Random(f"{seed} {','.join(item.name for item in injectors)}"), rate)
    truth: dict[str, set[Hashable]] = {}
    lines: dict[str, set[str]] = {}
    for item in injectors:
        plot.lines_used = set()
        truth[item.name] = item.plant(plot)
        lines[item.name] = plot.lines_used
    ids = {(feed, index): row.id for feed, rows in made.feeds.items() for index, row in enumerate(rows, 1)}
    ids |= {(feed, index): who.id for feed, all_ in made.people.items() for index, who in enumerate(all_, 1)}
    with tempfile.TemporaryDirectory() as name, all_places():
        folder = write(made, Path(name) / "project")
        key = Path(name) / "key"  # beside the data, as the examples have it
        key.write_bytes(KEY.read_bytes())
        outcome = api.run(folder, out=Path(name) / "out", key_file=key, jobs=1, engine="none")
    return Played(outcome.findings, tuple(injectors), truth, lines, ids)


def scene(name: str, seed: int, patients: int = PATIENTS) -> Played:
    """All injectors of a scene in the data set of a seed, played once; of the scene ``clean`` there are none."""
    return _scene(name, seed, patients)


@cache  # by value: what is left to a default would be another call
def _scene(name: str, seed: int, patients: int) -> Played:
    return play(seed, [item for item in INJECTORS if item.scene == name], patients=patients)


@contextmanager
def all_places() -> Iterator[None]:
    """Keep every place of a finding instead of the first three: only so can each claim be judged."""
    for code in registry.codes():
        assert code.module  # loaded before, so that none keeps what is patched
    checks = [module for name, module in sys.modules.items() if name.startswith("twinmap.checks")]
    every = re.sub(r"^min\((.*), 3\)$", r"list(\1)", context.FIRST)
    firsts = re.sub(r"^min\((.*), 3\)$", r"list(\1)", events._FIRST)
    assert every != context.FIRST
    assert firsts != events._FIRST
    with ExitStack() as stack:
        stack.enter_context(patch.object(events, "_FIRST", firsts))
        for module in (diagnostics, *checks):
            for name, value in (("PLACES_KEPT", 20_000), ("FIRST", every)):
                if hasattr(module, name):
                    stack.enter_context(patch.object(module, name, value))
        yield
