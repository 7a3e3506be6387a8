"""Words that were meant: the nearest known ones to a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: Longer words are not compared: the cost grows with the square of the length.
_LONGEST = 100


#: How like a word must be to be suggested, and how much less like than the best one it may be.
_LIKE, _SPREAD = 0.66, 0.08


def closest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words most like ``word``, best first; none where nothing is like it."""
    if len(word) > _LONGEST:
        return []
    matcher = difflib.SequenceMatcher(b=_form(word))
    rated: list[tuple[float, str]] = []
    for candidate in dict.fromkeys(known):
        matcher.set_seq1(_form(candidate))
        if matcher.real_quick_ratio() >= _LIKE and matcher.quick_ratio() >= _LIKE:
            rated.append((matcher.ratio(), candidate))
    best = max((rating for rating, _ in rated), default=0.0)
    near = [(rating, name) for rating, name in rated if rating >= max(_LIKE, best - _SPREAD)]
    return [name for _, name in sorted(near, key=lambda pair: (-pair[0], pair[1]))[:count]]


def _form(word: str) -> str:
    return word.lower().replace("_", "-").replace(" ", "-")


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """``did you mean "a" or "b"?`` or None.

    >>> did_you_mean("heart_rate", ["heart-rate", "body-height"])
    'did you mean "heart-rate"?'
    """
    near = closest(word, known)
    if not near:
        return None
    return f"did you mean {' or '.join(f'{chr(34)}{name}{chr(34)}' for name in near)}?"
