"""Puts results of one cause together: exact counts, the focus nodes, a few samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from twinmap.validate.messages import describe
from twinmap.validate.rdf import Term, sh, short
from twinmap.validate.results import Group, Result
from twinmap.validate.shapes import ShapesGraph

#: Samples kept in a group.
SAMPLES = 3

_Key = tuple[Term, str, Term, Term]


@dataclass
class Grouping:
    """Grows while parts are validated; ``keep_focus`` bounds the focus nodes kept in each group."""

    graph: ShapesGraph
    keep_focus: int = 100_000
    keep_results: int = 10_000
    total: int = 0
    results: list[Result] = field(default_factory=list)
    _counts: dict[_Key, int] = field(default_factory=dict)
    _focus: dict[_Key, dict[Term, None]] = field(default_factory=dict)
    _samples: dict[_Key, list[Result]] = field(default_factory=dict)
    _full: set[_Key] = field(default_factory=set)

    def add(self, results: Iterable[Result]) -> None:
        """Count the results of one part; their order decides which are kept."""
        for result in results:
            key = (result.source_shape, result.path or "", result.component, result.severity)
            self.total += 1
            self._counts[key] = self._counts.get(key, 0) + 1
            if len(self.results) < self.keep_results:
                self.results.append(result)
            samples = self._samples.setdefault(key, [])
            if len(samples) < SAMPLES:
                samples.append(result)
            focus = self._focus.setdefault(key, {})
            if len(focus) < self.keep_focus:
                focus[result.focus] = None
            elif result.focus not in focus:
                self._full.add(key)

    def groups(self) -> tuple[Group, ...]:
        """The groups, the worst and most frequent first."""
        return in_order(self._group(key, count) for key, count in self._counts.items())

    def _group(self, key: _Key, count: int) -> Group:
        shape, path, component, severity = key
        return Group(
            shape=shape,
            root_shape=self.graph.root_of(shape),
            path=path or None,
            component=component,
            severity=severity,
            name=short(shape),
            message=describe(self.graph, shape, component, path or None),
            count=count,
            focus=tuple(self._focus[key]),
            focus_complete=key not in self._full,
            samples=tuple(self._samples[key]),
        )


_RANK = {sh("Violation"): 0, sh("Warning"): 2, sh("Info"): 3}


def in_order(groups: Iterable[Group]) -> tuple[Group, ...]:
    """By severity, then count, then name: the same order on every run."""
    return tuple(
        sorted(groups, key=lambda g: (_RANK.get(g.severity, 1), -g.count, g.shape, g.path or "", g.component))
    )


def merge_groups(groups: Iterable[Group], keep_focus: int) -> tuple[Group, ...]:
    """One group of those of several parts that have the same cause."""
    merged: dict[_Key, Group] = {}
    for group in groups:
        key = (group.shape, group.path or "", group.component, group.severity)
        before = merged.get(key)
        if before is None:
            merged[key] = group
            continue
        focus = tuple(dict.fromkeys((*before.focus, *group.focus)))
        merged[key] = replace(
            before,
            count=before.count + group.count,
            focus=focus[:keep_focus],
            focus_complete=before.focus_complete and group.focus_complete and len(focus) <= keep_focus,
            samples=(*before.samples, *group.samples)[:SAMPLES],
        )
    return in_order(merged.values())
