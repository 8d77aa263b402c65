"""Makes the key of a new pair with a controller whose lid is off, over the serial line."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge.link import faults
from hw.door.serial_line import fault_of
from hw.system.serial_port import PORT_ERRORS, open_port

if TYPE_CHECKING:
    import serial

    from edge.link.commissioning import Commissioning

TRIES: Final = 15
EACH_S: Final = 0.8  # writing flash takes 400 ms; two products on the curve take 6 s, and are asked for again


def exchange_keys(port: str, baud: int, asked: Commissioning) -> None:
    """Return when the controller has the key, or may have it. Raises DoorLinkFault with a hint."""
    try:
        with closing(open_port(port, baud, read_s=0.05, write_s=TRIES * EACH_S)) as line:
            for _ in range(TRIES):
                line.write(b"\0" + asked.asks)  # NUL ends half a frame that the controller may hold
                if _hears(line, asked):
                    return
    except PORT_ERRORS as err:
        raise fault_of(port, err) from err
    except faults.LinkDown:
        if not asked.is_agreed:  # else: "it has a key already", which may be this one
            raise
    if not asked.is_agreed:
        raise faults.unanswered()


def _hears(line: serial.Serial, asked: Commissioning) -> bool:
    """Whether it is done; returns when something else is to be sent, too."""
    until = time.monotonic() + EACH_S
    while time.monotonic() < until and not asked.is_done:
        if asked.receive(line.read(line.in_waiting or 1)):
            break
    return asked.is_done
