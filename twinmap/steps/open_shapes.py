"""Look at the user's own shapes before any data is read."""

from __future__ import annotations

from twinmap.errors import UsageError
from twinmap.steps.state import Run


def open_shapes(state: Run) -> None:
    """Refuse shapes that are not Turtle, reach beyond the graph, or that the engine cannot run.

    Raises:
        UsageError: The shapes cannot be used.
        InputOutputError: A file is missing, or not in the format of its name.
    """
    paths = state.project.shapes
    if state.engine == "none" or not paths:
        return
    from twinmap.validate.engine import choose
    from twinmap.validate.files import read_shapes
    from twinmap.validate.lint import refuse_unsafe
    from twinmap.validate.shapes import ShapesGraph

    documents = read_shapes(paths)
    try:
        graph = ShapesGraph.parse(documents)
        refuse_unsafe(graph)
        choose(state.engine, graph.ntriples())
    except UsageError as error:
        names = ", ".join(str(path) for path in paths)
        raise UsageError(f"{names}: {error.message}", help=error.help) from error
