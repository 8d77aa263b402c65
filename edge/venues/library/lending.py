"""Lending at the entrance: item codes from the scanner that reads the visitors' codes.

While a patron's session lasts, an item that is scanned is lent; without a session it is taken back. No screen
has to be touched for either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

REPEAT_MS: Final = 5_000  # an item that lies in front of a scanner is told again and again
_CARD: Final = "EC1:"
# What Code 39, Codabar, ITF and EAN hold, and nothing that SIP2 gives a meaning. The longest in use has 14.
_ITEM: Final = re.compile(r"[A-Za-z0-9.$/+%:-][A-Za-z0-9 .$/+%:-]{1,38}[A-Za-z0-9.$/+%:-]")


@dataclass(frozen=True, slots=True)
class Lend:
    """Ask for this item to be lent."""

    patron: str = field(repr=False)
    item: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Ask for this item to be taken back, whoever brought it."""

    item: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finish:
    """Tell the system that nothing more comes of this patron."""

    patron: str = field(repr=False)


Act = Lend | TakeBack | Finish


@dataclass(slots=True)
class _Visit:
    patron: str = field(repr=False)
    last_ms: int
    lent: set[str] = field(default_factory=set, repr=False)


class Lending:
    """Events in, acts out. `session_ms`: how long after a grant, or after an item, the next one may come."""

    def __init__(self, *, session_ms: int, returns: bool) -> None:
        self._session_ms, self._returns = session_ms, returns
        self._visit: _Visit | None = None
        self._last: tuple[str, int] | None = None  # an item that was taken back, and when it was seen last

    @property
    def is_open(self) -> bool:
        """Whether somebody can take an item along now."""
        return self._visit is not None

    def granted(self, patron: str, tick_ms: int) -> tuple[Act, ...]:
        """A patron came in; the one before has finished."""
        acts = self.finished()
        self._visit = _Visit(patron, tick_ms)
        return acts

    def finished(self) -> tuple[Act, ...]:
        """The patron has finished, or is taken to have."""
        visit, self._visit = self._visit, None
        return () if visit is None else (Finish(visit.patron),)

    def step(self, tick_ms: int) -> tuple[Act, ...]:
        """Time has passed."""
        if self._visit is not None and tick_ms - self._visit.last_ms >= self._session_ms:
            return self.finished()
        return ()

    def scanned(self, text: str, tick_ms: int) -> tuple[Act, ...]:
        """Something was read. Cards are others' business, and what can be no item is nobody's."""
        ended = self.step(tick_ms)
        item = text.strip().strip("*")  # Code 39's start and stop, which some scanners tell
        if text[: len(_CARD)].upper() == _CARD or not _ITEM.fullmatch(item):
            return ended
        if self._visit is not None:
            self._visit.last_ms = tick_ms
            self._last = item, tick_ms  # lent, and still in view when the session ends: that returns nothing
            if item in self._visit.lent:
                return ended
            self._visit.lent.add(item)
            return (*ended, Lend(self._visit.patron, item))
        seen, self._last = self._last, (item, tick_ms)
        if not self._returns or (seen and seen[0] == item and tick_ms - seen[1] < REPEAT_MS):
            return ended
        return (*ended, TakeBack(item))
