"""Make the data of this example, and the list of the mismatches that are planted in it.

    python generate.py                     # what is in this folder
    python generate.py --seed 7 --out DIR  # other patients, other places

The same seed gives the same bytes on every machine. Nobody in here exists.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from synthetic import band, ehr, lab, people, ward

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Write ``data/``, ``crosswalk.csv`` and ``planted.json``."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--seed", type=int, default=2026, help="which patients (default 2026)")
    options.add_argument("--out", type=Path, default=HERE, help="the folder to write to (default: this one)")
    given = options.parse_args(arguments)
    world = people.world(given.seed)
    data = given.out / "data"
    ward.write(world, data / "monitor")
    band.write(world, data / "wristband")
    lab.write(world, data / "lab")
    ehr.write(world, data / "ehr")
    _crosswalk(world, given.out / "crosswalk.csv")
    planted = {
        "seed": given.seed,
        "planted": sorted(world.planted, key=lambda item: (item["code"], item["sources"])),
    }
    text = json.dumps(planted, indent=1, ensure_ascii=False)
    (given.out / "planted.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def _crosswalk(world: people.World, path: Path) -> None:
    """Who wears which band: nothing in the file of a band says so."""
    lines = ["system_a,id_a,system_b,id_b,evidence,by,on"]
    lines += [
        f"wristband-user,{wearer.user},urn:oid:{people.MRN},{patient.mrn},handed out on the ward,ward clerk,2026-03-26"
        for patient, wearer in world.worn()
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
