"""Who is below whom: codes numbered, circles told and cut, and the transitive closure of is-a, level by level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from twinmap import registry
from twinmap.diagnostics import Finding
from twinmap.duck import Duck
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
_NUMBERED = """
CREATE TEMP TABLE arc AS
SELECT DISTINCT c.n AS child, p.n AS parent
FROM edge e
JOIN node c ON c.edition = e.edition AND c.code = e.child
JOIN node p ON p.edition = e.edition AND p.code = e.parent
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


def derive(duck: Duck, uris: Sequence[str]) -> list[Finding]:
    """Fill ``node`` and ``closure``; edges within a circle are taken out of ``edge``.

    A closure that the source itself gives (table ``given``: edition, descendant, ancestor) is taken as it is.

    Returns:
        A finding for each edition with circles (Q23).
    """
    duck.run(ddl("node"))
    duck.run(ddl("closure"))
    duck.run(_NODES)
    duck.run(_NUMBERED)
    arcs = duck.run("SELECT child, parent FROM arc").fetchnumpy()
    children, parents = arcs["child"].tolist(), arcs["parent"].tolist()
    levels, circular = _levels(children, parents)
    findings = _cut(duck, circular, uris) if circular else []
    if circular:
        pairs = {(child, parent) for child, parent in zip(children, parents, strict=True)}
        pairs = {(c, p) for c, p in pairs if circular.get(c, -1) != circular.get(p, -2)}
        levels, _ = _levels([c for c, _ in pairs], [p for _, p in pairs])
    if duck.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'given'"):
        duck.run(
            "INSERT INTO closure SELECT d.n, a.n FROM given g "
            "JOIN node d ON d.edition = g.edition AND d.code = g.descendant "
            "JOIN node a ON a.edition = g.edition AND a.code = g.ancestor"
        )
        return findings
    _close(duck, levels)
    return findings


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


def _levels(children: Sequence[int], parents: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """The level of each node, 0 at the top, and for nodes in a circle the number of their circle."""
    below: dict[int, list[int]] = defaultdict(list)
    above: dict[int, int] = defaultdict(int)
    for child, parent in zip(children, parents, strict=True):
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
    return levels, _circles(left, below) if left else {}


def _circles(nodes: Sequence[int], below: dict[int, list[int]]) -> dict[int, int]:
    """The nodes that lie in a circle, with the number of their strongly connected part (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: dict[int, int] = {}
    for start in nodes:
        if start in index:
            continue
        work = [(start, iter(below.get(start, ())))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, following = work[-1]
            child = next(following, None)
            if child is not None:
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    on_stack.add(child)
                    work.append((child, iter(below.get(child, ()))))
                elif child in on_stack:
                    low[node] = min(low[node], index[child])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                part = _popped(stack, on_stack, node)
                if len(part) > 1 or node in below.get(node, ()):
                    found |= dict.fromkeys(part, node)
    return found


def _popped(stack: list[int], on_stack: set[int], until: int) -> list[int]:
    part = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        part.append(node)
        if node == until:
            return part


def _cut(duck: Duck, circular: dict[int, int], uris: Sequence[str]) -> list[Finding]:
    """Take the edges within circles away, and say so."""
    import pyarrow as pa

    table = pa.table(
        [pa.array(list(circular), pa.int32()), pa.array(list(circular.values()), pa.int32())],
        names=["n", "part"],
    )
    with duck.arrow("circles", table):
        duck.run("CREATE TEMP TABLE circle AS SELECT * FROM circles")
    within = "SELECT 1 FROM circle c, circle p WHERE c.n = arc.child AND p.n = arc.parent AND c.part = p.part"
    duck.run(f"CREATE TEMP TABLE cut AS SELECT * FROM arc WHERE EXISTS ({within})")
    duck.run("DELETE FROM arc USING cut WHERE cut.child = arc.child AND cut.parent = arc.parent")
    told = duck.rows(
        "SELECT c.edition, count(*), list(DISTINCT c.code ORDER BY c.code)[:5] "
        "FROM cut JOIN node c ON c.n = cut.child GROUP BY c.edition ORDER BY c.edition"
    )
    duck.run(
        "DELETE FROM edge USING cut, node c, node p WHERE cut.child = c.n AND cut.parent = p.n "
        "AND edge.edition = c.edition AND edge.child = c.code AND edge.parent = p.code"
    )
    return [
        registry.finding(
            "TM-Q23",
            f"the hierarchy of {uris[edition]} has circles: {', '.join(codes)} are above themselves",
            rule=uris[edition],
            details={"edges": count},
            count=count,
        )
        for edition, count, codes in told
    ]
