"""Known words that are most like a word that is not known."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 3


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three known words: first those that begin with this word, then those with a similar spelling."""
    words = sorted(set(known))
    lower = word.lower()
    begun = [each for each in words if len(lower) > 1 and each.lower().startswith(lower)]
    spelt = {each.lower(): each for each in words}
    alike = [spelt[each] for each in difflib.get_close_matches(lower, spelt, n=MOST)]
    return list(dict.fromkeys((*begun, *alike)))[:MOST]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the known words that are most like this one; empty without one."""
    close = nearest(word, known)
    return f"did you mean {alternatives(close)}?" if close else ""


def alternatives(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *some, last = words
    return f"{', '.join(some)} or {last}" if some else last
