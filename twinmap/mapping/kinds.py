"""The kinds of statement that have a block in a mapping, in the order of the blocks."""

from __future__ import annotations

from collections.abc import Mapping

from twinmap import kinds

#: What names itself comes last: encounters and devices, of which others speak.
KINDS: Mapping[str, kinds.Kind] = {
    kind.name: kind for kind in sorted(kinds.KINDS.values(), key=lambda kind: kind.identified) if kind.block
}
