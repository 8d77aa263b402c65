"""A board's pins in memory: the factory over libgpiod on a simulated chip, with a circuit around it."""

from __future__ import annotations

from peers.waiting import until

from hw.pins.factory import GpiodFactory
from hw.pins.sim_chip import SimGpioChip


class Board:
    """A factory, and the wires outside of it."""

    def __init__(self, chip: SimGpioChip | None = None) -> None:
        self.chip = chip or SimGpioChip()
        self.factory = GpiodFactory(self.chip)

    def drive(self, number: int, level: bool | None) -> None:
        """Change a wire, and wait until the program was told of it."""
        self.chip.drive(number, level)
        until(lambda: not self.chip.has_untold(number), for_s=60)
        with self.factory.watcher._guard:  # the call under way ends
            pass

    def close(self) -> None:
        self.factory.close()
