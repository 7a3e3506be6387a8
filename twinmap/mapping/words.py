"""Words that were meant: the nearest known ones to a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable

#: Longer words are not compared: the cost grows with the square of the length.
_LONGEST = 100


def closest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words most like ``word``, best first; none where nothing is like it."""
    import difflib

    if len(word) > _LONGEST:
        return []
    by_form: dict[str, str] = {}
    for candidate in known:
        by_form.setdefault(_form(candidate), candidate)
    near = difflib.get_close_matches(_form(word), by_form, n=count, cutoff=0.7)
    return [by_form[form] for form in near]


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
