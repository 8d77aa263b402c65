"""Shows the door's request on its screen, with a new number every 20 s that a phone's answer must hold.

A phone may still answer the previous number: the holder needs time to read the request, choose the attributes
and show the answer. During a passage the screen shows a number for that passage, and only that number counts.
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
    """The times at which the screen shows the request."""

    ON_DEMAND = "on-demand"  # only when a passage requires a nonce
    OFFERED = "offered"  # always, and a code may answer it
    NEEDED = "needed"  # always, and every code must answer it


class RequestDisplay:
    """One screen. `sign`: makes the text of the code for a time and a number; `number`: a random number."""

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
        """Whether a code without the number is refused."""
        return self._show is DisplayMode.NEEDED

    def turn(self, now: datetime, tick_ms: int) -> None:
        """Show the next number when its time has come; call it outside passages."""
        if self._show is DisplayMode.ON_DEMAND or (self._due_ms is not None and tick_ms < self._due_ms):
            return
        in_time = self._due_ms is not None and tick_ms < self._due_ms + TURN_MS
        self._due_ms = tick_ms + TURN_MS
        # After a long passage the previous number is older than a turn: no phone still answers it.
        self.nonce_before, self.nonce = self.nonce if in_time else None, self._number()
        self._board.post(self._sign(now, self.nonce))

    def demand(self, now: datetime) -> bytes:
        """Show a number for one holder, and return it: only an answer to this request holds it."""
        number = self._number()
        self._board.post(self._sign(now, number))
        return number

    def rest(self) -> None:
        """End the request to one holder; the next turn shows a new number, or nothing."""
        self._due_ms = self.nonce = self.nonce_before = None
        self._board.post(None)
