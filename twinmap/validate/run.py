"""Validates a graph that comes in parts, each of whole patients, against shapes.

    validation = validate_parts(parts, [structural, generated], engine="auto", context=shared)

Shapes that can be tested patient by patient run part by part, in the memory of one part; those that
cannot run once over the whole graph. The outcome is the same as if the graph were one piece.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import chain, islice
from typing import Literal

from twinmap.diagnostics import Finding
from twinmap.registry import finding
from twinmap.validate.engine import EngineError, Program, choose, load
from twinmap.validate.groups import Grouping, merge_groups
from twinmap.validate.lint import lint, refuse_unsafe
from twinmap.validate.messages import author_message
from twinmap.validate.rdf import SH, Term, is_iri, short
from twinmap.validate.results import EngineChoice, Result, Validation
from twinmap.validate.safety import shard_safety
from twinmap.validate.shapes import ShapesGraph
from twinmap.validate.targets import TargetCounter, may_match_nothing

Scope = Literal["all", "parts", "whole"]

#: Seconds that one graph or part may take; shapes are foreign text and may be hostile.
TIME_BUDGET = 1800.0


def validate_parts(
    parts: Iterable[bytes],
    shapes: Sequence[bytes],
    engine: str = "auto",
    *,
    context: bytes = b"",
    scope: Scope = "all",
    time_budget: float = TIME_BUDGET,
    keep_results: int = 10_000,
    keep_focus: int = 100_000,
) -> Validation:
    """Validate parts of one graph.

    Args:
        parts: N-Triples, each with whole patients; read once and, where all shapes allow it, kept
            one at a time. A single part may be any graph.
        shapes: Turtle documents, taken together.
        engine: ``auto``, ``shacl``, ``pyshacl`` or ``both`` (compare the two).
        context: N-Triples about nodes that patients share (devices, codes); seen with every part.
        scope: For a caller that spreads parts over processes and merges (:func:`merge`): ``parts``
            tests these parts alone, ``whole`` what is left, once: the context itself and the shapes
            that need all parts. ``all`` is both.
        time_budget: Seconds for each part.
        keep_results: How many results to keep for the report; groups always count all.
        keep_focus: How many focus nodes to keep in a group.

    Raises:
        UsageError: The shapes are not Turtle, hold no shape, would run foreign code or reach the
            network, or no engine can run them; or the engine is not known or installed.
        EngineError: The engine broke, or the time is over: nothing may be said about the data.
    """
    ready = prepared(tuple(shapes), engine)
    graph, unsafe = ready.graph, ready.unsafe
    stream, alone = _peek(parts) if scope == "all" else (iter(parts), False)
    local = ready.local
    if alone:  # one piece: nothing is shared with another part
        stream, context = iter([context + b"".join(stream)]), b""
        unsafe, local = {}, ready.programs
    run = _Run(graph, _Tester(graph, time_budget), Grouping(graph, keep_focus, keep_results), context)
    shared = run.shared(local, count=scope != "parts")
    if scope == "whole":
        whole = list(stream) if unsafe else []
    else:
        whole = run.parts(local, stream, shared, keep=bool(unsafe))
    if unsafe and scope != "parts":
        rest = graph.without_targets(set(graph.roots) - set(unsafe))
        run.grouping.add(run.tester.test(_recompile(ready.choice, rest), context + b"".join(whole)))
    return Validation(
        engine=ready.choice,
        groups=run.grouping.groups(),
        results=tuple(run.grouping.results),
        total=run.grouping.total,
        targets=run.counter.counts(),
        optional=frozenset(shape for shape in graph.roots if may_match_nothing(graph, shape)),
        notes=(*ready.notes, *run.tester.disagreements()),
        triples=run.triples,
        shapes=len(graph.shapes),
        whole_graph=unsafe,
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """Shapes that are read, looked over and compiled.

    ``unsafe`` are the shapes that cannot be tested patient by patient, with the reason; ``local`` are the
    programs of all others.
    """

    graph: ShapesGraph
    choice: EngineChoice
    programs: tuple[Program, ...]
    notes: tuple[Finding, ...]
    unsafe: Mapping[Term, str]
    local: tuple[Program, ...]


@lru_cache(maxsize=2)
def prepared(shapes: tuple[bytes, ...], engine: str) -> Prepared:
    """Read shapes and compile them with the engine asked for, once for all parts.

    Raises:
        UsageError: See :func:`validate_parts`.
    """
    graph = ShapesGraph.parse(shapes)
    refuse_unsafe(graph)
    choice, programs, notes = choose(engine, graph.ntriples())
    unsafe = {shape: judged.reason for shape, judged in shard_safety(graph).items() if not judged.safe}
    local = _recompile(choice, graph.without_targets(unsafe)) if unsafe else programs
    return Prepared(graph, choice, programs, (*lint(graph), *notes), unsafe, local)


def merge(
    validations: Sequence[Validation], *, keep_results: int = 10_000, keep_focus: int = 100_000
) -> Validation:
    """One validation of several over parts of one graph, in the order given.

    The parts must have been validated with the same shapes and engine.
    """
    first = validations[0]
    targets = {shape: max(-1, sum(v.targets.get(shape, 0) for v in validations)) for shape in first.targets}
    return replace(
        first,
        groups=merge_groups((g for v in validations for g in v.groups), keep_focus),
        results=tuple(chain.from_iterable(v.results for v in validations))[:keep_results],
        total=sum(v.total for v in validations),
        targets=targets,
        notes=_merge_notes(chain.from_iterable(v.notes for v in validations)),
        triples=sum(v.triples for v in validations),
    )


@dataclass
class _Run:
    """One validation under way."""

    graph: ShapesGraph
    tester: _Tester
    grouping: Grouping
    context: bytes
    triples: int = 0

    def __post_init__(self) -> None:
        self.counter = TargetCounter(self.graph)

    def shared(self, programs: Sequence[Program], *, count: bool) -> frozenset[Result]:
        """The results of the context alone: every part would give them again."""
        if not self.context:
            return frozenset()
        results = self.tester.test(programs, self.context)
        if count:
            self.grouping.add(results)
            self.counter.add(self.context)
            self.triples += self.context.count(b"\n")
        return frozenset(results)

    def parts(
        self, programs: Sequence[Program], parts: Iterable[bytes], shared: frozenset[Result], *, keep: bool
    ) -> list[bytes]:
        """Test part by part; the parts themselves where they are needed again."""
        kept = []
        for part in parts:
            self.triples += part.count(b"\n")
            self.counter.add(part)
            results = self.tester.test(programs, self.context + part if self.context else part)
            self.grouping.add(result for result in results if result not in shared)
            if keep:
                kept.append(part)
        return kept


class _Tester:
    """Runs one or two programs over a graph, within the time, and makes their results alike."""

    def __init__(self, graph: ShapesGraph, time_budget: float) -> None:
        self._graph = graph
        self._budget = time_budget
        self._shapes: dict[Term, tuple[str | None, Term]] = {}
        self._says: dict[tuple[Term, Term], bool] = {}
        self._differences: Counter[tuple[Term, Term]] = Counter()

    def test(self, programs: Sequence[Program], ntriples: bytes) -> list[Result]:
        """Distinct results in a fixed order; those of the first program where there are two."""
        calls = (partial(program.validate, ntriples) for program in programs)
        found = [set(map(self._alike, _within(self._budget, call))) for call in calls]
        for other in found[1:]:
            ours, theirs = ({result.key for result in results} for results in (found[0], other))
            self._differences.update((key[0], key[1]) for key in ours ^ theirs)
        return sorted(found[0], key=lambda result: (result.key, result.messages))

    def _alike(self, result: Result) -> Result:
        shape = result.source_shape
        if shape not in self._shapes:
            self._shapes[shape] = (self._graph.path(shape), self._graph.root_of(shape))
        path, root = self._shapes[shape]
        messages = result.messages if self._has_message(shape, result.component) else ()
        compound = result.path is not None and not is_iri(result.path)
        return replace(result, path=path if compound else result.path, root_shape=root, messages=messages)

    def _has_message(self, shape: Term, component: Term) -> bool:
        """Whether the author wrote a message: an engine's own words are not the same in all engines."""
        if (shape, component) not in self._says:
            own = component.startswith(f"<{SH}") and author_message(self._graph, shape, component) is None
            self._says[shape, component] = not own
        return self._says[shape, component]

    def disagreements(self) -> list[Finding]:
        """Findings (H06) where two engines did not give the same."""
        return [
            finding(
                "TM-H06",
                f"the engines disagree about {short(shape)}, {short(component)}",
                rule=short(shape),
                count=count,
            )
            for (shape, component), count in sorted(self._differences.items())
        ]


