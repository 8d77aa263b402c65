"""A serial port: one thread reads it, others write, and it is opened again after its cable was pulled."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge.errors import DoorLinkFault
from hw.system.reconnecting import ReconnectingReader
from hw.system.serial_port import PORT_ERRORS, close_port, open_port, serial_devices

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    import serial

TURN_S: Final = 0.02  # the longest sleep of the thread: a session needs a step every 100 ms
# After the cable was pulled; with these and the handshake the door works again within 2 s.
PAUSES_S: Final = (0, 0.2)

_HINTS: Final = {
    errno.EAGAIN: "stop the other program that uses the port, for instance doorward run",
    errno.EBUSY: "stop the other program that uses the port, for instance doorward run",
    errno.EACCES: "add the user to the group that owns the port, usually dialout, and log in again",
}


class SerialLine:
    """One port with its thread.

    The thread calls `turn(data)` at least every 20 ms while the port is open, and `ended()` when it was
    closed, both with `guard` held. A caller of `write` must hold `guard` too.
    """

    def __init__(
        self,
        name: str,
        baud: int,
        *,
        guard: threading.Condition,
        turn: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        self._name, self._baud = name, baud
        self._guard, self._turn, self._ended = guard, turn, ended
        self._port: serial.Serial | None = None
        self._fault: DoorLinkFault | None = None  # the fault that closed the port
        self._reader = ReconnectingReader(
            "door-link",
            self._open,
            take=self._take,
            lost=self._lost,
            faults=DoorLinkFault,
            pauses_s=PAUSES_S,
            guard=guard,
        )

    def start(self) -> None:
        """Start to open the port."""
        self._reader.start()

    @property
    def fault(self) -> DoorLinkFault | None:
        """The fault that closed the port, without a traceback: it would grow over days."""
        self.check()
        return self._fault.with_traceback(None) if self._fault else None

    @property
    def is_closed(self) -> bool:
        """Whether the port was closed for ever, by `close` or a programming error."""
        return self._reader.stopped.is_set()

    def check(self) -> None:
        """Raise the programming error that ended the thread, if one did."""
        self._reader.check()

    def close(self) -> None:
        """Close the port. The caller must not hold the guard."""
        self._reader.close()

    def write(self, data: bytes) -> None:
        """Send these bytes. Raises DoorLinkFault where the port is not open, or was lost."""
        if self._port is None:
            raise self.fault or DoorLinkFault(f"{self._name}: the port is not open yet", hint="try again")
        try:
            _write(self._port.fileno(), data)
        except PORT_ERRORS as err:
            self._fault = fault_of(self._name, err)  # the thread sees it and opens the port again
            raise self._fault from err

    def _open(self) -> _OpenPort:
        opened = _OpenPort(self._name, self._baud)
        with self._guard:
            self._port, self._fault = opened.port, None
        return opened

    def _take(self, data: bytes) -> None:
        with self._guard:
            if self._fault is not None:
                raise self._fault
            self._turn(data)

    def _lost(self, fault: DoorLinkFault | None) -> None:
        with self._guard:
            # Before the port is closed: its descriptor may soon belong to another file.
            self._port, self._fault = None, fault
            self._ended()


class _OpenPort:
    """A Connection over an open port. Raises DoorLinkFault."""

    def __init__(self, name: str, baud: int) -> None:
        self._name = name
        try:
            self.port = open_port(name, baud, read_s=TURN_S)
        except PORT_ERRORS as err:
            raise fault_of(name, err) from err

    def read(self) -> bytes:
        try:
            data: bytes = self.port.read(self.port.in_waiting or 1)
        except PORT_ERRORS as err:
            raise fault_of(self._name, err) from err
        return data

    def close(self) -> None:
        close_port(self.port)


def _write(fd: int, data: bytes) -> None:
    """Write without blocking: the kernel buffers 4 kB, and where they are full the other device hangs.

    Serial.write is not used: it waits for space once more after it has written everything.
    """
    with suppress(BlockingIOError):
        if os.write(fd, data) == len(data):
            return
    raise TimeoutError(errno.ETIMEDOUT, "the device takes no more")


def fault_of(name: str, err: Exception) -> DoorLinkFault:
    """A fault with a hint for a technician, for one of PORT_ERRORS."""
    devices = ", ".join(serial_devices()[:4])
    hint = f"check the cable, and [strike] port{f'; serial devices here: {devices}' if devices else ''}"
    number = getattr(err, "errno", None)
    if number is None:  # pyserial's own exception for a device that was unplugged
        return DoorLinkFault(f"{name}: the serial device is gone", hint=hint)
    return DoorLinkFault(f"{name}: {os.strerror(number).lower()}", hint=_HINTS.get(number) or hint)
