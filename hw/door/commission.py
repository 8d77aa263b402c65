"""Sets the key of a new pair: sends it over the serial line to a controller whose lid is off."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge.link import faults
from hw.door.serial_line import fault_of
from hw.system.serial_port import PORT_ERRORS, open_port

if TYPE_CHECKING:
    from edge.link.commissioning import Commissioning

TRIES: Final = 4
EACH_S: Final = 0.8  # writing flash takes 400 ms


def set_key(port: str, baud: int, asked: Commissioning) -> None:
    """Send the key; return when the controller has it. Raises DoorLinkFault with a hint."""
    try:
        with closing(open_port(port, baud, read_s=0.05, write_s=TRIES * EACH_S)) as line:
            for _ in range(TRIES):
                line.write(b"\0" + asked.asks)  # NUL ends half a frame that the controller may hold
                until = time.monotonic() + EACH_S
                while time.monotonic() < until:
                    if asked.is_done(line.read(line.in_waiting or 1)):
                        return
    except PORT_ERRORS as err:
        raise fault_of(port, err) from err
    raise faults.silent()