def _within(seconds: float, call: Callable[[], list[Result]]) -> list[Result]:
    """The result of the call, if it comes in time.

    The call runs in a daemon thread: neither engine can be interrupted, but the caller can go on.
    """
    outcome: list[list[Result] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001  (handed to the caller's thread)
            outcome.append(error)

    thread = threading.Thread(target=work, name="twinmap-shacl", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise EngineError(
            f"validation was stopped after {seconds:g} s: nothing is known about the rest of the graph",
            help="look for a costly query or pattern in the shapes",
        )
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _recompile(choice: EngineChoice, graph: ShapesGraph) -> tuple[Program, ...]:
    """Compile a part of the shapes with the engines that were chosen for all of them."""
    shapes = graph.ntriples()
    return tuple(load(name).compile(shapes) for name in choice.name.split("+"))


def _peek(parts: Iterable[bytes]) -> tuple[Iterator[bytes], bool]:
    """The parts, and whether there is at most one."""
    stream = iter(parts)
    first = list(islice(stream, 2))
    return chain(first, stream), len(first) < 2


def _merge_notes(notes: Iterable[Finding]) -> tuple[Finding, ...]:
    """Notes of several parts: what is about the shapes is said once, disagreements are added up."""
    merged: dict[tuple[str, str | None, str], Finding] = {}
    for note in notes:
        key = (note.code, note.rule, note.message)
        before = merged.get(key)
        if before is None:
            merged[key] = note
        elif note.code == "TM-H06":
            merged[key] = replace(before, count=before.count + note.count)
    return tuple(merged.values())
