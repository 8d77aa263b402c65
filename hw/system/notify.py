"""Tells systemd the state of a service: ready, reloading, stopping, alive. sd_notify(3) without a library.

Each message is one datagram of KEY=VALUE lines to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Twice as often as is asked for, as sd_watchdog_enabled(3) advises: one late message kills nobody.
_MARGIN: Final = 2


class ServiceManager:
    """The service manager that started us; nobody, where there is none. Telling it never blocks or fails."""

    def __init__(self, address: str | None, watchdog_us: int = 0) -> None:
        """`address`: as in NOTIFY_SOCKET. `watchdog_us`: what is silent for longer is killed; 0: never."""
        self._address = _path(address) if address else None
        self._every_ns = watchdog_us * 1_000 // _MARGIN
        self._fed_ns: int | None = None
        self._socket: socket.socket | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> ServiceManager:
        """The one that an environment names, if its watchdog is meant for this process."""
        watchdog = environment.get("WATCHDOG_USEC", "")
        for_us = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        usable = for_us and watchdog.isdecimal() and len(watchdog) < 20  # digits of 2**64
        return cls(environment.get("NOTIFY_SOCKET"), int(watchdog) if usable else 0)

    def ready(self, status: str) -> None:
        """At work, or at work again after `reloading`."""
        self._tell("READY=1", f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """The configuration is read again; `ready` says when that is over."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        """Told to stop, or ending."""
        self._tell("STOPPING=1")

    def alive(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Feed the watchdog. Call for each turn of the loop: it is sent as often as is needed."""
        if not self._every_ns:
            return
        now = now_ns()
        if self._fed_ns is None or now - self._fed_ns >= self._every_ns:
            self._fed_ns = now
            self._tell("WATCHDOG=1")

    def close(self) -> None:
        """Nothing more to say."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        with suppress(OSError):  # a manager that does not listen keeps no door shut
            if self._socket is None:
                self._socket = socket.socket(
                    socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
                )
            self._socket.sendto("\n".join(lines).encode(errors="replace"), self._address)


def _path(address: str) -> str | None:
    """What to give to the socket: `@` stands for the NUL of the abstract name space."""
    if address.startswith("@"):
        return "\0" + address[1:]
    return address if address.startswith("/") else None


def _line(text: str) -> str:
    """On one line: what follows a line end would be another message."""
    return " ".join(text.split())
