"""Words for a screen or a loudspeaker, as a value that no log, error or record can print."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_CHARS: Final = 300  # a message of a library system has at most 255; a small screen shows two lines


class ScreenTextKind(StrEnum):
    """The kinds of text on a screen. The log gets the kind only."""

    INSTRUCTION = "instruction"  # of a passage: stand closer, turn your head, type your PIN
    STAFF = "staff"  # of a visit, for staff: the number of a guest, the library's note about a patron
    ITEM = "item"  # a loan or a return: it has the title, and words of the library system


class ScreenText:
    """Words that only a screen may show, at most MAX_CHARS, and their kind.

    They may name a book, a person, or a debt. `str`, `repr`, `format` and the log give the kind alone, and
    pickle refuses, so that a log line, an f-string or a traceback cannot reveal them; a screen reads `words`.
    """

    __slots__ = ("_words", "kind")

    def __init__(self, kind: ScreenTextKind, words: str) -> None:
        self.kind = kind
        self._words = words[:MAX_CHARS]

    @property
    def words(self) -> str:
        """The words, for a screen or a loudspeaker only."""
        return self._words

    def __repr__(self) -> str:
        return f"<{self.kind.value} for a screen>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScreenText):
            return NotImplemented
        return (self.kind, self._words) == (other.kind, other._words)

    def __hash__(self) -> int:
        return hash((self.kind, self._words))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a text for a screen cannot be pickled")


def staff_texts(lines: Iterable[str]) -> tuple[ScreenText, ...]:
    """These lines for the screen of staff."""
    return tuple(ScreenText(ScreenTextKind.STAFF, line) for line in lines)
