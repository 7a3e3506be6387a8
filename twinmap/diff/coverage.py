"""How much each side has: observations by concept and month, statements by patient.

Sample sizes come before anything is said of the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twinmap.compare.run import Compared
from twinmap.diff.sides import A, B
from twinmap.engine.duck import Duck
from twinmap.kinds import KINDS
from twinmap.sqltext import quoted

_SIDES = f"count(*) FILTER (WHERE source = '{A}') AS a, count(*) FILTER (WHERE source = '{B}') AS b"


def concepts(duck: Duck, compared: Compared) -> list[dict[str, Any]]:
    """Rows ``{"concept", "a", "b", "patients_a", "patients_b", "patients_both"}`` of the observations, by concept."""
    numbers = [item.number for item in compared.signatures]
    groups = [item.group for item in compared.signatures]
    duck.register("k_group", {"sig": ("BIGINT", numbers), "concept": ("VARCHAR", groups)})
    duck.run(
        "CREATE OR REPLACE TEMP TABLE seen AS SELECT g.concept, z.source, s.twin, sum(s.n)::BIGINT AS n FROM k_seen s "
        "JOIN k_group g USING (sig) JOIN k_sig z USING (sig) GROUP BY ALL"
    )
    by_side = [f"coalesce(sum(n) FILTER (WHERE source = '{side}'), 0)::BIGINT AS {side}" for side in (A, B)]
    rows = duck.rows(
        "SELECT concept, sum(a)::BIGINT, sum(b)::BIGINT, count(*) FILTER (WHERE a > 0), count(*) FILTER (WHERE b > 0), "
        f"count(*) FILTER (WHERE a > 0 AND b > 0) FROM (SELECT concept, twin, {', '.join(by_side)} FROM seen "
        "GROUP BY concept, twin) GROUP BY concept ORDER BY concept"
    )
    names = ("concept", "a", "b", "patients_a", "patients_b", "patients_both")
    return [dict(zip(names, row, strict=True)) for row in rows]


def patients(duck: Duck, tables: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Rows ``{"patient", "a", "b"}``: statements of every patient, of all kinds."""
    scans = [_scan(path) for kind, path in tables.items() if "twin" in KINDS[kind].names]
    return _by(duck, [f"SELECT source, twin FROM {scan}" for scan in scans], "twin", "patient")


def months(duck: Duck, tables: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Rows ``{"month", "a", "b"}``: observations by month, in UTC; those without a time have none."""
    found = (
        [f"SELECT source, start_us FROM {_scan(tables['observation'])}"] if "observation" in tables else []
    )
    return _by(duck, found, "strftime(make_timestamp(start_us), '%Y-%m')", "month")


def _scan(path: Path) -> str:
    return f"read_parquet({quoted(str(path))})"


def _by(duck: Duck, selects: Sequence[str], sql: str, name: str) -> list[dict[str, Any]]:
    if not selects:
        return []
    rows = duck.rows(
        f"SELECT {sql} AS k, {_SIDES} FROM ({' UNION ALL '.join(selects)}) GROUP BY k ORDER BY k NULLS FIRST"
    )
    return [dict(zip((name, "a", "b"), row, strict=True)) for row in rows]
