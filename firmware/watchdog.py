"""The watchdog, fed only after a turn of the loop that did all its parts."""

from micropython import const

# Longer than the longest turn: a sector of flash takes up to 400 ms to erase, with interrupts off. A loop
# that hangs holds the strike for no longer than a host that hangs.
TIMEOUT_MS = const(1_000)

INPUTS_READ = const(1)
STRIKE_SET = const(2)
LINK_HEARD = const(4)
_ALL = const(7)


class Watchdog:
    """Feeds `timer`, which has `feed()`, such as machine.WDT(timeout=TIMEOUT_MS)."""

    def __init__(self, timer) -> None:  # noqa: ANN001
        self._timer = timer
        self._done = 0

    def did(self, part: int) -> None:
        """Note a part that this turn of the loop has done."""
        self._done |= part

    def end_turn(self) -> None:
        """Feed if all parts were done, and start to note the next turn."""
        if self._done == _ALL:
            self._timer.feed()
        self._done = 0
