"""The sensors of a lane on pins of this board: two contacts, two light barriers, a presence sensor or none.

The wiring makes a cut cable visible; a cut cable never looks like a shut door or an empty lane:
- contacts close to ground while the leaf is shut; a cut wire reads open.
- beams conduct to ground while the way is free (dark-on receivers); a cut wire reads broken, and after
  `hw.lane.counting.STUCK_MS` the count is unknown.
- the presence sensor conducts while the lane is empty; a cut wire reads present, which contradicts the count.
gpiozero reads its pins at every change, in its own thread; one lock guards them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge.errors import DoorLinkFault
from hw.lane.counting import LaneCounter
from hw.pins.library import advice, gpiozero_library, pin_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.ports import Clock, LaneView

BOUNCE_S: Final = 0.01  # a reed contact rings for 1 to 5 ms


@dataclass(frozen=True, slots=True)
class LanePins:
    """BCM numbers of the pins. The first beam of each barrier is nearer to the outer door."""

    outer: int
    inner: int
    entry: tuple[int, int]
    exit: tuple[int, int]
    presence: int | None = None


class GpioLane:
    """LaneSensors over gpiozero. `factory`: a gpiozero pin factory; left out, that of hw.pins.library."""

    def __init__(self, pins: LanePins, *, clock: Clock, factory: Any = None) -> None:  # noqa: ANN401  gpiozero has no types
        """Open the pins. Raises DoorLinkFault for a pin that cannot be read."""
        self._clock = clock
        self._counter = LaneCounter()
        self._guard = threading.Lock()
        self._inputs: list[Any] = []
        try:
            self._outer, self._inner = (self._open(pin, None, factory) for pin in (pins.outer, pins.inner))
            self._entry = [self._open(pin, self._at_entry, factory) for pin in pins.entry]
            self._exit = [self._open(pin, self._at_exit, factory) for pin in pins.exit]
            self._presence = self._open(pins.presence, None, factory) if pins.presence is not None else None
        except BaseException:
            self.close()
            raise

    def view(self) -> LaneView:
        with self._guard:
            if self._presence is not None:
                self._counter.present = not self._presence.is_active
            return self._counter.view(
                outer_shut=bool(self._outer.is_active),
                inner_shut=bool(self._inner.is_active),
                tick_ms=self._clock.tick_ms(),
            )

    def emptied(self) -> None:
        with self._guard:
            self._counter.emptied()

    def close(self) -> None:
        for device in self._inputs:
            device.close()

    def _at_entry(self) -> None:
        with self._guard:
            first, second = (not beam.is_active for beam in self._entry)
            self._counter.at_entry(first, second, self._clock.tick_ms())

    def _at_exit(self) -> None:
        with self._guard:
            first, second = (not beam.is_active for beam in self._exit)
            self._counter.at_exit(first, second, self._clock.tick_ms())

    def _open(self, pin: int, changed: Callable[[], None] | None, factory: Any) -> Any:  # noqa: ANN401  likewise
        try:
            gpiozero = gpiozero_library()  # only a lane with these sensors has it
        except ImportError as err:
            raise DoorLinkFault("gpiozero is not installed", hint="pip install 'doorward[pi]'") from err
        try:
            bounce = None if changed else BOUNCE_S  # beams do not ring, and their order matters
            pins = pin_factory() if factory is None else factory
            device = gpiozero.DigitalInputDevice(pin, pull_up=True, bounce_time=bounce, pin_factory=pins)
        except Exception as err:  # factories raise RuntimeError, OSError and others
            raise DoorLinkFault(f"GPIO {pin} cannot be read: {err}", hint=advice(err)) from err
        self._inputs.append(device)
        if changed:
            device.when_activated = device.when_deactivated = changed
        return device
