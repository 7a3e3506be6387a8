"""Split the statements into parts by patient; sort, tell apart, lift and validate each part."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context

from twinmap.engine import parts
from twinmap.engine.apply import SENSOR
from twinmap.model import KINDS
from twinmap.steps.state import Run
from twinmap.steps.validate import checker


def split_and_lift(state: Run) -> None:
    """Split the statements into parts by patient; sort, tell apart and lift each part."""
    from twinmap.lift import target
    from twinmap.terms.facets import facets

    tables: dict[str, list[parts.Narrow]] = {}
    for group, made in enumerate(state.made):
        for kind, path in made.applied.tables.items():
            name = "device" if kind == SENSOR else kind
            tables.setdefault(name, []).append(parts.Narrow(group, path, made.aside))
    names = tuple(facets())
    parts.describe(state.duck, [made.applied for made in state.made], state.parts)
    parts.split(state.duck, tables, state.parts)
    about = target.Facets(
        {name: facet.property for name, facet in facets().items()},
        frozenset(name for name, facet in facets().items() if facet.type != "words"),
    )
    lifts = target.lifts(state.project.target, state.project.base, about)
    kinds = tuple(kind for kind in KINDS if kind in tables)
    numbers = sorted(
        {int(path.name.partition("=")[2]) for kind in kinds for path in (state.parts / kind).glob("shard=*")}
    )
    memory = max(128, state.memory_mb // 2 // max(state.jobs, 1))
    check = checker(state)
    term = partial(target.code_iri, state.project.base)
    tasks = [
        parts.PartTask(number, state.parts, state.key, kinds, names, lifts, term, memory, check)
        for number in numbers
    ]
    state.results = _in_parallel(tasks, state)


#: Fewer statements are worked on in this process: starting workers would take longer.
_FEW = 50_000


def _in_parallel(tasks: Sequence[parts.PartTask], state: Run) -> list[parts.PartResult]:
    planned = sum(sum(made.book.planned.values()) for made in state.made)
    if state.jobs == 1 or planned < _FEW:
        return [parts.work(task) for task in tasks]
    pool = ProcessPoolExecutor(min(state.jobs, len(tasks)), mp_context=get_context("spawn"))
    try:
        with _interrupts_held():
            results = pool.map(parts.work, tasks)
        return list(results)
    except BaseException:
        for worker in active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while workers start: they inherit that, and it is the main process that ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
