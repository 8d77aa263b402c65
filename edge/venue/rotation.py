"""A venue's own code, new every 20 s, and the two numbers that an answer may hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.venue.asking import ROTATION

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.ports import Board

NONCE_BYTES: Final = 8  # the least that FORMAT.md takes; one of 2^64 is not met twice
_ROTATION_MS: Final = int(ROTATION.total_seconds() * 1_000)


@dataclass(slots=True)
class Rotation:
    """For the passage's loop, which calls `turn` with each frame.

    `sign`: `RequestSigner.at`; `dice`: so many random bytes, as `secrets.token_bytes`. `nonce` and `before`
    are what `edge.trust.verify.Gate` wants: a phone may answer what the screen showed until a moment ago.
    """

    sign: Callable[[datetime, bytes], str]
    board: Board
    dice: Callable[[int], bytes]
    nonce: bytes | None = field(default=None, init=False, repr=False)
    before: bytes | None = field(default=None, init=False, repr=False)
    _turned_ms: int | None = field(default=None, init=False)

    def turn(self, now: datetime, tick_ms: int) -> None:
        """Shows a new code where the last one has had its time. `now`: aware UTC; `tick_ms`: monotonic."""
        if self._turned_ms is not None and tick_ms - self._turned_ms < _ROTATION_MS:
            return
        late = self._turned_ms is None or tick_ms - self._turned_ms >= 2 * _ROTATION_MS
        self.before = None if late else self.nonce
        self.nonce = self.dice(NONCE_BYTES)
        self._turned_ms = tick_ms
        self.board.post(self.sign(now, self.nonce))

    def blank(self) -> None:
        """Clears the screen, and no number counts any more. The next `turn` begins anew."""
        self.nonce = self.before = self._turned_ms = None
        self.board.post(None)
