"""Circles of is-a: found, cut, and kept as what is doubtful.

A code that is above itself is an error of its publisher, and nobody can say which of its links is the wrong one. The
links within a circle are used for nothing. What is above a code by way of them alone is neither true nor false: the
table ``circle`` keeps who is in a circle, below it and above it, and not each pair, of which a circle of n codes
has n².
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twinmap.duck import Duck

#: How many circles of an edition are told one by one, and how many codes of one are named.
MOST, _NAMED = 20, 6

#: Links between circles, each as one node (its part), and other nodes.
_WHOLE = """
CREATE TEMP TABLE whole AS
SELECT DISTINCT coalesce(c.part, arc.child) AS child, coalesce(p.part, arc.parent) AS parent
FROM arc LEFT JOIN circle c ON c.n = arc.child LEFT JOIN circle p ON p.n = arc.parent
WHERE coalesce(c.part, arc.child) <> coalesce(p.part, arc.parent)
"""
_SIDE = """
INSERT INTO circle
WITH RECURSIVE side(n, part) AS (
    SELECT DISTINCT part, part FROM circle WHERE side = 'in'
    UNION SELECT whole.{next}, side.part FROM side JOIN whole ON whole.{this} = side.n
)
SELECT n, part, '{name}' FROM side
"""
#: Links between nodes of one circle are taken out of a table.
_CUT = """
DELETE FROM {table} t USING circle c, circle p
WHERE c.n = t.{lower} AND p.n = t.{upper} AND c.part = p.part AND c.side = 'in' AND p.side = 'in'
"""
_CUT_EDGES = """
DELETE FROM edge USING circle c, circle p, node l, node u
WHERE l.edition = edge.edition AND l.code = edge.child AND u.edition = edge.edition AND u.code = edge.parent
AND c.n = l.n AND p.n = u.n AND c.part = p.part AND c.side = 'in' AND p.side = 'in'
"""


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle of an edition: a shortest way from a code up to itself, and how many codes and links it holds."""

    edition: int
    way: tuple[str, ...]
    codes: int
    links: int

    def __str__(self) -> str:
        short = len(self.way) <= _NAMED + 1
        way = self.way if short else (*self.way[:_NAMED], "…", self.way[0])
        more = "" if short and self.codes == len(self.way) - 1 else f" ({self.codes:,} codes)"
        return " is-a ".join(way) + more


def cut(duck: Duck, parts: Mapping[int, int]) -> list[Circle]:
    """Take the links within circles out of ``arc``, ``edge`` and ``closure``, and fill ``circle``.

    Args:
        duck: With these tables, and ``node``.
        parts: The nodes that lie in circles of ``arc``, each with the number of its circle, which is a node of it.

    Returns:
        The first circles of each edition, by edition and code.
    """
    import pyarrow as pa

    columns = [pa.array([*column], pa.int32()) for column in (parts.keys(), parts.values())]
    with duck.arrow("circles", pa.table(columns, names=["n", "part"])):
        duck.run("INSERT INTO circle SELECT n, part, 'in' FROM circles")
    told = _told(duck)
    duck.run(_WHOLE)
    duck.run(_SIDE.format(this="parent", next="child", name="below"))
    duck.run(_SIDE.format(this="child", next="parent", name="above"))
    duck.run(_CUT_EDGES)
    duck.run(_CUT.format(table="arc", lower="child", upper="parent"))
    duck.run(_CUT.format(table="closure", lower="descendant", upper="ancestor"))
    return told


def _told(duck: Duck) -> list[Circle]:
    """The first circles of each edition, by edition and code."""
    links: dict[tuple[int, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for edition, part, child, parent in duck.rows(
        "SELECT c.edition, i.part, c.code, p.code FROM arc "
        "JOIN circle i ON i.n = arc.child JOIN circle j ON j.n = arc.parent AND j.part = i.part "
        "JOIN node c ON c.n = arc.child JOIN node p ON p.n = arc.parent ORDER BY ALL"
    ):
        links[edition, part][child].append(parent)
    first: dict[int, list[dict[str, list[str]]]] = defaultdict(list)
    for (edition, _), inner in sorted(links.items(), key=lambda item: (item[0][0], min(item[1]))):
        first[edition].append(inner)
    return [
        Circle(edition, _way(inner), len(inner), sum(map(len, inner.values())))
        for edition, circles in first.items()
        for inner in circles[:MOST]
    ]


def _way(above: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A shortest way from the first code of a circle up to itself."""
    start = min(above)
    before: dict[str, str] = {}
    queue = deque([start])
    while start not in before:
        code = queue.popleft()
        for upper in above[code]:
            if upper not in before:
                before[upper] = code
                queue.append(upper)
    way = [start]
    while len(way) == 1 or way[-1] != start:
        way.append(before[way[-1]])
    return tuple(reversed(way))


def found(nodes: Sequence[int], below: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The nodes that lie in a circle, with the number of their strongly connected part (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    parts: dict[int, int] = {}
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
                    parts |= dict.fromkeys(part, node)
    return parts


def _popped(stack: list[int], on_stack: set[int], until: int) -> list[int]:
    part = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        part.append(node)
        if node == until:
            return part
