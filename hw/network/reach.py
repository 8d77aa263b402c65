"""Tests whether a server can be reached: resolves its name and connects, within a deadline."""

from __future__ import annotations

import socket
import threading
import time
from typing import Final

from edge.errors import FetchError

TIMEOUT_S: Final = 3.0  # a mobile network needs one second


def reach_ms(host: str, port: int, *, timeout_s: float = TIMEOUT_S) -> float:
    """The time to connect, in milliseconds. Raises FetchError."""
    done: list[float | OSError] = []

    def connect() -> None:
        began = time.perf_counter()
        try:
            socket.create_connection((host, port), timeout=timeout_s).close()
        except (OSError, UnicodeError) as err:  # IDNA refuses some names with the latter
            done.append(err if isinstance(err, OSError) else OSError(0, "is not a host name"))
        else:
            done.append((time.perf_counter() - began) * 1_000)

    # The system's resolver has its own timeout, which a program cannot shorten: its thread is abandoned.
    thread = threading.Thread(target=connect, name="reach", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not done:
        raise FetchError(
            f"{host}:{port}: no answer within {timeout_s:g} s", hint="check network and firewall"
        )
    if isinstance(done[0], OSError):
        why = (done[0].strerror or "cannot be reached").lower()
        raise FetchError(f"{host}:{port}: {why}", hint="check cable, name and port")
    return done[0]
