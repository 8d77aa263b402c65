"""The watchdog, fed only by a turn of the loop that did all that a turn must do."""

from micropython import const

# Longer than the longest turn: a sector of flash takes up to 400 ms to erase, interrupts off. A loop that
# hangs holds the strike for no longer than a host that does.
TIMEOUT_MS = const(1_000)

INPUTS_READ = const(1)
STRIKE_SET = const(2)
LINK_HEARD = const(4)
_ALL = const(7)


class Watchdog:
    """`timer`: something with `feed()`, such as machine.WDT(timeout=TIMEOUT_MS)."""

    def __init__(self, timer) -> None:  # noqa: ANN001
        self._timer = timer
        self._done = 0

    def did(self, part: int) -> None:
        """This turn of the loop has done that part."""
        self._done |= part

    def end_turn(self) -> None:
        """Feed, if nothing was left out. What was done counts for this turn only."""
        if self._done == _ALL:
            self._timer.feed()
        self._done = 0
