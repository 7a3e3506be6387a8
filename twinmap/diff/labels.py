"""Canonical labels for blank nodes, in the process that :mod:`twinmap.diff.canonical` starts for them.

That process imports this module, and so nothing but what labelling needs.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path


def label(blank: Path, to: Path, memory: int) -> None:
    """Label a file of N-Quads by RDFC-1.0, in so many bytes at most.

    Memory is bounded, since a graph that is made to take long may take much of it first.
    """
    import pyoxigraph as ox

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # whatever goes wrong is told by the exit code
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with blank.open("rb") as file:
        data = ox.Dataset(ox.parse(file, format=ox.RdfFormat.N_QUADS))
    data.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    ox.serialize(data, to, format=ox.RdfFormat.N_QUADS)
