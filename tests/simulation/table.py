"""Write the tables of docs/simulation.md: ``python tests/simulation/table.py``.

A bigger run only prints: ``python tests/simulation/table.py --patients 400 --seeds 1 2 3 4 5``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from injectors import INJECTORS, Injector
from scoring import PATIENTS, SEEDS, Score, scene

PAGE = Path(__file__).parent.parent.parent / "docs" / "simulation.md"
BEGIN, END = "<!-- table: python tests/simulation/table.py -->\n", "<!-- end of table -->\n"


def table(seeds: Sequence[int] = SEEDS, patients: int = PATIENTS) -> str:
    """A row for each injector: what was planted in all data sets, and what became of it."""
    rows = [
        "| code | what was done to the data | found by | planted | recall | precision |",
        "|---|---|---|---:|---:|---:|",
    ]
    for item in sorted(INJECTORS, key=lambda each: (each.code, each.unit, each.name)):
        score = total(item, seeds, patients)
        code = item.code.removeprefix("TM-")
        rows.append(
            f"| [{code}](rules/{item.code}.md) | {item.what} | {item.unit} | {score.planted:,} "
            f"| {score.recall:.3f} | {score.precision:.3f} |"
        )
    return "\n".join(rows) + "\n"


def total(item: Injector, seeds: Sequence[int] = SEEDS, patients: int = PATIENTS) -> Score:
    """The scores of an injector over the seeds together."""
    return sum((scene(item.scene, seed, patients).score(item) for seed in seeds), Score())


def page(text: str, made: str) -> str:
    """The page with the table in its place."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{made}{END}{after}"


def main() -> None:
    """Write the page, or print the table of other sizes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patients", type=int, default=PATIENTS)
    options.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    asked = options.parse_args()
    made = table(asked.seeds, asked.patients)
    if (asked.patients, tuple(asked.seeds)) == (PATIENTS, SEEDS):
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")
    else:
        print(made, end="")


if __name__ == "__main__":
    main()
