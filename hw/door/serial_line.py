"""A serial port that is read by a thread and opens itself again after its cable was pulled."""

from __future__ import annotations

import errno
import os
import termios
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import serial

from edge.errors import DoorLinkFault

if TYPE_CHECKING:
    from collections.abc import Callable

TURN_S: Final = 0.02  # the longest that the thread sleeps: a session wants a step every 100 ms
REOPEN_S: Final = 0.2  # after the cable was pulled; with the handshake the door is back well within 2 s

_BY_ID: Final = "/dev/serial/by-id"
PORT_ERRORS: Final = (OSError, termios.error, ValueError)  # what pyserial raises when a device goes away
_HINTS: Final = {
    errno.EAGAIN: "another program holds it: is doorward run at work?",
    errno.EBUSY: "another program holds it: is doorward run at work?",
    errno.EACCES: "join the group that owns it, which is mostly dialout",
}


class SerialLine:
    """`turn(data)` is called every 20 ms at least while the port is open, `ended()` when it was shut.

    Both by the thread, with `guard` held; `write` wants it held too.
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
        self._closing = threading.Event()
        self._why: tuple[str, str] | None = None  # message and hint of what shut the port
        self._thread = threading.Thread(target=self._run, name="door-link", daemon=True)

    def start(self) -> None:
        """Begin to open the port."""
        self._thread.start()

    @property
    def fault(self) -> DoorLinkFault | None:
        """Why the port is shut. A new one each time: one that is raised for days would only grow."""
        return DoorLinkFault(self._why[0], hint=self._why[1]) if self._why else None

    @property
    def is_closed(self) -> bool:
        """For good, by `close`."""
        return self._closing.is_set()

    def close(self) -> None:
        """Give the port back. Without the guard."""
        self._closing.set()
        self._thread.join()

    def write(self, data: bytes) -> None:
        """Raises DoorLinkFault where there is no port, or not any more."""
        if self._port is None:
            raise self.fault or DoorLinkFault(f"{self._name}: not open yet", hint="try again")
        try:
            _write(self._port.fileno(), data)
        except PORT_ERRORS as err:
            fault = fault_of(self._name, err)
            self._why = fault.message, fault.hint  # the thread sees it and begins anew
            raise fault from err

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                # Exclusive: two programs at one controller would take the session from each other for ever.
                with serial.Serial(self._name, self._baud, timeout=TURN_S, exclusive=True) as port:
                    self._read(port)
            except DoorLinkFault as fault:
                self._end(fault)
            except PORT_ERRORS as err:
                self._end(fault_of(self._name, err))
            self._closing.wait(REOPEN_S)
        self._end(None)

    def _read(self, port: serial.Serial) -> None:
        with self._guard:
            self._port, self._why = port, None
        try:
            while not self._closing.is_set():
                data = port.read(port.in_waiting or 1)
                with self._guard:
                    if (fault := self.fault) is not None:
                        raise fault
                    self._turn(data)
        finally:
            with self._guard:
                self._port = None  # before it is closed: its number is soon another file's
            with suppress(*PORT_ERRORS):
                port.reset_output_buffer()  # or closing waits up to 30 s for a device that hangs

    def _end(self, fault: DoorLinkFault | None) -> None:
        with self._guard:
            self._port, self._why = None, (fault.message, fault.hint) if fault else None
            self._ended()


def _write(fd: int, data: bytes) -> None:
    """Never blocks: the kernel keeps 4 kB, and where those are full the device at the other end hangs.

    Not Serial.write, which waits for room once more after everything is written.
    """
    with suppress(BlockingIOError):
        if os.write(fd, data) == len(data):
            return
    raise TimeoutError(errno.ETIMEDOUT, "the device takes no more")


def fault_of(name: str, err: Exception) -> DoorLinkFault:
    """What a technician can do about one of PORT_ERRORS."""
    number = getattr(err, "errno", None)
    if number is None:  # pyserial's own words for a device that went away
        return DoorLinkFault(f"{name}: the serial device is gone", hint=_candidates())
    return DoorLinkFault(f"{name}: {os.strerror(number).lower()}", hint=_HINTS.get(number) or _candidates())


def _candidates() -> str:
    try:
        found = sorted(os.listdir(_BY_ID))[:4]  # noqa: PTH208  names only
    except OSError:
        found = []
    here = f"; serial devices here: {', '.join(f'{_BY_ID}/{name}' for name in found)}" if found else ""
    return f"check the cable, and [strike] port{here}"
