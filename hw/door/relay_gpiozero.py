"""A relay on a pin of this board, for doors without a controller.

Guarantees:
- By this program: off at the start, off when the time is up, off at `relock`, `close` and a clean exit.
- By the relay board: off while no program drives the pin (boot, after `close`, after SIGKILL, a crashed
  kernel). The pin floats then, so the board must be active-high with its own pull-down. Active-low boards
  energise while the pin floats, which would open the door at every boot: they are refused.
- Not guaranteed: the strike stays released when this process hangs in native code or is stopped (SIGSTOP)
  during a release. Where that matters, use the door controller, which times the strike itself.
There is no door contact here: the strike stays released for its whole time.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from edge.errors import ConfigError, DoorLinkFault
from edge.ports import DoorEvent, DoorEventKind
from hw.door.strike import ProofCheck, capped
from hw.pins.library import advice, gpiozero_library, pin_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.on_record import OnRecord
    from edge.ports import Clock


class GpioRelay:
    """A Strike over gpiozero. `factory`: a gpiozero pin factory; left out, that of hw.pins.library.

    `timer`: makes the timer that ends a release; left out, threading.Timer.
    """

    def __init__(
        self,
        pin: int,
        *,
        clock: Clock,
        active_high: bool = True,
        factory: Any = None,  # noqa: ANN401  gpiozero has no types
        timer: Callable[[float, Callable[[], None]], threading.Timer] = threading.Timer,
    ) -> None:
        if not active_high:
            raise ConfigError(
                "an active-low relay would open the door whenever the pin floats, as it does at boot",
                hint="use an active-high relay board with a pull-down on its input",
            )
        self._clock, self._new_timer = clock, timer
        self._events: deque[DoorEvent] = deque()
        self._guard = threading.Lock()
        self._proofs = ProofCheck()
        self._timer: threading.Timer | None = None
        self._device = _open_output(pin, factory)

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        for_ms = capped(for_ms)
        with self._guard:
            if self._device.closed:
                raise DoorLinkFault("the relay was closed", hint="start the device again")
            self._proofs.release(allowed)
            timer = self._new_timer(for_ms / 1000, self._expire)
            timer.daemon = True
            # The end comes before the beginning: where no thread can be had, nothing is ever energised.
            try:
                timer.start()
            except RuntimeError as err:
                raise DoorLinkFault(
                    "no thread can be started to relock the door", hint="check the free memory"
                ) from err
            previous, self._timer = self._timer, timer
            if previous is not None:
                previous.cancel()
            else:
                self._happens(DoorEventKind.RELEASED)
            try:
                self._device.on()
            except Exception as err:
                self._relock()
                raise DoorLinkFault("the relay's pin cannot be driven", hint=advice(err)) from err

    def relock(self) -> None:
        with self._guard:
            self._relock()

    def events(self) -> Sequence[DoorEvent]:
        return tuple(self._events.popleft() for _ in range(len(self._events)))

    def close(self) -> None:
        with self._guard:
            self._relock()
            self._device.close()

    def _expire(self) -> None:
        with self._guard:
            # A newer release may have taken over while this timer waited for the guard.
            if threading.current_thread() is self._timer:
                self._relock()

    def _relock(self) -> None:
        timer, self._timer = self._timer, None
        if timer is None:
            return
        timer.cancel()
        self._device.off()
        self._happens(DoorEventKind.RELOCKED)

    def _happens(self, kind: DoorEventKind) -> None:
        self._events.append(DoorEvent(kind, self._clock.tick_ms()))


def _open_output(pin: int, factory: Any) -> Any:  # noqa: ANN401  gpiozero has no types
    try:
        gpiozero = gpiozero_library()  # only a device with this relay has it
    except ImportError as err:
        raise DoorLinkFault("gpiozero is not installed", hint="pip install 'doorward[pi]'") from err
    try:
        pins = pin_factory() if factory is None else factory
        return gpiozero.OutputDevice(pin, active_high=True, initial_value=False, pin_factory=pins)
    except Exception as err:  # factories raise RuntimeError, OSError and others
        raise DoorLinkFault(f"GPIO {pin} cannot be driven: {err}", hint=advice(err)) from err
