"""Lending at the entrance: item codes from the scanner that reads the visitors' codes.

During a patron's session, a scanned item is lent; without a session it is taken back. The patron touches no
screen for either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

REPEAT_MS: Final = 5_000  # a scanner reads an item that lies in front of it again and again
_CARD: Final = "EC1:"
# Characters of Code 39, Codabar, ITF and EAN, without those that SIP2 uses. The longest code in use has 14.
_ITEM: Final = re.compile(r"[A-Za-z0-9.$/+%:-][A-Za-z0-9 .$/+%:-]{1,38}[A-Za-z0-9.$/+%:-]")


@dataclass(frozen=True, slots=True)
class Lend:
    """Lend this item to this patron."""

    patron: str = field(repr=False)
    item: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Take this item back."""

    item: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finish:
    """End this patron's session at the library system."""

    patron: str = field(repr=False)


Act = Lend | TakeBack | Finish


@dataclass(slots=True)
class _Visit:
    patron: str = field(repr=False)
    last_ms: int
    lent: set[str] = field(default_factory=set, repr=False)


class Lending:
    """Events in, acts out. `session_ms`: longest time from a grant, or from an item, to the next item."""

    def __init__(self, *, session_ms: int, returns: bool) -> None:
        self._session_ms, self._returns = session_ms, returns
        self._visit: _Visit | None = None
        self._last: tuple[str, int] | None = None  # the last item, and the time of its last scan

    @property
    def is_open(self) -> bool:
        """Whether a patron can borrow an item now."""
        return self._visit is not None

    def granted(self, patron: str, tick_ms: int) -> tuple[Act, ...]:
        """Begin a patron's session, and end the one before."""
        acts = self.finished()
        self._visit = _Visit(patron, tick_ms)
        return acts

    def finished(self) -> tuple[Act, ...]:
        """End the session, if there is one."""
        visit, self._visit = self._visit, None
        return () if visit is None else (Finish(visit.patron),)

    def step(self, tick_ms: int) -> tuple[Act, ...]:
        """End the session if its time is over."""
        if self._visit is not None and tick_ms - self._visit.last_ms >= self._session_ms:
            return self.finished()
        return ()

    def scanned(self, text: str, tick_ms: int) -> tuple[Act, ...]:
        """Take a scanned text. A card's code, and a text that cannot be an item, are ignored."""
        ended = self.step(tick_ms)
        item = text.strip().strip("*")  # Code 39's start and stop, which some scanners send
        if text[: len(_CARD)].upper() == _CARD or not _ITEM.fullmatch(item):
            return ended
        if self._visit is not None:
            self._visit.last_ms = tick_ms
            self._last = (
                item,
                tick_ms,
            )  # a lent item that is in view at the end of the session is not returned
            if item in self._visit.lent:
                return ended
            self._visit.lent.add(item)
            return (*ended, Lend(self._visit.patron, item))
        seen, self._last = self._last, (item, tick_ms)
        if not self._returns or (seen and seen[0] == item and tick_ms - seen[1] < REPEAT_MS):
            return ended
        return (*ended, TakeBack(item))
