"""A host system at the other end of a serial line: each request and each answer is one line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge.errors import FetchError
from hw.system.serial_port import PORT_ERRORS, close_port, open_port

if TYPE_CHECKING:
    import serial

_MAX_ANSWER_BYTES: Final = 128  # "OK 9007199254740991" has 19
_TURN_S: Final = 0.05
_WRITE_S: Final = 5.0


class SerialHost:
    """Opens its port for the first request, and again after its cable was pulled."""

    def __init__(self, name: str, baud: int) -> None:
        self._name, self._baud = name, baud
        self._port: serial.Serial | None = None

    def ask(self, line: str, *, wait_s: float) -> str:
        """Send a line, wait `wait_s` at most, and return the next line that comes back, without its end.

        Raises:
            FetchError: there is no port, or no answer in time. The host may have received the line.
        """
        try:
            port = self._opened()
            port.reset_input_buffer()  # drop the rest of an earlier answer
            port.write(f"{line}\r\n".encode("ascii"))
            return self._answer(port, time.monotonic() + wait_s)
        except PORT_ERRORS as error:
            self.close()
            raise FetchError(
                f"{self._name}: the serial line does not work", hint="check the cable, and [check] port"
            ) from error

    def close(self) -> None:
        """Close the port; a second call does nothing."""
        if self._port is not None:
            port, self._port = self._port, None
            close_port(port)

    def _opened(self) -> serial.Serial:
        if self._port is None:
            self._port = open_port(self._name, self._baud, read_s=_TURN_S, write_s=_WRITE_S)
        return self._port

    def _answer(self, port: serial.Serial, until: float) -> str:
        said = b""
        while time.monotonic() < until and len(said) < _MAX_ANSWER_BYTES:
            said += port.read(1)
            line, end, _ = said.partition(b"\n")
            if end:
                return str(line.rstrip(b"\r"), "ascii", errors="replace")
        raise FetchError(f"{self._name}: no answer", hint="check that the host's program runs")
