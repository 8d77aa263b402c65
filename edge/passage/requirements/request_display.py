"""The door's own code on its small screen: who asks, what for, and a number that a phone's answer must hold.

It turns every 20 s, as codes of cards do, and a phone may still answer the number before: somebody reads the
screen, chooses what to say, and shows it. In the middle of a passage a number of its own is asked for, and no
other counts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.ports import Screen

TURN_MS: Final = 20_000


class DisplayMode(StrEnum):
    """When the screen asks."""

    ON_DEMAND = "on-demand"  # where something is asked for besides
    OFFERED = "offered"  # always, and a code may answer it
    NEEDED = "needed"  # always, and every code must


class RequestDisplay:
    """One screen. `sign`: the text of the code for a moment and a number; `number`: one nobody foresees."""

    def __init__(
        self,
        board: Screen,
        sign: Callable[[datetime, bytes], str],
        number: Callable[[], bytes],
        show: DisplayMode = DisplayMode.ON_DEMAND,
    ) -> None:
        self._board, self._sign, self._number, self._show = board, sign, number, show
        self._due_ms: int | None = None
        self.nonce: bytes | None = None
        self.nonce_before: bytes | None = None

    @property
    def needed(self) -> bool:
        """Whether a code that answers no number is refused."""
        return self._show is DisplayMode.NEEDED

    def turn(self, now: datetime, tick_ms: int) -> None:
        """Nobody is being asked: show the next number when its time has come."""
        if self._show is DisplayMode.ON_DEMAND or (self._due_ms is not None and tick_ms < self._due_ms):
            return
        in_time = self._due_ms is not None and tick_ms < self._due_ms + TURN_MS
        self._due_ms = tick_ms + TURN_MS
        # After a long passage the number before is older than a turn: nobody is still about to answer it.
        self.nonce_before, self.nonce = self.nonce if in_time else None, self._number()
        self._board.post(self._sign(now, self.nonce))

    def demand(self, now: datetime) -> bytes:
        """Ask one holder: a number that only an answer to this very question holds."""
        number = self._number()
        self._board.post(self._sign(now, number))
        return number

    def rest(self) -> None:
        """The question is over: what was shown before is shown anew at the next turn, or nothing."""
        self._due_ms = self.nonce = self.nonce_before = None
        self._board.post(None)
