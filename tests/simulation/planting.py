"""A data set to plant errors into, and what an injector is."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from cohort import Cohort, Row

T = TypeVar("T")


@dataclass
class Plot:
    """A data set to plant into.

    Args:
        made: The data set; it is changed.
        chance: What chooses.
        rate: The share of all that could be hit that is.
        touched: Ids of lines, devices and patients that an injector has changed.
        lines_used: Ids of the lines that the injector at work was given.
    """

    made: Cohort
    chance: random.Random
    rate: float
    touched: set[str] = field(default_factory=set)
    lines_used: set[str] = field(default_factory=set)

    def lines(self, feeds: Sequence[str], codes: Iterable[str] = ()) -> list[Row]:
        """A share of the lines of some feeds, and codes where they are named."""
        wanted = frozenset(codes)
        able = [row for feed in feeds for row in self.made.feeds[feed] if not wanted or row.code in wanted]
        return self._used(self._take(able, lambda row: row.id))

    def numbers(self) -> list[int]:
        """A share of the patients, by number: each has a monitor and a spot-check device."""
        able = [*range(len(self.made.people["registry"]))]
        return self._take(able, lambda number: f"#{number}")

    def series(self, feed: str, numbers: Iterable[int], code: str) -> list[list[Row]]:
        """What the devices of some patients told of one code, a list each."""
        found: dict[str, list[Row]] = {f"{number:04d}": [] for number in numbers}
        for row in self.made.feeds[feed]:
            if row.code == code and row.device[1:] in found:
                found[row.device[1:]].append(row)
        return [self._used(rows) for rows in found.values()]

    def feed(self, feed: str, code: str) -> list[Row]:
        """All that a feed tells of one code."""
        return self._used([row for row in self.made.feeds[feed] if row.code == code])

    def _used(self, rows: list[Row]) -> list[Row]:
        self.lines_used |= {row.id for row in rows}
        return rows

    def _take(self, able: Sequence[T], name: Callable[[T], str]) -> list[T]:
        free = [item for item in able if name(item) not in self.touched]
        taken = self.chance.sample(free, max(1, round(self.rate * len(able))))
        self.touched |= {name(item) for item in taken}
        return taken


@dataclass(frozen=True)
class Injector:
    """One way of going wrong.

    Args:
        code: The finding that has to tell of it.
        unit: In what it is counted.
        scene: Injectors of one scene go into one data set.
        plant: Changes the data set; gives the truth.
        entails: Codes that may rightly tell of the same lines, devices or feeds as well.
    """

    code: str
    unit: str
    scene: str
    plant: Callable[[Plot], set[Hashable]]
    entails: frozenset[str]

    @property
    def name(self) -> str:
        """What is done to the data."""
        return self.plant.__name__

    @property
    def what(self) -> str:
        """The first line of what the function says of itself."""
        return (self.plant.__doc__ or "").strip().splitlines()[0]


INJECTORS: list[Injector] = []


def plants(
    code: str, unit: str, scene: str, *entails: str
) -> Callable[[Callable[[Plot], set[Hashable]]], Callable[[Plot], set[Hashable]]]:
    """Enter a function into :data:`INJECTORS`."""

    def enter(plant: Callable[[Plot], set[Hashable]]) -> Callable[[Plot], set[Hashable]]:
        INJECTORS.append(
            Injector(f"TM-{code}", unit, scene, plant, frozenset(f"TM-{each}" for each in entails))
        )
        return plant

    return enter


def ids(rows: Iterable[Row]) -> set[Hashable]:
    """The truth of lines."""
    return {row.id for row in rows}


def between(concept: str, *sources: str) -> set[Hashable]:
    """The truth of a series of one of some sources."""
    return {(concept, frozenset(sources))}
