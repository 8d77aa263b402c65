"""A pin factory of gpiozero over libgpiod, the kernel's own library for GPIO.

gpiozero's own factories fail on systems of today: lgpio has no wheel for Python 3.13 and is not in Debian 13,
RPi.GPIO and pigpio do not know the Pi 5, and `native` is experimental. `GPIOZERO_PIN_FACTORY` still chooses
one of them.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from gpiozero.exc import PinUnknownPi
from gpiozero.pins.local import get_pi_revision
from gpiozero.pins.pi import PiFactory

from hw.pins.chip import open_header
from hw.pins.pin import GpiodPin
from hw.pins.watcher import EdgeWatcher

if TYPE_CHECKING:
    from hw.pins.chip import Chip

# A board that is no Pi has no revision. Its chip is then used as a header of 40 pins, here that of a Pi 4
# (0xc03111: model 4B, 4 GB); pins are named GPIO0 to GPIO27 on each of them.
_FORTY_PINS: Final = 0xC03111


class GpiodFactory(PiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins GPIO0 to GPIO27 of the header. `chip`: the chip to use; left out, that of the header is found."""

    def __init__(self, chip: Chip | None = None) -> None:
        """Raises ConfigError if this machine has no such chip, or its user may not open it."""
        super().__init__()
        self._chip = open_header() if chip is None else chip
        self.watcher = EdgeWatcher()
        self.pin_class = partial(GpiodPin, chip=self._chip, watcher=self.watcher)

    def close(self) -> None:
        """Bring all outputs back to their first level, and free all lines."""
        super().close()
        self.watcher.close()
        self._chip.close()

    @staticmethod
    def ticks() -> float:
        """Seconds of the monotonic clock, by which the kernel stamps edges too."""
        return time.monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        return later - earlier

    def _get_revision(self) -> int:
        try:
            return int(get_pi_revision())
        except PinUnknownPi:
            return _FORTY_PINS
