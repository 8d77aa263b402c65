"""A scanner on a serial port, USB-CDC or UART, with pyserial."""

from __future__ import annotations

import errno
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hw.scanner.triggers import Finger, Trigger
from hw.scanner.wire import TURN_S, why
from hw.system.serial_port import PORT_ERRORS, Parity, close_port, open_port, serial_devices

if TYPE_CHECKING:
    from edge.ports import Clock

_WRITE_S: Final = 0.2  # the kernel takes a command at once, unless the scanner hangs
_MAX_READ_BYTES: Final = 4_096  # the buffer of a tty


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """The port of a scanner, with 8 data bits and one stop bit. Over USB-CDC `baud` has no effect."""

    port: str
    baud: int = 9_600
    parity: Parity = "none"


class SerialWire:
    """An open port. Raises ReaderFault where it cannot be opened, and after it was unplugged."""

    def __init__(self, settings: SerialSettings, trigger: Trigger, *, clock: Clock) -> None:
        self._name, self._clock = settings.port, clock
        self._trigger, self._finger = trigger, Finger(trigger)
        try:
            self._port = open_port(
                settings.port, settings.baud, read_s=TURN_S, write_s=_WRITE_S, parity=settings.parity
            )
        except PORT_ERRORS as err:
            # An exception without a number: the device is no serial port.
            number = getattr(err, "errno", None) or errno.ENOTTY
            raise why(self._name, number, here=serial_devices()) from err

    def read(self) -> bytes:
        try:
            if command := self._finger.due(self._clock.tick_ms()):
                self._port.write(command)
            data: bytes = self._port.read(min(self._port.in_waiting, _MAX_READ_BYTES) or 1)
        except PORT_ERRORS as err:
            raise why(self._name, getattr(err, "errno", None), here=serial_devices()) from err
        if data:
            self._finger.heard(data, self._clock.tick_ms())
        return data

    def close(self) -> None:
        with suppress(*PORT_ERRORS):
            if self._trigger.stop:
                self._port.write(self._trigger.stop)
                time.sleep(_WRITE_S / 4)  # 48 characters at 9600 baud
        close_port(self._port)
