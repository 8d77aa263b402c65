"""A scanner on a serial port, USB-CDC or UART, with pyserial."""

from __future__ import annotations

import errno
import os
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import serial

from hw.scanner.triggers import Finger, Trigger
from hw.scanner.wire import TURN_S, why

if TYPE_CHECKING:
    from edge.ports import Clock

Parity = Literal["none", "even", "odd"]

_BY_ID: Final = "/dev/serial/by-id"
_WRITE_S: Final = 0.2  # the kernel takes a command at once, unless the scanner hangs
_MAX_READ_BYTES: Final = 4_096  # what a tty holds
_ERRORS: Final = (OSError, termios.error, ValueError)  # what pyserial raises when a device goes away
_PARITIES: Final = {
    "none": serial.PARITY_NONE,
    "even": serial.PARITY_EVEN,
    "odd": serial.PARITY_ODD,
}


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """Where the scanner is, and how it speaks: 8 bits, one stop bit. Over USB-CDC `baud` means nothing."""

    port: str
    baud: int = 9_600
    parity: Parity = "none"


class SerialWire:
    """One opened port. Raises ReaderFault where it cannot be opened, and once it is gone."""

    def __init__(self, settings: SerialSettings, trigger: Trigger, *, clock: Clock) -> None:
        self._name, self._clock = settings.port, clock
        self._trigger, self._finger = trigger, Finger(trigger)
        try:
            # Exclusive: of two programs at one port, each gets half of every code.
            self._port = serial.Serial(
                settings.port,
                settings.baud,
                parity=_PARITIES[settings.parity],
                timeout=TURN_S,
                write_timeout=_WRITE_S,
                exclusive=True,
            )
        except _ERRORS as err:
            # What has no number of its own is a port that cannot be set, because it is none.
            number = getattr(err, "errno", None) or errno.ENOTTY
            raise why(self._name, number, here=_candidates()) from err

    def read(self) -> bytes:
        try:
            if command := self._finger.due(self._clock.tick_ms()):
                self._port.write(command)
            data: bytes = self._port.read(min(self._port.in_waiting, _MAX_READ_BYTES) or 1)
        except _ERRORS as err:
            raise why(self._name, getattr(err, "errno", None), here=_candidates()) from err
        if data:
            self._finger.heard(data, self._clock.tick_ms())
        return data

    def close(self) -> None:
        with suppress(*_ERRORS):
            if self._trigger.stop:
                self._port.write(self._trigger.stop)
                time.sleep(_WRITE_S / 4)  # 48 characters at 9600 baud
            self._port.reset_output_buffer()  # or closing waits up to 30 s for a device that hangs
        with suppress(*_ERRORS):
            self._port.close()


def _candidates() -> list[str]:
    try:
        return [f"{_BY_ID}/{name}" for name in sorted(os.listdir(_BY_ID))]  # noqa: PTH208  names only
    except OSError:
        return []
