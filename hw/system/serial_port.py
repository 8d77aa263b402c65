"""A serial port, USB-CDC or UART, through pyserial: for this program alone, and closed without a wait."""

from __future__ import annotations

import os
import termios
from contextlib import suppress
from typing import Final, Literal

import serial

Parity = Literal["none", "even", "odd"]

PORT_ERRORS: Final = (OSError, termios.error, ValueError)  # what pyserial raises when a device goes away
_BY_ID: Final = "/dev/serial/by-id"
_PARITIES: Final = {
    "none": serial.PARITY_NONE,
    "even": serial.PARITY_EVEN,
    "odd": serial.PARITY_ODD,
}


def open_port(
    name: str, baud: int, *, read_s: float, write_s: float | None = None, parity: Parity = "none"
) -> serial.Serial:
    """Open with 8 data bits and one stop bit. Raises one of PORT_ERRORS.

    `read_s`, `write_s`: the longest that a read of one byte and a write wait; None: without a limit.
    """
    # Exclusive: of two programs at one port, each gets a part of what comes.
    return serial.Serial(
        name, baud, parity=_PARITIES[parity], timeout=read_s, write_timeout=write_s, exclusive=True
    )


def close_port(port: serial.Serial) -> None:
    """Give the port back. Raises nothing."""
    with suppress(*PORT_ERRORS):
        port.reset_output_buffer()  # or closing waits up to 30 s for a device that hangs
    with suppress(*PORT_ERRORS):
        port.close()


def serial_devices() -> list[str]:
    """The paths of serial devices on this machine that stay the same after a restart."""
    try:
        return [f"{_BY_ID}/{name}" for name in sorted(os.listdir(_BY_ID))]  # noqa: PTH208  names only
    except OSError:
        return []
