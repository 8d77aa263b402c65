"""Reports the state of a service to systemd, as sd_notify(3) does: ready, reloading, stopping, alive.

Each message is one datagram of KEY=VALUE lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Twice as often as required, as sd_watchdog_enabled(3) advises: one late message must not end the service.
_MARGIN: Final = 2


class ServiceManager:
    """The service manager of this process, or none. Its methods never block and never fail."""

    def __init__(self, address: str | None, watchdog_us: int = 0) -> None:
        """`address`: as in NOTIFY_SOCKET. `watchdog_us`: longest silence before systemd kills; 0: never."""
        self._address = _path(address) if address else None
        self._every_ns = watchdog_us * 1_000 // _MARGIN
        self._fed_ns: int | None = None
        self._socket: socket.socket | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> ServiceManager:
        """The service manager that an environment names; its watchdog only if that is for this process."""
        watchdog = environment.get("WATCHDOG_USEC", "")
        for_us = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        usable = for_us and watchdog.isdecimal() and len(watchdog) < 20  # digits of 2**64
        return cls(environment.get("NOTIFY_SOCKET"), int(watchdog) if usable else 0)

    def ready(self, status: str) -> None:
        """Report that the service works, or works again after `reloading`."""
        self._tell("READY=1", f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """Report that the configuration is read again; `ready` reports the end of it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._tell("STOPPING=1")

    def alive(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Feed the watchdog. Call it in each turn of the loop: it sends only as often as needed."""
        if not self._every_ns:
            return
        now = now_ns()
        if self._fed_ns is None or now - self._fed_ns >= self._every_ns:
            self._fed_ns = now
            self._tell("WATCHDOG=1")

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        with suppress(OSError):  # a manager that does not listen must not stop the door
            if self._socket is None:
                self._socket = socket.socket(
                    socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
                )
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)


def _path(address: str) -> str | None:
    """The address for the socket: `@` stands for the NUL of the abstract name space; None if invalid."""
    if address.startswith("@"):
        return "\0" + address[1:]
    return address if address.startswith("/") else None


def _line(text: str) -> str:
    """The text on one line: text after a line end would be another message."""
    return " ".join(text.split())
