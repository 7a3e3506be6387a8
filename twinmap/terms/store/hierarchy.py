"""Who is below whom: codes numbered, circles cut, and the transitive closure of is-a, level by level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from twinmap import registry
from twinmap.duck import Duck
from twinmap.limits import LIMITS
from twinmap.terms.store import circles
from twinmap.terms.store.circles import Circle
from twinmap.terms.store.tables import ddl

_NODES = """
INSERT INTO node
SELECT (row_number() OVER (ORDER BY edition, code) - 1)::INTEGER, edition, code
FROM (
    SELECT edition, code FROM concept
    UNION SELECT edition, child FROM edge
    UNION SELECT edition, parent FROM edge
)
"""
_ARCS = """
CREATE TEMP TABLE arc AS
SELECT DISTINCT c.n AS child, p.n AS parent
FROM edge e
JOIN node c ON c.edition = e.edition AND c.code = e.child
JOIN node p ON p.edition = e.edition AND p.code = e.parent
"""
#: A closure that the source gives, and what of it goes both ways: circles, whatever the links are.
_GIVEN = """
INSERT INTO closure
SELECT d.n, a.n FROM given g
JOIN node d ON d.edition = g.edition AND d.code = g.descendant
JOIN node a ON a.edition = g.edition AND a.code = g.ancestor
"""
_MUTUAL = """
INSERT INTO arc
SELECT c.descendant, c.ancestor FROM closure c JOIN closure o ON o.descendant = c.ancestor AND o.ancestor = c.descendant
EXCEPT SELECT child, parent FROM arc
"""
#: What is above the parents is above their children: each pair is made in the level of its lower end.
_LEVEL = """
INSERT INTO closure
SELECT arc.child, arc.parent FROM arc JOIN level l ON l.n = arc.child WHERE l.level = $level
UNION
SELECT arc.child, above.ancestor
FROM arc JOIN level l ON l.n = arc.child JOIN closure above ON above.descendant = arc.parent
WHERE l.level = $level
"""


def derive(duck: Duck) -> list[Circle]:
    """Fill ``node``, ``closure`` and ``circle``; edges within a circle are taken out of ``edge``.

    For editions that have a closure of their source (table ``given``: edition, descendant, ancestor) that one counts.

    Returns:
        The circles that are told.

    Raises:
        InputOutputError: There are more levels than a hierarchy can have (Q15).
    """
    for name in ("node", "closure", "circle"):
        duck.run(ddl(name))
    duck.run(_NODES)
    duck.run(_ARCS)
    given = bool(duck.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'given'"))
    if given:
        duck.run(_GIVEN)
        duck.run(_MUTUAL)
    arcs = _arcs(duck)
    levels, parts = _levels(arcs)
    if parts:
        whole = {(parts.get(child, child), parts.get(parent, parent)) for child, parent in arcs}
        _bounded(duck, _levels([(child, parent) for child, parent in whole if child != parent])[0])
    told = circles.cut(duck, parts) if parts else []
    if given:
        duck.run("DELETE FROM arc USING node n, given g WHERE n.n = arc.child AND n.edition = g.edition")
    if parts or given:
        levels, _ = _levels(_arcs(duck))
    _close(duck, _bounded(duck, levels))
    return told


def _arcs(duck: Duck) -> list[tuple[int, int]]:
    arcs = duck.run("SELECT child, parent FROM arc").fetchnumpy()
    return list(zip(arcs["child"].tolist(), arcs["parent"].tolist(), strict=True))


def _bounded(duck: Duck, levels: dict[int, int]) -> dict[int, int]:
    """The levels, if there are not too many: the closure of a chain of n codes has n² / 2 pairs."""
    lowest = max(levels, key=levels.__getitem__, default=None)
    if lowest is not None and levels[lowest] > LIMITS.hierarchy_depth:
        code = duck.value("SELECT code FROM node WHERE n = ?", [lowest])
        message = f"a hierarchy has more than {LIMITS.hierarchy_depth:,} levels, down to {code}"
        raise registry.fault("TM-Q15", message, help="mend its links: no code system has so many")
    return levels


def _close(duck: Duck, levels: dict[int, int]) -> None:
    import pyarrow as pa

    table = pa.table(
        [pa.array(list(levels), pa.int32()), pa.array(list(levels.values()), pa.int32())],
        names=["n", "level"],
    )
    with duck.arrow("levels", table):
        duck.run("CREATE TEMP TABLE level AS SELECT * FROM levels")
    for level in range(1, max(levels.values(), default=0) + 1):
        duck.run(_LEVEL, {"level": level})  # type: ignore[arg-type]


def _levels(arcs: Iterable[tuple[int, int]]) -> tuple[dict[int, int], dict[int, int]]:
    """The level of each node, 0 at the top, and for nodes in a circle the number of their circle."""
    below: dict[int, list[int]] = defaultdict(list)
    above: dict[int, int] = defaultdict(int)
    for child, parent in arcs:
        below[parent].append(child)
        above[child] += 1
    levels: dict[int, int] = {}
    layer = [node for node in below if node not in above]
    depth = 0
    while layer:
        levels.update(dict.fromkeys(layer, depth))
        following = []
        for node in layer:
            for child in below[node]:
                above[child] -= 1
                if not above[child]:
                    following.append(child)
        layer, depth = following, depth + 1
    left = [node for node, count in above.items() if count]
    return levels, circles.found(left, below) if left else {}
