"""A serial port, USB-CDC or UART, through pyserial: opened exclusively, and closed without a wait."""

from __future__ import annotations

import os
import termios
from contextlib import suppress
from typing import Final, Literal

import serial

Parity = Literal["none", "even", "odd"]

PORT_ERRORS: Final = (OSError, termios.error, ValueError)  # pyserial's exceptions for an unplugged device
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

    `read_s`, `write_s`: timeouts for reading one byte and for writing; None: no timeout.
    """
    # Exclusive: two programs at one port would each get a part of the bytes.
    return serial.Serial(
        name, baud, parity=_PARITIES[parity], timeout=read_s, write_timeout=write_s, exclusive=True
    )


def close_port(port: serial.Serial) -> None:
    """Close the port. Raises nothing."""
    with suppress(*PORT_ERRORS):
        port.reset_output_buffer()  # otherwise closing waits up to 30 s for a device that hangs
    with suppress(*PORT_ERRORS):
        port.close()


def serial_devices() -> list[str]:
    """The paths of this machine's serial devices that do not change after a restart."""
    try:
        return [f"{_BY_ID}/{name}" for name in sorted(os.listdir(_BY_ID))]  # noqa: PTH208  names only
    except OSError:
        return []
