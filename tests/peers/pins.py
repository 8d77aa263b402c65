"""A board's pins in memory: the factory over libgpiod on a simulated chip, with a circuit around it."""

from __future__ import annotations

import os
import threading

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
        self._wait_for_the_watcher()

    def _wait_for_the_watcher(self) -> None:
        """Give its thread one more call: the one that is under way ends before it."""
        passed = threading.Event()
        end, start = os.pipe()
        os.write(start, b"\0")

        def take() -> None:
            os.read(end, 1)
            passed.set()

        self.factory.watcher.add(end, take)
        assert passed.wait(60)
        self.factory.watcher.remove(end)
        os.close(start)
        os.close(end)

    def close(self) -> None:
        self.factory.close()
