"""A new pair: the key goes over the serial line to a controller whose lid is off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import serial

from edge.link import faults
from hw.door.serial_line import PORT_ERRORS, fault_of

if TYPE_CHECKING:
    from edge.link.commissioning import Commissioning

TRIES: Final = 4
EACH_S: Final = 0.8  # writing flash takes 400 ms


def set_key(port: str, baud: int, asked: Commissioning) -> None:
    """Return when the controller has the key. Raises DoorLinkFault with what to do."""
    try:
        with serial.Serial(port, baud, timeout=0.05, write_timeout=TRIES * EACH_S, exclusive=True) as line:
            for _ in range(TRIES):
                line.write(b"\0" + asked.asks)  # ends whatever half a frame the controller may hold
                until = time.monotonic() + EACH_S
                while time.monotonic() < until:
                    if asked.is_done(line.read(line.in_waiting or 1)):
                        return
    except PORT_ERRORS as err:
        raise fault_of(port, err) from err
    raise faults.silent()
