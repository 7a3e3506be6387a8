"""One writer, one file: ``write(blocks, path)``, and ``FORMATS``, the endings of the files that it makes.

A plug-in is a module like these (see :mod:`twinmap.registry`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from twinmap import registry
from twinmap.errors import UsageError


@cache
def formats() -> dict[str, Any]:
    """The writer of each format, the short endings first; a plug-in cannot take one of ours."""
    found: dict[str, Any] = {}
    for name in (*registry.names("writers", plugins=False), *registry.names("writers")):
        module = registry.load("writers", name)
        found = dict.fromkeys(module.FORMATS, module) | found
    return dict(sorted(found.items(), key=lambda entry: (len(entry[0]), entry[0])))


def writer(name: str) -> Any:
    """The writer of a format such as ``ttl`` or ``nq.gz``.

    Raises:
        UsageError: There is no such format.
    """
    known = formats()
    if name.removesuffix(".gz") not in known:
        raise UsageError(
            f'there is no format "{name}"', help=f"one of: {', '.join(known)}, each also with .gz"
        )
    return known[name.removesuffix(".gz")]
